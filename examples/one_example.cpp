// One example through a 3-4-1 network, forwards and backwards: every quantity of the textbook, from the tape,
// with the one derived by hand beside it.

#include <xtape/autodiff.hpp>
#include <xtape/nn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace xtape;

int main() try {
    Array<double> x_value{0.5, -1.2, 0.8}, y_value{1};
    x_value.reshape({3, 1}); // an example is a column
    y_value.reshape({1, 1});
    nn::Random random(1);
    const Array<double> W1_value = nn::xavier(4, 3, random), b1_value = nn::constant(4, 1, 0.1);
    const Array<double> W2_value = nn::xavier(1, 4, random), b2_value = nn::constant(1, 1, -0.2);

    // Recording: nothing is computed here, only shapes are checked.
    Tape tape;
    const Var x = tape.input("x", {3, 1}), y = tape.input("y", {1, 1});
    const Var W1 = tape.variable("W1", W1_value), b1 = tape.variable("b1", b1_value);
    const Var W2 = tape.variable("W2", W2_value), b2 = tape.variable("b2", b2_value);
    const Var z1 = named("z1", matmul(W1, x) + b1);
    const Var a1 = named("a1", tanh(z1));
    const Var z2 = named("z2", matmul(W2, a1) + b2);
    const Var a2 = named("a2", sigmoid(z2));
    const Var L = named("L", nn::binary_cross_entropy(a2, y));

    // The gradient is more tape: one walk backwards from L gives all of them.
    const auto [da2, dz2, dW2, db2, da1, dz1, dW1, db1] = gradient(L, a2, z2, W2, b2, a1, z1, W1, b1);

    namespace textbook = nn::closed_form;
    const auto hand =
        textbook::one_example({W1_value, b1_value}, {W2_value, b2_value}, textbook::tanh(), x_value, y_value);

    const struct {
        const char *symbol, *formula;
        Var var;
        Array<double> by_hand;
    } rows[] = {
        {"z1", "W1 x + b1", z1, hand.z1},
        {"a1", "tanh(z1)", a1, hand.a1},
        {"z2", "W2 a1 + b2", z2, hand.z2},
        {"a2", "σ(z2)", a2, hand.a2},
        {"L", "−(y log a2 + (1 − y) log(1 − a2))", L, nn::constant(1, 1, hand.L)},
        {"∂L/∂a2", "−y/a2 + (1 − y)/(1 − a2)", da2, hand.dL_da2},
        {"∂L/∂z2", "a2 − y", dz2, hand.dL_dz2},
        {"∂L/∂W2", "∂L/∂z2 a1ᵀ", dW2, hand.dL_dW2},
        {"∂L/∂b2", "∂L/∂z2", db2, hand.dL_db2},
        {"∂L/∂a1", "W2ᵀ ∂L/∂z2", da1, hand.dL_da1},
        {"∂L/∂z1", "∂L/∂a1 ∗ (1 − a1²)", dz1, hand.dL_dz1},
        {"∂L/∂W1", "∂L/∂z1 xᵀ", dW1, hand.dL_dW1},
        {"∂L/∂b1", "∂L/∂z1", db1, hand.dL_db1},
    };

    Evaluation<double> example{{x, x_value}, {y, y_value}}; // remembers the forward values for the backward
    double largest = 0;
    fmt::print("{:<8} {:<35} {:>13} {:>13}\n", "", "textbook", "the tape's", "by hand");
    for (const auto& [symbol, formula, var, by_hand] : rows) {
        const Array<double> value = example.value(var);
        for (std::size_t i = 0; i < value.shape()[0]; ++i)
            for (std::size_t j = 0; j < value.shape()[1]; ++j) {
                const bool first = i == 0 && j == 0;
                fmt::print("{:<8} {:<35} {:>13.9f} {:>13.9f}\n", first ? symbol : "", first ? formula : "",
                           value(i, j), by_hand(i, j));
                largest = std::max(largest, std::abs(value(i, j) - by_hand(i, j)));
            }
    }
    fmt::print("\nlargest difference {:.1e}\n", largest);
    return largest <= 1e-14 ? 0 : 1;
} catch (const std::exception& error) {
    fmt::print(stderr, "one_example: {}\n", error.what());
    return 3;
}
