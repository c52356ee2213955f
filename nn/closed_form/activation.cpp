#include <xtape/nn/closed_form/activation.hpp>

namespace xtape::nn::closed_form {

namespace {

Array<double> logistic(const Array<double>& Z) { return 1.0 / (1.0 + xt::exp(-Z)); }

} // namespace

Activation tanh() {
    return {"tanh", [](const Array<double>& Z) -> Array<double> { return xt::tanh(Z); },
            [](const Array<double>&, const Array<double>& A) -> Array<double> { return 1.0 - A * A; }};
}

Activation sigmoid() {
    return {"sigmoid", logistic,
            [](const Array<double>&, const Array<double>& A) -> Array<double> { return A * (1.0 - A); }};
}

// relu and leaky relu ask for z ≤ 0, not z > 0, so that a NaN stays one; xt::maximum(NaN, 0) would be 0.

Activation relu() {
    return {"relu", [](const Array<double>& Z) -> Array<double> { return xt::where(Z <= 0.0, 0.0, Z); },
            [](const Array<double>& Z, const Array<double>&) -> Array<double> {
                return xt::where(Z > 0.0, 1.0, 0.0);
            }};
}

Activation leaky_relu(double slope) {
    return {"leaky_relu",
            [slope](const Array<double>& Z) -> Array<double> { return xt::where(Z <= 0.0, slope * Z, Z); },
            [slope](const Array<double>& Z, const Array<double>&) -> Array<double> {
                return xt::where(Z > 0.0, 1.0, slope);
            }};
}

Activation softplus() {
    return {"softplus",
            [](const Array<double>& Z) -> Array<double> { // e^z overflows, e^(−|z|) does not
                return xt::maximum(Z, 0.0) + xt::log1p(xt::exp(-xt::abs(Z)));
            },
            [](const Array<double>& Z, const Array<double>&) { return logistic(Z); }};
}

Activation identity() {
    return {"identity", [](const Array<double>& Z) { return Z; },
            [](const Array<double>& Z, const Array<double>&) { return Array<double>(xt::ones_like(Z)); }};
}

} // namespace xtape::nn::closed_form
