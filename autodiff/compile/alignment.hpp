#pragma once

/// Where buffers and registers of a workspace begin.

#include <algorithm>
#include <bit>
#include <cstddef>

namespace xtape::detail {

/// In bytes: a cache line, and the widest SIMD register.
inline constexpr std::size_t alignment = 64;
inline constexpr std::size_t least_bytes = 8; ///< of a buffer: the entry with the widest alignment

/// Bytes up to the end of a cache line; of what is shorter than one, so many that others lie in it whole.
[[nodiscard]] constexpr std::size_t aligned(std::size_t bytes) {
    const std::size_t unit = std::clamp(std::bit_ceil(bytes), least_bytes, alignment);
    return (bytes + unit - 1) / unit * unit;
}

} // namespace xtape::detail
