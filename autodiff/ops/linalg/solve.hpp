#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// X with A X = B: (… × n × n) and (… × n × m) give (… × n × m), where the leading axes broadcast; a vector
/// B of n entries gives a vector. By Gaussian elimination with partial pivoting. Throws ShapeError where the
/// shapes do not fit, and, evaluated, SingularError where a pivot is no larger than the rounding error of its
/// column, n ε max|column|. Where A has a NaN or an infinity, X is NaN.
Var solve(const Var& a, const Var& b);

/// The inverse of each matrix (… × n × n), which is solve(A, I), with its errors.
Var inverse(const Var& a);

[[nodiscard]] std::span<const Op> linear_system_ops();

} // namespace xtape
