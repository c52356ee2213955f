// Prints a network's output, cost and gradients to the last bit.
#include <xtape/nn.hpp>

#include <cmath>
#include <type_traits>

using namespace xtape;

// What makes this worth a test: the type that this file calls xarray is another one than the library's.
#ifdef XTENSOR_USE_XSIMD
static_assert(!std::is_same_v<xt::xarray<double>, Array<double>>);
#endif

// Awkward numbers in odd sizes, so that whole and partial vectors occur.
xt::xarray<double> numbers(std::size_t rows, std::size_t columns) {
    xt::xarray<double> result = xt::zeros<double>({rows, columns});
    for (std::size_t i = 0; i < result.size(); ++i) {
        result.flat(i) = std::sin(1.7 * static_cast<double>(i + rows)) / 3;
    }
    return result;
}

int main() {
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 5), Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    Var W1 = tape.variable("W1", numbers(7, 5)), b1 = tape.variable("b1", numbers(7, 1));
    Var W2 = tape.variable("W2", numbers(1, 7)), b2 = tape.variable("b2", numbers(1, 1));
    Var A1 = tanh(matmul(W1, X) + b1);
    Var A2 = sigmoid(matmul(W2, A1) + b2);
    Var J = mean(nn::binary_cross_entropy(A2, Y));
    auto [dW1, db1, dW2, db2] = gradient(J, W1, b1, W2, b2);

    xt::xarray<double> x = numbers(5, 13), y = xt::cast<double>(numbers(1, 13) > 0);
    for (Var v : {A2, J, dW1, db1, dW2, db2}) {
        xt::xarray<double> value = v.value({{X, x}, {Y, y}});
        for (double number : value) {
            fmt::print("{:a} ", number);
        }
        fmt::print("\n");
    }

    nn::Parameters parameters; // a flat vector of this file's xarray, for an optimiser of its own
    parameters.add("W1", numbers(7, 5));
    xt::xarray<double> flat = parameters.flat();
    parameters.assign_flat(xt::xarray<double>(flat / 3));
    fmt::print("{}\n", xt::xarray<double>(parameters.flat()));
}
