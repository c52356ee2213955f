#pragma once

/// The functions that are computed as vectors, their exact values and their stated errors.

#include <xtape/autodiff/compile/simd/kernels.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <type_traits>

namespace vector_functions {

using xtape::detail::Primitive;

/// Where a function is measured: of all numbers, of positive ones, or where σ(x) is a normal number, since x
/// σ(x) multiplies the rounding of one that is not.
enum class Range { all, positive, normal };

struct Function {
    const char* name;
    Primitive primitive;
    long double (*exact)(long double);
    Range range;
    double bound; ///< in units in the last place, as the headers of simd state it
    double bound_of_float = bound;
};

inline long double exact_sigmoid(long double x) {
    const long double e = std::exp(-std::abs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
}

/// x erfc(−x/√2)/2, without what the rounding of x/√2 does to the tail: it is multiplied by x².
inline long double exact_gelu(long double x) {
    constexpr long double root = std::numbers::sqrt2_v<long double>, root_rest = 0x1.65f626cdd52bp-65L;
    const long double z = -x / root;
    if (!(z > 0) || std::isinf(z)) return x * std::erfc(z) / 2;
    const long double rounded = (std::fma(-z, root, -x) - z * root_rest) / root;
    return x * (std::erfc(z) - 2 * std::numbers::inv_sqrtpi_v<long double> * std::exp(-z * z) * rounded) / 2;
}

inline constexpr Function functions[] = {
    {"exp", Primitive::exp, [](long double x) { return std::exp(x); }, Range::all, 1.2},
    {"expm1", Primitive::expm1, [](long double x) { return std::expm1(x); }, Range::all, 2.2},
    {"log", Primitive::log, [](long double x) { return std::log(x); }, Range::positive, 0.9},
    {"log1p", Primitive::log1p, [](long double x) { return std::log1p(x); }, Range::all, 0.9},
    {"decay", Primitive::decay, [](long double x) { return std::exp(-std::abs(x)); }, Range::all, 1.2},
    {"tanh", Primitive::tanh, [](long double x) { return std::tanh(x); }, Range::all, 3},
    {"sigmoid", Primitive::sigmoid, exact_sigmoid, Range::all, 2.6},
    {"softplus", Primitive::softplus,
     [](long double x) { return std::log1p(std::exp(-std::abs(x))) + (x > 0 ? x : 0); }, Range::all, 2.4},
    {"silu", Primitive::silu, [](long double x) { return x * exact_sigmoid(x); }, Range::normal, 3.6},
    {"erf", Primitive::erf, [](long double x) { return std::erf(x); }, Range::all, 1.6},
    {"exp2", Primitive::exp2, [](long double x) { return std::exp2(x); }, Range::all, 1.2, 0.51},
    {"log2", Primitive::log2, [](long double x) { return std::log2(x); }, Range::positive, 0.6, 0.51},
    {"log10", Primitive::log10, [](long double x) { return std::log10(x); }, Range::positive, 0.6, 0.51},
    {"sinh", Primitive::sinh, [](long double x) { return std::sinh(x); }, Range::all, 3, 0.51},
    {"cosh", Primitive::cosh, [](long double x) { return std::cosh(x); }, Range::all, 1.8, 0.51},
    {"sin", Primitive::sin, [](long double x) { return std::sin(x); }, Range::all, 0.9, 0.51},
    {"cos", Primitive::cos, [](long double x) { return std::cos(x); }, Range::all, 0.9, 0.51},
    {"tan", Primitive::tan, [](long double x) { return std::tan(x); }, Range::all, 2.5, 0.51},
    {"erfc", Primitive::erfc, [](long double x) { return std::erfc(x); }, Range::all, 3.5, 0.51},
    {"gelu", Primitive::gelu, exact_gelu, Range::all, 4, 0.51},
};

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Equal in every bit, or both NaN.
template <class T>
bool same(T a, T b) {
    return ((a != a) & (b != b)) | (std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b));
}

/// In units in the last place of the exact value, of the least number where that is smaller. Infinities,
/// zeros with their sign and NaN must be what the exact value rounds to. Without a branch, since whole ranges
/// are measured with it.
template <class T, class Exact>
double error_in_ulp(T got, Exact exact) {
    using L = std::numeric_limits<T>;
    constexpr Bits<T> sign = Bits<T>{1} << (8 * sizeof(T) - 1),
                      exponent = std::bit_cast<Bits<T>>(L::infinity());
    const T rounded = static_cast<T>(exact);
    const Bits<T> magnitude = std::bit_cast<Bits<T>>(rounded) & ~sign;
    // Rounding may have reached the next power of two.
    const Bits<T> below = std::abs(static_cast<Exact>(rounded)) > std::abs(exact) ? magnitude - 1 : magnitude;
    const Exact power =
        static_cast<Exact>(std::bit_cast<T>(std::max(below & exponent, std::bit_cast<Bits<T>>(L::min()))));
    const auto error = static_cast<double>(std::abs(static_cast<Exact>(got) - exact) /
                                           (power * static_cast<Exact>(L::epsilon())));
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const double of_finite = error < infinity ? error : infinity,
                 of_special = same(got, rounded) ? 0 : infinity;
    return ((magnitude >= exponent) | (exact == 0)) ? of_special : of_finite;
}

} // namespace vector_functions
