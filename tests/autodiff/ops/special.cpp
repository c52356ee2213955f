#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numbers>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

constexpr long double pi = std::numbers::pi_v<long double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

const std::vector<double> both_signs{0.3, 1.7, -0.4, 2.9, -1.6, 6.3, 1.1};
const std::vector<double> within_one{-0.8, 0.3, 0.7, -0.5, 0.1, -0.2, 0.6};

/// ψ⁽ⁿ⁾ from its recurrence and its asymptotic series (Abramowitz, Stegun 1964, 6.3.18 and 6.4.11): the
/// argument is raised to 40, where the first term left out is below 1e-22 of the whole.
long double polygamma_by_series(int n, long double x) {
    constexpr long double bernoulli[] = {1 / 6.0L,  -1 / 30.0L,     1 / 42.0L, -1 / 30.0L,
                                         5 / 66.0L, -691 / 2730.0L, 7 / 6.0L};
    const long double sign = n % 2 == 0 ? -1 : 1;
    const auto factorial = [](int m) { return std::tgamma(static_cast<long double>(m) + 1); };
    long double below = 0;
    for (; x < 40; x += 1)
        below += sign * factorial(n) / std::pow(x, n + 1.0L);
    long double total =
        n == 0 ? std::log(x) : sign * factorial(n - 1) / std::pow(x, static_cast<long double>(n));
    total += sign * factorial(n) / (2 * std::pow(x, n + 1.0L));
    for (int k = 1; k <= 7; ++k)
        total += sign * bernoulli[k - 1] * factorial(2 * k + n - 1) / factorial(2 * k) /
                 std::pow(x, static_cast<long double>(2 * k + n));
    return total + below;
}

const check::Elementwise cases[] = {
    {"xtape::lgamma",
     [](auto v) { return lgamma(v[0]); },
     // By reflection on the negative axis: Γ(x) Γ(1 − x) = π / sin(πx).
     [](auto x) {
         return x[0] > 0 ? std::lgamma(x[0])
                         : std::log(pi / std::abs(std::sin(pi * x[0]))) - std::lgamma(1 - x[0]);
     },
     {both_signs},
     1},
    {"xtape::digamma",
     [](auto v) { return digamma(v[0]); },
     [](auto x) { return polygamma_by_series(0, x[0]); },
     {both_signs},
     4},
    {"xtape::polygamma",
     [](auto v) { return polygamma(2, v[0]); },
     [](auto x) { return polygamma_by_series(2, x[0]); },
     {both_signs},
     8},
    {"xtape::erfinv",
     [](auto v) { return erfinv(v[0]); },
     // Newton's method on erf, from 0.
     [](auto x) {
         long double y = 0;
         for (int step = 0; step < 100; ++step)
             y -= (std::erf(y) - x[0]) * std::sqrt(pi) / 2 * std::exp(y * y);
         return y;
     },
     {within_one}},
};

double at(double x, Var (*f)(const Var&)) {
    Tape tape;
    return f(tape.constant(x)).item();
}
Var trigamma(const Var& x) { return polygamma(1, x); }
Var tetragamma(const Var& x) { return polygamma(2, x); }

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, special_ops()); }

BOOST_AUTO_TEST_CASE(published_values) {
    const auto close = boost::test_tools::tolerance(4e-16);
    constexpr double gamma = std::numbers::egamma, zeta3 = 1.2020569031595942853997;
    BOOST_TEST(at(5, lgamma) == std::log(24.0), close);
    BOOST_TEST(at(0.5, lgamma) == std::log(std::numbers::pi) / 2, close);
    BOOST_TEST(at(1, lgamma) == 0);
    BOOST_TEST(at(2, lgamma) == 0);
    BOOST_TEST(at(1, digamma) == -gamma, close);
    BOOST_TEST(at(0.5, digamma) == -gamma - 2 * std::numbers::ln2, close);
    BOOST_TEST(at(-0.5, digamma) == 2 - gamma - 2 * std::numbers::ln2, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(at(1, trigamma) == std::numbers::pi * std::numbers::pi / 6, close);
    BOOST_TEST(at(0.5, trigamma) == std::numbers::pi * std::numbers::pi / 2, close);
    BOOST_TEST(at(1, tetragamma) == -2 * zeta3, close);
    BOOST_TEST(at(0.5, erfinv) == 0.47693627620446987338, close);
    BOOST_TEST(at(1.959963984540054235524594, ndtr) == 0.975, close);
    BOOST_TEST(at(-10, ndtr) == 7.61985302416052606597e-24, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(recurrences_of_high_order) {
    // ψ⁽ⁿ⁾(x + 1) = ψ⁽ⁿ⁾(x) + (−1)ⁿ n! / xⁿ⁺¹.
    Tape tape;
    for (const std::int64_t n : {1, 3, 6, 10})
        for (const double x : {0.7, 3.2, -1.4}) {
            const double here = polygamma(n, tape.constant(x)).item(),
                         next = polygamma(n, tape.constant(x + 1)).item();
            const double step =
                (n % 2 == 0 ? 1 : -1) * std::tgamma(static_cast<double>(n) + 1) / std::pow(x, n + 1);
            BOOST_TEST(std::abs(next - here - step) <= 1e-13 * (std::abs(here) + std::abs(step)),
                       n << " at " << x);
        }
}

BOOST_AUTO_TEST_CASE(at_the_poles_and_at_the_ends) {
    for (const double x : {0.0, -0.0, -1.0, -7.0, infinity, -infinity})
        BOOST_TEST(at(x, lgamma) == infinity);
    BOOST_TEST(at(0.0, digamma) == -infinity);
    BOOST_TEST(at(-0.0, digamma) == infinity);
    BOOST_TEST(std::isnan(at(-3, digamma)));
    BOOST_TEST(at(infinity, digamma) == infinity);
    BOOST_TEST(std::isnan(at(-infinity, digamma)));
    BOOST_TEST(at(-3, trigamma) == infinity);
    BOOST_TEST(at(0, trigamma) == infinity);
    BOOST_TEST(at(infinity, trigamma) == 0);
    BOOST_TEST(std::isnan(at(-3, tetragamma)));
    BOOST_TEST(at(0.0, tetragamma) == -infinity);
    BOOST_TEST(at(1e-200, digamma) == -1e200, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(1e-200, trigamma) == infinity);
    BOOST_TEST(at(1e300, digamma) == std::log(1e300), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(1e300, trigamma) == 1e-300, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(1e306, lgamma) == 1e306 * (std::log(1e306) - 1), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(1e308, lgamma) == infinity);
    BOOST_TEST(at(1, erfinv) == infinity);
    BOOST_TEST(at(-1, erfinv) == -infinity);
    BOOST_TEST(at(1e-300, erfinv) == 1e-300 * std::sqrt(std::numbers::pi) / 2,
               boost::test_tools::tolerance(1e-15));
    BOOST_TEST(std::isnan(at(1.0000001, erfinv)));
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0.5, infinity});
    BOOST_TEST(std::isfinite(gradient(sum(lgamma(x)), x).value()(0)));
}

// std::lgamma writes this variable of the whole process.
BOOST_AUTO_TEST_CASE(lgamma_leaves_signgam_alone) {
    signgam = 7;
    (void)at(-0.5, lgamma);
    BOOST_TEST(signgam == 7);
}

BOOST_AUTO_TEST_CASE(the_derivative_of_ndtr_is_the_density) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>(1.5));
    BOOST_TEST(gradient(ndtr(x), x).item() == std::exp(-1.125) / std::sqrt(2 * std::numbers::pi),
               boost::test_tools::tolerance(1e-15));
    check::derivatives("ndtr", [](auto v) { return ndtr(v[0]); }, {check::drawn({2, 3}, 1)});
}

BOOST_AUTO_TEST_CASE(orders_that_there_are_not) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>(1.5));
    BOOST_TEST(says(complaint<ArgumentError>([&] { polygamma(-1, x); }),
                    "polygamma(-1, x): the order must be from 0 to 100."));
    BOOST_CHECK_THROW(polygamma(101, x), ArgumentError);
    BOOST_TEST(polygamma(0, x).item() == digamma(x).item());
}
