#include "breast_cancer.hpp"
#include "compare.hpp"
#include "literal.hpp"
#include "trained.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/metrics.hpp>
#include <xtape/nn/training.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <limits>

using namespace xtape;
using namespace xtape::nn;
using compare::relative_difference;

namespace {

Parameters descended(Parameters parameters, int epochs, double rate) {
    for (int epoch = 0; epoch < epochs; ++epoch)
        descend(parameters, breast_cancer().train, rate);
    return parameters;
}

/// Whether two means of n losses, none negative, are the same but for the order and the form in which they
/// were summed: n + 10 roundings, ten for each loss.
bool same_mean(double a, double b, std::size_t n) {
    return std::fabs(a - b) <= static_cast<double>(n + 10) * std::numeric_limits<double>::epsilon() * b;
}

bool mentions(const Error& error, const std::string& text) {
    return std::string(error.what()).find(text) != std::string::npos;
}

} // namespace

// The tape's gradient and the closed form's differ by at most 1e-13 of the gradient's norm (the bound of the
// textbook's tests). What one epoch adds to the difference of the parameters, the other epochs amplify: by
// how much, the descent itself tells, begun from parameters moved by 1e-6.
BOOST_AUTO_TEST_CASE(fifty_epochs_are_those_of_the_closed_form) {
    constexpr double rate = 0.5, moved = 1e-6;
    constexpr int epochs = 50;
    Trained tape({30, 16, 1});
    const Parameters start = tape.parameters;
    const Array<double> expected = descended(start, epochs, rate).flat();
    tape.on(breast_cancer().train, {.optimiser = GradientDescent(rate), .epochs = epochs});

    Parameters nudged = start;
    Array<double> flat = start.flat();
    for (std::size_t i = 0; i < flat.size(); ++i)
        flat(i) *= 1 + (i % 2 == 0 ? moved : -moved);
    nudged.assign_flat(flat);
    const double amplification =
        relative_difference(descended(nudged, epochs, rate).flat(), expected) / moved;
    const double bound = epochs * 1e-13 * std::max(1.0, amplification);
    BOOST_TEST_MESSAGE("amplification " << amplification << ", difference "
                                        << relative_difference(tape.parameters.flat(), expected));
    BOOST_TEST(bound < 1e-10);
    BOOST_TEST(relative_difference(tape.parameters.flat(), expected) <= bound);
    BOOST_TEST(relative_difference(tape.parameters.flat(), start.flat()) > 0.1);
    BOOST_TEST(relative_difference(descended(start, epochs, rate * (1 + 1e-6)).flat(), expected) > bound);
}

// 455 = 28 · 16 + 7: the last batch is short. The bound is that above, for 3 · 29 steps.
BOOST_AUTO_TEST_CASE(batches_are_those_of_the_shuffle_and_the_last_is_short) {
    const Dataset& data = breast_cancer().train;
    BOOST_TEST(data.size() == 455u);
    Trained tape({30, 16, 1});
    Parameters by_hand = tape.parameters;
    const std::size_t recorded = tape.tape.size();
    std::vector<std::size_t> sizes;
    tape.on(data, {.optimiser = GradientDescent(0.1),
                   .epochs = 3,
                   .batch_size = 16,
                   .seed = 5,
                   .callback = [&](const Epoch&) {
                       sizes.push_back(tape.tape.size());
                       return true;
                   }});
    BOOST_TEST(sizes.size() == 3u);
    BOOST_TEST(sizes[0] > recorded); // the gradient
    BOOST_TEST(sizes[2] == sizes[0]);
    BOOST_TEST(tape.tape.size() == recorded);

    Random random(5);
    for (int epoch = 0; epoch < 3; ++epoch) {
        const auto order = batches(455, 16, random);
        BOOST_TEST(order.size() == 29u);
        BOOST_TEST(order.back().size() == 7u);
        for (const auto& indices : order)
            descend(by_hand, take(data, indices), 0.1);
    }
    BOOST_TEST(relative_difference(tape.parameters.flat(), by_hand.flat()) <= 3 * 29 * 1e-13 * 10);
}

BOOST_AUTO_TEST_CASE(the_seed_decides) {
    const auto run = [](std::uint64_t seed) {
        Trained trained({30, 4, 1});
        trained.on(breast_cancer().train,
                   {.optimiser = Adam(0.01), .epochs = 2, .batch_size = 32, .seed = seed});
        return trained.parameters.flat();
    };
    const Array<double> first = run(1);
    BOOST_TEST((run(1) == first));
    BOOST_TEST(!(run(2) == first));
}

