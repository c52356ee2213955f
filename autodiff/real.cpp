#include <xtape/autodiff/real.hpp>

#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/polygamma.hpp>

namespace xtape::detail {
namespace {

// What a function does at its poles and outside its domain is said here, as IEEE 754 would have it; Boost's
// own answer would be an exception.
namespace policies = boost::math::policies;
using Quiet = policies::policy<
    policies::domain_error<policies::ignore_error>, policies::pole_error<policies::ignore_error>,
    policies::overflow_error<policies::ignore_error>, policies::evaluation_error<policies::ignore_error>,
    policies::rounding_error<policies::ignore_error>>;

template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// 0, −1, −2, …, where Γ has its poles.
template <class T>
bool is_pole(T x) {
    return x <= 0 && x == std::floor(x);
}

} // namespace

// Boost's, since std::lgamma writes a global variable, signgam.
template <std::floating_point T>
T log_gamma(T x) {
    if (std::isnan(x)) return x;
    return std::isinf(x) || is_pole(x) ? infinity<T> : boost::math::lgamma(x, Quiet());
}

template <std::floating_point T>
T polygamma(int order, T x) {
    const bool odd = order % 2 != 0;
    if (std::isnan(x) || x == -infinity<T>) return not_a_number<T>;
    if (x == infinity<T>) return order == 0 ? x : 0;
    if (x == 0) return odd ? infinity<T> : std::copysign(infinity<T>, -x);
    if (is_pole(x)) return odd ? infinity<T> : not_a_number<T>;
    return order == 0 ? boost::math::digamma(x, Quiet()) : boost::math::polygamma(order, x, Quiet());
}

template <std::floating_point T>
T inverse_erf(T x) {
    if (!(std::abs(x) <= 1)) return not_a_number<T>;
    return std::abs(x) == 1 ? std::copysign(infinity<T>, x) : boost::math::erf_inv(x, Quiet());
}

template float log_gamma(float);
template double log_gamma(double);
template long double log_gamma(long double);
template float polygamma(int, float);
template double polygamma(int, double);
template long double polygamma(int, long double);
template float inverse_erf(float);
template double inverse_erf(double);
template long double inverse_erf(long double);

} // namespace xtape::detail
