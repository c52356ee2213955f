#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The matrix product of the last two axes: (… × m × k) and (… × k × n) give (… × m × n), where the leading
/// axes broadcast. A vector on the left is a row, on the right a column, and the axis it lent goes again.
/// Throws ShapeError, naming both shapes and, where a transpose would fit, which.
Var matmul(const Operand& a, const Operand& b);

/// The last two axes swapped: the transpose of every matrix. Throws ShapeError below rank 2.
Var matrix_transpose(const Var& x);

/// The inner product of two vectors, or of the entries of two arrays of one shape: one number.
Var dot(const Operand& a, const Operand& b);

/// The outer product of two vectors: (m) and (n) give (m × n).
Var outer(const Operand& a, const Operand& b);

[[nodiscard]] std::span<const Op> product_ops();

} // namespace xtape
