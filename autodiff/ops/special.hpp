#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Special functions, entrywise. At a pole they are what IEEE 754 has for one: an infinity where both sides
/// agree on its sign, else NaN; at ±0 the zero's own sign decides.

/// log |Γ(x)|, Γ(n) = (n − 1)!. ∞ at 0, −1, −2, …
Var lgamma(const Var& x);
/// Its derivative ψ(x) = Γ′(x)/Γ(x).
Var digamma(const Var& x);
/// The derivative of ψ of this order, from 0 (ψ itself) to 100; 1 is the trigamma function. Throws
/// ArgumentError for another order.
Var polygamma(std::int64_t order, const Var& x);
/// The x of which erf(x) is given; NaN outside [−1, 1].
Var erfinv(const Var& x);
/// The distribution function of the standard normal distribution, ½ erfc(−x/√2), accurate in its lower tail.
Var ndtr(const Var& x);

[[nodiscard]] std::span<const Op> special_ops();

} // namespace xtape