BOOST_AUTO_TEST_CASE(an_epoch_reports_the_parameters_at_its_end) {
    const auto& [data, held_out] = breast_cancer();
    Trained trained({30, 4, 1});
    const History history =
        trained.on(data, {.optimiser = Adam(0.01), .epochs = 4, .batch_size = 64, .validation = &held_out});
    BOOST_TEST(history.epochs.size() == 4u);
    BOOST_TEST(history.kept == 4u);
    const Epoch& last = history.epochs.back();
    BOOST_TEST(last.epoch == 4u);
    BOOST_TEST(same_mean(last.cost, trained.cost(data), data.size()));
    BOOST_TEST(same_mean(last.validation_cost.value(), trained.cost(held_out), held_out.size()));
    BOOST_TEST(!same_mean(1.001 * last.cost, trained.cost(data), data.size()));
    BOOST_TEST(last.accuracy.value() == accuracy(predict(trained.net, data.X), data.Y));
    BOOST_TEST(last.validation_accuracy.value() == accuracy(predict(trained.net, held_out.X), held_out.Y));
    BOOST_TEST(last.seconds > 0);
    BOOST_TEST(last.cost < history.epochs.front().cost);
}

BOOST_AUTO_TEST_CASE(it_learns_from_real_data) {
    const auto& [data, held_out] = breast_cancer();
    Trained trained({30, 16, 1}, {.from_logits = true});
    trained.on(
        data,
        {.optimiser = Adam(0.01), .epochs = 30, .batch_size = 32, .validation = &held_out, .patience = 5});
    BOOST_TEST(accuracy(predict(trained.net, held_out.X), held_out.Y) >= 0.95);
}

BOOST_AUTO_TEST_CASE(three_classes_with_softmax) {
    Dataset iris = load_dataset(XTAPE_EXAMPLES_DATA "/iris.csv", "species");
    iris.X = Standardiser::fit(iris.X).apply(iris.X);
    Trained trained({4, 8, 3},
                    {.output = "softmax", .loss = "categorical_cross_entropy", .from_logits = true});
    const History history = trained.on(iris, {.optimiser = Momentum(0.1), .epochs = 200});
    BOOST_TEST(history.epochs.back().accuracy.value() >= 0.97);
}

