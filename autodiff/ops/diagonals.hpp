#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Diagonals of matrices, which lie in the last two axes; axes before these are batches. Diagonal k is the
/// main one for 0, lies above it for positive and below it for negative k. A matrix of m rows and n columns
/// has those from −m to n; the two at the ends have no entries. Throws ShapeError for another one, for
/// operands of too few axes, and where an extent that is needed is not known.

/// The entries of a diagonal, as a last axis.
Var diagonal(const Var& x, std::int64_t k = 0);

/// Square matrices with the entries of the last axis of x on a diagonal and zeros elsewhere: n entries make
/// n + |k| rows.
Var diag(const Var& x, std::int64_t k = 0);

/// The sum of a diagonal.
Var trace(const Var& x, std::int64_t k = 0);

/// x with zeros above, or below, a diagonal.
Var tril(const Var& x, std::int64_t k = 0);
Var triu(const Var& x, std::int64_t k = 0);

/// Matrices of the shape of x with ones on the main diagonal and zeros elsewhere, constant.
Var eye_like(const Var& x);

[[nodiscard]] std::span<const Op> diagonal_ops();

} // namespace xtape
