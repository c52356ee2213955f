// The textbook's claims on initialisation.

#include "breast_cancer.hpp"
#include "compare.hpp"
#include "literal.hpp"
#include <xtape/nn/training.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;
using namespace xtape::nn;

namespace {

Initialiser equal(double value) {
    return [value](std::size_t rows, std::size_t cols, Random&) { return constant(rows, cols, value); };
}

/// XOR: what no single unit can compute.
Dataset exclusive_or() { return {literal({{0, 0, 1, 1}, {0, 1, 0, 1}}), literal({{0, 1, 1, 0}}), {}, {}}; }

struct Outcome {
    Parameters parameters;
    History history;
};

Outcome trained(const std::vector<std::size_t>& layers, const Initialiser& initialiser, const Dataset& data,
                std::size_t epochs, const std::string& hidden = "tanh") {
    Random random(4);
    Outcome outcome{initialise(layers, random, initialiser), {}};
    Tape tape;
    const Network net = network(tape, outcome.parameters, {.hidden = hidden, .from_logits = true});
    outcome.history =
        train(net, outcome.parameters, data, {.optimiser = GradientDescent(0.5), .epochs = epochs});
    return outcome;
}

/// Bit for bit: the reference computes every row by the same operations in the same order.
bool hidden_units_are_identical(const Parameters& parameters) {
    const Array<double> W1 = parameters["W1"], b1 = parameters["b1"], W2 = parameters["W2"];
    bool identical = true;
    for (std::size_t i = 1; i < W1.shape()[0]; ++i) {
        identical = identical && b1(i, 0) == b1(0, 0);
        for (std::size_t j = 0; j < W1.shape()[1]; ++j)
            identical = identical && W1(i, j) == W1(0, j);
        for (std::size_t k = 0; k < W2.shape()[0]; ++k)
            identical = identical && W2(k, i) == W2(k, 0);
    }
    return identical;
}

/// One hidden unit that does what m equal ones do: its output weight is the sum of theirs.
Parameters merged(const Parameters& equal_units) {
    const Array<double> W1 = equal_units["W1"], W2 = equal_units["W2"];
    Parameters one;
    one.add("W1", xt::view(W1, xt::range(0, 1), xt::all()));
    one.add("b1", literal({{equal_units["b1"](0, 0)}}));
    one.add("W2", literal({{static_cast<double>(W1.shape()[0]) * W2(0, 0)}}));
    one.add("b2", equal_units["b2"]);
    return one;
}

Array<double> prediction(const Parameters& parameters, const std::string& hidden, const Array<double>& X) {
    Tape tape;
    return predict(network(tape, parameters, {.hidden = hidden}), X);
}

} // namespace

BOOST_AUTO_TEST_CASE(equal_weights_leave_hidden_units_identical_for_ever) {
    const struct {
        double value;
        const char* hidden;
    } cases[] = {{0, "tanh"}, {0, "sigmoid"}, {0.3, "tanh"}, {-0.1, "sigmoid"}, {0.2, "softplus"}};
    const Dataset& data = breast_cancer().train;
    for (const auto& [value, hidden] : cases) {
        const auto [parameters, history] = trained({30, 8, 1}, equal(value), data, 300, hidden);
        BOOST_TEST(hidden_units_are_identical(parameters), value << " " << hidden);
        BOOST_TEST(history.epochs.back().cost <= history.epochs.front().cost);

        // No better than one unit, since it is one unit: 8 equal terms in place of a product, 8 roundings.
        const Array<double> eight = prediction(parameters, hidden, data.X);
        const Array<double> one = prediction(merged(parameters), hidden, data.X);
        BOOST_TEST(compare::relative_difference(eight, one) <= 1e-13);
    }
}

BOOST_AUTO_TEST_CASE(random_weights_do_not) {
    const auto [parameters, history] = trained({30, 8, 1}, xavier, breast_cancer().train, 300);
    BOOST_TEST(!hidden_units_are_identical(parameters));
    const Array<double> one = prediction(merged(parameters), "tanh", breast_cancer().train.X);
    BOOST_TEST(compare::relative_difference(prediction(parameters, "tanh", breast_cancer().train.X), one) >
               0.01);
}

