#include <xtape/autodiff/check/differences.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xtape {

Estimate derivative(const std::function<long double(long double)>& f, long double x, long double step,
                    long double noise) {
    constexpr std::size_t rows = 10;
    constexpr long double shrink = 1.6L, shrink2 = shrink * shrink;
    std::array<std::array<long double, rows>, rows> table{};
    Estimate best{std::numeric_limits<long double>::quiet_NaN(),
                  std::numeric_limits<long double>::infinity()};
    long double largest = 0, h = step, best_step = step;
    for (std::size_t i = 0; i < rows; ++i, h /= shrink) {
        const long double above = f(x + h), below = f(x - h);
        largest = std::max({largest, std::abs(above), std::abs(below)});
        table[0][i] = (above - below) / ((x + h) - (x - h));
        long double factor = shrink2;
        for (std::size_t j = 1; j <= i; ++j, factor *= shrink2) {
            table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1);
            const long double error = std::max(std::abs(table[j][i] - table[j - 1][i]),
                                               std::abs(table[j][i] - table[j - 1][i - 1]));
            if (error <= best.error) {
                best = {table[j][i], error};
                best_step = h;
            }
        }
        if (i > 1 && std::abs(table[i][i] - table[i - 1][i - 1]) >= 2 * best.error) break;
    }
    const long double floor =
        4 * std::max(std::numeric_limits<long double>::epsilon() * largest, noise) / best_step;
    return {best.value, 10 * std::max(best.error, floor)};
}

} // namespace xtape
