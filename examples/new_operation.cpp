// A new operation, from its definition to its use: an activation with an attribute, which a network needs to
// go on with a periodic function where its examples end.

#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>
#include <utility>

using namespace xtape;

namespace {

// This is all. There is no derivative: the body, called with Vars, is recorded and differentiated.
// Ziyin, Hartwig, Ueda, "Neural networks fail to learn periodic functions and how to fix it", NeurIPS 2020.
const Op snake_op = elementwise("example::snake")
                        .attributes({"frequency"}, {1.5L})
                        .forward([](auto x, auto frequency) {
                            const auto wave = sin(frequency * x);
                            return x + wave * wave / frequency;
                        })
                        .notation("snake({0})", R"(\operatorname{snake}({0}))")
                        .sampled_on(-10, 10);

Var snake(const Var& x, long double frequency) { return record(snake_op, {x}, {{"frequency", frequency}}); }

/// n points of sin(x) for x in [low, high].
nn::Dataset sine(std::size_t n, double low, double high) {
    auto X = nn::zeros(1, n), Y = nn::zeros(1, n);
    for (std::size_t j = 0; j < n; ++j) {
        X(0, j) = low + (high - low) * static_cast<double>(j) / static_cast<double>(n - 1);
        Y(0, j) = std::sin(X(0, j));
    }
    return {X, Y, {"x"}, {}};
}

/// The root of the mean squared error on [−2π, 2π], from which the network learns, and to the right of it.
std::pair<double, double> errors(const nn::Activation& hidden) {
    constexpr double pi = std::numbers::pi;
    const nn::Dataset inside = sine(200, -2 * pi, 2 * pi), outside = sine(100, 2 * pi, 4 * pi);
    nn::Random random(1);
    nn::Parameters parameters = nn::initialise({1, 16, 1}, random);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters,
                                        {.hidden = hidden,
                                         .output = "identity",
                                         .loss = "squared_error",
                                         .lambda = 0.3}); // small weights are low frequencies
    nn::train(net, parameters, inside, {.optimiser = nn::Adam(0.01), .epochs = 5000, .accuracy = false});
    const auto error = [&](const nn::Dataset& data) {
        const Array<double> difference = nn::predict(net, data.X) - data.Y;
        return std::sqrt(xt::mean(difference * difference)());
    };
    return {error(inside), error(outside)};
}

} // namespace

int main() try {
    const Report report = check_op(snake_op);
    fmt::print("{}\n\n", report);
    if (!report.passed()) return report.exit_status();

    fmt::print("error of sin(x)      where it learned      beyond\n");
    const auto row = [](const char* name, const std::pair<double, double>& error) {
        fmt::print("{:<20} {:>16.4f} {:>11.4f}\n", name, error.first, error.second);
        return error.second;
    };
    const double with_tanh = row("tanh", errors("tanh"));
    const double with_snake = row("snake(·, 1)", errors([](const Var& z) { return snake(z, 1); }));
    return with_snake < with_tanh / 4 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "new_operation: {}\n", error.what());
    return 3;
}
