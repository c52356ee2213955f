#pragma once

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/var.hpp>

#include <string>
#include <utility>
#include <vector>

namespace xtape {

/// Arrays by name, as a person brings them: `{{"X", X}, {"W1", W1}, {"dW1", dW1}}`. A named array is referred
/// to.
using NamedArrays = std::vector<std::pair<std::string, AnyArray>>;

struct VerifyOptions {
    /// Names of gradients that are meant to be zero everywhere; others that are give INCONCLUSIVE, since a
    /// gradient that was never computed is zero too.
    std::vector<std::string> zero;
};

/// Compares hand-derived arrays with the tape that computes `cost`. An array named like a leaf is bound to it
/// (a variable's own value is not touched); one named like a result (Z1, A1, J) is compared with it; one
/// named d and the name of a Var is compared with the gradient of `cost` with respect to that. Forward values
/// come first, then gradients from the cost back.
///
/// The truth is the tape in long double. The tolerance of each entry is what rounding explains, measured by
/// Monte Carlo arithmetic (autodiff/check/reference.hpp). Where rounding alone may move an entry by a
/// hundredth of the largest (at a kink, with a saturated value, in a sum that cancels), agreement is
/// INCONCLUSIVE; and where the tape's own value is a NaN or infinite, whatever the array is.
///
/// The textbook defers the mean: its dZ2 = A2 − Y is n ∂J/∂Z2. Gradients of intermediate results may all be
/// in that convention, or all in the exact one; a mixture is a FAIL that says so.
///
/// Where an array fails, its step is repeated with the person's own arrays nearer to the beginning. One that
/// is right given those has inherited the error; of one that is not, the report says which single mistake
/// gives the same numbers (a factor, a sign, a transpose, W for dW, another function's derivative, λW, …)
/// beside the right equation, or that none does. It names a cause only where the numbers are reproduced
/// within rounding, and all causes that these data cannot tell apart.
///
/// Throws GradientError where the cost does not depend on what a gradient is with respect to, NameError for a
/// name that is given twice or that the tape does not have (suggesting the nearest), BindingError where an
/// input has no array or one of another shape, or a leaf one with a NaN or an infinity. The tape is left as
/// it was.
Report verify(const Var& cost, const NamedArrays& mine, const VerifyOptions& options = {});

} // namespace xtape
