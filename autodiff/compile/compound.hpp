#pragma once

/// Operations that stand for several of a gradient's: what they share, or what one pass does.

#include <xtape/autodiff/compile/expand.hpp>

namespace xtape::detail {

/// e^−|x|, of which σ(x), σ(−x), softplus(x) and softplus(−x) are all made.
[[nodiscard]] const Op& decay_op();
/// log(1 + e) of e in [0, 1].
[[nodiscard]] const Op& log1p_of_fraction_op();
/// 1/(1 + e): σ(|x|), given e = e^−|x|.
[[nodiscard]] const Op& certainty_op();
/// σ(x), given x and both of these.
[[nodiscard]] const Op& logistic_op();
/// σ(−x), given the same.
[[nodiscard]] const Op& opposite_logistic_op();
/// σ(x) σ(−x), the derivative of σ, given e and 1/(1 + e).
[[nodiscard]] const Op& logistic_slope_op();
/// g (1 − a²): how a gradient uses the derivative of a = tanh(z).
[[nodiscard]] const Op& tanh_slope_op();

/// σ and softplus of −a − b as of −(a + b), and of −c x as of −(c x), where a + b or c x is among these
/// records.
[[nodiscard]] Parts of_recorded_opposites(const Records& records);

/// The same with those operations where they save work.
[[nodiscard]] Expanded compounded(const Expanded& program);

} // namespace xtape::detail
