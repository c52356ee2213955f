// The README's first steps, and the versions that header and package report.
#include <xtape/nn.hpp>
#include <xtape/version.hpp>

#include <cmath>
#include <string_view>

using namespace xtape;

int main() {
    static_assert(XTAPE_VERSION >= 100 && std::string_view(version) != "");
    xt::xarray<double> x{{0, 1, 2}, {1, 0, -1}};
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 2), Dim("n")});
    Var W = tape.variable("W", xt::xarray<double>{{1, 2}});
    Var A = sigmoid(matmul(W, X));
    Var dW = gradient(sum(A), W);
    auto value = dW.value({{X, x}});

    double expected[2] = {0, 0};
    for (std::size_t j = 0; j < 3; ++j) {
        const double a = 1 / (1 + std::exp(-x(0, j) - 2 * x(1, j)));
        expected[0] += a * (1 - a) * x(0, j);
        expected[1] += a * (1 - a) * x(1, j);
    }
    fmt::print("dW = {} {}, expected {} {}\n", value(0, 0), value(0, 1), expected[0], expected[1]);
    return std::abs(value(0, 0) - expected[0]) < 1e-15 && std::abs(value(0, 1) - expected[1]) < 1e-15 ? 0 : 1;
}
