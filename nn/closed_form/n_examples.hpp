#pragma once

/// Forward and backward for n examples (columns) and any number of layers; with none hidden, logistic
/// regression.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/closed_form/activation.hpp>

#include <vector>

namespace xtape::nn::closed_form {

/// W_l (n_l × n_{l−1}) and b_l (n_l × 1).
struct Layer {
    Array<double> W;
    Array<double> b;
};

/// The last activation together with the loss of one example, summed over the nodes k of the last layer. In
/// these three pairs ∂loss/∂z is a − y.
enum class Output {
    sigmoid_cross_entropy, ///< σ(z); −Σ_k (y log a + (1 − y) log(1 − a)), where 0 · log 0 = 0
    softmax_cross_entropy, ///< e^(z_k) / Σ_j e^(z_j); −Σ_k y log a. The entries of each column of Y must sum
                           ///< to 1.
    identity_squared_error, ///< z; ½ Σ_k (a − y)²
};

/// Everything that the equations name. Each vector is indexed as the textbook does, so that Z[2] is Z2:
/// element 0 is X in A and an empty array in the others.
///
/// dA and dZ are n times ∂J/∂A and ∂J/∂Z: the textbook's convention defers the mean over the examples to dW
/// and db, which are ∂J/∂W and ∂J/∂b.
struct Pass {
    double J = 0; ///< the mean over the examples of the loss
    std::vector<Array<double>> Z, A, dA, dZ, dW, db;
};

/// For l = 1 … L: Z_l = W_l A_{l−1} + b_l, A_l = g_l(Z_l). Then
///     dA_L = −Y/A_L + (1 − Y)/(1 − A_L), −Y/A_L, or A_L − Y, as the output is,   dZ_L = A_L − Y,
///     dA_l = W_{l+1}ᵀ dZ_{l+1},   dZ_l = dA_l ∗ g_l′(Z_l),
///     dW_l = (1/n) dZ_l A_{l−1}ᵀ,   db_l = (1/n) Σ_examples dZ_l.
///
/// `hidden` holds one activation for each layer but the last; X is (n_0 × n), Y is (n_L × n). NaN propagates.
/// Throws ArgumentError without layers or examples, for another number of activations, or where Y does not
/// suit a softmax; ShapeError where shapes do not fit, an activation's result among them.
Pass n_examples(const std::vector<Layer>& layers, const std::vector<Activation>& hidden, Output output,
                const Array<double>& X, const Array<double>& Y);

} // namespace xtape::nn::closed_form
