#include <xtape/autodiff/check/comparer.hpp>
#include <xtape/autodiff/check/largest.hpp>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace xtape::detail {
namespace {

/// Beyond this part of the largest entry `verify` itself holds that agreement says nothing; and by chance
/// alone not more than this part of all diagnoses may be wrong.
constexpr long double hundredth = 0.01L;

/// Most versions of another shape need not be evaluated.
bool may_be(const Var& candidate, const Array<long double>& mine) {
    const Shape& shape = candidate.shape();
    return !shape.sized() || std::ranges::equal(shape.dims(), mine.shape(), {}, &Dim::extent);
}

} // namespace

bool Comparer::proportional(const Var& candidate, const Array<long double>& mine) {
    if (!may_be(candidate, mine)) return false;
    const Array<long double> value = evaluated(candidate);
    if (value.shape() != mine.shape()) return false;
    long double both = 0, own = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) {
        both += value.data()[i] * mine.data()[i];
        own += value.data()[i] * value.data()[i];
    }
    const long double most = hundredth * largest(mine);
    for (std::size_t i = 0; i < mine.size(); ++i)
        if (!(std::abs(mine.data()[i] - both / own * value.data()[i]) <= most)) return false;
    return true;
}

bool Comparer::gives(const Var& candidate, const Array<long double>& mine, std::size_t tried, int unknowns) {
    if (!may_be(candidate, mine)) return false;
    const Array<long double> value = evaluated(candidate);
    if (value.shape() != mine.shape()) return false;
    const long double most = largest(mine);
    for (std::size_t i = 0; i < mine.size(); ++i)
        if (!(std::abs(value.data()[i] - mine.data()[i]) <= hundredth * most)) return false;
    const Truth truth = reference_.truth_of_any_form(candidate, element_);
    std::vector<std::pair<long double, long double>> entries; // magnitude and tolerance
    for (std::size_t i = 0; i < mine.size(); ++i) {
        const long double tolerance = truth.tolerance.data()[i];
        if (!(std::abs(value.data()[i] - mine.data()[i]) <= tolerance)) return false;
        if (mine.data()[i] != 0) entries.emplace_back(std::abs(mine.data()[i]), tolerance);
    }
    // Where a number was fitted to x, −x says nothing more, as both entries of two classes are.
    std::ranges::sort(entries);
    if (unknowns > 0)
        entries.erase(std::unique(entries.begin(), entries.end(),
                                  [](const auto& a, const auto& b) {
                                      return b.first - a.first <= a.second + b.second;
                                  }),
                      entries.end());
    std::vector<long double> chances;
    for (const auto& [magnitude, tolerance] : entries)
        chances.push_back(std::min(1.0L, tolerance / most));
    std::ranges::sort(chances);
    long double chance = static_cast<long double>(tried);
    for (std::size_t i = static_cast<std::size_t>(unknowns); i < chances.size(); ++i)
        chance *= chances[i];
    return chance <= hundredth;
}

Array<long double> Comparer::evaluated(const Var& candidate) {
    // Not all of thousands of versions are remembered at once.
    constexpr std::size_t most = 64;
    if (++evaluated_ % most == 0) reference_.forget();
    return reference_.value(candidate);
}

} // namespace xtape::detail
