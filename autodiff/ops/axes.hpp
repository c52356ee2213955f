#pragma once

/// Axes as a user gives them to an operation.

#include <xtape/autodiff/var.hpp>

namespace xtape::detail {

/// The axes, out of `rank`, counted from the front and sorted. Throws ShapeError, naming the operation and x,
/// for one out of range, and for one given twice.
[[nodiscard]] Axes counted_axes(const std::string& op, const Var& x, const Axes& axes, std::size_t rank);
[[nodiscard]] inline Axes counted_axes(const std::string& op, const Var& x, const Axes& axes) {
    return counted_axes(op, x, axes, x.rank());
}

/// The extent of an axis that the operation has to know. Throws ShapeError where it is not known.
[[nodiscard]] std::size_t known_extent(const std::string& op, const Var& x, std::int64_t axis);

} // namespace xtape::detail
