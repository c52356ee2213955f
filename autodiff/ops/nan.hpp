#pragma once

#include <limits>

namespace xtape::detail {

/// What a derivative is at NaN, so that nothing is hidden.
inline constexpr long double nan = std::numeric_limits<long double>::quiet_NaN();

} // namespace xtape::detail
