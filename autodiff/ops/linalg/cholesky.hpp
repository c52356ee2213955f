#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The lower triangular L with positive diagonal and L Lᵀ = (A + Aᵀ) / 2, for each matrix (… × n × n); of a
/// symmetric A, L Lᵀ = A. By LAPACK's potrf, and in long double by our own. The gradient is symmetric. Throws
/// ShapeError where A is not square, and, evaluated, DomainError where the matrix is not positive definite:
/// where a pivot, which is what the rows above leave of a diagonal entry, is no larger than that entry's
/// rounding error, n ε a_kk. Where A has a NaN or an infinity, L is NaN. The derivative is that of Murray,
/// Differentiation of the Cholesky decomposition (2016), equation 10.
Var cholesky(const Var& a);

[[nodiscard]] std::span<const Op> cholesky_ops();

} // namespace xtape
