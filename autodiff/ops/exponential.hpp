#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Exponentials and logarithms, entrywise. Outside the domain a logarithm is NaN, at its edge −infinity, as
/// in IEEE 754.
Var exp(const Var& x);
Var exp2(const Var& x);
/// exp(x) − 1 and log(1 + x), accurate near 0.
Var expm1(const Var& x);
Var log(const Var& x);
Var log2(const Var& x);
Var log10(const Var& x);
Var log1p(const Var& x);

/// log(exp(a) + exp(b)); nothing overflows. Its derivatives are the shares of the two in the sum; where both
/// are −∞ they are 0, as those of logsumexp.
Var logaddexp(const Operand& a, const Operand& b);

[[nodiscard]] std::span<const Op> exponential_ops();

} // namespace xtape
