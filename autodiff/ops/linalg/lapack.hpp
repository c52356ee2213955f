#pragma once

/// What is used of LAPACK and BLAS for linear systems and eigenvalues, in float and double. Matrices are
/// row-major, of finite entries, one at a time.

#include <cstddef>

namespace xtape::detail::lapack {

/// A = M U P by elimination with exchanged columns (getrf, of the transpose): M is lower triangular, U has a
/// unit diagonal, and both overwrite a. The k-th step exchanged columns k and columns[k] − 1. A pivot, which
/// is an entry of M's diagonal, may be 0.
template <class T>
void factorise(T* a, std::size_t n, int* columns);

/// Replaces x by A⁻¹ x for factors of `factorise` without a pivot of 0 (getrs). Of the n × m entries of x the
/// columns lie one after the other.
template <class T>
void solve(const T* factors, std::size_t n, const int* columns, T* x, std::size_t m);

/// An estimate of the reciprocal condition number in the 1-norm, from the factors of a matrix and its norm
/// (gecon, by Higham's method: rarely more than 3 times too large).
template <class T>
[[nodiscard]] T rcond(const T* factors, std::size_t n, T norm);

/// Overwrites the lower triangle of a symmetric matrix, and nothing else, with that of its factor L (potrf).
/// Returns the row whose pivot is not positive, and left in its diagonal entry; n where there is none.
template <class T>
[[nodiscard]] std::size_t cholesky(T* a, std::size_t n);

/// Replaces the n × m entries of x by the solution of a triangle of a (trsm).
template <class T>
void triangular_solve(const T* a, bool lower, bool unit_diagonal, std::size_t n, T* x, std::size_t m);

/// The eigenvalues of a symmetric matrix, ascending; where vectors are wanted, row k of a becomes that of the
/// k-th (syevd, by divide and conquer). Returns false where it does not converge.
template <class T>
[[nodiscard]] bool eigensystem(T* a, T* values, bool with_vectors, std::size_t n);

} // namespace xtape::detail::lapack
