#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Norms of an m × n matrix A with the singular values σ.
enum class MatrixNorm {
    frobenius, ///< √Σ aᵢⱼ² = √Σ σₖ²
    one,       ///< the largest Σᵢ |aᵢⱼ| of a column
    infinity,  ///< the largest Σⱼ |aᵢⱼ| of a row
    spectral,  ///< the largest σ
    nuclear    ///< Σ σₖ
};

/// A norm of each matrix (… × m × n). The derivatives of Frobenius' are those of `norm`; rows, or columns,
/// that tie for the largest share the derivative. The last two come from eigvalsh of [[0, A], [Aᵀ, 0]], with
/// its derivatives and DomainError: second ones ask for σ that are apart. Where |m − n| > 1, checks call the
/// zeros among its eigenvalues a kink. Throws ShapeError for fewer than two axes, and in the last two norms
/// for extents that are not known; evaluated, ArgumentError where a largest of nothing is meant.
Var matrix_norm(const Var& a, MatrixNorm norm = MatrixNorm::frobenius);

} // namespace xtape
