#include <xtape/autodiff/error.hpp>
#include <xtape/nn/closed_form/n_examples.hpp>
#include <xtape/nn/matrix.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xtape::nn::closed_form {

namespace {

void require_network(const std::vector<Layer>& layers, const std::vector<Activation>& hidden,
                     const Array<double>& X, const Array<double>& Y) {
    if (layers.empty()) throw ArgumentError("closed_form: a network needs at least one layer.");
    if (hidden.size() + 1 != layers.size())
        throw ArgumentError(fmt::format("closed_form: {} layers need {} hidden activations, not {}.",
                                        layers.size(), layers.size() - 1, hidden.size()));
    require_matrix("closed_form", "X", X);
    if (X.size() == 0)
        throw ArgumentError(
            fmt::format("closed_form: X is {}: there is nothing to take the mean of.", shape_text(X)));
    std::size_t inputs = X.shape()[0];
    for (std::size_t l = 1; l <= layers.size(); ++l) {
        const auto& [W, b] = layers[l - 1];
        require_matrix("closed_form", fmt::format("W{}", l), W);
        if (W.shape()[0] == 0 || W.shape()[1] != inputs)
            throw ShapeError(
                fmt::format("closed_form: W{} is {}, but A{} has {} rows. W must have a column for each.", l,
                            shape_text(W), l - 1, inputs));
        require_matrix("closed_form", fmt::format("b{}", l), b, W.shape()[0], 1);
        inputs = W.shape()[0];
    }
    require_matrix("closed_form", "Y", Y, inputs, X.shape()[1]);
}

void require_distributions(const Array<double>& Y) {
    for (std::size_t j = 0; j < Y.shape()[1]; ++j) {
        const double sum = xt::sum(xt::view(Y, xt::all(), j))();
        if (std::abs(sum - 1) > 1e-9)
            throw ArgumentError(fmt::format(
                "closed_form: column {} of Y sums to {}, not to 1, as the cross-entropy of a softmax needs.",
                j, sum));
    }
}

// A reducer that keeps its dimension reads out of bounds inside a broadcast (xtensor 0.24), so each gets an
// array here.

Array<double> softmax(const Array<double>& Z) {
    const Array<double> largest = xt::amax(Z, {0}, xt::keep_dims);
    const Array<double> E = xt::exp(Z - largest); // e^z itself overflows
    const Array<double> total = xt::sum(E, {0}, xt::keep_dims);
    return E / total;
}

/// Σ over the examples, dimension kept: (n_l × n) gives (n_l × 1).
Array<double> sum_over_examples(const Array<double>& dZ) { return xt::sum(dZ, {1}, xt::keep_dims); }

Array<double> prediction(Output output, const Array<double>& Z) {
    switch (output) {
    case Output::sigmoid_cross_entropy:
        return sigmoid().g(Z);
    case Output::softmax_cross_entropy:
        return softmax(Z);
    case Output::identity_squared_error:
        return Z;
    }
    throw ArgumentError("closed_form: unknown output.");
}

/// Σ y log a, where 0 · log 0 = 0.
double sum_y_log_a(const Array<double>& Y, const Array<double>& A) {
    const Array<double> terms = xt::where(xt::equal(Y, 0.0) && xt::equal(A, 0.0), 0.0, Y * xt::log(A));
    return xt::sum(terms)();
}

double cost(Output output, const Array<double>& A, const Array<double>& Y) {
    const auto n = static_cast<double>(Y.shape()[1]);
    if (output == Output::identity_squared_error) return xt::sum((A - Y) * (A - Y))() / (2 * n);
    if (output == Output::softmax_cross_entropy) return -sum_y_log_a(Y, A) / n;
    return -(sum_y_log_a(Y, A) + sum_y_log_a(1.0 - Y, 1.0 - A)) / n;
}

/// y / a, where 0 / 0 = 0 as y log a is.
Array<double> y_over_a(const Array<double>& Y, const Array<double>& A) {
    return xt::where(xt::equal(Y, 0.0) && xt::equal(A, 0.0), 0.0, Y / A);
}

/// n ∂J/∂A_L.
Array<double> cost_derivative(Output output, const Array<double>& A, const Array<double>& Y) {
    if (output == Output::identity_squared_error) return A - Y;
    if (output == Output::softmax_cross_entropy) return -y_over_a(Y, A);
    return -y_over_a(Y, A) + y_over_a(1.0 - Y, 1.0 - A);
}

} // namespace

Pass n_examples(const std::vector<Layer>& layers, const std::vector<Activation>& hidden, Output output,
                const Array<double>& X, const Array<double>& Y) {
    require_network(layers, hidden, X, Y);
    if (output == Output::softmax_cross_entropy) require_distributions(Y);

    const std::size_t L = layers.size();
    const auto n = static_cast<double>(X.shape()[1]);
    const std::vector<Array<double>> empty(L + 1, Array<double>(Extents{0, 0}));
    Pass pass{0, empty, empty, empty, empty, empty, empty};
    auto& [J, Z, A, dA, dZ, dW, db] = pass;

    A[0] = X;
    for (std::size_t l = 1; l <= L; ++l) {
        const auto& [W, b] = layers[l - 1];
        Z[l] = product(W, A[l - 1]) + b;
        A[l] = l < L ? hidden[l - 1].g(Z[l]) : prediction(output, Z[l]);
        require_matrix("closed_form", fmt::format("A{}", l), A[l], Z[l].shape()[0], Z[l].shape()[1]);
    }
    J = cost(output, A[L], Y);

    dA[L] = cost_derivative(output, A[L], Y);
    dZ[L] = A[L] - Y;
    for (std::size_t l = L; l >= 1; --l) {
        if (l < L) {
            dA[l] = product(transposed(layers[l].W), dZ[l + 1]);
            const Array<double> slope = hidden[l - 1].derivative(Z[l], A[l]);
            require_matrix("closed_form", fmt::format("g{}′(Z{})", l, l), slope, Z[l].shape()[0],
                           Z[l].shape()[1]);
            dZ[l] = dA[l] * slope;
        }
        dW[l] = product(dZ[l], transposed(A[l - 1])) / n;
        db[l] = sum_over_examples(dZ[l]) / n;
    }
    return pass;
}

} // namespace xtape::nn::closed_form
