/// exp, log and what is made of them. Every lane takes the same way; only of numbers that no logarithm is
/// often asked for, zeros and those below the normal ones, are there vectors that go a longer one.
///
/// Series are cut where the rest is below a quarter of the unit roundoff, and their products are fused where
/// there is a fused multiply-add. Errors are below, in units in the last place and in every instruction set:
/// exp 1.2, expm1 2.2, log and log1p 0.9, sigmoid 2.6, softplus 2.4, silu 3.6, erf 1.6.
/// The worst that benchmark_ulps saw of all floats and of 2.7 · 10⁸ doubles, in any set (in those but the
/// widest of every seventh 4096 of them): exp 1.08 and 1.05, expm1 1.85 and 2.11, log 0.83 and 0.82, log1p
/// 0.88 and 0.88, sigmoid 2.41 and 2.37, softplus 1.69 and 1.69, silu 3.20 and 3.38, erf 1.48 and 1.54.

#pragma once

#include <xtape/autodiff/compile/simd/exponents.hpp>

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

template <class T>
Vector<T> clamp(Vector<T> x, T low, T high) {
    return at_most<T>(at_least<T>(x, low), high);
}

/// By Estrin's scheme: halves whose products are independent, since in Horner's each waits for the one
/// before, and that waiting would be most of a function's time. `powers` are x, x², x⁴, …
template <class T, std::size_t first, std::size_t terms>
Vector<T> estrin(const T* coefficients, const Vector<T>* powers) {
    if constexpr (terms == 1) {
        return all<T>(coefficients[first]);
    } else {
        constexpr int level = 63 - __builtin_clzll(terms - 1);
        constexpr std::size_t half = std::size_t{1} << level;
        return estrin<T, first + half, terms - half>(coefficients, powers) * powers[level] +
               estrin<T, first, half>(coefficients, powers);
    }
}

template <class T, std::size_t terms>
Vector<T> polynomial(const T (&coefficients)[terms], Vector<T> x) {
    Vector<T> powers[5] = {x};
    for (int k = 1; k < 5; ++k)
        powers[k] = powers[k - 1] * powers[k - 1];
    return estrin<T, 0, terms>(coefficients, powers);
}

template <class T, std::size_t terms>
struct Coefficients {
    T of[terms];
};

/// 1/2!, 1/3!, …, 1/exponential_terms!
template <class T>
constexpr auto inverse_factorials = [] {
    Coefficients<T, exponential_terms<T> - 1> result{};
    double factorial = 1;
    for (int k = 2; k <= exponential_terms<T>; ++k) {
        factorial *= k;
        result.of[k - 2] = static_cast<T>(1 / factorial);
    }
    return result;
}();

/// (e^r − 1 − r)/r²
template <class T>
Vector<T> exponential_rest(Vector<T> r) {
    return polynomial(inverse_factorials<T>.of, r);
}

/// 2/3, 2/5, …: (2 atanh(s) − 2 s)/s³ in s².
template <class T>
constexpr auto inverse_odd = [] {
    Coefficients<T, logarithm_terms<T>> result{};
    for (int k = 1; k <= logarithm_terms<T>; ++k)
        result.of[k - 1] = static_cast<T>(2.0 / (2 * k + 1));
    return result;
}();

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

/// e^r − 1
template <class T>
Vector<T> reduced_expm1(Vector<T> r) {
    return exponential_rest<T>(r) * (r * r) + r;
}

/// Beyond these e^x is 0 or infinite after rounding.
template <class T>
constexpr T least_exponent = sizeof(T) == 4 ? -110 : -750;
template <class T>
constexpr T most_exponent = sizeof(T) == 4 ? 90 : 710;

/// e^x for x between these.
template <class T>
Vector<T> exp_within(Vector<T> x) {
    const auto [n, r] = reduce<T>(x);
    return times_power_of_two<T>(reduced_expm1<T>(r) + static_cast<T>(1), n);
}

