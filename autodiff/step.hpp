#pragma once

/// One record computed: what an evaluation of a tape and the running of a Graph have in common.

#include <xtape/autodiff/records.hpp>

#include <functional>

namespace xtape::detail {

/// What is done to every array of real numbers before an operation reads it.
using Perturb = std::function<AnyArray(const AnyArray&)>;

/// What a constant holds, with elements of T, or those of its kind.
template <std::floating_point T>
[[nodiscard]] AnyArray constant(const Records& records, std::uint32_t id);

/// The results of a record whose operands hold these arrays. Throws OpError where its operation does not do
/// what its definition says.
template <std::floating_point T>
[[nodiscard]] std::vector<AnyArray> compute(const Records& records, const Record& record,
                                            std::vector<AnyArray> operands, std::span<const Extents> extents,
                                            const Environment& environment, const Perturb& perturb);

/// A Graph ready to be run; see `Prepare`. An array is let go as soon as nothing needs it any more.
template <std::floating_point T>
class GraphRun {
public:
    GraphRun(Graph graph, const std::vector<bool>& varying, const Environment& environment,
             const Perturb& perturb);
    [[nodiscard]] std::vector<AnyArray> operator()(std::span<const AnyArray> inputs);

private:
    struct Step {
        std::uint32_t record;
        bool varying;
        std::vector<Extents> extents;
        std::vector<std::uint32_t> dropped; ///< ids that nothing needs after this step
    };

    Graph graph_;
    const Environment& environment_;
    const Perturb& perturb_;
    std::vector<Step> steps_;
    std::vector<std::optional<AnyArray>> values_; ///< by id
    bool first_ = true;
};

} // namespace xtape::detail
