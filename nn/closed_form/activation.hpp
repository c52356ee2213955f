#pragma once

/// Activation functions of hidden layers, each with the derivative that one finds on paper.

#include <xtape/autodiff/array.hpp>

#include <functional>
#include <string>

namespace xtape::nn::closed_form {

/// A = g(Z), elementwise, and g′(Z), for which whichever of Z and A is handier may be used. All are (n_l ×
/// n). A pair of your own is as good as these.
struct Activation {
    std::string name;
    std::function<Array<double>(const Array<double>& Z)> g;
    std::function<Array<double>(const Array<double>& Z, const Array<double>& A)> derivative;
};

/// tanh z; 1 − a²
Activation tanh();

/// σ(z) = 1 / (1 + e^(−z)); a (1 − a)
Activation sigmoid();

/// max(z, 0), and NaN of NaN; 1 where z > 0, else 0: at the kink 0
Activation relu();

/// z where z > 0, else slope · z; 1 where z > 0, else slope: at the kink the slope
Activation leaky_relu(double slope);

/// log(1 + e^z); σ(z)
Activation softplus();

/// z; 1
Activation identity();

} // namespace xtape::nn::closed_form
