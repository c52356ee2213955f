#pragma once

/// Loops over the positions of an array, for the forward functions of whole-array operations.

#include <xtape/autodiff/shape.hpp>

#include <algorithm>
#include <vector>

namespace xtape::detail {

using Strides = std::vector<std::ptrdiff_t>;

/// Strides, in entries, of contiguous row-major elements.
inline Strides row_major_strides(const Extents& extents) {
    Strides strides(extents.size());
    std::ptrdiff_t stride = 1;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        strides[axis] = stride;
        stride *= static_cast<std::ptrdiff_t>(extents[axis]);
    }
    return strides;
}

/// Calls f(i, offset) for every position of `extents` in row-major order: i counts them, and offset is where
/// the position lies under `strides`.
template <class F>
void for_each_position(const Extents& extents, const Strides& strides, F f) {
    const std::size_t rank = extents.size(), size = size_of(extents);
    std::vector<std::size_t> position(rank, 0);
    std::ptrdiff_t offset = 0;
    for (std::size_t i = 0; i < size; ++i) {
        f(i, offset);
        for (std::size_t axis = rank; axis-- > 0;) {
            offset += strides[axis];
            if (++position[axis] < extents[axis]) break;
            offset -= strides[axis] * static_cast<std::ptrdiff_t>(extents[axis]);
            position[axis] = 0;
        }
    }
}

/// The strides with which a position of `wide` finds its entry in an array with these extents, which
/// broadcasts to it.
inline Strides broadcast_strides(const Extents& extents, const Extents& wide) {
    const Strides own = row_major_strides(extents);
    Strides strides(wide.size(), 0);
    const std::size_t offset = wide.size() - extents.size();
    for (std::size_t axis = 0; axis < extents.size(); ++axis)
        if (extents[axis] != 1) strides[offset + axis] = own[axis];
    return strides;
}

/// The strides with which a position of `extents` finds its entry in an array from which `axes` have been
/// reduced.
inline Strides reduced_strides(const Extents& extents, const Axes& axes) {
    Strides strides(extents.size(), 0);
    std::ptrdiff_t stride = 1;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        const bool reduced =
            std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(axis)) != axes.end();
        if (reduced) continue;
        strides[axis] = stride;
        stride *= static_cast<std::ptrdiff_t>(extents[axis]);
    }
    return strides;
}

} // namespace xtape::detail
