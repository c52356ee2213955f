#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};
const std::vector<double> within_one{-0.8, 0.3, 0.7, -0.5, 0.1, -0.2, 0.6};

const check::Elementwise cases[] = {
    {"xtape::sin", [](auto v) { return sin(v[0]); }, [](auto x) { return std::sin(x[0]); }, {any}},
    {"xtape::cos", [](auto v) { return cos(v[0]); }, [](auto x) { return std::cos(x[0]); }, {any}},
    {"xtape::tan", [](auto v) { return tan(v[0]); }, [](auto x) { return std::tan(x[0]); }, {within_one}},
    {"xtape::asin", [](auto v) { return asin(v[0]); }, [](auto x) { return std::asin(x[0]); }, {within_one}},
    {"xtape::acos", [](auto v) { return acos(v[0]); }, [](auto x) { return std::acos(x[0]); }, {within_one}},
    {"xtape::atan", [](auto v) { return atan(v[0]); }, [](auto x) { return std::atan(x[0]); }, {any}},
};

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, trigonometric_ops()); }

BOOST_AUTO_TEST_CASE(outside_the_domain_is_nan_and_at_its_ends_the_slope_is_infinite) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 1.5});
    BOOST_TEST(std::isnan(asin(x).value()(1)));
    BOOST_TEST(std::isnan(acos(x).value()(1)));
    BOOST_TEST(gradient(sum(asin(x)), x).value()(0) == std::numeric_limits<double>::infinity());
    BOOST_TEST(gradient(sum(acos(x)), x).value()(0) == -std::numeric_limits<double>::infinity());
}
