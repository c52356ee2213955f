/// sin, cos and tan.
///
/// Errors of double are below, in units in the last place and in every instruction set: sin and cos 0.9, tan
/// 2.5. Floats are computed in double: 0.51. Beyond ±2²⁰ numbers are given to the C library one by one. The
/// worst that benchmark_ulps saw: of all floats 0.5000, of 2.7 · 10⁸ doubles sin 0.87, cos 0.89 and tan 2.41.

#pragma once

#include <xtape/autodiff/compile/simd/powers.hpp>

namespace xtape::detail {
namespace {

constexpr double farthest = 0x1p20;

/// x = n π/2 + r + rest with |r| ≤ π/4, for |x| ≤ farthest (Cody and Waite): products of n with the first
/// three parts of π/2, of 33 bits each, are exact, and what differences lose is kept, since a double may be
/// as close to a multiple of π/2 as 2⁻⁶⁰.
struct Angle {
    BitsVector<double> quarter; ///< n, modulo 4
    Doubles r, rest;
};
Angle reduced_angle(Doubles x) {
    const Doubles n = nearest<double>(x * 0x1.45f306dc9c883p-1);
    const Doubles second = n * 0x1.0b4611a6p-34, third = n * 0x1.3198a2ep-69;
    const Doubles a = x - n * 0x1.921fb544p+0, b = a - second, r = b - third;
    return {bits<double>(n + rounder<double>) & 3, r,
            (((a - b) - second) + ((b - r) - third)) - n * 0x1.b839a252049c1p-104};
}

/// 1/first!, −1/(first + 2)!, …: cut where the rest is below a quarter of the unit roundoff for r ≤ π/4.
template <int first, std::size_t terms>
constexpr auto alternating = [] {
    Coefficients<double, terms> result{};
    double factorial = 1;
    for (int k = 2; k <= first; ++k)
        factorial *= k;
    for (std::size_t k = 0; k < terms; ++k) {
        const int next = first + 2 * static_cast<int>(k);
        result.of[k] = (k % 2 == 0 ? 1 : -1) / factorial;
        factorial *= (next + 1) * (next + 2);
    }
    return result;
}();

Doubles sine(const Angle& angle) {
    const Doubles r = angle.r, square = r * r;
    const Doubles small =
        angle.rest * (1.0 - 0.5 * square) - r * square * polynomial(alternating<3, 8>.of, square);
    return r == 0.0 ? r : r + small; // −0
}

Doubles cosine(const Angle& angle) {
    const Doubles square = angle.r * angle.r, half = 0.5 * square, near = 1.0 - half;
    // What the difference lost, and the terms from the fourth power on.
    return near + (((1.0 - near) - half) +
                   (square * square * polynomial(alternating<4, 7>.of, square) - angle.r * angle.rest));
}

auto odd(BitsVector<double> quarter) { return (quarter & 1) != 0; }

/// The sine of an angle that is so many quarters of a turn further.
Doubles sine_after(const Angle& angle, std::uint64_t quarters) {
    const BitsVector<double> quarter = angle.quarter + quarters;
    const Doubles result = odd(quarter) ? cosine(angle) : sine(angle);
    return from_bits<double>(bits<double>(result) ^ ((quarter & 2) << 62));
}

/// Entries of x that are too large, infinite or NaN by the C library's function.
template <class Function>
Doubles far_by(Function function, Doubles x, Doubles result) {
    if (!any<double>(~(magnitude<double>(x) <= farthest))) return result;
    for (std::size_t i = 0; i < lanes<double>; ++i)
        if (!(__builtin_fabs(x[i]) <= farthest)) result[i] = function(x[i]);
    return result;
}

Doubles sin(Doubles x) {
    return far_by([](double far) { return __builtin_sin(far); }, x, sine_after(reduced_angle(x), 0));
}
Doubles cos(Doubles x) {
    return far_by([](double far) { return __builtin_cos(far); }, x, sine_after(reduced_angle(x), 1));
}
Doubles tan(Doubles x) {
    const Angle angle = reduced_angle(x);
    const Doubles s = sine(angle), c = cosine(angle);
    const auto turned = odd(angle.quarter);
    return far_by([](double far) { return __builtin_tan(far); }, x, (turned ? -c : s) / (turned ? s : c));
}

} // namespace
} // namespace xtape::detail
