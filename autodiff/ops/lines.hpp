#pragma once

/// An array along one of its axes, for the forward functions of operations that work along one.

#include <xtape/autodiff/op.hpp>

namespace xtape::detail {

/// An array as `outer` blocks of `extent` rows of `inner` entries: entry (o, j, i) is at (o · extent + j) ·
/// inner + i.
struct Lines {
    std::size_t outer = 1, extent = 1, inner = 1;
};

[[nodiscard]] inline Lines lines_along(const Extents& extents, std::size_t axis) {
    Lines lines;
    for (std::size_t a = 0; a < extents.size(); ++a)
        (a < axis ? lines.outer : a == axis ? lines.extent : lines.inner) *= extents[a];
    return lines;
}

/// Calls f(start, stride) for every line along the axis: its entries are at start, start + stride, …
template <class F>
void for_each_line(const Lines& lines, F f) {
    for (std::size_t o = 0; o < lines.outer; ++o)
        for (std::size_t i = 0; i < lines.inner; ++i)
            f(o * lines.extent * lines.inner + i, lines.inner);
}

/// The axis that a record's attribute `axis` names.
[[nodiscard]] inline std::size_t axis_of(const Attributes& attributes) {
    return static_cast<std::size_t>(attributes.integer("axis"));
}

/// The shape with another dimension in the place of one.
[[nodiscard]] inline Shape with_dim(const Shape& shape, std::size_t axis, Dim dim) {
    std::vector<Dim> dims = shape.dims();
    dims[axis] = std::move(dim);
    return Shape(std::move(dims));
}

} // namespace xtape::detail
