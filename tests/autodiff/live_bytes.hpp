#pragma once

/// How many bytes a program holds. One that links live_bytes.cpp has an operator new and delete that count;
/// threads must not allocate at once.

#include <cstddef>

namespace live_bytes {

/// Allocated by operator new and not yet freed.
[[nodiscard]] std::size_t now();

/// The most there were since the peak was last begun anew.
[[nodiscard]] std::size_t peak();
void restart_peak();

} // namespace live_bytes
