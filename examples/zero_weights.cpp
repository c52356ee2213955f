// Why a network must not start from zero, or equal, weights: units that start equal have equal activations
// and equal derivatives, so they stay copies of one unit for ever, whatever their number.

#include "planar.hpp"
#include "plot.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

using namespace xtape;

namespace {

constexpr std::size_t epochs = 1000;

struct Outcome {
    double cost, accuracy, spread;     ///< spread: how far units differ from the first in any weight
    std::vector<Column> first_weights; ///< of each unit for x1, epoch by epoch
};

nn::Initialiser equal_to(double value) {
    return
        [value](std::size_t rows, std::size_t cols, nn::Random&) { return nn::constant(rows, cols, value); };
}

Outcome learn(std::size_t units, const nn::Initialiser& initialiser, const nn::Dataset& data) {
    nn::Random random(1);
    nn::Parameters parameters = nn::initialise({2, units, 1}, random, initialiser);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters);

    Outcome outcome{};
    for (std::size_t k = 0; k < units; ++k)
        outcome.first_weights.push_back({fmt::format("unit {}", k + 1), {}});
    const auto watch = [&](const nn::Epoch&) {
        const Array<double> W1 = parameters["W1"];
        for (std::size_t k = 0; k < units; ++k)
            outcome.first_weights[k].values.push_back(W1(k, 0));
        return true;
    };
    const nn::History history =
        nn::train(net, parameters, data, {.optimiser = nn::Adam(0.02), .epochs = epochs, .callback = watch});
    outcome.cost = history.epochs.back().cost;
    outcome.accuracy = *history.epochs.back().accuracy;

    const Array<double> W1 = parameters["W1"], W2 = parameters["W2"];
    for (std::size_t k = 1; k < units; ++k)
        outcome.spread = std::max({outcome.spread, std::abs(W1(k, 0) - W1(0, 0)),
                                   std::abs(W1(k, 1) - W1(0, 1)), std::abs(W2(0, k) - W2(0, 0))});
    return outcome;
}

} // namespace

int main(int argc, char** argv) try {
    const std::filesystem::path directory = argc > 1 ? argv[1] : XTAPE_EXAMPLES_OUTPUT;
    nn::Random random(1);
    const nn::Dataset data = disk(300, random);

    const Outcome zero = learn(8, equal_to(0), data), half = learn(8, equal_to(0.5), data),
                  one = learn(1, nn::xavier, data), xavier = learn(8, nn::xavier, data);
    fmt::print("{:<30} {:>8} {:>9}   {}\n", "after 1000 epochs", "cost", "accuracy", "units differ by");
    const auto row = [](const char* start, const Outcome& outcome) {
        fmt::print("{:<30} {:>8.4f} {:>9.4f}   {:.4f}\n", start, outcome.cost, outcome.accuracy,
                   outcome.spread);
    };
    row("8 hidden units, all 0", zero);
    row("8 hidden units, all 0.5", half);
    row("1 hidden unit, Xavier", one);
    row("8 hidden units, Xavier", xavier);

    std::vector<Column> columns{{"epoch", {}}};
    for (std::size_t epoch = 1; epoch <= epochs; ++epoch)
        columns[0].values.push_back(static_cast<double>(epoch));
    for (const Outcome* outcome : {&zero, &half, &xavier})
        columns.insert(columns.end(), outcome->first_weights.begin(), outcome->first_weights.end());
    write_csv(directory / "zero_weights.csv", columns);
    draw(directory / "zero_weights.png", fmt::format(R"(
        set multiplot layout 1,3 title 'The weights of eight hidden units for x1, while they learn' font ',15'
        set xlabel 'epoch'
        set ylabel 'W1[k, 1]' offset 1
        set xtics 500
        set yrange [-6:6]
        set key off
        set title "all begin at 0: none moves\naccuracy {:.2f}" font ',12'
        plot for [k=2:9] 'zero_weights.csv' using 1:k with lines ls 2
        set title "all begin at 0.5: they stay one\naccuracy {:.2f}"
        plot for [k=10:17] 'zero_weights.csv' using 1:k with lines ls 2
        set title "Xavier: each finds its own task\naccuracy {:.2f}"
        plot for [k=18:25] 'zero_weights.csv' using 1:k with lines ls 1
    )",
                                                     zero.accuracy, half.accuracy, xavier.accuracy));

    // Units that begin equal are equal to the last bit at the end, and eight of them are worth one.
    const bool copies = zero.spread == 0 && half.spread == 0;
    const bool worth_one = std::min(zero.cost, half.cost) > one.cost - 0.01;
    return copies && worth_one && xavier.cost < 0.1 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "zero_weights: {}\n", error.what());
    return 3;
}
