#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};
const std::vector<double> within_one{-0.8, 0.3, 0.7, -0.5, 0.1, -0.2, 0.6};
const std::vector<double> above_one{1.3, 2.7, 1.6, 3.9, 2.1, 4.3, 1.9};

const check::Elementwise cases[] = {
    {"xtape::sinh", [](auto v) { return sinh(v[0]); }, [](auto x) { return std::sinh(x[0]); }, {any}},
    {"xtape::cosh", [](auto v) { return cosh(v[0]); }, [](auto x) { return std::cosh(x[0]); }, {any}},
    {"xtape::tanh", [](auto v) { return tanh(v[0]); }, [](auto x) { return std::tanh(x[0]); }, {any}},
    {"xtape::asinh", [](auto v) { return asinh(v[0]); }, [](auto x) { return std::asinh(x[0]); }, {any}},
    {"xtape::acosh",
     [](auto v) { return acosh(v[0]); },
     [](auto x) { return std::acosh(x[0]); },
     {above_one}},
    {"xtape::atanh",
     [](auto v) { return atanh(v[0]); },
     [](auto x) { return std::atanh(x[0]); },
     {within_one}},
};

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, hyperbolic_ops()); }

BOOST_AUTO_TEST_CASE(tanh_of_tiny_and_of_large_arguments) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1e-300, -1e-9, 800, -800});
    BOOST_TEST(tanh(x).value() == (Array<double>{1e-300, -1e-9, 1, -1}), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(tanh(x)), x).value() == (Array<double>{1, 1, 0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(at_the_ends_of_the_domain_the_slope_is_infinite) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 0.5});
    BOOST_TEST(gradient(sum(acosh(x)), x).value()(0) == std::numeric_limits<double>::infinity());
    BOOST_TEST(gradient(sum(atanh(x)), x).value()(0) == std::numeric_limits<double>::infinity());
    BOOST_TEST(std::isnan(acosh(x).value()(1)));
}

// asinh′(x) = 1/√(x² + 1), acosh′(x) = 1/√(x² − 1); far out both are 1/x, and their own derivatives −1/x².
BOOST_AUTO_TEST_CASE(inverse_functions_of_large_arguments) {
    for (const double large : {1e20, 1e150, 1e160, 1e300}) {
        for (const auto f : {&xtape::asinh, &xtape::acosh}) {
            Tape tape;
            const Var x = tape.variable("x", xt::xarray<double>(large));
            const Var slope = gradient(f(x), x);
            BOOST_TEST(slope.item() == 1 / large, boost::test_tools::tolerance(1e-15));
            BOOST_TEST(gradient(slope, x).item() == -1 / large / large, boost::test_tools::tolerance(1e-14));
        }
    }
}
