#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <numbers>

namespace xtape {

namespace detail {
template <class>
inline constexpr bool never = false;

/// log |Γ(x)|; the derivative of that of order + 1; the x of erf(x). For float, double and long double.
template <std::floating_point T>
[[nodiscard]] T log_gamma(T x);
template <std::floating_point T>
[[nodiscard]] T polygamma(int order, T x);
template <std::floating_point T>
[[nodiscard]] T inverse_erf(T x);
} // namespace detail

template <class T>
concept Arithmetic = std::integral<T> || std::floating_point<T>;

/// What a comparison of two Reals gives: not a bool, because the same body is also recorded with Vars, which
/// have no value to branch on. Branches are `where(condition, then, otherwise)`.
class Truth {
public:
    explicit Truth(bool value) : value_(value) {}
    [[nodiscard]] bool value() const { return value_; }

    template <class B>
    explicit operator B() const {
        static_assert(detail::never<B>,
                      "xtape: a comparison is a mask, not a bool: write where(x > 0, a, b) in place of "
                      "if (x > 0) a else b");
    }

    friend Truth operator!(Truth a) { return Truth(!a.value_); }
    friend Truth operator&(Truth a, Truth b) { return Truth(a.value_ && b.value_); }
    friend Truth operator|(Truth a, Truth b) { return Truth(a.value_ || b.value_); }

private:
    bool value_;
};

/// A number as the body of an elementwise operation sees it. All functions on it are ours, so that no
/// unqualified call falls through to ::abs(int) or ::exp(double); each has a namesake on Vars. NaN propagates
/// through every one of them but pow(NaN, 0) and pow(1, NaN), which are 1, and hypot(∞, NaN), which is ∞, as
/// in IEEE 754.
template <std::floating_point T>
class Real {
public:
    template <Arithmetic N>
    Real(N number) : value(static_cast<T>(number)) {}

    T value;

    friend Real operator+(Real a, Real b) { return a.value + b.value; }
    friend Real operator-(Real a, Real b) { return a.value - b.value; }
    friend Real operator*(Real a, Real b) { return a.value * b.value; }
    friend Real operator/(Real a, Real b) { return a.value / b.value; }
    friend Real operator-(Real a) { return -a.value; }
    friend Real operator+(Real a) { return a; }

    friend Truth operator<(Real a, Real b) { return Truth(a.value < b.value); }
    friend Truth operator>(Real a, Real b) { return Truth(a.value > b.value); }
    friend Truth operator<=(Real a, Real b) { return Truth(a.value <= b.value); }
    friend Truth operator>=(Real a, Real b) { return Truth(a.value >= b.value); }
    friend Truth operator==(Real a, Real b) { return Truth(a.value == b.value); }
    friend Truth operator!=(Real a, Real b) { return Truth(a.value != b.value); }

    friend Real where(Truth condition, Real a, Real b) { return condition.value() ? a : b; }
    friend Real maximum(Real a, Real b) { return std::isnan(a.value) || a.value > b.value ? a : b; }
    friend Real minimum(Real a, Real b) { return std::isnan(a.value) || a.value < b.value ? a : b; }
    friend Real clip(Real a, Real low, Real high) { return minimum(maximum(a, low), high); }
    friend Real abs(Real a) { return std::abs(a.value); }
    friend Real sign(Real a) { return std::isnan(a.value) ? a : Real((a.value > 0) - (a.value < 0)); }

    friend Real square(Real a) { return a * a; }
    friend Real reciprocal(Real a) { return 1 / a; }
    friend Real sqrt(Real a) { return std::sqrt(a.value); }
    friend Real cbrt(Real a) { return std::cbrt(a.value); }
    friend Real pow(Real a, Real b) { return std::pow(a.value, b.value); }

    friend Real hypot(Real a, Real b) { return std::hypot(a.value, b.value); }

    friend Real exp(Real a) { return std::exp(a.value); }
    friend Real exp2(Real a) { return std::exp2(a.value); }
    friend Real expm1(Real a) { return std::expm1(a.value); }
    friend Real log(Real a) { return std::log(a.value); }
    friend Real log2(Real a) { return std::log2(a.value); }
    friend Real log10(Real a) { return std::log10(a.value); }
    friend Real log1p(Real a) { return std::log1p(a.value); }

    /// log(exp(a) + exp(b)), by exp of what is negative, so that nothing overflows.
    friend Real logaddexp(Real a, Real b) {
        if (a.value == b.value) return a.value + std::numbers::ln2_v<T>; // infinities among them
        return maximum(a, b).value + std::log1p(std::exp(-std::abs(a.value - b.value)));
    }

    friend Real sin(Real a) { return std::sin(a.value); }
    friend Real cos(Real a) { return std::cos(a.value); }
    friend Real tan(Real a) { return std::tan(a.value); }
    friend Real asin(Real a) { return std::asin(a.value); }
    friend Real acos(Real a) { return std::acos(a.value); }
    friend Real atan(Real a) { return std::atan(a.value); }
    friend Real atan2(Real a, Real b) { return std::atan2(a.value, b.value); }
    friend Real sinh(Real a) { return std::sinh(a.value); }
    friend Real cosh(Real a) { return std::cosh(a.value); }
    friend Real tanh(Real a) { return std::tanh(a.value); }
    friend Real asinh(Real a) { return std::asinh(a.value); }
    friend Real acosh(Real a) { return std::acosh(a.value); }
    friend Real atanh(Real a) { return std::atanh(a.value); }
    friend Real erf(Real a) { return std::erf(a.value); }
    friend Real erfc(Real a) { return std::erfc(a.value); }
    friend Real erfinv(Real a) { return detail::inverse_erf(a.value); }
    friend Real lgamma(Real a) { return detail::log_gamma(a.value); }
    friend Real digamma(Real a) { return detail::polygamma(0, a.value); }
    friend Real polygamma(Real order, Real a) {
        return detail::polygamma(static_cast<int>(order.value), a.value);
    }

    /// 1 / (1 + exp(−a)), by exp of what is negative, so that nothing overflows.
    friend Real sigmoid(Real a) {
        const T e = std::exp(-std::abs(a.value));
        return a.value >= 0 ? 1 / (1 + e) : e / (1 + e);
    }
    /// log(1 + exp(a)), likewise.
    friend Real softplus(Real a) { return std::log1p(std::exp(-std::abs(a.value))) + maximum(a, 0).value; }
    friend Real relu(Real a) { return maximum(a, 0); }
    friend Real leaky_relu(Real a, Real slope) { return where(a > 0, a, slope * a); }
    friend Real elu(Real a, Real alpha) { return where(a > 0, a, alpha * expm1(a)); }
    friend Real silu(Real a) { return a * sigmoid(a); }
    friend Real gelu(Real a) { return a * erfc(-a * (std::numbers::sqrt2_v<T> / 2)) / 2; }
};

} // namespace xtape
