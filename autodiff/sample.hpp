#pragma once

/// What checks call an operation with: operands and attributes, drawn from a seed.

#include <xtape/autodiff/any_array.hpp>
#include <xtape/autodiff/attributes.hpp>

#include <cstdint>
#include <vector>

namespace xtape {

/// Operands and attributes with which an operation is called.
struct Sample {
    std::vector<AnyArray> operands;
    Attributes attributes;
};

/// A source of operands: the same from the same seed on every machine (splitmix64).
class Draw {
public:
    explicit Draw(std::uint64_t seed) : state_(seed) {}

    /// 64 random bits, a number in [low, high), an integer in [0, count). A count of 0 gives 0.
    [[nodiscard]] std::uint64_t bits();
    [[nodiscard]] double uniform(double low, double high);
    [[nodiscard]] std::int64_t integer(std::int64_t count);

    /// Arrays with these extents, each entry drawn by itself.
    [[nodiscard]] Array<double> reals(const Extents& extents, double low = -2, double high = 2);
    /// Entries of either sign between 0.5 and 2.5 in magnitude, in random order; no two are alike, and none
    /// is 0.
    [[nodiscard]] Array<double> distinct(const Extents& extents);
    [[nodiscard]] Array<std::int64_t> indices(const Extents& extents, std::int64_t count);
    [[nodiscard]] Array<bool> masks(const Extents& extents);

private:
    std::uint64_t state_;
};

} // namespace xtape
