#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>

using namespace xtape;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};
const std::vector<double> positive{0.3, 1.7, 0.6, 2.9, 1.1, 4.3, 0.9};
const std::vector<double> above_minus_one{-0.7, 0.3, 2.6, -0.4, 1.1, 0.2, 4.7};

const check::Elementwise cases[] = {
    {"xtape::exp", [](auto v) { return exp(v[0]); }, [](auto x) { return std::exp(x[0]); }, {any}},
    {"xtape::exp2", [](auto v) { return exp2(v[0]); }, [](auto x) { return std::exp2(x[0]); }, {any}},
    {"xtape::expm1", [](auto v) { return expm1(v[0]); }, [](auto x) { return std::expm1(x[0]); }, {any}},
    {"xtape::log", [](auto v) { return log(v[0]); }, [](auto x) { return std::log(x[0]); }, {positive}},
    {"xtape::log2", [](auto v) { return log2(v[0]); }, [](auto x) { return std::log2(x[0]); }, {positive}},
    {"xtape::log10", [](auto v) { return log10(v[0]); }, [](auto x) { return std::log10(x[0]); }, {positive}},
    {"xtape::log1p",
     [](auto v) { return log1p(v[0]); },
     [](auto x) { return std::log1p(x[0]); },
     {above_minus_one}},
    {"xtape::logaddexp",
     [](auto v) { return logaddexp(v[0], v[1]); },
     [](auto x) { return std::log(std::exp(x[0]) + std::exp(x[1])); },
     {any, positive},
     1},
};

constexpr double infinity = std::numeric_limits<double>::infinity();

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, exponential_ops()); }

BOOST_AUTO_TEST_CASE(tiny_arguments_keep_their_digits) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1e-300, -1e-20, 0});
    BOOST_TEST(log1p(x).value() == x.value(), boost::test_tools::per_element());
    BOOST_TEST(expm1(x).value() == x.value(), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(log1p(x)), x).value() == (Array<double>{1, 1, 1}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_ends_are_those_of_ieee) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, -1, 1000, -1000});
    const auto logarithm = log(x).value(), exponential = exp(x).value();
    BOOST_TEST(logarithm(0) == -infinity);
    BOOST_TEST(std::isnan(logarithm(1)));
    BOOST_TEST(exponential(2) == infinity);
    BOOST_TEST(exponential(3) == 0);
    BOOST_TEST(gradient(sum(log(x)), x).value()(0) == infinity);
}

BOOST_AUTO_TEST_CASE(logaddexp_of_large_and_of_infinite_arguments) {
    const auto at = [](double a, double b) {
        Tape tape;
        const Var x = tape.variable("x", xt::xarray<double>(a)),
                  y = tape.variable("y", xt::xarray<double>(b));
        const Var z = logaddexp(x, y);
        const auto [dx, dy] = gradient(z, x, y);
        return std::array{z.item(), dx.item(), dy.item(), gradient(dx, x).item()};
    };
    const double log2 = std::log(2.0);
    BOOST_TEST(at(1e4, 1e4) == (std::array{1e4 + log2, 0.5, 0.5, 0.25}), boost::test_tools::per_element());
    BOOST_TEST(at(-1e4, 1e4) == (std::array{1e4, 0.0, 1.0, 0.0}), boost::test_tools::per_element());
    BOOST_TEST(at(-infinity, 3) == (std::array{3.0, 0.0, 1.0, 0.0}), boost::test_tools::per_element());
    BOOST_TEST(at(-infinity, -infinity) == (std::array{-infinity, 0.0, 0.0, 0.0}),
               boost::test_tools::per_element());
    BOOST_TEST(at(infinity, infinity)[0] == infinity);
    BOOST_TEST(std::isnan(at(std::nan(""), -infinity)[0]));
}
