#pragma once

#include <cstddef>

namespace xtape::detail {

/// Adds the hash of one more part to that of those before, in whose order it counts.
inline void mix(std::size_t& seed, std::size_t hash) {
    seed ^= hash + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2);
}

} // namespace xtape::detail
