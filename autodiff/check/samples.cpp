#include <xtape/autodiff/check/samples.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape::detail {
namespace {

AnyArray of_kind(Kind kind, Array<double> array) {
    switch (kind) {
    case Kind::mask:
        return Array<bool>(array > 0);
    case Kind::index:
        return Array<std::int64_t>(xt::cast<std::int64_t>(array));
    case Kind::real:
        break;
    }
    return array;
}

/// Four entries, each within a hundredth of an end: of two operands all four pairs of ends.
AnyArray near_ends(const Definition& definition, std::size_t operand, Draw& draw) {
    const auto [low, high] = drawn_from(definition, operand);
    auto array = Array<double>::from_shape({4});
    for (std::size_t i = 0; i < 4; ++i) {
        const double inwards = 0.01 * draw.uniform(0, 1) * (high - low);
        array(i) = ((i >> (operand % 2)) & 1) == 0 ? low + inwards : high - inwards;
    }
    return of_kind(definition.kind_of(operand), std::move(array));
}

} // namespace

Interval drawn_from(const Definition& definition, std::size_t operand) {
    constexpr double half = 4, margin = 0.25;
    if (const auto& given = definition.sampled_on; !given.empty())
        return given[std::min(operand, given.size() - 1)];
    const auto& domain = definition.domain;
    if (domain.empty()) return {-half, half};
    const auto [start, end] = domain[std::min(operand, domain.size() - 1)];
    const double inwards = margin * std::min(1.0, end - start);
    const double low = std::isfinite(start) ? start + inwards : -half;
    const double high = std::isfinite(end) ? end - inwards : half;
    if (low < half && high > -half) return {std::max(low, -half), std::min(high, half)};
    return low >= half ? Interval{low, std::min(high, low + 2 * half)}
                       : Interval{std::max(low, high - 2 * half), high};
}

AnyArray drawn(const Definition& definition, std::size_t operand, const Extents& extents, Draw& draw) {
    const auto [low, high] = drawn_from(definition, operand);
    auto array = Array<double>::from_shape(extents);
    std::vector<std::size_t> part(array.size());
    std::iota(part.begin(), part.end(), std::size_t{0});
    for (std::size_t i = 0; i < part.size(); ++i) {
        const auto left = static_cast<std::int64_t>(part.size() - i);
        std::swap(part[i], part[i + static_cast<std::size_t>(draw.integer(left))]);
        const double at =
            (static_cast<double>(part[i]) + draw.uniform(0, 1)) / static_cast<double>(part.size());
        array.data()[i] = low + at * (high - low);
    }
    return of_kind(definition.kind_of(operand), std::move(array));
}

Attributes sample_attributes(const Definition& definition) {
    std::vector<Attributes::Entry> attributes;
    for (std::size_t k = 0; k < definition.attributes.size(); ++k)
        attributes.emplace_back(definition.attributes[k], definition.attribute_samples.at(k));
    return Attributes(std::move(attributes));
}

std::vector<Sample> samples_of(const Definition& definition, Draw& draw) {
    if (!definition.elementwise) return definition.samples ? definition.samples(draw) : std::vector<Sample>{};
    const std::size_t count = definition.operands.size();
    const Extents full{3, 2};
    std::vector<std::vector<Extents>> patterns{std::vector<Extents>(count, full),
                                               std::vector<Extents>(count, Extents{1}),
                                               std::vector<Extents>(count, Extents{2, 0})};
    for (std::size_t k = 0; count > 1 && k < count; ++k)
        for (const Extents& narrow : {Extents{}, Extents{1, 2}, Extents{3, 1}, Extents{2}}) {
            patterns.emplace_back(count, full);
            patterns.back()[k] = narrow;
        }
    std::vector<Sample> samples;
    for (const auto& pattern : patterns) {
        samples.push_back({{}, sample_attributes(definition)});
        for (std::size_t k = 0; k < count; ++k)
            samples.back().operands.push_back(drawn(definition, k, pattern[k], draw));
    }
    samples.push_back({{}, sample_attributes(definition)});
    for (std::size_t k = 0; k < count; ++k)
        samples.back().operands.push_back(near_ends(definition, k, draw));
    return samples;
}

} // namespace xtape::detail
