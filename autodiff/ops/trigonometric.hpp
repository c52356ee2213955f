#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Trigonometric functions and their inverses, entrywise, in radians. The derivatives of asin and acos at ±1
/// are infinite.
Var sin(const Var& x);
Var cos(const Var& x);
Var tan(const Var& x);
Var asin(const Var& x);
Var acos(const Var& x);
Var atan(const Var& x);

[[nodiscard]] std::span<const Op> trigonometric_ops();

} // namespace xtape
