#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// |x|. Its derivative at 0 is 0.
Var abs(const Var& x);
/// −1, 0 or 1; its derivative is 0 everywhere.
Var sign(const Var& x);
/// The larger and the smaller, entrywise; NaN where either is, and so are the derivatives. At a tie each
/// operand has half of the derivative.
Var maximum(const Operand& a, const Operand& b);
Var minimum(const Operand& a, const Operand& b);
/// x held within [low, high]. Its derivative at both ends is 1, at NaN it is NaN. Throws ArgumentError where
/// low > high or one is NaN.
Var clip(const Var& x, long double low, long double high);
/// a where the mask holds, else b. The branch that is not taken contributes 0 to the gradient of its own
/// operand; should its own derivative be infinite there, guard its argument by a second `where`.
Var where(const Var& mask, const Operand& a, const Operand& b);
/// Two-argument arctangent of y / x in the right quadrant. Its derivatives neither overflow nor underflow
/// before they have to; at the origin they are NaN.
Var atan2(const Operand& y, const Operand& x);

/// Comparisons, entrywise: masks, for `where`. No derivative passes through them.
Var less(const Operand& a, const Operand& b);
Var less_equal(const Operand& a, const Operand& b);
Var equal(const Operand& a, const Operand& b);
Var not_equal(const Operand& a, const Operand& b);

inline Var operator<(const Operand& a, const Operand& b) { return less(a, b); }
inline Var operator>(const Operand& a, const Operand& b) { return less(b, a); }
inline Var operator<=(const Operand& a, const Operand& b) { return less_equal(a, b); }
inline Var operator>=(const Operand& a, const Operand& b) { return less_equal(b, a); }
inline Var operator==(const Operand& a, const Operand& b) { return equal(a, b); }
inline Var operator!=(const Operand& a, const Operand& b) { return not_equal(a, b); }

/// Masks combined, entrywise.
Var operator!(const Var& mask);
Var operator&(const Var& a, const Var& b);
Var operator|(const Var& a, const Var& b);

[[nodiscard]] std::span<const Op> piecewise_ops();

} // namespace xtape
