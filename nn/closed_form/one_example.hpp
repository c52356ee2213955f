#pragma once

/// The backward pass of one example, step by step: one hidden layer, a sigmoid at the end, binary
/// cross-entropy.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/closed_form/activation.hpp>
#include <xtape/nn/closed_form/n_examples.hpp>

namespace xtape::nn::closed_form {

/// Each quantity of the derivation under the name that it has there; dL_da2 is ∂L/∂a2, which has the shape of
/// a2.
struct OneExample {
    Array<double> a0, z1, a1, z2, a2; ///< (n_l × 1)
    double L = 0;                     ///< −Σ (y log a2 + (1 − y) log(1 − a2)) over the output nodes

    Array<double> dL_da2;         ///< −y/a2 + (1 − y)/(1 − a2)
    Array<double> da2_dz2;        ///< a2 (1 − a2)
    Array<double> dL_dz2;         ///< a2 − y
    Array<double> dL_dW2, dL_db2; ///< (a2 − y) a1ᵀ; a2 − y
    Array<double> dL_da1;         ///< W2ᵀ (a2 − y)
    Array<double> dL_dz1;         ///< W2ᵀ (a2 − y) ∗ g1′(z1)
    Array<double> dL_dW1, dL_db1; ///< (W2ᵀ (a2 − y) ∗ g1′(z1)) xᵀ; W2ᵀ (a2 − y) ∗ g1′(z1)
};

/// x is (n_0 × 1), y is (n_2 × 1). For two hidden layers and more, n_examples with one column gives the same
/// quantities. NaN propagates. Throws ShapeError.
OneExample one_example(const Layer& layer1, const Layer& layer2, const Activation& g1, const Array<double>& x,
                       const Array<double>& y);

} // namespace xtape::nn::closed_form
