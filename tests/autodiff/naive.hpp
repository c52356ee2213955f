#pragma once

/// NumPy's semantics of whole-array operations, in the plainest loops over positions: what the library's own
/// loops over strides are compared with.

#include "check.hpp"

#include <algorithm>
#include <vector>

namespace naive {

using Position = std::vector<std::size_t>;
using xtape::Array;
using xtape::Extents;

/// Row-major position of entry i.
inline Position position(std::size_t i, const Extents& extents) {
    Position p(extents.size());
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        p[axis] = i % extents[axis];
        i /= extents[axis];
    }
    return p;
}

inline std::size_t index(const Position& p, const Extents& extents) {
    std::size_t i = 0;
    for (std::size_t axis = 0; axis < extents.size(); ++axis)
        i = i * extents[axis] + p[axis];
    return i;
}

/// The array with these extents whose entry at a position is `entry(position)`.
template <class F>
Array<long double> build(const Extents& extents, F entry) {
    auto result = Array<long double>::from_shape(extents);
    for (std::size_t i = 0; i < result.size(); ++i)
        result.data()[i] = entry(position(i, extents));
    return result;
}

inline long double at(const Array<long double>& array, const Position& p) {
    return array.data()[index(p, Extents(array.shape()))];
}

/// For every entry of the result, `f` of the entries of x that fall on it, in row-major order. Axes count
/// from the front.
template <class F>
Array<long double> reduce(const Array<long double>& x, const std::vector<std::size_t>& axes, bool keep, F f) {
    const Extents extents(x.shape());
    const auto reduced = [&](std::size_t axis) { return std::ranges::find(axes, axis) != axes.end(); };
    Extents kept, result;
    for (std::size_t axis = 0; axis < extents.size(); ++axis) {
        kept.push_back(reduced(axis) ? 1 : extents[axis]);
        if (keep || !reduced(axis)) result.push_back(kept.back());
    }
    const auto flat = build(kept, [&](const Position& p) {
        std::vector<long double> entries;
        for (std::size_t i = 0; i < x.size(); ++i) {
            Position q = position(i, extents);
            for (const std::size_t axis : axes)
                q[axis] = 0;
            if (q == p) entries.push_back(x.data()[i]);
        }
        return f(entries);
    });
    auto shaped = Array<long double>::from_shape(result);
    std::copy(flat.data(), flat.data() + flat.size(), shaped.data());
    return shaped;
}

} // namespace naive
