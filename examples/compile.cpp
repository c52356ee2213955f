#include <xtape/nn.hpp>
using namespace xtape;

int main() {
    Tape tape;
    Var X = tape.input("X", {3, Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    Var W = tape.variable("W", xt::xarray<double>{{0.1, -0.2, 0.3}}), b = tape.variable("b", nn::zeros(1, 1));
    Var J = named("J", mean(nn::binary_cross_entropy(sigmoid(matmul(W, X) + b), Y)));
    auto [dW, db] = gradient(J, W, b);

    const Program<double> step = compile<double>({X, Y}, {J, dW, db});
    const xt::xarray<double> x{{0, 1, 0, 1}, {0, 0, 1, 1}, {1, 0, 0, 1}}, y{{0, 1, 0, 1}};
    xt::xarray<double> cost = 0.0, slope = xt::zeros<double>({1, 3}), bias = xt::zeros<double>({1, 1});
    for (int k = 0; k < 100; ++k) {
        step.run({x, y}, {cost, slope, bias}); // allocates nothing after the first time
        tape.assign(W, W.value() - slope);     // a Program reads variables where they live
        tape.assign(b, b.value() - bias);
    }
    fmt::print("J = {:.4f}\n{}\n", cost(), step.plan({{3, 4}, {1, 4}}));
    fmt::print("{}\n", step.profile({x, y}));

    // A function of arrays is recorded at its first call, and for arrays of the same shapes not again.
    const auto fast = compile(value_and_grad([](const Var& v) { return logsumexp(v * v); }));
    fmt::print("f = {}, ∇f = {}\n", fast(y).first, fast(y).second);
}
