#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Indices are Vars of Kind::index (an input, or what argsort gives) or integer arrays, which become
/// constants. Negative ones count from the end, as NumPy's do: −1 is the last entry of the axis. One that is
/// out of range throws IndexError when it is evaluated; real numbers throw KindError when it is recorded. No
/// derivative passes through an index.

/// The entries of x at these positions along one axis (numpy.take): the axis is replaced by those of the
/// indices, so that (5 × 3) taken at (2 × 4) along axis 0 is (2 × 4 × 3). A position may come several times.
Var gather(const Var& x, const Operand& indices, std::int64_t axis);

/// The adjoint of gather: zeros with `extent` entries along the axis, to which each entry of `updates` is
/// added at its position, in their order; entries that meet add up. `updates` has the axes of the indices in
/// the place of the axis. `x + scatter_add(…)` adds to an array.
Var scatter_add(const Var& updates, const Operand& indices, const Dim& extent, std::int64_t axis);

/// One entry per index: result[i, j] = x[indices[i, j], j] along axis 0 (numpy.take_along_axis). The indices
/// have the extents of x along all other axes.
Var take_along_axis(const Var& x, const Operand& indices, std::int64_t axis);

/// The adjoint of take_along_axis: zeros with `extent` entries along the axis, to which each entry of
/// `updates` is added where its index says. Indices and updates have one shape.
Var scatter_add_along_axis(const Var& updates, const Operand& indices, const Dim& extent, std::int64_t axis);

/// Indices as rows of an identity matrix: real numbers, 1 where the position along the new axis is the index,
/// and 0 elsewhere. The axis counts in the result.
Var one_hot(const Var& indices, const Dim& extent, std::int64_t axis = -1);

[[nodiscard]] std::span<const Op> indexing_ops();

} // namespace xtape
