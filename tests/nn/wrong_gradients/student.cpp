#include "student.hpp"

#include <cmath>
#include <random>

namespace wrong_gradients {

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix c = xt::zeros<double>({a.shape(0), b.shape(1)});
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t k = 0; k < a.shape(1); ++k)
            for (std::size_t j = 0; j < b.shape(1); ++j)
                c(i, j) += a(i, k) * b(k, j);
    return c;
}

Matrix transposed(const Matrix& a) { return xt::transpose(a); }

Matrix sum_over_examples(const Matrix& a) {
    Matrix s = xt::zeros<double>({a.shape(0), std::size_t{1}});
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < a.shape(1); ++j)
            s(i, 0) += a(i, j);
    return s;
}

namespace {
void predict(Notes& s) {
    for (std::size_t l = 1; l <= s.L; ++l) {
        s.Z[l] = product(s.W[l], s.A[l - 1]) + s.b[l];
        if (l < s.L)
            s.A[l] = xt::tanh(s.Z[l]);
        else
            s.A[l] = 1.0 / (1.0 + xt::exp(-s.Z[l]));
    }
}
} // namespace

Notes forward(std::size_t hidden_layers, unsigned seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    auto drawn = [&](std::size_t rows, std::size_t cols, double scale) {
        Matrix m = xt::zeros<double>({rows, cols});
        for (double& x : m)
            x = scale * normal(engine);
        return m;
    };
    const std::vector<std::size_t> nodes =
        hidden_layers == 1 ? std::vector<std::size_t>{3, 5, 2} : std::vector<std::size_t>{3, 5, 4, 2};
    Notes s;
    s.L = nodes.size() - 1;
    s.n = 11;
    for (auto* list : {&s.W, &s.b, &s.Z, &s.A, &s.dZ, &s.dW, &s.db})
        list->resize(nodes.size());
    s.A[0] = drawn(nodes[0], 11, 1);
    for (std::size_t l = 1; l <= s.L; ++l) {
        s.W[l] = drawn(nodes[l], nodes[l - 1], 1 / std::sqrt(static_cast<double>(nodes[l - 1])));
        s.b[l] = drawn(nodes[l], 1, 0.3);
    }
    s.Y = drawn(nodes[s.L], 11, 1);
    for (double& y : s.Y)
        y = y > 0 ? 1 : 0;
    predict(s);
    return s;
}

Matrix right_step(const std::string& kind, const Notes& s, std::size_t l) {
    if (kind == "dW") return product(s.dZ[l], transposed(s.A[l - 1])) / s.n;
    if (kind == "db") return sum_over_examples(s.dZ[l]) / s.n;
    if (l == s.L) return s.A[l] - s.Y;
    return product(transposed(s.W[l + 1]), s.dZ[l + 1]) * (1.0 - s.A[l] * s.A[l]);
}

void backward(Notes& s, const Steps& wrong) {
    auto step = [&](const std::string& kind, std::size_t l) {
        auto found = wrong.find(kind + std::to_string(l));
        return found == wrong.end() ? right_step(kind, s, l) : found->second(s, l);
    };
    for (std::size_t l = s.L; l > 0; --l) {
        s.dZ[l] = step("dZ", l);
        s.dW[l] = step("dW", l);
        s.db[l] = step("db", l);
    }
}

double cost(Notes s) {
    predict(s);
    const Matrix& a = s.A[s.L];
    double total = 0;
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < a.shape(1); ++j)
            total -= s.Y(i, j) * std::log(a(i, j)) + (1 - s.Y(i, j)) * std::log1p(-a(i, j));
    return total / s.n;
}

std::vector<Mistake> mistakes() {
    using S = const Notes&;
    using N = std::size_t;
    std::vector<Mistake> all;
    auto back = [](S s, N l) { return product(transposed(s.W[l + 1]), s.dZ[l + 1]); };
    for (N hidden : {N{1}, N{2}}) {
        const std::string last = std::to_string(hidden + 1);
        auto add = [&](std::string array, std::string kind, std::string cause, Step step) {
            all.push_back({std::move(array), std::move(kind), std::move(cause), hidden, std::move(step)});
        };
        add("dZ" + last, "wrong sign", "Y - A", [](S s, N l) -> Matrix { return s.Y - s.A[l]; });
        add("dZ" + last, "wrong array", "Z - Y", [](S s, N l) -> Matrix { return s.Z[l] - s.Y; });
        add("dZ" + last, "extra factor", "sigmoid's derivative once more",
            [](S s, N l) -> Matrix { return (s.A[l] - s.Y) * s.A[l] * (1.0 - s.A[l]); });
        add("dZ1", "missing factor", "no derivative of tanh", back);
        add("dZ1", "wrong derivative", "1 - Z^2",
            [=](S s, N l) -> Matrix { return back(s, l) * (1.0 - s.Z[l] * s.Z[l]); });
        add("dZ1", "wrong derivative", "1 - A",
            [=](S s, N l) -> Matrix { return back(s, l) * (1.0 - s.A[l]); });
        add("dZ1", "wrong derivative", "1 + A^2",
            [=](S s, N l) -> Matrix { return back(s, l) * (1.0 + s.A[l] * s.A[l]); });
        add("dZ1", "another activation", "sigmoid's derivative for tanh's",
            [=](S s, N l) -> Matrix { return back(s, l) * s.A[l] * (1.0 - s.A[l]); });
        add("dZ1", "wrong array", "times Z1", [=](S s, N l) -> Matrix { return back(s, l) * s.Z[l]; });
        add("dZ1", "wrong array", "dW for W", [](S s, N l) -> Matrix {
            return product(transposed(s.dW[l + 1]), s.dZ[l + 1]) * (1.0 - s.A[l] * s.A[l]);
        });
        add("dZ1", "extra factor", "1/n already here",
            [](S s, N l) -> Matrix { return right_step("dZ", s, l) / s.n; });
        add("dZ1", "updated too early", "W after its step of 0.5", [](S s, N l) -> Matrix {
            return product(transposed(s.W[l + 1] - 0.5 * s.dW[l + 1]), s.dZ[l + 1]) * (1.0 - s.A[l] * s.A[l]);
        });
        for (N layer = 1; layer <= hidden + 1; ++layer) {
            const std::string l_ = std::to_string(layer);
            add("dW" + l_, "sum for mean", "no 1/n",
                [](S s, N l) -> Matrix { return s.n * right_step("dW", s, l); });
            add("dW" + l_, "off by one", "1/(n - 1)",
                [](S s, N l) -> Matrix { return right_step("dW", s, l) * s.n / (s.n - 1); });
            add("dW" + l_, "wrong array", layer > 1 ? "Z for the previous A" : "tanh of X for X",
                [](S s, N l) -> Matrix {
                    return product(s.dZ[l], transposed(l > 1 ? s.Z[l - 1] : Matrix(xt::tanh(s.A[0])))) / s.n;
                });
            add("dW" + l_, "extra L2", "0.3/n W though there is no penalty",
                [](S s, N l) -> Matrix { return right_step("dW", s, l) + 0.3 / s.n * s.W[l]; });
            add("db" + l_, "sum for mean", "no 1/n", [](S s, N l) { return sum_over_examples(s.dZ[l]); });
            add("db" + l_, "extra factor", "times the activation",
                [](S s, N l) -> Matrix { return sum_over_examples(s.dZ[l] * s.A[l]) / s.n; });
        }
    }
    return all;
}

} // namespace wrong_gradients
