#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The determinant of each matrix (… × n × n), whose derivative is the matrix of cofactors. Value, first and
/// second derivative are right at every matrix, singular ones too, since nothing divides by a pivot; from the
/// third on the matrix must have an inverse, or evaluation throws solve's SingularError. Throws ShapeError
/// where the matrices are not square. The value comes from solve's elimination; derivatives keep complete
/// pivoting in every type, since they ask that of a singular matrix only the last pivots be small, which
/// LAPACK's partial pivoting does not grant. Of no rows it is 1; where A has a NaN or an infinity, NaN.
Var determinant(const Var& a);

/// The cofactors of each matrix (… × n × n), as a matrix: det(A) A⁻ᵀ where A has an inverse, the transposed
/// adjugate everywhere. At a singular matrix it has a first derivative, and no second.
Var cofactors(const Var& a);

/// The determinant as sign · exp(logabsdet): it neither overflows nor underflows.
struct SignAndLogDet {
    Var sign;      ///< 1, −1, or 0 where the matrix is singular in the sense of solve
    Var logabsdet; ///< log|det(A)|; −∞ where the sign is 0
};

/// The sign has no derivative; that of logabsdet is A⁻ᵀ, which of a singular matrix is solve's SingularError.
SignAndLogDet slogdet(const Var& a);

/// log(det(A)). Throws, evaluated, solve's SingularError, and DomainError where the determinant is negative.
Var logdet(const Var& a);

[[nodiscard]] std::span<const Op> determinant_ops();

} // namespace xtape
