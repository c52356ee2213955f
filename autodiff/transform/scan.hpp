#pragma once

#include <xtape/autodiff/transform/results.hpp>

namespace xtape {

/// What one step of a scan is computed from, and what it gives: the state that it passes on and what is kept
/// of this position.
struct ScanStep {
    std::vector<Var> carry, values;
};
using StepFunction = std::function<ScanStep(const std::vector<Var>& carry, const std::vector<Var>& xs)>;

/// A loop as one record: `step` is recorded once and run for each position along the leading axis of all of
/// `xs`, from the first to the last. It gets the carry and the entries of `xs` there, and returns the next
/// carry, of the same shapes, and values, which are stacked along a new leading axis. The result is the last
/// carry and the stacked values. Vars that it uses from outside are the same at every step.
///
/// The number of records does not depend on the number of steps, nor does it for the derivatives: the vjp
/// runs the loop again, keeping every carry, and a loop backwards over those. Throws ShapeError where a carry
/// changes its shape, or leading axes differ.
ScanStep scan(const StepFunction& step, const std::vector<Var>& carry, const std::vector<Var>& xs);

/// The same for `length` steps that need no entries.
ScanStep scan(const StepFunction& step, const std::vector<Var>& carry, const Dim& length);

/// One carry and one sequence: `step(carry, x)` returns the next carry. The last one, and all of them
/// stacked.
template <class F>
requires std::same_as<std::invoke_result_t<F, const Var&, const Var&>, Var> std::pair<Var, Var>
scan(F step, const Var& carry, const Var& xs) {
    const ScanStep last = scan(
        [&](const std::vector<Var>& c, const std::vector<Var>& x) {
            const Var next = step(c[0], x[0]);
            return ScanStep{{next}, {next}};
        },
        std::vector<Var>{carry}, std::vector<Var>{xs});
    return {last.carry[0], last.values[0]};
}

} // namespace xtape
