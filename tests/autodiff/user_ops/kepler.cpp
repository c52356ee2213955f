// An opaque operation: a solver whose steps are not recorded. It brings its own derivative, which is that of
// the equation it solves.

#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

namespace {

/// The E of E − e sin(E) = M by Newton's method, for 0 ≤ e < 1.
template <class T>
T eccentric_anomaly(T mean_anomaly, T eccentricity) {
    T e = mean_anomaly;
    for (int step = 0; step < 50; ++step) {
        const T change = (e - eccentricity * std::sin(e) - mean_anomaly) / (1 - eccentricity * std::cos(e));
        e -= change;
        if (std::abs(change) <= std::numeric_limits<T>::epsilon() * std::abs(e)) break;
    }
    return e;
}

/// dE = (dM + sin(E) de) / (1 − e cos(E)), by differentiating the equation.
Var slope(const Pullback& p) { return p.cotangent() / (1 - p.input(1) * cos(p.output())); }

const Op kepler_op =
    elementwise("mylib::kepler")
        .opaque([](auto mean_anomaly, auto eccentricity) {
            return decltype(mean_anomaly)(eccentric_anomaly(mean_anomaly.value, eccentricity.value));
        })
        .vjp([](const Pullback& p) { return slope(p); },
             [](const Pullback& p) { return slope(p) * sin(p.output()); })
        .notation("kepler({0}, {1})", R"(\operatorname{kepler}({0}, {1}))")
        .domain({{-1e3, 1e3}, {0, 1}})
        .sampled_on({{-3, 3}, {0.05, 0.7}});

/// The eccentric anomaly of an orbit from its mean anomaly, in radians, and its eccentricity.
Var kepler(const Operand& mean_anomaly, const Operand& eccentricity) {
    return record(kepler_op, {mean_anomaly, eccentricity});
}

/// An independent solution by bisection.
long double bisected(const long double* x) {
    long double low = x[0] - 1, high = x[0] + 1;
    for (int step = 0; step < 80; ++step) {
        const long double middle = (low + high) / 2;
        (middle - x[1] * std::sin(middle) < x[0] ? low : high) = middle;
    }
    return (low + high) / 2;
}

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
    // The root's own condition, 1 / (1 − e), multiplies rounding; 4 covers e ≤ 0.7.
    const check::Elementwise cases[] = {
        {"mylib::kepler",
         [](auto v) { return kepler(v[0], v[1]); },
         bisected,
         {{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3}, {0.5, 0.1, 0.7, 0.3, 0.6, 0.2, 0.4}},
         4}};
    check::family(cases, {{kepler_op}});
}

BOOST_AUTO_TEST_CASE(it_fits_into_what_surrounds_it) {
    const auto radius = [](auto v) { return 1 - v[1] * cos(kepler(v[0], v[1])); };
    check::derivatives("radius", radius,
                       {check::filled({2, 1}, {0.4, -1.2}), check::filled({3}, {0.2, 0.5, 0.6})});
}
