#pragma once

/// Plans for the extents that a Program was run with, and what its runs work in.

#include <xtape/autodiff/compile/expand.hpp>
#include <xtape/autodiff/compile/plan.hpp>

#include <atomic>

namespace xtape::detail {

/// A plan, and what one run of it works in.
template <std::floating_point T>
struct Run {
    std::shared_ptr<const Plan<T>> plan;
    std::unique_ptr<Workspace<T>> workspace;
};

/// Several threads may use one.
template <std::floating_point T>
class PlanCache {
public:
    /// An input as `compile` was given it.
    struct Input {
        std::string name;
        Shape shape;
        Element element;
    };

    PlanCache(std::vector<Input> inputs, Expanded program, const PlanOptions& options)
        : inputs_(std::move(inputs)), program_(std::move(program)), options_(options) {}
    PlanCache(const PlanCache&) = delete;
    PlanCache& operator=(const PlanCache&) = delete;
    ~PlanCache() { delete last_.load(); }

    [[nodiscard]] const std::vector<Input>& inputs() const { return inputs_; }

    /// For inputs of these extents, which fit what was declared.
    [[nodiscard]] std::shared_ptr<const Plan<T>> plan(std::span<const Extents* const> extents);
    /// Throws ArgumentError or BindingError where these arrays are not what was declared.
    [[nodiscard]] std::shared_ptr<const Plan<T>> plan_for(std::span<const AnyArray> arrays);

    /// What a run with these arrays takes, to be given back; after an exception it need not be. Throws as
    /// plan_for does. Allocates nothing where a run for arrays like these was given back.
    [[nodiscard]] std::unique_ptr<Run<T>> take(std::span<const AnyArray> arrays);
    void give_back(std::unique_ptr<Run<T>> run);

private:
    bool fits(const Plan<T>& plan, std::span<const AnyArray> arrays) const;
    void check(std::size_t k, const AnyArray& array) const;
    /// Makes a run idle, under the lock, unless its plan is no longer kept.
    void put_aside(std::unique_ptr<Run<T>> run);

    std::vector<Input> inputs_;
    Expanded program_;
    PlanOptions options_;
    std::atomic<Run<T>*> last_ = nullptr; ///< the run given back last: as a rule the next is like it
    std::mutex mutex_;
    std::vector<std::shared_ptr<const Plan<T>>> plans_; ///< the last used comes first
    std::vector<std::unique_ptr<Run<T>>> idle_;         ///< each of one of these plans
};

/// a == b without a call: every run compares the few extents of each of its arrays.
[[nodiscard]] inline bool same(const Extents& a, const Extents& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t axis = 0; axis < a.size(); ++axis)
        if (a[axis] != b[axis]) return false;
    return true;
}

/// Whether arrays with these extents could have this shape.
[[nodiscard]] bool fits(const Shape& shape, const Extents& extents);

extern template class PlanCache<float>;
extern template class PlanCache<double>;

} // namespace xtape::detail
