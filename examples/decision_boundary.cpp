// Two spirals that no line can separate, learned by a network with two hidden layers, and a picture of what
// it says about every point of the plane.

#include "planar.hpp"
#include "plot.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <filesystem>

using namespace xtape;

namespace {

/// A_L on a grid over the square from −1.2 to 1.2: a column for each x1, which is its name, and a row for
/// each x2. gnuplot calls this a nonuniform matrix.
std::vector<Column> over_the_plane(const nn::Network& net) {
    constexpr std::size_t steps = 121;
    const auto at = [](std::size_t i) { return -1.2 + 2.4 * static_cast<double>(i) / (steps - 1); };
    Array<double> X = nn::zeros(2, steps);
    std::vector<Column> columns{{fmt::to_string(steps), {}}};
    for (std::size_t i = 0; i < steps; ++i)
        columns[0].values.push_back(X(1, i) = at(i));
    for (std::size_t i = 0; i < steps; ++i) {
        xt::view(X, 0, xt::all()) = at(i);
        const Array<double> A = nn::predict(net, X);
        columns.push_back({fmt::format("{:.2f}", at(i)), {A.begin(), A.end()}});
    }
    return columns;
}

std::vector<Column> points(const nn::Dataset& data) {
    std::vector<Column> columns{{"x1", {}}, {"x2", {}}, {"class", {}}};
    for (std::size_t j = 0; j < data.size(); ++j) {
        columns[0].values.push_back(data.X(0, j));
        columns[1].values.push_back(data.X(1, j));
        columns[2].values.push_back(data.Y(0, j));
    }
    return columns;
}

} // namespace

int main(int argc, char** argv) try {
    const std::filesystem::path directory = argc > 1 ? argv[1] : XTAPE_EXAMPLES_OUTPUT;
    nn::Random random(1);
    const nn::Dataset training = spirals(400, 1.5, 0.03, random), fresh = spirals(400, 1.5, 0.03, random);

    nn::Parameters parameters = nn::initialise({2, 16, 16, 1}, random);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters, {.from_logits = true});
    const auto learn = [&](std::size_t epochs) {
        const nn::History history = nn::train(
            net, parameters, training, {.optimiser = nn::Adam(0.01), .epochs = epochs, .batch_size = 50});
        const double accuracy = nn::accuracy(nn::predict(net, fresh.X), fresh.Y);
        fmt::print(
            "after {:>3} more epochs: accuracy {:.4f} on the points it learns from, {:.4f} on others\n",
            epochs, *history.epochs.back().accuracy, accuracy);
        return accuracy;
    };

    learn(50);
    write_csv(directory / "decision_boundary_50.csv", over_the_plane(net));
    const double accuracy = learn(550);
    write_csv(directory / "decision_boundary_600.csv", over_the_plane(net));
    write_csv(directory / "decision_boundary_points.csv", points(training));
    draw(directory / "decision_boundary.png", R"(
        set multiplot layout 1,2 title 'What a 2-16-16-1 network says about every point of the plane' font ',15'
        set xlabel 'x1'
        set ylabel 'x2' offset 1
        set size ratio -1
        set xrange [-1.2:1.2]
        set yrange [-1.2:1.2]
        set cbrange [0:1]
        set palette defined (0 '#8fbfe0', 0.5 '#ffffff', 1 '#f7b27a') maxcolors 10
        set key off
        unset colorbox
        points = 'decision_boundary_points.csv'
        do for [epochs in '50 600'] {
            set title 'after '.epochs.' epochs' font ',13'
            plot 'decision_boundary_'.epochs.'.csv' nonuniform matrix with image, \
                 points using 1:($3 == 0 ? $2 : NaN) with points pt 7 ps 0.6 lc rgb '#08519c', \
                 points using 1:($3 == 1 ? $2 : NaN) with points pt 7 ps 0.6 lc rgb '#a63603'
        }
    )");
    return accuracy > 0.95 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "decision_boundary: {}\n", error.what());
    return 3;
}
