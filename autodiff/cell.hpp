#pragma once

#include <xtape/autodiff/any_array.hpp>

#include <cstdint>

namespace xtape {

/// An array outside any tape that leaves on several tapes share, as a network's parameters are. It counts its
/// changes, so that an evaluation that remembers values knows when they are out of date.
class Cell {
public:
    explicit Cell(AnyArray array) : array_(array.owned()) {}

    [[nodiscard]] const AnyArray& array() const { return array_; }
    [[nodiscard]] std::uint64_t version() const { return version_; }

    /// Replaces the array. Throws BindingError where the extents or the element type are others.
    void assign(AnyArray array);

private:
    AnyArray array_;
    std::uint64_t version_ = 0;
};

} // namespace xtape