BOOST_AUTO_TEST_CASE(a_regression_has_no_accuracy) {
    Dataset line;
    line.X = Array<double>{{-1, 0, 1, 2}};
    line.Y = Array<double>{{-3, -1, 1, 3}};
    Trained trained({1, 1}, {.output = "identity", .loss = "squared_error"});
    BOOST_CHECK_EXCEPTION(trained.on(line, {}), ArgumentError,
                          [](const Error& error) { return mentions(error, "set .accuracy = false"); });
    const History history =
        trained.on(line, {.optimiser = GradientDescent(0.3), .epochs = 300, .accuracy = false});
    BOOST_TEST(!history.epochs.back().accuracy.has_value());
    // The error shrinks by 1 − 0.3 · 0.69 in each epoch (the smaller eigenvalue of the mean of [x 1]ᵀ[x 1]).
    BOOST_TEST(trained.parameters["W1"](0, 0) == 2, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(trained.parameters["b1"](0, 0) == -1, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(early_stopping_restores_the_best) {
    const auto& [data, held_out] = breast_cancer();
    constexpr std::size_t patience = 5;
    Trained trained({30, 16, 1}, {.from_logits = true});
    const History history = trained.on(data, {.optimiser = Adam(0.02),
                                              .epochs = 200,
                                              .batch_size = 16,
                                              .validation = &held_out,
                                              .patience = patience});
    std::size_t best = 0;
    for (std::size_t k = 0; k < history.epochs.size(); ++k)
        if (*history.epochs[k].validation_cost < *history.epochs[best].validation_cost) best = k;
    BOOST_TEST(history.epochs.size() < 200u);
    BOOST_TEST(history.epochs.size() == best + 1 + patience);
    BOOST_TEST(history.kept == best + 1);
    BOOST_TEST(same_mean(trained.cost(held_out), *history.epochs[best].validation_cost, held_out.size()));
    BOOST_TEST(trained.cost(held_out) < *history.epochs.back().validation_cost);
}

BOOST_AUTO_TEST_CASE(an_improvement_within_min_delta_is_none) {
    const auto& [data, held_out] = breast_cancer();
    Trained trained({30, 1});
    const History history = trained.on(data, {.optimiser = GradientDescent(0.1),
                                              .epochs = 50,
                                              .validation = &held_out,
                                              .patience = 3,
                                              .min_delta = 10});
    BOOST_TEST(history.epochs.size() == 4u); // the first, and three that are better by less than 10
    BOOST_TEST(history.kept == 4u);          // which are better all the same
}

BOOST_AUTO_TEST_CASE(a_callback_ends_training) {
    Trained trained({30, 1});
    std::size_t calls = 0;
    const History history = trained.on(
        breast_cancer().train, {.callback = [&](const Epoch& epoch) { return ++calls, epoch.epoch < 3; }});
    BOOST_TEST(calls == 3u);
    BOOST_TEST(history.epochs.size() == 3u);
    BOOST_TEST(history.kept == 3u);
}

BOOST_AUTO_TEST_CASE(training_goes_on_where_it_ended) {
    const Dataset& data = breast_cancer().train;
    Trained once({30, 4, 1}), twice({30, 4, 1});
    once.on(data, {.epochs = 6});
    twice.on(data, {.epochs = 2});
    twice.on(data, {.epochs = 4});
    BOOST_TEST((once.parameters.flat() == twice.parameters.flat()));
    BOOST_TEST(once.on(data, {.epochs = 0}).kept == 0u);
    BOOST_TEST((once.parameters.flat() == twice.parameters.flat()));
}

// 20 steps in float: each gradient is right to a few hundred roundings of 6e-8.
BOOST_AUTO_TEST_CASE(training_in_float) {
    const Dataset& data = breast_cancer().train;
    Trained in_double({30, 4, 1}), in_float({30, 4, 1});
    in_double.on(data, {.epochs = 20});
    const History history = train<float>(in_float.net, in_float.parameters, data, {.epochs = 20});
    const double difference = relative_difference(in_float.parameters.flat(), in_double.parameters.flat());
    BOOST_TEST(difference > 1e-12); // it was float
    BOOST_TEST(difference < 1e-4);
    BOOST_TEST(history.epochs.back().cost ==
               static_cast<double>(static_cast<float>(history.epochs.back().cost)));
}

BOOST_AUTO_TEST_CASE(an_optimiser_of_ones_own) {
    Trained trained({30, 1});
    Array<double> expected = trained.parameters.flat();
    std::size_t steps = 0;
    trained.on(breast_cancer().train, {.optimiser =
                                           [&](std::span<double> theta, std::span<const double> g) {
                                               BOOST_TEST(g.size() == 31u);
                                               theta[0] += 1;
                                               ++steps;
                                           },
                                       .epochs = 5});
    expected(0) += 5;
    BOOST_TEST(steps == 5u);
    BOOST_TEST((trained.parameters.flat() == expected));
}

// The network is recorded naively, so that the reference finds log(0) after such a step.
BOOST_AUTO_TEST_CASE(probabilities_that_saturate_do_not_end_training) {
    const Dataset& data = breast_cancer().train;
    Trained trained({30, 16, 1});
    const History history = trained.on(data, {.optimiser = GradientDescent(1e3), .epochs = 3});
    BOOST_TEST(std::isfinite(history.epochs.back().cost));
    BOOST_TEST(!std::isfinite(trained.cost(data)));
}

BOOST_AUTO_TEST_CASE(a_cost_that_becomes_infinite_leaves_the_last_finite_parameters) {
    const Dataset& data = breast_cancer().train;
    for (const std::size_t batch_size : {0u, 64u}) {
        const NetworkOptions regression{.output = "identity", .loss = "squared_error"};
        Trained trained({30, 16, 1}, regression);
        BOOST_CHECK_EXCEPTION(
            trained.on(data,
                       {.optimiser = GradientDescent(1e200), .batch_size = batch_size, .accuracy = false}),
            TrainingError, [](const Error& error) {
                return mentions(error, "in epoch 1 J is NaN or infinite: square(") &&
                       mentions(error, "Try a smaller rate");
            });
        BOOST_TEST(AnyArray(trained.parameters.flat()).all_finite());
        if (batch_size == 0) {
            BOOST_TEST((trained.parameters.flat() == Trained({30, 16, 1}, regression).parameters.flat()));
            BOOST_TEST(std::isfinite(trained.cost(data)));
        }
        const std::size_t recorded = Trained({30, 16, 1}, regression).tape.size();
        BOOST_TEST(trained.tape.size() == recorded);
    }
}

BOOST_AUTO_TEST_CASE(a_cost_that_becomes_infinite_later_keeps_what_was_learnt) {
    Trained trained({30, 1}, {.output = "identity", .loss = "squared_error"});
    Array<double> learnt;
    std::size_t steps = 0;
    const auto jumps = [&](std::span<double> theta, std::span<const double> g) {
        GradientDescent(++steps == 4 ? 1e200 : 0.01)(theta, g);
    };
    const auto remember = [&](const Epoch&) { return learnt = trained.parameters.flat(), true; };
    BOOST_CHECK_EXCEPTION(
        trained.on(breast_cancer().train, {.optimiser = jumps, .accuracy = false, .callback = remember}),
        TrainingError, [](const Error& error) { return mentions(error, "in epoch 4 J is NaN"); });
    BOOST_TEST((trained.parameters.flat() == learnt));
    BOOST_TEST(!(learnt == Trained({30, 1}).parameters.flat()));
}

BOOST_AUTO_TEST_CASE(a_nan_in_the_data_is_found_before_the_first_step) {
    Dataset data = breast_cancer().train;
    data.X(3, 17) = std::numeric_limits<double>::quiet_NaN();
    Trained trained({30, 1});
    const Array<double> before = trained.parameters.flat();
    BOOST_CHECK_EXCEPTION(trained.on(data, {}), TrainingError, [](const Error& error) {
        return mentions(error, "X: NaN in 1 of 13650 entries, first [3,17]") &&
               mentions(error, "Mend the data");
    });
    BOOST_TEST((trained.parameters.flat() == before));
}

BOOST_AUTO_TEST_CASE(a_step_or_a_gradient_that_is_not_finite) {
    const Dataset& data = breast_cancer().train;
    Trained trained({30, 1});
    const Array<double> before = trained.parameters.flat();
    const auto broken = [](std::span<double> theta, std::span<const double>) { theta[2] = INFINITY; };
    BOOST_CHECK_EXCEPTION(trained.on(data, {.optimiser = broken}), TrainingError,
                          [](const Error& error) { return mentions(error, "the optimiser's step"); });
    BOOST_TEST((trained.parameters.flat() == before));

    Trained root({30, 1}, {.output = "identity",
                           .loss = [](const Var& A, const Var& Y) { return sqrt(square(A) * Y); }});
    const Array<double> start = root.parameters.flat();
    BOOST_CHECK_EXCEPTION(root.on(data, {.accuracy = false}), TrainingError, [](const Error& error) {
        return mentions(error, "dW1 is NaN or infinite") || mentions(error, "db1 is NaN or infinite");
    });
    BOOST_TEST((root.parameters.flat() == start));
}

BOOST_AUTO_TEST_CASE(options_and_data_that_have_no_meaning) {
    const Dataset& data = breast_cancer().train;
    Trained trained({30, 1});
    const std::size_t recorded = trained.tape.size();
    const Array<double> before = trained.parameters.flat();
    BOOST_CHECK_THROW(trained.on(data, {.patience = 3}), ArgumentError);
    BOOST_CHECK_THROW(trained.on(data, {.validation = &data, .patience = 3, .min_delta = -1}), ArgumentError);
    BOOST_CHECK_THROW(trained.on(data, {.optimiser = Optimiser()}), ArgumentError);
    BOOST_CHECK_THROW(trained.on(Dataset{}, {}), ShapeError);
    const Dataset nothing = take(data, {});
    BOOST_CHECK_THROW(trained.on(nothing, {}), ArgumentError);
    BOOST_CHECK_THROW(trained.on(data, {.validation = &nothing}), ArgumentError);
    Dataset turned = data;
    turned.X = xt::transpose(data.X);
    BOOST_CHECK_THROW(trained.on(turned, {}), BindingError);
    Dataset fewer = data;
    fewer.Y = Array<double>(Extents{1, 454}, 1.0);
    BOOST_CHECK_THROW(trained.on(fewer, {}), BindingError);
    BOOST_CHECK_THROW(trained.on(fewer, {.batch_size = 16}), ShapeError);
    BOOST_TEST(trained.tape.size() == recorded);
    BOOST_TEST((trained.parameters.flat() == before));
}

BOOST_AUTO_TEST_CASE(the_history_is_a_table) {
    const auto& [data, held_out] = breast_cancer();
    Trained trained({30, 1});
    const History history = trained.on(data, {.epochs = 3, .validation = &held_out});
    const auto path = std::filesystem::temp_directory_path() / "xtape_test_history.csv";
    history.write_csv(path);
    const Table table = read_csv(path);
    BOOST_TEST(table.names() == (std::vector<std::string>{"epoch", "cost", "accuracy", "validation_cost",
                                                          "validation_accuracy", "seconds"}),
               boost::test_tools::per_element());
    BOOST_TEST(table.rows() == 3u);
    for (std::size_t k = 0; k < 3; ++k) {
        BOOST_TEST(table.number(k, 0) == static_cast<double>(k + 1));
        BOOST_TEST(table.number(k, 1) == history.epochs[k].cost); // every digit
        BOOST_TEST(table.number(k, 4) == *history.epochs[k].validation_accuracy);
    }
    trained.on(data, {.epochs = 1, .accuracy = false}).write_csv(path);
    BOOST_TEST(read_csv(path).names() == (std::vector<std::string>{"epoch", "cost", "seconds"}),
               boost::test_tools::per_element());
    std::filesystem::remove(path);
    BOOST_CHECK_THROW(history.write_csv("/nowhere/at/all.csv"), DataError);
}
