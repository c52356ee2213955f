#include <xtape/nn/closed_form/one_example.hpp>
#include <xtape/nn/matrix.hpp>

#include <cmath>

namespace xtape::nn::closed_form {

namespace {

void require_shapes(const Layer& layer1, const Layer& layer2, const Array<double>& x,
                    const Array<double>& y) {
    constexpr auto name = "closed_form::one_example";
    require_matrix(name, "W1", layer1.W);
    require_matrix(name, "W2", layer2.W);
    const std::size_t n0 = layer1.W.shape()[1], n1 = layer1.W.shape()[0], n2 = layer2.W.shape()[0];
    require_matrix(name, "b1", layer1.b, n1, 1);
    require_matrix(name, "W2", layer2.W, n2, n1);
    require_matrix(name, "b2", layer2.b, n2, 1);
    require_matrix(name, "x", x, n0, 1);
    require_matrix(name, "y", y, n2, 1);
}

/// y log a, where 0 · log 0 = 0.
double y_log_a(double y, double a) { return y == 0 && a == 0 ? 0 : y * std::log(a); }

double loss(const Array<double>& a, const Array<double>& y) {
    double sum = 0;
    for (std::size_t k = 0; k < a.shape()[0]; ++k)
        sum -= y_log_a(y(k, 0), a(k, 0)) + y_log_a(1 - y(k, 0), 1 - a(k, 0));
    return sum;
}

} // namespace

OneExample one_example(const Layer& layer1, const Layer& layer2, const Activation& g1, const Array<double>& x,
                       const Array<double>& y) {
    require_shapes(layer1, layer2, x, y);
    const auto& [W1, b1] = layer1;
    const auto& [W2, b2] = layer2;

    OneExample e;
    e.a0 = x;
    e.z1 = product(W1, e.a0) + b1;
    e.a1 = g1.g(e.z1);
    require_matrix("closed_form::one_example", "a1", e.a1, e.z1.shape()[0], 1);
    e.z2 = product(W2, e.a1) + b2;
    e.a2 = sigmoid().g(e.z2);
    e.L = loss(e.a2, y);

    e.dL_da2 = -y / e.a2 + (1.0 - y) / (1.0 - e.a2);
    e.da2_dz2 = e.a2 * (1.0 - e.a2);
    e.dL_dz2 = e.a2 - y;

    e.dL_dW2 = product(e.dL_dz2, transposed(e.a1));
    e.dL_db2 = e.dL_dz2;
    e.dL_da1 = product(transposed(W2), e.dL_dz2);

    const Array<double> slope = g1.derivative(e.z1, e.a1);
    require_matrix("closed_form::one_example", "g1′(z1)", slope, e.z1.shape()[0], 1);
    e.dL_dz1 = e.dL_da1 * slope;

    e.dL_dW1 = product(e.dL_dz1, transposed(e.a0));
    e.dL_db1 = e.dL_dz1;
    return e;
}

} // namespace xtape::nn::closed_form
