#include <xtape/autodiff/check/differences.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xtape {

Estimate derivative(const std::function<long double(long double)>& f, long double x, long double step,
                    long double noise, Side side) {
    constexpr std::size_t rows = 10;
    constexpr long double shrink = 1.6L;
    const long double gain = side == Side::both ? shrink * shrink : shrink;
    std::array<std::array<long double, rows>, rows> table{};
    Estimate best{std::numeric_limits<long double>::quiet_NaN(),
                  std::numeric_limits<long double>::infinity()};
    long double largest = 0, h = step, best_step = step;
    const auto floor = [&] {
        return 4 * std::max(std::numeric_limits<long double>::epsilon() * largest, noise) / best_step;
    };
    for (std::size_t i = 0; i < rows; ++i, h /= shrink) {
        const long double right = side == Side::both ? x + h : side == Side::right ? x + 2 * h : x - h;
        const long double left = side == Side::both ? x - h : side == Side::right ? x + h : x - 2 * h;
        const long double above = f(right), below = f(left);
        largest = std::max({largest, std::abs(above), std::abs(below)});
        table[0][i] = (above - below) / (right - left);
        long double factor = gain;
        for (std::size_t j = 1; j <= i; ++j, factor *= gain) {
            table[j][i] = (table[j - 1][i] * factor - table[j - 1][i - 1]) / (factor - 1);
            const long double error = std::max(std::abs(table[j][i] - table[j - 1][i]),
                                               std::abs(table[j][i] - table[j - 1][i - 1]));
            if (error <= best.error) {
                best = {table[j][i], error};
                best_step = h;
            }
        }
        if (i > 0 && best.error <= floor()) break;
        if (i > 1 && std::abs(table[i][i] - table[i - 1][i - 1]) >= 2 * best.error) break;
    }
    return {best.value, 10 * std::max(best.error, floor())};
}

} // namespace xtape
