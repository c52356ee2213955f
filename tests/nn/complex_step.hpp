#pragma once

/// The cost of a network in complex scalars, one example and one node at a time, and its derivatives by the
/// complex step (Squire and Trapp, SIAM Review 40, 1998): ∂J/∂x = Im J(x + ih)/h, without truncation or
/// cancellation. Nothing here is shared with the closed form but the parameters' arrays.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/closed_form.hpp>

#include <complex>
#include <functional>
#include <vector>

using Complex = std::complex<double>;

/// An activation beside the same function of one complex number.
struct Hidden {
    xtape::nn::closed_form::Activation closed_form;
    std::function<Complex(Complex)> scalar;
};

struct ComplexStep {
    using Matrix = xtape::Array<double>;
    enum class Site { nowhere, W, b, Z, A };

    std::vector<xtape::nn::closed_form::Layer> layers;
    std::vector<Hidden> hidden;
    xtape::nn::closed_form::Output output;
    Matrix X, Y;

    double cost() const { return at(Site::nowhere, 0, 0, 0).real(); }

    /// ∂J/∂W_l, ∂J/∂b_l, ∂J/∂Z_l or ∂J/∂A_l, by nudging one entry after the other.
    Matrix gradient(Site site, std::size_t l) const {
        const auto& [W, b] = layers[l - 1];
        Matrix result(site == Site::W   ? W.shape()
                      : site == Site::b ? b.shape()
                                        : xtape::Extents{W.shape()[0], X.shape()[1]});
        for (std::size_t i = 0; i < result.shape()[0]; ++i)
            for (std::size_t j = 0; j < result.shape()[1]; ++j)
                result(i, j) = at(site, l, i, j).imag() / step;
        return result;
    }

private:
    static constexpr double step = 1e-100;

    /// J with ih added to entry (row, col) of the array at that site in layer `layer`.
    Complex at(Site site, std::size_t layer, std::size_t row, std::size_t col) const {
        const std::size_t n = X.shape()[1];
        Complex sum = 0;
        for (std::size_t e = 0; e < n; ++e) {
            const auto nudge = [&](Site here, std::size_t l, std::size_t i, std::size_t j) {
                return Complex(0, here == site && l == layer && i == row && j == col ? step : 0);
            };
            std::vector<Complex> a;
            for (std::size_t i = 0; i < X.shape()[0]; ++i)
                a.push_back(X(i, e));
            for (std::size_t l = 1; l <= layers.size(); ++l) {
                const auto& [W, b] = layers[l - 1];
                std::vector<Complex> z;
                for (std::size_t i = 0; i < W.shape()[0]; ++i) {
                    z.push_back(b(i, 0) + nudge(Site::b, l, i, 0) + nudge(Site::Z, l, i, e));
                    for (std::size_t j = 0; j < a.size(); ++j)
                        z[i] += (W(i, j) + nudge(Site::W, l, i, j)) * a[j];
                }
                a = activations(l, z);
                for (std::size_t i = 0; i < a.size(); ++i)
                    a[i] += nudge(Site::A, l, i, e);
            }
            sum += loss(a, e);
        }
        return sum / static_cast<double>(n);
    }

    std::vector<Complex> activations(std::size_t l, const std::vector<Complex>& z) const {
        using xtape::nn::closed_form::Output;
        std::vector<Complex> a;
        Complex total = 0;
        for (const Complex& zi : z)
            total += std::exp(zi);
        for (const Complex& zi : z) {
            if (l < layers.size())
                a.push_back(hidden[l - 1].scalar(zi));
            else if (output == Output::sigmoid_cross_entropy)
                a.push_back(std::exp(zi) / (1.0 + std::exp(zi)));
            else
                a.push_back(output == Output::softmax_cross_entropy ? std::exp(zi) / total : zi);
        }
        return a;
    }

    Complex loss(const std::vector<Complex>& a, std::size_t e) const {
        using xtape::nn::closed_form::Output;
        Complex sum = 0;
        for (std::size_t k = 0; k < a.size(); ++k) {
            const double y = Y(k, e);
            if (output == Output::identity_squared_error)
                sum += (a[k] - y) * (a[k] - y) / 2.0;
            else if (output == Output::softmax_cross_entropy)
                sum -= y * std::log(a[k]);
            else
                sum -= y * std::log(a[k]) + (1 - y) * std::log(1.0 - a[k]);
        }
        return sum;
    }
};