template <class T>
Vector<T> exp(Vector<T> x) {
    return exp_within<T>(clamp<T>(x, least_exponent<T>, most_exponent<T>));
}

template <class T>
Vector<T> expm1(Vector<T> given) {
    const Vector<T> x = sizeof(T) == 4 ? clamp<T>(given, static_cast<T>(-20), static_cast<T>(89))
                                       : clamp<T>(given, static_cast<T>(-40), static_cast<T>(710));
    const auto [n, r] = reduce<T>(x);
    const Vector<T> series = reduced_expm1<T>(r);
    // 2^n series + (2^n − 1), halved, so that 2^(n−1) is finite.
    const Vector<T> scale = power_of_two<T>(n - static_cast<T>(1));
    const Vector<T> result = (series * scale + (scale - static_cast<T>(0.5))) * static_cast<T>(2);
    return given == static_cast<T>(0) ? given : result; // −0
}

/// log(1 + f) + rest, where the rest is small or has an error of its own, by log(1 + f) = 2 atanh(s),
/// s = f/(2 + f).
template <class T>
Vector<T> log_of_sum(Vector<T> f, Vector<T> rest) {
    const Vector<T> s = f / (f + static_cast<T>(2)), s2 = s * s;
    const Vector<T> series = polynomial(inverse_odd<T>.of, s2);
    // 2 s = f − s f = f − f²/2 + s f²/2, and the large parts are added last.
    const Vector<T> half_square = static_cast<T>(0.5) * f * f;
    return f - (half_square - (s * (half_square + s2 * series) + rest));
}

template <class T>
Vector<T> log(Vector<T> x) {
    const auto [e, f] = scaled<T>(x);
    return e * ln2_high<T> + log_of_sum<T>(f, e * ln2_low<T>);
}

/// What 1 + x lost when it was rounded to u.
template <class T>
Vector<T> lost_by_sum(Vector<T> x, Vector<T> u) {
    // Knuth's TwoSum, which needs not know which of the two is greater.
    const Vector<T> rounded = u - static_cast<T>(1);
    return (x - rounded) + (static_cast<T>(1) - (u - rounded));
}

template <class T>
Vector<T> log1p(Vector<T> x) {
    constexpr T one = 1, far = 100; // from 2^far on nothing of what is lost is seen
    const Vector<T> u = x + one;
    const auto [e, f] = scaled<T>(u);
    // To what is lost it adds lost/u; of 1/(1 + f) the first terms are enough.
    const Vector<T> lost = lost_by_sum<T>(x, u) * power_of_two<T>(clamp<T>(-e, -far, far));
    const Vector<T> result =
        e * ln2_high<T> + log_of_sum<T>(f, e * ln2_low<T> + lost * (one - f * (one - f * (one - f))));
    return x == static_cast<T>(0) || x == Format<T>::infinity ? x : result; // −0
}

/// e^−|x|
template <class T>
Vector<T> decay(Vector<T> x) {
    return exp_within<T>(at_least<T>(-magnitude<T>(x), least_exponent<T>));
}

/// e^x/(1 + e^x) below 0, 1/(1 + e^−x) above, given e = e^−|x|.
template <class T>
Vector<T> logistic(Vector<T> x, Vector<T> e) {
    return (x < static_cast<T>(0) ? e : all<T>(static_cast<T>(1))) / (static_cast<T>(1) + e);
}
template <class T>
Vector<T> sigmoid(Vector<T> x) {
    return logistic<T>(x, decay<T>(x));
}

template <class T>
Vector<T> maximum(Vector<T> a, Vector<T> b) {
    return a != a ? a : greater<T>(a, b);
}
template <class T>
Vector<T> minimum(Vector<T> a, Vector<T> b) {
    return a != a ? a : lesser<T>(a, b);
}

