#pragma once

/// The derivation of a network by hand, in plain loops, in which mistakes may be made.

#include <xtape/autodiff/autodiff.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace derivation {

using namespace xtape;
using Matrix = xt::xarray<double>;

inline Matrix zeros(std::size_t rows, std::size_t columns) {
    return Matrix(xt::zeros<double>({rows, columns}));
}

inline Matrix turned(const Matrix& a) {
    Matrix b = zeros(a.shape(1), a.shape(0));
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < a.shape(1); ++j)
            b(j, i) = a(i, j);
    return b;
}

inline Matrix product(const Matrix& a, const Matrix& b) {
    Matrix c = zeros(a.shape(0), b.shape(1));
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < b.shape(1); ++j)
            for (std::size_t k = 0; k < a.shape(1); ++k)
                c(i, j) += a(i, k) * b(k, j);
    return c;
}

inline Matrix row_sums(const Matrix& a) { return product(a, Matrix(xt::ones<double>({a.shape(1), 1UL}))); }
inline Matrix column_sums(const Matrix& a) { return product(Matrix(xt::ones<double>({1UL, a.shape(0)})), a); }

inline Matrix each(const Matrix& a, const std::function<double(double)>& f) {
    Matrix b = a;
    std::transform(a.begin(), a.end(), b.begin(), f);
    return b;
}

/// Entry by entry, where a column or a row is repeated.
inline Matrix both(const Matrix& a, const Matrix& b, const std::function<double(double, double)>& f) {
    const std::size_t rows = std::max(a.shape(0), b.shape(0)), columns = std::max(a.shape(1), b.shape(1));
    Matrix c = zeros(rows, columns);
    const auto at = [](const Matrix& m, std::size_t i, std::size_t j) {
        return m(m.shape(0) == 1 ? 0 : i, m.shape(1) == 1 ? 0 : j);
    };
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j)
            c(i, j) = f(at(a, i, j), at(b, i, j));
    return c;
}
inline Matrix plus(const Matrix& a, const Matrix& b) { return both(a, b, std::plus<>()); }
inline Matrix minus(const Matrix& a, const Matrix& b) { return both(a, b, std::minus<>()); }
inline Matrix times(const Matrix& a, const Matrix& b) { return both(a, b, std::multiplies<>()); }
inline Matrix times(double c, const Matrix& a) {
    return each(a, [c](double x) { return c * x; });
}

inline double logistic(double z) { return 1 / (1 + std::exp(-z)); }

/// An activation and its derivative at z.
struct Activation {
    double (*value)(double);
    double (*slope)(double);
    Var (*record)(Var);
};

inline const std::map<std::string, Activation>& activations() {
    // What a user defines on the spot: tanh, as an operation that nothing else knows.
    static const Op squash = elementwise("mine::squash")
                                 .forward([](auto x) { return 2 * sigmoid(2 * x) - 1; })
                                 .notation("sq({0})", R"(\operatorname{sq}({0}))")
                                 .sampled_on(-3, 3);
    static const auto tanh_slope = [](double z) { return 1 - std::tanh(z) * std::tanh(z); };
    static const std::map<std::string, Activation> all{
        {"tanh", {[](double z) { return std::tanh(z); }, tanh_slope, [](Var z) { return tanh(z); }}},
        {"squash",
         {[](double z) { return 2 * logistic(2 * z) - 1; },
          [](double z) { return 4 * logistic(2 * z) * (1 - logistic(2 * z)); },
          [](Var z) { return record(squash, {z}); }}},
        {"sigmoid",
         {logistic, [](double z) { return logistic(z) * (1 - logistic(z)); },
          [](Var z) { return sigmoid(z); }}},
        {"relu",
         {[](double z) { return z > 0 ? z : 0.0; }, [](double z) { return z > 0 ? 1.0 : 0.0; },
          [](Var z) { return relu(z); }}},
        {"softplus",
         {[](double z) { return std::log1p(std::exp(z)); }, logistic, [](Var z) { return softplus(z); }}},
    };
    return all;
}

