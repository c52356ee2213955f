#pragma once

#include <cstddef>
#include <vector>

namespace xtape::detail {

/// Bytes that are in use from one step to another, both included.
struct Buffer {
    std::size_t bytes, first, last;
    std::size_t at = 0; ///< where they begin: at whole multiples of their own size or of a cache line
};

/// Lays buffers out so that those in use at the same time do not overlap; gives how many bytes that takes.
/// Those of up to a thousand come largest first, which leaves few gaps; of more, in the order of their first
/// steps, so that a million take seconds.
[[nodiscard]] std::size_t lay_out(std::vector<Buffer>& buffers);

} // namespace xtape::detail
