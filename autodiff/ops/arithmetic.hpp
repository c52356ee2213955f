#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Entrywise, with NumPy's broadcasting. Operands are Vars, numbers, or arrays.
Var add(const Operand& a, const Operand& b);
Var subtract(const Operand& a, const Operand& b);
Var multiply(const Operand& a, const Operand& b);
Var divide(const Operand& a, const Operand& b);
Var negative(const Var& x);

inline Var operator+(const Operand& a, const Operand& b) { return add(a, b); }
inline Var operator-(const Operand& a, const Operand& b) { return subtract(a, b); }
inline Var operator*(const Operand& a, const Operand& b) { return multiply(a, b); }
inline Var operator/(const Operand& a, const Operand& b) { return divide(a, b); }
inline Var operator-(const Var& x) { return negative(x); }
inline Var operator+(const Var& x) { return x; }

/// The handle becomes that of the sum, difference, product or quotient; what it was stays on the tape as it
/// is.
inline Var& operator+=(Var& a, const Operand& b) { return a = add(a, b); }
inline Var& operator-=(Var& a, const Operand& b) { return a = subtract(a, b); }
inline Var& operator*=(Var& a, const Operand& b) { return a = multiply(a, b); }
inline Var& operator/=(Var& a, const Operand& b) { return a = divide(a, b); }

namespace detail {
template <class A, class B>
concept ArrayAndVar = (XtensorExpression<A> && std::same_as<std::remove_cvref_t<B>, Var>) ||
                      (XtensorExpression<B> && std::same_as<std::remove_cvref_t<A>, Var>);
}

// xtensor's operators take anything beside an array; these are the better match where that is a Var.
template <class A, class B>
requires detail::ArrayAndVar<A, B> Var operator+(A&& a, B&& b) { return add(a, b); }
template <class A, class B>
requires detail::ArrayAndVar<A, B> Var operator-(A&& a, B&& b) { return subtract(a, b); }
template <class A, class B>
requires detail::ArrayAndVar<A, B> Var operator*(A&& a, B&& b) { return multiply(a, b); }
template <class A, class B>
requires detail::ArrayAndVar<A, B> Var operator/(A&& a, B&& b) { return divide(a, b); }

/// x², 1/x, √x, ∛x. The derivative of a root at 0 is infinite.
Var square(const Var& x);
Var reciprocal(const Var& x);
Var sqrt(const Var& x);
Var cbrt(const Var& x);

/// a to the power b, entrywise. Where a is 0 the derivative in b is 0; where b is 0 the derivative in a is 0.
Var pow(const Operand& a, const Operand& b);

/// √(a² + b²); no square overflows or underflows. Where both are 0 its derivatives are taken as 0.
Var hypot(const Operand& a, const Operand& b);

[[nodiscard]] std::span<const Op> arithmetic_ops();

} // namespace xtape
