#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Eigenvalues (… × n), ascending, and eigenvectors (… × n × n): column k belongs to eigenvalue k.
struct Eigensystem {
    Var values, vectors;
};

/// The eigenvalues and orthonormal eigenvectors of the symmetric part (A + Aᵀ) / 2 of each matrix
/// (… × n × n), which for a symmetric A is A itself; gradients are symmetric. The sign of an eigenvector is
/// such that its first entry of at least 0.9 times the largest magnitude is positive.
///
/// Up to 16 rows, and in long double, by Jacobi's method: of a positive definite matrix small eigenvalues
/// keep their digits as far as the matrix, scaled to a unit diagonal, is well-conditioned. Larger ones by
/// LAPACK's syevd, 8 times faster at 100 rows, whose eigenvalues are right to n ε of the largest.
///
/// With V the eigenvectors, λ the eigenvalues and M = Vᵀ dA V, the derivatives are dλ_k = M_kk and dV = V C,
/// C_ij = M_ij / (λ_j − λ_i) and C_ii = 0 (Giles, Collected matrix derivative results for forward and
/// reverse mode algorithmic differentiation, 2008, section 3.1).
///
/// Throws ShapeError where A is not square. Eigenvectors have derivatives, and eigenvalues second ones, where
/// eigenvalues are distinct: evaluated elsewhere, these throw DomainError, where two that are no further
/// apart than their rounding error, n ε max|λ|, are needed apart. First derivatives of eigenvalues that
/// coincide are those in the basis that was found: right for functions, such as sums of f(λ_k), in which
/// these eigenvalues play the same part. DomainError too where the iteration does not end. Where A has
/// a NaN or an infinity, all results are NaN.
Eigensystem eigh(const Var& a);

/// The eigenvalues of eigh alone.
Var eigvalsh(const Var& a);

[[nodiscard]] std::span<const Op> eigen_ops();

} // namespace xtape
