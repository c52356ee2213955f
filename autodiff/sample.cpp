#include <xtape/autodiff/sample.hpp>

#include <cmath>
#include <utility>

namespace xtape {

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t Draw::bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

double Draw::uniform(double low, double high) {
    return low + (high - low) * std::ldexp(static_cast<double>(bits() >> 11), -53);
}

std::int64_t Draw::integer(std::int64_t count) {
    return count <= 0 ? 0 : static_cast<std::int64_t>(bits() % static_cast<std::uint64_t>(count));
}

Array<double> Draw::reals(const Extents& extents, double low, double high) {
    auto array = Array<double>::from_shape(extents);
    for (double& entry : array)
        entry = uniform(low, high);
    return array;
}

Array<double> Draw::distinct(const Extents& extents) {
    auto array = Array<double>::from_shape(extents);
    const std::size_t count = array.size();
    // One entry from the middle half of each of `count` cells, then shuffled (Fisher and Yates).
    for (std::size_t i = 0; i < count; ++i) {
        const double cell = (static_cast<double>(i) + uniform(0.25, 0.75)) / static_cast<double>(count);
        array.data()[i] = (i % 2 == 0 ? 1 : -1) * (0.5 + 2 * cell);
    }
    for (std::size_t i = count; i > 1; --i)
        std::swap(array.data()[i - 1], array.data()[integer(static_cast<std::int64_t>(i))]);
    return array;
}

Array<std::int64_t> Draw::indices(const Extents& extents, std::int64_t count) {
    auto array = Array<std::int64_t>::from_shape(extents);
    for (std::int64_t& entry : array)
        entry = integer(count);
    return array;
}

Array<bool> Draw::masks(const Extents& extents) {
    auto array = Array<bool>::from_shape(extents);
    for (bool& entry : array)
        entry = bits() % 2 == 0;
    return array;
}

} // namespace xtape
