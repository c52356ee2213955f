#include <xtape/autodiff/check/differences.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using xtape::derivative;
using xtape::Estimate;

namespace {

struct Known {
    const char* name;
    std::function<long double(long double)> f, slope;
};

const Known known[] = {
    {"exp", [](long double x) { return std::exp(x); }, [](long double x) { return std::exp(x); }},
    {"sin", [](long double x) { return std::sin(x); }, [](long double x) { return std::cos(x); }},
    {"cubic", [](long double x) { return x * x * x - 2 * x; }, [](long double x) { return 3 * x * x - 2; }},
    {"tanh", [](long double x) { return std::tanh(x); },
     [](long double x) { return 1 - std::tanh(x) * std::tanh(x); }},
    {"large offset", [](long double x) { return 1e6L + std::sin(x); },
     [](long double x) { return std::cos(x); }},
    {"constant", [](long double) { return 3.0L; }, [](long double) { return 0.0L; }},
};

} // namespace

BOOST_AUTO_TEST_CASE(the_estimate_lies_within_its_own_error) {
    for (const Known& function : known)
        for (const long double x : {-2.0L, -0.3L, 0.0L, 0.7L, 3.0L}) {
            const Estimate estimate = derivative(function.f, x, 0.02L * std::max(std::abs(x), 0.25L));
            BOOST_TEST(std::abs(estimate.value - function.slope(x)) <= estimate.error,
                       function.name << " at " << x);
            // The error is also small enough to be of use: an offset of 10⁶ costs six of eighteen digits.
            BOOST_TEST(estimate.error < (function.f(x) > 1e5L ? 1e-6L : 1e-11L),
                       function.name << " at " << x);
        }
}

BOOST_AUTO_TEST_CASE(a_slope_off_by_a_thousandth_is_outside) {
    for (const Known& function : known) {
        const long double slope = function.slope(0.7L);
        if (slope == 0) continue;
        const Estimate estimate = derivative(function.f, 0.7L, 0.014L);
        BOOST_TEST(!(std::abs(estimate.value - 1.001L * slope) <= estimate.error), function.name);
    }
}

BOOST_AUTO_TEST_CASE(noise_shows_in_the_error) {
    int calls = 0;
    const auto noisy = [&](long double x) { return x + 1e-9L * ((++calls * 7919) % 13); };
    BOOST_TEST(derivative(noisy, 1, 0.02L).error > 1e-9L);
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_a_number_gives_no_estimate) {
    const Estimate estimate =
        derivative([](long double) { return std::numeric_limits<long double>::quiet_NaN(); }, 1, 0.02L);
    BOOST_TEST(!(std::abs(estimate.value - 0) <= estimate.error));
}

BOOST_AUTO_TEST_CASE(one_side_of_a_kink_has_a_slope_of_its_own) {
    const auto f = [](long double x) { return x > 0 ? std::sin(x) : std::exp(-2 * x) - 1; };
    const Estimate right = derivative(f, 0, 0.02L, 0, xtape::Side::right),
                   left = derivative(f, 0, 0.02L, 0, xtape::Side::left);
    BOOST_TEST(std::abs(right.value - 1) <= right.error);
    BOOST_TEST(std::abs(left.value + 2) <= left.error);
    for (const Estimate& estimate : {right, left}) {
        BOOST_TEST(estimate.error < 1e-9L);
        BOOST_TEST(!(std::abs(1.001L * estimate.value - estimate.value) <= estimate.error));
    }
}
