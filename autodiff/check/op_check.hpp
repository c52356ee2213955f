#pragma once

/// One operation under check: what each of its tests needs, and the lines of its report.

#include <xtape/autodiff/check/ladder.hpp>
#include <xtape/autodiff/check/tally.hpp>
#include <xtape/autodiff/tape.hpp>

#include <functional>

namespace xtape::detail {

/// A tape with an operation applied to inputs of a sample's shapes.
struct AppliedOp {
    AppliedOp(const Op& op, const Sample& sample);

    Tape tape;
    std::vector<Var> inputs, results;
    std::vector<Var> real_results;
    std::vector<std::size_t> differentiable; ///< the operands that a derivative passes through
    std::vector<std::size_t> others;         ///< the other real ones
};

/// A sample in words: `(3 × 2), (2)`.
[[nodiscard]] std::string describe(const Sample& sample);

class OpCheck {
public:
    OpCheck(const Op& op, std::uint64_t seed) : op_(op), seed_(seed), draw_(seed) {}

    /// Everything, with these samples.
    Report run(const std::vector<Sample>& samples);

    [[nodiscard]] Draw& draw() { return draw_; }

private:
    /// Runs a test whose line is `line`; whatever it throws is a failure there.
    void guarded(const std::string& line, const std::function<void()>& test);
    Tally& line(const std::string& name);
    [[nodiscard]] const Definition& definition() const { return op_.definition(); }

    // Once (op_definition.cpp): how it is written, and what it does with what it cannot take.
    void check_definition(const std::vector<Sample>& samples);
    void check_bad_input(const Sample& sample);

    // At each sample (op_values.cpp).
    void check_values(const Sample& sample);
    void check_operands_unchanged(const Sample& sample);
    void check_nan(const Sample& sample);
    void check_precision(const Sample& sample);
    /// The gradient of a weighted sum of the results, of each operand that a derivative passes through.
    using Slopes = std::vector<Array<double>>;
    [[nodiscard]] Slopes slopes(const Sample& sample, AppliedOp& applied);
    template <class T>
    void compare_values(Tally& tally, const std::vector<Var>& vars,
                        const std::vector<std::pair<Var, AnyArray>>& bindings, const std::string& where);

    // Derivatives (op_derivatives.cpp): at each sample, and once for one Var in several places, at kinks and
    // at the edges of the domain.
    void check_derivatives(const Sample& sample, bool third);
    void check_no_gradient(const Sample& sample);
    void check_one_var_twice();
    void check_kinks();
    void check_domain();
    void climb_lines(Records& records, const Subject& subject, const std::string& where, int spot,
                     const std::function<Tally&(const std::string&)>& line);

    Op op_;
    std::uint64_t seed_;
    Draw draw_;
    Tallies tallies_;
    std::map<int, long double> scales_; ///< of its gradients, by order
    bool expects_derivatives_ = false;  ///< some sample has entries that a derivative passes through
    Tally* stage_ = nullptr;            ///< the line that is being written: what throws fails there
};

} // namespace xtape::detail