/// log(1 + e) of e in [0, 1], by log((1 + e)/2) + log 2 beyond √2 − 1; within 1.4 units in the last place.
template <class T>
Vector<T> log1p_of_fraction(Vector<T> e) {
    constexpr T half = static_cast<T>(0.5);
    const auto large = e > static_cast<T>(0x1.a827999fcef32p-2);
    const Vector<T> f = large ? half * e - half : e, n = large ? all<T>(static_cast<T>(1)) : Vector<T>{};
    return n * ln2_high<T> + log_of_sum<T>(f, n * ln2_low<T>);
}

template <class T>
Vector<T> softplus(Vector<T> x) {
    return log1p_of_fraction<T>(decay<T>(x)) + maximum<T>(x, Vector<T>{});
}

/// Best approximations, found in 60 digits by least squares whose weights are driven to an even error:
/// erf(x)/x − 1 in x² for |x| ≤ 1, and −log erfc(x) in x − 1 from there to where erf rounds to 1. They are
/// off by less than 0.08 units in the last place of erf.
template <class T>
struct ErrorFunction;
template <>
struct ErrorFunction<float> {
    static constexpr float last = 4;
    static constexpr float near_zero[] = {0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2d2p-4f, -0x1.b7fbaep-6f,
                                          0x1.5419cp-8f,  -0x1.a48474p-11f, 0x1.4ae0fp-14f};
    static constexpr float beyond[] = {0x1.d97fcp+0f,   0x1.51c9aap+1f,  0x1.afad36p-1f, 0x1.53f93p-5f,
                                       -0x1.441a16p-7f, 0x1.deaff8p-10f, -0x1.85146p-13f};
};
template <>
struct ErrorFunction<double> {
    static constexpr double last = 6;
    static constexpr double near_zero[] = {
        0x1.06eba8214db68p-3,  -0x1.812746b0379c2p-2,  0x1.ce2f21a041012p-4,  -0x1.b82ce31206147p-6,
        0x1.565bccfa97b33p-8,  -0x1.c02db0728e66ep-11, 0x1.f9a2bf6af70b6p-14, -0x1.f4ca941653357p-17,
        0x1.b982764e9bb1bp-20, -0x1.5c16c71eb3bcep-23, 0x1.d783dacf6422dp-27, -0x1.acdde9a37869cp-31};
    static constexpr double beyond[] = {
        0x1.d97fbf27aa2a1p+0,   0x1.51c9b0006c21ap+1,   0x1.afabc11a2aff1p-1,   0x1.5477f099b4b7ep-5,
        -0x1.48c9d37f64f76p-7,  0x1.033f5a095d25fp-9,   -0x1.f1b04805ba2e1p-13, -0x1.b92e13080cbefp-16,
        0x1.c8531baf79af3p-16,  -0x1.4485a3d044365p-17, 0x1.1e29843e46d8ep-19,  -0x1.b80ac65741b49p-23,
        -0x1.f1dddd32504e2p-25, 0x1.1ea8b634e1e25p-25,  -0x1.248671867a4afp-27, 0x1.6a5927c415139p-30,
        -0x1.0633f859c0de8p-33, 0x1.560f95c21d9ddp-38};
};

template <class T>
Vector<T> erf(Vector<T> x) {
    using Terms = ErrorFunction<T>;
    const Vector<T> a = magnitude<T>(x), near = x * polynomial<T>(Terms::near_zero, x * x) + x;
    const Vector<T> t = at_most<T>(a, Terms::last) - static_cast<T>(1);
    const auto [n, r] = reduce<T>(-polynomial<T>(Terms::beyond, t));
    const Vector<T> far = static_cast<T>(1) - (reduced_expm1<T>(r) + static_cast<T>(1)) * power_of_two<T>(n);
    return a > static_cast<T>(1) ? with_sign<T>(far, x) : near; // NaN and −0 come through the first
}

} // namespace
} // namespace xtape::detail
