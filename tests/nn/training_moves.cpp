/// Which parameters training moves, and which stay.

#include "breast_cancer.hpp"
#include "compare.hpp"
#include "literal.hpp"
#include "trained.hpp"

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <limits>

using namespace xtape;
using namespace xtape::nn;
using compare::relative_difference;

BOOST_AUTO_TEST_CASE(parameters_that_the_network_does_not_use_stay) {
    Trained trained({30, 1});
    trained.parameters.add("A", literal({{5, 6}}));
    trained.on(breast_cancer().train, {.optimiser = Adam(), .epochs = 2});
    BOOST_TEST((trained.parameters["A"] == literal({{5, 6}})));
    Trained other({30, 1});
    BOOST_CHECK_THROW(train(trained.net, other.parameters, breast_cancer().train), ArgumentError);
}

// Whatever the optimiser does to what it is given, and with L2 on all weights. The negative control is that
// the same parameters move where they are not frozen.
BOOST_AUTO_TEST_CASE(frozen_parameters_keep_their_values_to_the_bit) {
    const auto decay = [](std::span<double> theta, std::span<const double>) {
        for (double& x : theta)
            x *= 0.9;
    };
    for (const Optimiser& optimiser :
         {Optimiser(GradientDescent(0.1)), Optimiser(Momentum(0.1)), Optimiser(Adam(0.01)), Optimiser(decay)})
        for (const std::size_t batch_size : {0u, 64u}) {
            Trained trained({30, 4, 1}, {.lambda = 0.5});
            trained.parameters.assign("b1", literal({{0.5}, {-0.25}, {-0.0}, {1e-310}}));
            const Parameters before = trained.parameters;
            const TrainingOptions options{.optimiser = optimiser, .epochs = 3, .batch_size = batch_size};
            trained.parameters.freeze({"W1", "b1"});
            trained.on(breast_cancer().train, options);
            for (const char* name : {"W1", "b1"}) {
                const Array<double> after = trained.parameters[name], start = before[name];
                BOOST_TEST(std::memcmp(after.data(), start.data(), start.size() * sizeof(double)) == 0, name);
            }
            BOOST_TEST(!(trained.parameters["W2"] == before["W2"]));
            trained.parameters.unfreeze({"W1", "b1"});
            trained.on(breast_cancer().train, options);
            BOOST_TEST(!(trained.parameters["W1"] == before["W1"]));
            BOOST_TEST(!(trained.parameters["b1"] == before["b1"]));
        }
}

// The last layer alone, by the closed form with the first layer held; the bound is that of fifty epochs in
// training.cpp, for 4.
BOOST_AUTO_TEST_CASE(what_is_not_frozen_moves_as_the_closed_form_says) {
    const Dataset& data = breast_cancer().train;
    Trained trained({30, 16, 1});
    Parameters by_hand = trained.parameters;
    trained.parameters.freeze({"b1", "W1"});
    std::size_t seen = 0;
    const auto watched = [&](std::span<double> theta, std::span<const double> g) {
        seen = theta.size();
        GradientDescent(0.5)(theta, g);
    };
    trained.on(data, {.optimiser = watched, .epochs = 4});
    BOOST_TEST(seen == 17u); // W2 and b2
    by_hand.freeze({"W1", "b1"});
    for (int epoch = 0; epoch < 4; ++epoch)
        descend(by_hand, data, 0.5);
    BOOST_TEST(relative_difference(trained.parameters.flat(), by_hand.flat()) <= 4 * 1e-13 * 10);
}

BOOST_AUTO_TEST_CASE(nothing_learns_where_all_is_frozen) {
    Trained trained({30, 1});
    trained.parameters.add("A", literal({{5, 6}})); // which the network does not use
    trained.parameters.freeze({"W1", "b1"});
    BOOST_CHECK_EXCEPTION(trained.on(breast_cancer().train, {}), ArgumentError, [](const Error& error) {
        return std::string(error.what()).find("are frozen. Unfreeze") != std::string::npos;
    });
}

using Types = boost::mpl::list<float, double, long double>;

// What a callback assigns to a parameter that moves is lost in the next step; to a frozen one, it is seen.
BOOST_AUTO_TEST_CASE_TEMPLATE(what_a_callback_assigns, T, Types) {
    const Dataset& data = breast_cancer().train;
    for (const std::size_t batch_size : {0u, 200u}) {
        Trained alone({30, 4, 1}), disturbed({30, 4, 1});
        const TrainingOptions options{.epochs = 3, .batch_size = batch_size};
        const std::vector<Epoch> wanted = train<T>(alone.net, alone.parameters, data, options).epochs;
        TrainingOptions disturbing = options;
        disturbing.callback = [&](const Epoch& epoch) {
            if (epoch.epoch < 3)
                disturbed.parameters.assign("W1", xt::ones<double>({4, 30}) *
                                                      std::numeric_limits<double>::quiet_NaN());
            return true;
        };
        const std::vector<Epoch> got = train<T>(disturbed.net, disturbed.parameters, data, disturbing).epochs;
        BOOST_TEST((alone.parameters.flat() == disturbed.parameters.flat()));
        BOOST_TEST(got.back().cost == wanted.back().cost);

        Trained held({30, 4, 1});
        held.parameters.freeze({"b2"});
        disturbing.callback = [&](const Epoch& epoch) {
            if (epoch.epoch == 2) held.parameters.assign("b2", literal({{3}}));
            return true;
        };
        const std::vector<Epoch> costs = train<T>(held.net, held.parameters, data, disturbing).epochs;
        BOOST_TEST((held.parameters["b2"] == literal({{3}})));
        BOOST_TEST(costs[2].cost > 2 * costs[1].cost);
    }
}
