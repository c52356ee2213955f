#pragma once

#include <xtape/autodiff/array.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::detail {

/// The largest magnitude of an array's entries, those that are NaN left out; 0 where there are none.
[[nodiscard]] inline long double largest(const Array<long double>& array) {
    long double magnitude = 0;
    for (const long double entry : array)
        magnitude = std::max(magnitude, std::abs(entry));
    return magnitude;
}

} // namespace xtape::detail