class Hand {
public:
    std::vector<std::size_t> widths{3, 4, 2};
    std::vector<std::string> hidden{"tanh"}; ///< the output is sigmoid
    std::size_t n = 5;
    unsigned seed = 1;
    bool deferred = true;
    bool single = false;      ///< every step is rounded to float
    bool squared = false;     ///< loss ½ Σ (A − Y)² / n in place of binary cross-entropy
    bool own_loss = false;    ///< loss Σ log cosh(A − Y) / n, which no library has
    double lambda = 0;        ///< of the L2 penalty λ/2n Σ W²
    bool other_order = false; ///< of recording
    std::string suffix;       ///< of every name
    std::map<std::string, Matrix> a;
    std::map<std::string, std::vector<std::function<Matrix(Hand&)>>> mistakes; ///< one after the other

    Matrix& operator[](const std::string& name) { return a.at(name); }
    [[nodiscard]] std::size_t layers() const { return widths.size() - 1; }
    /// By what gradients of parameters are still to be divided.
    [[nodiscard]] double later() const { return deferred ? count() : 1; }
    [[nodiscard]] double count() const { return static_cast<double>(n); }
    [[nodiscard]] std::string activation(std::size_t layer) const {
        return layer == layers() ? "sigmoid" : hidden[layer - 1];
    }
    [[nodiscard]] Matrix slope(std::size_t layer) {
        return each(a.at(of("Z", layer)), activations().at(activation(layer)).slope);
    }
    static std::string of(const std::string& letter, std::size_t layer) {
        return letter == "A" && layer == 0 ? "X" : letter + std::to_string(layer);
    }

    Hand& derive() {
        std::mt19937 generator(seed);
        std::normal_distribution<double> normal;
        const auto draw = [&](const std::string& name, std::size_t rows, std::size_t columns) {
            Matrix m = zeros(rows, columns);
            for (double& x : m)
                x = normal(generator);
            keep(name, m);
        };
        draw("X", widths[0], n);
        draw("Y", widths.back(), n);
        for (double& y : a["Y"])
            y = y > 0;
        for (std::size_t l = 1; l <= layers(); ++l) {
            draw(of("W", l), widths[l], widths[l - 1]);
            draw(of("b", l), widths[l], 1);
        }
        for (std::size_t l = 1; l <= layers(); ++l) {
            step(of("Z", l),
                 [l](Hand& h) { return plus(product(h[of("W", l)], h[of("A", l - 1)]), h[of("b", l)]); });
            step(of("A", l),
                 [l](Hand& h) { return each(h[of("Z", l)], activations().at(h.activation(l)).value); });
        }
        const double m = count(), later = this->later();
        for (std::size_t l = layers(); l > 0; --l) {
            step(of("dZ", l), [l, later](Hand& h) { return h.gradient_of_z(l, later); });
            step(of("dW", l), [l, m, later](Hand& h) {
                return plus(times(1 / later, product(h[of("dZ", l)], turned(h[of("A", l - 1)]))),
                            times(h.lambda / m, h[of("W", l)]));
            });
            step(of("db", l), [l, later](Hand& h) { return times(1 / later, row_sums(h[of("dZ", l)])); });
        }
        return *this;
    }

