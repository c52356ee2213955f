#include "literal.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/optimisers.hpp>
#include <xtape/nn/random.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using namespace xtape::nn;

namespace {

using Vector = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Adam's step as a sum over all gradients so far, in long double: m_t = (1 − β1) Σ_i β1^(t−i) g_i, no
/// recurrence.
long double adam_step(const std::vector<double>& g, long double rate, long double beta1, long double beta2,
                      long double epsilon) {
    const std::size_t t = g.size();
    long double m = 0, v = 0, m_weight = 0, v_weight = 0;
    for (std::size_t i = 0; i < t; ++i) {
        const auto age = static_cast<long double>(t - 1 - i);
        const long double wm = std::pow(beta1, age), wv = std::pow(beta2, age);
        m += wm * g[i];
        v += wv * g[i] * g[i];
        m_weight += wm; // (1 − β1ᵗ) / (1 − β1)
        v_weight += wv;
    }
    return rate * (m / m_weight) / (std::sqrt(v / v_weight) + epsilon);
}

} // namespace

// The numbers are exact in binary, so equality is.
BOOST_AUTO_TEST_CASE(gradient_descent_by_hand) {
    Vector theta{1, -2};
    GradientDescent descend(0.5);
    descend(theta, Vector{0.25, -1});
    BOOST_TEST(theta == (Vector{0.875, -1.5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(momentum_by_hand) {
    Vector theta{0, 0};
    Momentum descend(0.5, 0.5);
    descend(theta, Vector{1, 0}); // v = (1, 0)
    BOOST_TEST(theta == (Vector{-0.5, 0}), boost::test_tools::per_element());
    descend(theta, Vector{1, 2}); // v = (1.5, 2)
    BOOST_TEST(theta == (Vector{-1.25, -1}), boost::test_tools::per_element());
    descend(theta, Vector{0, -1}); // v = (0.75, 0)
    BOOST_TEST(theta == (Vector{-1.625, -1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(momentum_of_zero_is_gradient_descent) {
    Vector one{1, 2}, two = one;
    Momentum momentum(0.1, 0);
    const GradientDescent descent(0.1);
    for (const double g : {0.3, -0.7, 2.0}) {
        momentum(one, Vector{g, 2 * g});
        descent(two, Vector{g, 2 * g});
    }
    BOOST_TEST(one == two, boost::test_tools::per_element());
}

// m̂ and √v̂ are g and |g| in the first step, whatever the decay.
BOOST_AUTO_TEST_CASE(adams_first_step_is_the_rate) {
    Vector theta{0, 0, 0};
    Adam adam(0.01);
    adam(theta, Vector{1000, -0.5, 0});
    BOOST_TEST(theta[0] == -0.01, boost::test_tools::tolerance(1e-7)); // ε/|g| is at most 2e-8
    BOOST_TEST(theta[1] == 0.01, boost::test_tools::tolerance(1e-7));
    BOOST_TEST(theta[2] == 0);
}

// A step errs by few ε of its recurrences, at most t of them, relative to the step, which is at most about
// the rate (here 0.1 · 10 over the run), and by ε of θ, at most 10: 20 steps · (20 · 4 ε · 0.1 + ε · 10) <
// 1e-13.
BOOST_AUTO_TEST_CASE(adam_is_the_sum_over_all_gradients) {
    constexpr double rate = 0.1, beta1 = 0.8, beta2 = 0.95, epsilon = 1e-6;
    Random random(3);
    Vector theta{3, -1}, gradient(2);
    std::vector<Vector> seen(2);
    std::vector<long double> expected{3, -1}, without_correction{3, -1};
    Adam adam(rate, beta1, beta2, epsilon);
    for (int t = 1; t <= 20; ++t) {
        for (std::size_t i = 0; i < 2; ++i) {
            gradient[i] = random.normal() * (i == 0 ? 1 : 1e-5);
            seen[i].push_back(gradient[i]);
            expected[i] -= adam_step(seen[i], rate, beta1, beta2, epsilon);
            without_correction[i] -= adam_step(seen[i], rate, beta1, beta2, epsilon) *
                                     (1 - std::pow(beta1, t)) / std::sqrt(1 - std::pow(beta2, t));
        }
        adam(theta, gradient);
        for (std::size_t i = 0; i < 2; ++i)
            BOOST_TEST(std::abs(theta[i] - expected[i]) <= 1e-13L);
    }
    BOOST_TEST(std::abs(theta[0] - without_correction[0]) > 1e-3); // the comparison can tell
}

BOOST_AUTO_TEST_CASE(a_copy_continues_on_its_own) {
    Vector one{0}, two{0};
    Optimiser first = Momentum(0.5, 0.5);
    first(one, Vector{1});
    Optimiser second = first;
    first(one, Vector{1});
    BOOST_TEST(one[0] == -1.25);
    second(two, Vector{1}); // v = 1.5 here too
    BOOST_TEST(two[0] == -0.75);
}

BOOST_AUTO_TEST_CASE(rates_and_decays_that_have_no_meaning) {
    for (const double rate : {0.0, -0.1, infinity, not_a_number}) {
        BOOST_CHECK_THROW(GradientDescent{rate}, ArgumentError);
        BOOST_CHECK_THROW(Momentum{rate}, ArgumentError);
        BOOST_CHECK_THROW(Adam{rate}, ArgumentError);
    }
    for (const double decay : {-0.1, 1.0, not_a_number}) {
        BOOST_CHECK_THROW(Momentum(0.1, decay), ArgumentError);
        BOOST_CHECK_THROW(Adam(0.1, decay), ArgumentError);
        BOOST_CHECK_THROW(Adam(0.1, 0.9, decay), ArgumentError);
    }
    BOOST_CHECK_THROW(Adam(0.1, 0.9, 0.999, 0), ArgumentError);
}

BOOST_AUTO_TEST_CASE(lengths_that_differ_or_change) {
    Vector two{0, 0}, three{0, 0, 0};
    for (Optimiser& optimiser : std::vector<Optimiser>{GradientDescent(0.1), Momentum(0.1), Adam(0.1)})
        BOOST_CHECK_THROW(optimiser(two, three), ShapeError);
    for (Optimiser& optimiser : std::vector<Optimiser>{Momentum(0.1), Adam(0.1)}) {
        optimiser(two, Vector{1, 1});
        BOOST_CHECK_THROW(optimiser(three, Vector{1, 1, 1}), ShapeError);
    }
    BOOST_TEST(three == (Vector{0, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(parameters_follow_gradients_of_their_shapes) {
    Parameters parameters;
    parameters.add("W", literal({{1, 2}}));
    parameters.add("b", literal({{3}}));
    Optimiser descent = GradientDescent(0.5);
    step(descent, parameters, {literal({{2, -2}}), literal({{4}})});
    BOOST_TEST((parameters["W"] == literal({{0, 3}})));
    BOOST_TEST((parameters["b"] == literal({{1}})));
    BOOST_CHECK_THROW(step(descent, parameters, {literal({{1, 1}})}), ShapeError);
    BOOST_CHECK_THROW(step(descent, parameters, {literal({{1}, {1}}), literal({{1}})}), ShapeError);
    BOOST_TEST((parameters["W"] == literal({{0, 3}})));

    Optimiser own = [](std::span<double> theta, std::span<const double> g) {
        for (std::size_t i = 0; i < theta.size(); ++i)
            theta[i] -= g[i] > 0 ? 1 : -1; // by the sign alone
    };
    step(own, parameters, {literal({{9, -9}}), literal({{9}})});
    BOOST_TEST((parameters["W"] == literal({{-1, 4}})));
}
