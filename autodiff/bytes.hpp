#pragma once

/// Arrays as the bytes that they lie in: to compare, to copy, or to find out whether two overlap.

#include <xtape/autodiff/any_array.hpp>

#include <cstddef>

namespace xtape::detail {

/// Adjacent bytes that something else owns.
struct Bytes {
    const std::byte *begin, *end;

    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end - begin); }
};

/// sizeof an entry.
[[nodiscard]] std::size_t entry_size(Element element);

/// Those of all entries.
[[nodiscard]] Bytes bytes_of(const AnyArray& array);

/// True where one byte is in both.
[[nodiscard]] bool overlap(const Bytes& a, const Bytes& b);

} // namespace xtape::detail
