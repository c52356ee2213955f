#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The same entries, row by row, under another shape of the same size. Unsized dimensions must occur in both
/// shapes. Throws ShapeError where the sizes differ.
Var reshape(const Var& x, const Shape& shape);

/// One axis with all entries, row by row. The shape must be known.
Var flatten(const Var& x);

/// x repeated to a shape that it broadcasts to. Throws ShapeError where it does not.
Var broadcast_to(const Var& x, const Shape& shape);

/// x summed over the axes along which `shape` would have to be broadcast to have x's shape; x itself where
/// there are none.
Var sum_to(const Var& x, const Shape& shape);

/// Without the given axes, or without all axes of extent one. Throws ShapeError for an axis of another
/// extent.
Var squeeze(const Var& x, const Axes& axes);
Var squeeze(const Var& x);

/// With a new axis of extent one at the given positions of the result.
Var expand_dims(const Var& x, const Axes& axes);

/// The axes in another order; reversed where none is given, so that a matrix is transposed.
Var transpose(const Var& x);
Var transpose(const Var& x, const Axes& order);

/// Zeros and ones of the shape of x, constant.
Var zeros_like(const Var& x);
Var ones_like(const Var& x);

/// The extent of an axis as a number: the n of 1/n. It is that of the arrays that are bound, where it is not
/// known before.
Var extent(const Var& x, std::int64_t axis);

/// True for the operation that `extent` records.
[[nodiscard]] bool is_extent(const Op& op);

/// x as a constant: no derivative passes through it.
Var stop_gradient(const Var& x);

namespace detail {
/// x as a result of its own: a derivative with respect to it holds constant what uses x itself.
[[nodiscard]] Var copy_of(const Var& x);
} // namespace detail

[[nodiscard]] std::span<const Op> shaping_ops();

} // namespace xtape
