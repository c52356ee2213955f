// Logistic regression is a network without a hidden layer. Its cost is convex, so it may start anywhere, from
// zero weights as well: wherever it starts, it learns the same. The loop is written out, to show what
// nn::train does.

#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <cmath>
#include <utility>

using namespace xtape;

namespace {

/// Follows the gradient from these weights; the cost at the end, and how well held-out examples are
/// predicted.
std::pair<double, double> learn(const Array<double>& first_weights, const nn::Split& data) {
    Tape tape;
    const Var X = tape.input("X", {Dim("n0", 30), Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    const Var W = tape.variable("W", first_weights), b = tape.variable("b", nn::zeros(1, 1));
    const Var Z = named("Z", matmul(W, X) + b);
    const Var A = named("A", sigmoid(Z));
    // Without a price on large weights, data that a plane can separate would drive them to infinity.
    const Var J = mean(nn::binary_cross_entropy_from_logits(Z, Y)) +
                  nn::l2({W}, 10, nn::L2::half_lambda_over_n, extent(X, 1));
    const auto [dW, db] = gradient(J, W, b);

    Evaluation<double> training{{X, data.train.X}, {Y, data.train.Y}};
    const double rate = 0.5;
    for (int step = 0; step < 1000; ++step) {
        if (step == 0 || step == 1 || step == 10 || step == 100)
            fmt::print("  step {:>4}  cost {:.6f}\n", step, training.item(J));
        const Array<double> next_W = training.value(W) - rate * training.value(dW);
        const Array<double> next_b = training.value(b) - rate * training.value(db);
        tape.assign(W, next_W);
        tape.assign(b, next_b);
    }
    const double accuracy = nn::accuracy(A.value({{X, data.held_out.X}}), data.held_out.Y);
    fmt::print("  step 1000  cost {:.6f}, accuracy on held-out examples {:.4f}\n", training.item(J),
               accuracy);
    return {training.item(J), accuracy};
}

} // namespace

int main() try {
    nn::Random random(1);
    nn::Split data = nn::stratified_split(
        nn::load_dataset(XTAPE_EXAMPLES_DATA "/breast_cancer_wisconsin.csv", "diagnosis"), 0.2, random);
    const auto standardiser = nn::Standardiser::fit(data.train.X);
    data.train.X = standardiser.apply(data.train.X);
    data.held_out.X = standardiser.apply(data.held_out.X);

    fmt::print("from zero weights, where every prediction is 1/2 and the cost is log 2:\n");
    const auto [from_zeros, accuracy] = learn(nn::zeros(1, 30), data);
    fmt::print("from random weights:\n");
    const auto [from_random, same] = learn(nn::xavier(1, 30, random), data);
    fmt::print("the two costs differ by {:.1e}\n", std::abs(from_zeros - from_random));
    return std::abs(from_zeros - from_random) < 1e-6 && accuracy > 0.9 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "logistic_regression: {}\n", error.what());
    return 3;
}