    [[nodiscard]] Report check() const {
        Tape tape;
        const std::size_t last = layers();
        const auto name = [&](const std::string& s) { return s + suffix; };
        const auto input = [&](const std::string& s, std::size_t layer) {
            return tape.input(name(s), {Dim("n" + std::to_string(layer), widths[layer]), Dim("n")});
        };
        std::map<std::string, Var> v;
        if (!other_order) v["X"] = input("X", 0), v["Y"] = input("Y", last);
        for (std::size_t k = 1; k <= last; ++k) {
            const std::size_t l = other_order ? last + 1 - k : k;
            for (const std::string letter : other_order ? std::vector{"b", "W"} : std::vector{"W", "b"})
                v[of(letter, l)] = tape.variable(name(of(letter, l)), a.at(of(letter, l)));
        }
        if (other_order) v["Y"] = input("Y", last), v["X"] = input("X", 0);
        for (std::size_t l = 1; l <= last; ++l) {
            const Var wa = matmul(v[of("W", l)], v[of("A", l - 1)]), b = v[of("b", l)];
            v[of("Z", l)] = named(name(of("Z", l)), other_order ? b + wa : wa + b);
            v[of("A", l)] = named(name(of("A", l)), activations().at(activation(l)).record(v[of("Z", l)]));
        }
        const Var out = v[of("A", last)], y = v["Y"];
        static const Op hinge = elementwise("mine::log_cosh")
                                    .forward([](auto x) { return softplus(2 * x) - x; })
                                    .notation("h({0})", "h({0})")
                                    .sampled_on(-3, 3);
        const Var term = own_loss      ? record(hinge, {out - y})
                         : squared     ? square(out - y) / 2
                         : other_order ? -((1 - y) * log(1 - out) + y * log(out))
                                       : -(y * log(out) + (1 - y) * log(1 - out));
        Var cost = sum(term) / extent(v["X"], 1);
        if (lambda != 0) {
            Var squares = sum(square(v["W1"]));
            for (std::size_t l = 2; l <= last; ++l)
                squares = squares + sum(square(v[of("W", l)]));
            cost = cost + lambda / (2 * extent(v["X"], 1)) * squares;
        }
        NamedArrays arrays;
        std::vector<xt::xarray<float>> floats; // referred to
        floats.reserve(a.size());
        for (const auto& [array_name, array] : a)
            if (single)
                arrays.emplace_back(name(array_name), floats.emplace_back(xt::cast<float>(array)));
            else
                arrays.emplace_back(name(array_name), array);
        return verify(cost, arrays);
    }

private:
    Matrix gradient_of_z(std::size_t l, double mean) {
        if (l < layers())
            return times(product(turned(a.at(of("W", l + 1))), a.at(of("dZ", l + 1))), slope(l));
        const Matrix difference = minus(a.at(of("A", l)), a.at("Y"));
        if (own_loss)
            return times(times(mean / count(), each(difference, [](double x) { return std::tanh(x); })),
                         slope(l));
        return times(times(mean / count(), difference),
                     squared ? slope(l) : each(difference, [](double) { return 1.0; }));
    }
    void keep(const std::string& name, Matrix m) {
        a[name] = single ? each(m, [](double x) { return static_cast<double>(static_cast<float>(x)); }) : m;
    }
    void step(const std::string& name, const std::function<Matrix(Hand&)>& right) {
        keep(name, right(*this));
        if (const auto wrong = mistakes.find(name); wrong != mistakes.end())
            for (const auto& mistake : wrong->second)
                keep(name, mistake(*this));
    }
};

/// What was said of each array that failed by itself, and the alternatives that the data leave, in order.
inline std::map<std::string, std::vector<std::string>> causes_in(const Report& report) {
    std::map<std::string, std::vector<std::string>> result;
    for (const Comparison& c : report.comparisons()) {
        if (c.finding.empty()) continue;
        const std::string first = c.finding.substr(0, c.finding.find_first_of(";\n"));
        std::vector<std::string>& causes = result[c.name];
        causes.push_back(first);
        const std::string cannot = "These data cannot tell that from: ";
        if (const auto at = c.finding.find(cannot); at != std::string::npos) {
            std::string rest = c.finding.substr(at + cannot.size());
            for (std::size_t end; (end = rest.find("; ")) != std::string::npos; rest = rest.substr(end + 2))
                causes.push_back(rest.substr(0, end));
            causes.push_back(rest);
        }
    }
    return result;
}

} // namespace derivation
