#pragma once

/// Comparing arrays, and statistics with distributions.

#include <xtape/autodiff/array.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace compare {

/// ‖a − b‖ / ‖b‖: 0 where both are exactly zero, infinity where shapes differ or anything is NaN.
inline double relative_difference(const xtape::Array<double>& a, const xtape::Array<double>& b) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (a.shape() != b.shape()) return infinity;
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        difference = std::hypot(difference, a.storage()[i] - b.storage()[i]);
        norm = std::hypot(norm, b.storage()[i]);
    }
    if (difference == 0) return 0;
    const double relative = difference / norm;
    return std::isnan(relative) ? infinity : relative;
}

/// Every statistic here is standard normal if the hypothesis is true, so |z| beyond this limit is a false
/// alarm with probability 5.7e-7, per statistic and choice of seed.
constexpr double five_sigma = 5;

/// How far counts are from the expected ones, or from equal ones: Pearson's χ² with Wilson and Hilferty's
/// normal approximation.
inline double chi_square_z(const std::vector<double>& counts, const std::vector<double>& expected) {
    double statistic = 0;
    for (std::size_t i = 0; i < counts.size(); ++i)
        statistic += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
    const double freedom = static_cast<double>(counts.size()) - 1;
    const double spread = 2 / (9 * freedom);
    return (std::cbrt(statistic / freedom) - (1 - spread)) / std::sqrt(spread);
}

inline double chi_square_z(const std::vector<double>& counts) {
    double total = 0;
    for (const double count : counts)
        total += count;
    return chi_square_z(counts,
                        std::vector<double>(counts.size(), total / static_cast<double>(counts.size())));
}

} // namespace compare
