#include "check.hpp"

#include <boost/test/unit_test.hpp>

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
