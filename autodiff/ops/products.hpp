#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The matrix product. A vector on the left is a row, on the right a column, and the axis it lent goes again.
/// Throws ShapeError, naming both shapes and, where a transpose would fit, which.
Var matmul(const Operand& a, const Operand& b);

/// The inner product of two vectors, or of the entries of two arrays of one shape: one number.
Var dot(const Operand& a, const Operand& b);

/// The outer product of two vectors: (m) and (n) give (m × n).
Var outer(const Operand& a, const Operand& b);

[[nodiscard]] std::span<const Op> product_ops();

} // namespace xtape
