#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Hyperbolic functions and their inverses, entrywise. The derivatives of acosh at 1 and of atanh at ±1 are
/// infinite.
Var sinh(const Var& x);
Var cosh(const Var& x);
Var tanh(const Var& x);
Var asinh(const Var& x);
Var acosh(const Var& x);
Var atanh(const Var& x);

[[nodiscard]] std::span<const Op> hyperbolic_ops();

} // namespace xtape
