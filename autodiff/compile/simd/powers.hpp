/// pow and its kin, from a logarithm and an exponential in two parts: numbers whose lower halves are cut off,
/// so that their products are exact with a fused multiply-add and without one, and what is left of them. For
/// floats, which are computed in double, one part is enough: T is the type that results are rounded to.
///
/// Errors of double are below, in units in the last place and in every instruction set: pow 1.3, exp2 1.2,
/// log2 and log10 0.6, sinh 3, cosh 1.8. Floats are computed in double: 0.51. The worst that benchmark_ulps
/// saw: of all floats 0.5000 of each but pow, of 2.7 · 10⁸ doubles exp2 1.09, log2 and log10 0.51, sinh 2.43,
/// cosh 1.48.

#pragma once

#include <xtape/autodiff/compile/simd/functions.hpp>

namespace xtape::detail {
namespace {

using Doubles = Vector<double>;

/// The upper 26 bits: the product of two such numbers is exact.
Doubles trimmed(Doubles x) { return from_bits<double>(bits<double>(x) & ~((std::uint64_t{1} << 27) - 1)); }

/// A sum of two numbers, of which the low one is below 2⁻²⁴ of the high one.
struct Parts {
    Doubles high, low;
};

/// 3/5, 3/7, …: (3 atanh(s) − 3 s − s³)/s⁵ in s².
constexpr auto inverse_odd_from_fifth = [] {
    Coefficients<double, 11> result{};
    for (int k = 0; k < 11; ++k)
        result.of[k] = 3.0 / (2 * k + 5);
    return result;
}();

/// log x for x > 0, relatively to 2⁻⁶⁴, as in Sun's fdlibm: log(1 + f) = ⅔ s (3 + s² + …), s = f/(2 + f).
Parts log_in_parts(Doubles x) {
    const auto [e, f] = scaled<double>(x);
    const Doubles m = f + 1.0, divisor = f + 2.0, s = f / divisor, s_high = trimmed(s),
                  divisor_high = trimmed(divisor), divisor_low = m - (divisor_high - 1.0);
    // What the quotient lost, since 1/(2 + f) is (1 − s)/2.
    const Doubles s_low = ((f - s_high * divisor_high) - s_high * divisor_low) * (0.5 - 0.5 * s);
    const Doubles square = s * s, high_square = s_high * s_high,
                  rest =
                      square * square * polynomial(inverse_odd_from_fifth.of, square) + s_low * (s_high + s);
    const Doubles sum_high = trimmed(high_square + 3.0 + rest),
                  sum_low = rest - ((sum_high - 3.0) - high_square);
    const Doubles exact = s_high * sum_high, inexact = s_low * sum_high + sum_low * s,
                  product_high = trimmed(exact + inexact), product_low = inexact - (product_high - exact);
    constexpr double third_high = 0x1.555555p-1, third_low = 0x1.5555555555555p-27; // ⅔
    const Doubles log_high = third_high * product_high,
                  log_low = third_low * product_high + product_low * (third_high + third_low);
    const Doubles of_exponent = e * ln2_high<double>, high = of_exponent + log_high;
    return {high, (log_high - (high - of_exponent)) + (e * ln2_low<double> + log_low)};
}

/// factor · e^(high + low), of which the low part is small.
Doubles exp_of_parts(Doubles factor, Doubles high, Doubles low) {
    // Beyond these it is infinite or 0 after rounding, with a factor above 2⁻¹⁰.
    high = clamp<double>(high, -770.0, 720.0);
    const Doubles n = nearest<double>(high * 0x1.71547652b82fep+0);
    const Doubles r = (high - n * ln2_high<double>)+(clamp<double>(low, -1.0, 1.0) - n * ln2_low<double>);
    return times_power_of_two<double>(factor * reduced_expm1<double>(r) + factor, n);
}

/// Of what is not negative: whether it is a whole number.
auto is_whole(Doubles x) {
    constexpr double fine = 0x1p52; // from here on all are
    return (x >= fine) | ((x + fine) - fine == x);
}

/// x^y for x > 0.
template <class T>
Doubles power_of_positive(Doubles x, Doubles y) {
    // The logarithm of what is next to 1 is 2⁻⁵³, so a greater exponent gives 0, 1 or infinity too.
    const Doubles exponent = clamp<double>(y, -0x1p64, 0x1p64);
    if constexpr (sizeof(T) == 4) return exp<double>(exponent * log<double>(x));
    const auto [log_high, log_low] = log_in_parts(x);
    const Doubles exponent_high = trimmed(exponent), log_trimmed = trimmed(log_high);
    return exp_of_parts(all<double>(1.0), exponent_high * log_trimmed,
                        (exponent - exponent_high) * log_trimmed +
                            exponent * ((log_high - log_trimmed) + log_low));
}

template <class T>
Doubles pow(Doubles x, Doubles y) {
    const Doubles base = magnitude<double>(x), size = magnitude<double>(y);
    Doubles result = power_of_positive<T>(base, y);
    const Doubles infinite = all<double>(Format<double>::infinity), none = Doubles{};
    result = base == 0.0 ? (y < 0.0 ? infinite : none) : result;
    result = base == Format<double>::infinity ? (y < 0.0 ? none : infinite) : result;
    const auto whole = is_whole(size);
    result = (x < 0.0) & (base < Format<double>::infinity) & ~whole
                 ? all<double>(Format<double>::not_a_number)
                 : result;
    result = whole & ~is_whole(size * 0.5) ? with_sign<double>(result, x) : result;
    result = x != x ? x : (y != y ? y : result);
    return ((y == 0.0) | (x == 1.0)) ? all<double>(1.0) : result;
}

Doubles exp2(Doubles x) {
    x = clamp<double>(x, -1100.0, 1030.0);
    const Doubles n = nearest<double>(x);
    return times_power_of_two<double>(reduced_expm1<double>((x - n) * 0x1.62e42fefa39efp-1) + 1.0, n);
}

/// log x / log b, given both parts of 1/log b.
template <class T>
Doubles log_to_base(Doubles x, double factor_high, double factor_low) {
    if constexpr (sizeof(T) == 4) return log<double>(x) * (factor_high + factor_low);
    const auto [high, low] = log_in_parts(x);
    const Doubles high_trimmed = trimmed(high), rest = high - high_trimmed + low;
    const Doubles result =
        high_trimmed * factor_high + (rest * factor_high + (high_trimmed + rest) * factor_low);
    return magnitude<double>(high) == Format<double>::infinity ? high : result; // of 0 and infinity
}
template <class T>
Doubles log2(Doubles x) {
    return log_to_base<T>(x, 0x1.715476p+0, 0x1.4ae0bf85ddf44p-26);
}
template <class T>
Doubles log10(Doubles x) {
    return log_to_base<T>(x, 0x1.bcb7b1p-2, 0x1.49b9438ca9aaep-28);
}

/// ½ e^|x|
Doubles half_growth(Doubles x) { return exp_of_parts(all<double>(0.5), magnitude<double>(x), Doubles{}); }

Doubles sinh(Doubles x) {
    const Doubles a = magnitude<double>(x);
    const auto large = a > 22.0; // e^−x is below what is seen
    const Doubles t = expm1<double>(large ? all<double>(22.0) : a);
    return with_sign<double>(large ? half_growth(x) : 0.5 * (t + t / (t + 1.0)), x);
}

Doubles cosh(Doubles x) {
    const Doubles half = half_growth(x);
    return half + 0.25 / half;
}

} // namespace
} // namespace xtape::detail
