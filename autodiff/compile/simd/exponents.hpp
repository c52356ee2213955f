/// Powers of two: numbers times them, and numbers taken apart into one of them and what is next to 1. AVX-512
/// has instructions for this that know zero, infinity, NaN and numbers below the normal ones.

#pragma once

#include <xtape/autodiff/compile/simd/lanes.hpp>

namespace xtape::detail {
namespace {

/// 1.5 · 2^mantissa: a small whole number added to it stands in the lowest bits.
template <class T>
constexpr T rounder = static_cast<T>(1.5) *
                      static_cast<T>(typename Format<T>::Bits{1} << Format<T>::mantissa);

template <class T>
Vector<T> nearest(Vector<T> x) {
    return (x + rounder<T>)-rounder<T>;
}

/// u = 2^e (1 + f) with 1 + f in [√½, √2]. Of 0 and infinity e is −∞ and ∞, and f is 0; of negative numbers
/// and NaN one of them is NaN.
template <class T>
struct Scaled {
    Vector<T> e, f;
};

#if defined(__AVX512F__)

/// x 2^n for whole numbers n of any size.
template <class T>
Vector<T> times_power_of_two(Vector<T> x, Vector<T> n) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_scalef_ps(every_lane, reinterpret_cast<__m512>(x), reinterpret_cast<__m512>(n)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_scalef_pd(every_lane, reinterpret_cast<__m512d>(x), reinterpret_cast<__m512d>(n)));
}

/// 2^n of a whole number between −bias + 1 and bias.
template <class T>
Vector<T> power_of_two(Vector<T> n) {
    return times_power_of_two<T>(all<T>(static_cast<T>(1)), n);
}

template <class T>
Vector<T> exponent(Vector<T> x) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(_mm512_maskz_getexp_ps(every_lane, reinterpret_cast<__m512>(x)));
    else
        return reinterpret_cast<Vector<T>>(_mm512_maskz_getexp_pd(every_lane, reinterpret_cast<__m512d>(x)));
}

template <class T>
Scaled<T> scaled(Vector<T> u) {
    constexpr T one = 1, half = static_cast<T>(0.5);
    Vector<T> m; // in [¾, 3/2), and below 1 where the exponent is to be one greater
    constexpr auto interval = _MM_MANT_NORM_p75_1p5;
    constexpr auto sign = static_cast<_MM_MANTISSA_SIGN_ENUM>(_MM_MANT_SIGN_zero | _MM_MANT_SIGN_nan);
    if constexpr (sizeof(T) == 4)
        m = reinterpret_cast<Vector<T>>(
            _mm512_maskz_getmant_ps(every_lane, reinterpret_cast<__m512>(u), interval, sign));
    else
        m = reinterpret_cast<Vector<T>>(
            _mm512_maskz_getmant_pd(every_lane, reinterpret_cast<__m512d>(u), interval, sign));
    const Vector<T> e = exponent<T>(u) - exponent<T>(m), f = m - one;
    // Up to 3/2 the rounding of f² would be seen.
    const auto big = m > static_cast<T>(0x1.6a09e667f3bcdp+0);
    return {big ? e + one : e, big ? f * half - half : f};
}

#else

/// 2^n of a whole number between −bias + 1 and bias.
template <class T>
Vector<T> power_of_two(Vector<T> n) {
    return from_bits<T>(bits<T>(n + (rounder<T> + Format<T>::bias)) << Format<T>::mantissa);
}

/// x 2^n for whole numbers n up to twice the greatest exponent.
template <class T>
Vector<T> times_power_of_two(Vector<T> x, Vector<T> n) {
    // In two factors: 2^n alone may be beyond the range where the result is not.
    const Vector<T> half = nearest<T>(n * static_cast<T>(0.5));
    return x * power_of_two<T>(half) * power_of_two<T>(n - half);
}

template <class T>
Scaled<T> scaled_normal(Vector<T> u) {
    using Bits = typename Format<T>::Bits;
    constexpr T one = 1;
    const BitsVector<T> word = bits<T>(u);
    // The exponent as a number: its bits below those of 2^mantissa.
    const Vector<T> two = all<T>(static_cast<T>(Bits{1} << Format<T>::mantissa));
    Vector<T> e =
        from_bits<T>((word >> Format<T>::mantissa) | bits<T>(two)) - two - static_cast<T>(Format<T>::bias);
    constexpr Bits mantissa_bits = (Bits{1} << Format<T>::mantissa) - 1;
    Vector<T> m = from_bits<T>((word & mantissa_bits) | bits<T>(all<T>(one)));
    const auto big = m > static_cast<T>(0x1.6a09e667f3bcdp+0);
    m = big ? m * static_cast<T>(0.5) : m;
    e = big ? e + one : e;
    return {e, m - one};
}

template <class T>
Scaled<T> scaled(Vector<T> u) {
    constexpr T zero = 0, infinity = Format<T>::infinity;
    const auto normal = (u >= Format<T>::least_normal) & (u < infinity);
    if (!any<T>(~normal)) return scaled_normal<T>(u); // as good as always
    const auto tiny = u < Format<T>::least_normal;
    auto [e, f] = scaled_normal<T>(tiny ? u * Format<T>::to_normal : u);
    e = tiny ? e - static_cast<T>(Format<T>::to_normal_exponent) : e;
    e = u == infinity ? u : e;
    e = u == zero ? all<T>(-infinity) : e;
    return {u >= zero ? e : all<T>(Format<T>::not_a_number), f};
}

#endif

} // namespace
} // namespace xtape::detail
