#include <xtape/nn.hpp>

#include <xtensor-blas/xlinalg.hpp>
using namespace xtape;

int main() {
    nn::Random random(1);
    nn::Parameters parameters = nn::initialise({3, 4, 1}, random);
    Tape tape;
    nn::Network net = nn::network(tape, parameters, {.hidden = "tanh", .output = "sigmoid"});

    // Yours: derived by hand, in whatever computes arrays. Here it is plain xtensor.
    xt::xarray<double> X = nn::xavier(3, 5, random), Y{{0, 1, 1, 0, 1}};
    xt::xarray<double> W1 = parameters["W1"], b1 = parameters["b1"], W2 = parameters["W2"],
                       b2 = parameters["b2"];
    xt::xarray<double> A1 = xt::tanh(xt::linalg::dot(W1, X) + b1);
    xt::xarray<double> A2 = 1 / (1 + xt::exp(-(xt::linalg::dot(W2, A1) + b2)));
    xt::xarray<double> dZ2 = A2 - Y;
    xt::xarray<double> dW2 = xt::linalg::dot(dZ2, xt::transpose(A1)) / 5;
    xt::xarray<double> dZ1 = xt::linalg::dot(xt::transpose(W2), dZ2) * (1 - A1 * A1);
    xt::xarray<double> dW1 = xt::linalg::dot(dZ1, xt::transpose(X)) / 5;

    Report report = verify(
        net.cost,
        {{"X", X}, {"Y", Y}, {"A1", A1}, {"A2", A2}, {"dZ2", dZ2}, {"dW2", dW2}, {"dZ1", dZ1}, {"dW1", dW1}});
    fmt::print("{}\n", report);
    return report.exit_status(); // 0 pass, 1 fail, 2 inconclusive
}
