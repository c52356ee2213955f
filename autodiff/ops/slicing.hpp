#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The entries start, start + step, … before stop along one axis. Negative positions count from the end of an
/// axis of known extent; step is positive. Throws ShapeError for a position outside the axis.
Var slice(const Var& x, std::int64_t axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1);

/// Joined along an axis that exists; the other extents must be equal.
Var concatenate(const std::vector<Var>& parts, std::int64_t axis);

/// Joined along a new axis; all shapes must be equal.
Var stack(const std::vector<Var>& parts, std::int64_t axis);

/// Cut along an axis into parts of these extents, whose sum is the axis's own. Throws ShapeError otherwise.
std::vector<Var> split(const Var& x, const std::vector<std::size_t>& extents, std::int64_t axis);

/// Cut along an axis into equal parts.
std::vector<Var> split(const Var& x, std::size_t parts, std::int64_t axis);

/// The entries along these axes in reverse order.
Var flip(const Var& x, const Axes& axes);

[[nodiscard]] std::span<const Op> slicing_ops();

} // namespace xtape
