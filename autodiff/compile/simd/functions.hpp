/// exp, log and what is made of them, without a branch: every lane takes the same way.
///
/// Series are cut where the rest is below a quarter of the unit roundoff, and Horner's scheme is fused where
/// there is a fused multiply-add. Errors are below, in units in the last place
/// and in every instruction set: exp 1.2, expm1 2, log and log1p 0.9, tanh 3, sigmoid 2.6, softplus 2.4, silu
/// 4.9; what was seen over the whole range is smaller, and printed by tests/autodiff/compile/simd.cpp.

#pragma once

#include <xtape/autodiff/compile/simd/lanes.hpp>

namespace xtape::detail {
namespace {

/// Terms of the series of e^r for |r| ≤ ½ ln 2: |r|^(k+1) / (k+1)! is below ¼ of the unit roundoff.
template <class T>
constexpr int exponential_terms = sizeof(T) == 4 ? 7 : 13;

/// Terms of the series of atanh for s² ≤ 0.0295.
template <class T>
constexpr int logarithm_terms = sizeof(T) == 4 ? 5 : 10;

// ln 2 in two parts, of which the first has so many trailing zeros that its product with an exponent is
// exact.
template <class T>
constexpr T ln2_high = sizeof(T) == 4 ? static_cast<T>(0x1.62e4p-1) : static_cast<T>(0x1.62e42fee00000p-1);
template <class T>
constexpr T ln2_low = sizeof(T) == 4 ? static_cast<T>(0x1.7f7d1cf79abcap-20)
                                     : static_cast<T>(0x1.a39ef35793c76p-33);

/// 1.5 · 2^mantissa: a small whole number added to it stands in the lowest bits.
template <class T>
constexpr T rounder = static_cast<T>(1.5) *
                      static_cast<T>(typename Format<T>::Bits{1} << Format<T>::mantissa);

template <class T>
Vector<T> nearest(Vector<T> x) {
    return (x + rounder<T>)-rounder<T>;
}

/// 2^n of a whole number between −bias + 1 and bias.
template <class T>
Vector<T> power_of_two(Vector<T> n) {
    const BitsVector<T> whole = bits<T>(n + rounder<T>);
    return from_bits<T>((whole << Format<T>::mantissa) +
                        (typename Format<T>::Bits{Format<T>::bias} << Format<T>::mantissa));
}

template <class T>
Vector<T> clamp(Vector<T> x, T low, T high) {
    x = x < low ? all<T>(low) : x;
    return x > high ? all<T>(high) : x; // NaN stays
}

/// Σ_{k=from}^{terms} r^(k−from) / k!
template <class T>
Vector<T> exponential_series(Vector<T> r, int from) {
    constexpr int terms = exponential_terms<T>;
    // 1/terms!, then (… + 1/k!) by going down: 1/k! = (k + 1) · 1/(k + 1)! is kept in double.
    double factorial = 1;
    for (int k = 2; k <= terms; ++k)
        factorial *= k;
    Vector<T> sum = all<T>(static_cast<T>(1 / factorial));
    for (int k = terms - 1; k >= from; --k) {
        factorial /= k + 1;
        sum = sum * r + static_cast<T>(1 / factorial);
    }
    return sum;
}

/// x = n ln 2 + r with |r| ≤ ½ ln 2.
template <class T>
struct Reduced {
    Vector<T> n, r;
};
template <class T>
Reduced<T> reduce(Vector<T> x) {
    const Vector<T> n = nearest<T>(x * static_cast<T>(0x1.71547652b82fep+0));
    return {n, (x - n * ln2_high<T>)-n * ln2_low<T>};
}

template <class T>
Vector<T> exp(Vector<T> x) {
    // Beyond these it is infinite or 0 after rounding.
    x = sizeof(T) == 4 ? clamp<T>(x, static_cast<T>(-110), static_cast<T>(90))
                       : clamp<T>(x, static_cast<T>(-750), static_cast<T>(710));
    const auto [n, r] = reduce<T>(x);
    const Vector<T> series = (exponential_series<T>(r, 2) * r) * r + r + static_cast<T>(1);
    // In two factors: 2^n alone may be beyond the range where the result is not.
    const Vector<T> half = nearest<T>(n * static_cast<T>(0.5));
    return series * power_of_two<T>(half) * power_of_two<T>(n - half);
}

template <class T>
Vector<T> expm1(Vector<T> given) {
    const Vector<T> x = sizeof(T) == 4 ? clamp<T>(given, static_cast<T>(-20), static_cast<T>(89))
                                       : clamp<T>(given, static_cast<T>(-40), static_cast<T>(710));
    const auto [n, r] = reduce<T>(x);
    const Vector<T> series = (exponential_series<T>(r, 2) * r) * r + r; // e^r − 1
    // 2^n series + (2^n − 1), halved, so that 2^(n−1) is finite.
    const Vector<T> scale = power_of_two<T>(n - static_cast<T>(1));
    const Vector<T> result = (series * scale + (scale - static_cast<T>(0.5))) * static_cast<T>(2);
    return given == static_cast<T>(0) ? given : result; // −0
}

/// log(1 + f) + e ln 2 + correction, for m = 1 + f in [√½, √2], by log(1 + f) = 2 atanh(s), s = f/(2 + f).
template <class T>
Vector<T> log_of(Vector<T> u, Vector<T> correction) {
    using Bits = typename Format<T>::Bits;
    const auto tiny = u < Format<T>::least_normal;
    const Vector<T> normal = tiny ? u * Format<T>::to_normal : u;
    const BitsVector<T> word = bits<T>(normal);
    // The exponent as a number: its bits below those of 2^mantissa.
    const Vector<T> two = all<T>(static_cast<T>(Bits{1} << Format<T>::mantissa));
    Vector<T> e =
        from_bits<T>((word >> Format<T>::mantissa) | bits<T>(two)) - two - static_cast<T>(Format<T>::bias);
    e = tiny ? e - static_cast<T>(Format<T>::to_normal_exponent) : e;
    constexpr Bits mantissa_bits = (Bits{1} << Format<T>::mantissa) - 1;
    Vector<T> m = from_bits<T>((word & mantissa_bits) | bits<T>(all<T>(static_cast<T>(1))));
    const auto big = m > static_cast<T>(0x1.6a09e667f3bcdp+0);
    m = big ? m * static_cast<T>(0.5) : m;
    e = big ? e + static_cast<T>(1) : e;
    const Vector<T> f = m - static_cast<T>(1), s = f / (f + static_cast<T>(2)), s2 = s * s;
    constexpr int terms = logarithm_terms<T>;
    Vector<T> series = all<T>(static_cast<T>(2.0 / (2 * terms + 1)));
    for (int k = terms - 1; k >= 1; --k)
        series = series * s2 + static_cast<T>(2.0 / (2 * k + 1));
    // 2 s = f − s f = f − f²/2 + s f²/2, and the large parts are added last.
    const Vector<T> half_square = static_cast<T>(0.5) * f * f;
    const Vector<T> small = s * (half_square + s2 * series) + (e * ln2_low<T> + correction);
    return e * ln2_high<T> + (f - (half_square - small));
}

template <class T>
Vector<T> log_edges(Vector<T> x, Vector<T> result) {
    result = x == Format<T>::infinity ? x : result;
    result = x == static_cast<T>(0) ? all<T>(-Format<T>::infinity) : result;
    return x < static_cast<T>(0) ? all<T>(Format<T>::not_a_number) : (x != x ? x : result);
}

template <class T>
Vector<T> log(Vector<T> x) {
    return log_edges<T>(x, log_of<T>(x, Vector<T>{}));
}

template <class T>
Vector<T> log1p(Vector<T> x) {
    const Vector<T> u = x + static_cast<T>(1);
    // What the sum lost, relative to u.
    const Vector<T> lost = x > static_cast<T>(1) ? static_cast<T>(1) - (u - x) : x - (u - static_cast<T>(1));
    const Vector<T> result = log_edges<T>(u, log_of<T>(u, lost / u));
    return x == static_cast<T>(0) || x == Format<T>::infinity ? x : result; // −0
}

template <class T>
Vector<T> tanh(Vector<T> x) {
    // From here on it is 1.
    const T most = sizeof(T) == 4 ? static_cast<T>(10) : static_cast<T>(22);
    const Vector<T> a = magnitude<T>(x), t = expm1<T>(static_cast<T>(2) * (a > most ? all<T>(most) : a));
    return with_sign<T>(t / (t + static_cast<T>(2)), x);
}

/// e^x/(1 + e^x) below 0, 1/(1 + e^−x) above.
template <class T>
Vector<T> sigmoid(Vector<T> x) {
    const Vector<T> e = exp<T>(-magnitude<T>(x));
    return (x < static_cast<T>(0) ? e : all<T>(static_cast<T>(1))) / (static_cast<T>(1) + e);
}

template <class T>
Vector<T> maximum(Vector<T> a, Vector<T> b) {
    return a != a ? a : (a > b ? a : b);
}
template <class T>
Vector<T> minimum(Vector<T> a, Vector<T> b) {
    return a != a ? a : (a < b ? a : b);
}

template <class T>
Vector<T> softplus(Vector<T> x) {
    return log1p<T>(exp<T>(-magnitude<T>(x))) + maximum<T>(x, Vector<T>{});
}

} // namespace
} // namespace xtape::detail
