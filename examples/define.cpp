#include <xtape/nn.hpp>
using namespace xtape;

int main() {
    xt::xarray<double> x{{0, 0, 1, 1}, {0, 1, 0, 1}}, y{{0, 1, 1, 1}};
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 2), Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    Var W = tape.variable("W", nn::zeros(1, 2)), b = tape.variable("b", nn::zeros(1, 1));
    Var A = named("A", sigmoid(matmul(W, X) + b));
    Var J = named("J", mean(nn::binary_cross_entropy(A, Y)));
    auto [dW, db] = gradient(J, W, b);
    fmt::print("{}\n{}\n", equation(dW), equation(db));
    fmt::print("dW = {}\ndb = {}\n", dW.value({{X, x}, {Y, y}}), db.value({{X, x}, {Y, y}}));
    fmt::print("∂²J/∂b² = {}\n", gradient(sum(db), b).value({{X, x}, {Y, y}}));
}
