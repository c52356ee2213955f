#include "live_bytes.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace {

std::size_t live = 0, highest = 0;

/// Before what is handed out stands its size, in as many bytes as keep the alignment.
constexpr std::size_t header = alignof(std::max_align_t);

} // namespace

std::size_t live_bytes::now() { return live; }
std::size_t live_bytes::peak() { return highest; }
void live_bytes::restart_peak() { highest = live; }

void* operator new(std::size_t size) {
    void* block = std::malloc(size + header);
    if (!block) throw std::bad_alloc();
    *static_cast<std::size_t*>(block) = size;
    live += size;
    highest = std::max(highest, live);
    return static_cast<std::byte*>(block) + header;
}

void operator delete(void* pointer) noexcept {
    if (!pointer) return;
    void* block = static_cast<std::byte*>(pointer) - header;
    live -= *static_cast<std::size_t*>(block);
    std::free(block);
}

void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }
