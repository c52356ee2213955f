#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};

long double logistic(long double x) { return 1 / (1 + std::exp(-x)); }

// gelu cancels in 1 + erf where x is negative, so its error is that of x, not of the result.
const check::Elementwise cases[] = {
    {"xtape::sigmoid", [](auto v) { return sigmoid(v[0]); }, [](auto x) { return logistic(x[0]); }, {any}},
    {"xtape::softplus",
     [](auto v) { return softplus(v[0]); },
     [](auto x) { return std::log1p(std::exp(x[0])); },
     {any}},
    {"xtape::relu", [](auto v) { return relu(v[0]); }, [](auto x) { return x[0] > 0 ? x[0] : 0; }, {any}},
    {"xtape::leaky_relu",
     [](auto v) { return leaky_relu(v[0], 0.25L); },
     [](auto x) { return x[0] > 0 ? x[0] : x[0] / 4; },
     {any}},
    {"xtape::elu",
     [](auto v) { return elu(v[0], 1.5L); },
     [](auto x) { return x[0] > 0 ? x[0] : 1.5L * std::expm1(x[0]); },
     {any}},
    {"xtape::erf", [](auto v) { return erf(v[0]); }, [](auto x) { return std::erf(x[0]); }, {any}},
    {"xtape::erfc", [](auto v) { return erfc(v[0]); }, [](auto x) { return std::erfc(x[0]); }, {any}},
    {"xtape::gelu",
     [](auto v) { return gelu(v[0]); },
     [](auto x) { return x[0] * std::erfc(-x[0] / std::sqrt(2.0L)) / 2; },
     {any},
     4},
    {"xtape::silu", [](auto v) { return silu(v[0]); }, [](auto x) { return x[0] * logistic(x[0]); }, {any}},
};

/// f at x, and its derivative there.
struct At {
    double value, slope;
};

At at(double x, Var (*f)(const Var&)) {
    Tape tape;
    const Var v = tape.variable("x", xt::xarray<double>(x));
    const Var y = f(v);
    return {y.item(), gradient(y, v).item()};
}

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, activation_ops()); }

BOOST_AUTO_TEST_CASE(log_sigmoid_is_minus_softplus) {
    check::derivatives("log_sigmoid", [](auto v) { return log_sigmoid(v[0]); }, {check::filled({2, 3}, any)});
    BOOST_TEST(at(-800, log_sigmoid).value == -800);
    BOOST_TEST(at(-800, log_sigmoid).slope == 1);
    BOOST_TEST(at(800, log_sigmoid).value == 0);
}

BOOST_AUTO_TEST_CASE(saturated) {
    BOOST_TEST(at(800, sigmoid).value == 1);
    BOOST_TEST(at(-700, sigmoid).value == std::exp(-700.0), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(-700, sigmoid).slope == std::exp(-700.0), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(at(-800, sigmoid).value == 0);
    BOOST_TEST(at(-800, sigmoid).slope == 0);
    BOOST_TEST(at(1000, softplus).value == 1000);
    BOOST_TEST(at(1000, softplus).slope == 1);
    BOOST_TEST(at(-1000, softplus).value == 0);
    BOOST_TEST(at(-1000, silu).value == 0);
    BOOST_TEST(at(-1000, silu).slope == 0);
    BOOST_TEST(at(1000, silu).slope == 1);
    BOOST_TEST(at(40, gelu).value == 40);
    BOOST_TEST(at(-40, gelu).value == 0);
}

BOOST_AUTO_TEST_CASE(subgradients_at_zero) {
    BOOST_TEST(at(0, relu).slope == 0);
    BOOST_TEST(at(-0.0, relu).slope == 0);
    BOOST_TEST(at(0, [](const Var& x) { return leaky_relu(x, 0.25L); }).slope == 0.25);
    BOOST_TEST(at(0, [](const Var& x) { return elu(x, 1.5L); }).slope == 1.5);
    BOOST_TEST(at(1000, [](const Var& x) { return elu(x, 1.5L); }).slope == 1); // exp(1000) is not taken
}

BOOST_AUTO_TEST_CASE(the_gradient_at_a_nan_is_one) {
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN(),
                     infinity = std::numeric_limits<double>::infinity();
    for (const auto f : {+[](const Var& x) { return relu(x); }, +[](const Var& x) { return leaky_relu(x); },
                         +[](const Var& x) { return elu(x); }}) {
        BOOST_TEST(std::isnan(at(not_a_number, f).slope));
        BOOST_TEST(at(infinity, f).slope == 1);
        BOOST_TEST(std::isfinite(at(-infinity, f).slope));
    }
    BOOST_TEST(at(-infinity, relu).slope == 0);
}

BOOST_AUTO_TEST_CASE(an_infinite_cotangent_of_what_was_cut_off_is_no_nan) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{-1, 2});
    for (const Var& cut : {relu(x), maximum(x, 0), clip(x, 0, 9)}) {
        const Array<double> slope = gradient(sum(sqrt(cut)), x).value();
        BOOST_TEST(slope(0) == 0);
        BOOST_TEST(slope(1) == 0.5 / std::sqrt(2.0), boost::test_tools::tolerance(1e-15));
    }
}