// tanh(0) is 0 and W2 is 0, so nothing but the last bias has a derivative: the same answer to every example.
BOOST_AUTO_TEST_CASE(zero_weights_and_tanh_learn_only_how_frequent_the_classes_are) {
    const Dataset& data = breast_cancer().train;
    const auto [parameters, history] = trained({30, 8, 1}, equal(0), data, 300);
    for (const char* name : {"W1", "b1", "W2"})
        for (const double value : parameters[name])
            BOOST_TEST(value == 0);
    const double frequency = xt::mean(data.Y)();
    const Array<double> A = prediction(parameters, "tanh", data.X);
    for (const double a : A) // 300 steps, each shrinking what is left by about 0.5 a (1 − a) = 0.12
        BOOST_TEST(std::abs(a - frequency) < 1e-12);
    BOOST_TEST(history.epochs.back().accuracy.value() == std::max(frequency, 1 - frequency),
               boost::test_tools::tolerance(1e-12));
}

// A hidden unit followed by a sigmoid splits the plane by one line, which is right on at most 3 of 4.
BOOST_AUTO_TEST_CASE(a_network_of_equal_units_cannot_learn_exclusive_or) {
    const Dataset data = exclusive_or();
    for (const double value : {0.0, 0.5, 1.0}) {
        const auto [parameters, history] = trained({2, 8, 1}, equal(value), data, 3000);
        BOOST_TEST(hidden_units_are_identical(parameters));
        BOOST_TEST(history.epochs.back().accuracy.value() <= 0.75);
    }
    const auto [parameters, history] = trained({2, 8, 1}, xavier, data, 3000);
    BOOST_TEST(history.epochs.back().accuracy.value() == 1);
    BOOST_TEST(history.epochs.back().cost < 0.1);
}

BOOST_AUTO_TEST_CASE(logistic_regression_learns_from_zeros) {
    const auto& [data, held_out] = breast_cancer();
    const auto [parameters, history] = trained({30, 1}, equal(0), data, 300);
    // From log 2, what an even answer costs. Convex with a gradient whose Lipschitz constant is at most
    // ‖[X; 1]‖² / 4n < 31/4; descent with a rate below 2 over what is met never goes up.
    BOOST_TEST(history.epochs.front().cost < std::log(2));
    BOOST_TEST(history.epochs.back().cost < 0.1);
    BOOST_TEST(history.epochs.back().accuracy.value() >= 0.97);
    Tape tape;
    const Network net = network(tape, parameters);
    std::size_t right = 0;
    const Array<double> A = predict(net, held_out.X);
    for (std::size_t j = 0; j < held_out.size(); ++j)
        right += (A(0, j) > 0.5) == (held_out.Y(0, j) == 1);
    BOOST_TEST(right >= 108u); // 0.95 of 114
}

// It is convex: wherever it starts, it comes to the same end. With L2 the end is unique, and near.
BOOST_AUTO_TEST_CASE(logistic_regression_ends_where_it_would_from_random_weights) {
    const Dataset& data = breast_cancer().train;
    const auto end = [&](const Initialiser& initialiser) {
        Random random(5);
        Parameters parameters = initialise({30, 1}, random, initialiser);
        Tape tape;
        const Network net =
            network(tape, parameters, {.from_logits = true, .lambda = 0.1, .convention = L2::half_lambda});
        train(net, parameters, data, {.optimiser = GradientDescent(0.2), .epochs = 1500});
        return parameters.flat();
    };
    // The weights contract by at least 1 − 0.2 · 0.1 per epoch, the bias by its own curvature, about 0.1:
    // 1500 epochs leave e⁻³⁰.
    BOOST_TEST(compare::relative_difference(end(equal(0)), end(xavier)) < 1e-9);
}
