#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// X with A X = B: (… × n × n) and (… × n × m) give (… × n × m), where the leading axes broadcast; a vector
/// B of n entries gives a vector. By LAPACK's elimination with partial pivoting, and in long double by our
/// own with complete pivoting, after rows and columns were scaled by powers of two. Throws ShapeError where
/// the shapes do not fit, and, evaluated, SingularError where rounding may have made a pivot of 0: where
/// changing each entry of A by ε times the terms that elimination added up in its place can, and where a
/// pivot is too small to divide by. Rows or columns in other units make no difference to that: diag(1e-300,
/// 1) is solved as the identity is. The message tells the reciprocal condition number of the scaled matrix in
/// the 1-norm. Where A has a NaN or an infinity, X is NaN.
Var solve(const Var& a, const Var& b);

/// The inverse of each matrix (… × n × n), computed as solve(A, I), with its errors.
Var inverse(const Var& a);

/// Which triangle of a matrix is meant, and how.
struct TriangularOptions {
    bool lower = true;          ///< the lower triangle, or the upper one
    bool transposed = false;    ///< the triangle's transpose is solved with
    bool unit_diagonal = false; ///< the diagonal is taken as ones, whatever it holds
};

/// X with T X = B, where T is a triangle of A, whose other entries are never read: shapes as for solve. By
/// substitution, BLAS's but in long double: `triangular_solve(L, y, {.transposed = true})` is Lᵀ⁻¹ y. Throws
/// ShapeError where the shapes do not fit, and, evaluated, SingularError where an entry of the diagonal is 0.
/// The derivative with respect to A has entries in the triangle only.
Var triangular_solve(const Var& a, const Var& b, const TriangularOptions& options = {});

[[nodiscard]] std::span<const Op> linear_system_ops();

} // namespace xtape
