#pragma once

/// Losses: how wrong a network is about each example. Each is recorded on the tape of its operands, takes
/// what the network says and the truth Y, both (k × n) with examples as columns, and returns (1 × n), one
/// number for each example. The cost is their mean.
///
/// All throw ShapeError, naming both shapes, unless both operands have rank 2 and one shape, and leave the
/// tape as it was.

#include <xtape/autodiff/var.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::nn {

/// −(y log a + (1 − y) log(1 − a)), summed over the k outputs. A holds probabilities; where one is exactly 0
/// or 1, which a sigmoid of ±40 is, this is NaN or infinite: use the logits.
Var binary_cross_entropy(const Var& A, const Var& Y);

/// The same of a = σ(z), as softplus(z) − y z: right for every finite z.
Var binary_cross_entropy_from_logits(const Var& Z, const Var& Y);

/// −Σ_k y log a. The columns of A and Y are distributions over k classes. NaN or infinite where an a is
/// exactly 0: use the logits.
Var categorical_cross_entropy(const Var& A, const Var& Y);

/// The same of a = softmax(z), as −Σ_k y log_softmax(z): right for every finite z.
Var categorical_cross_entropy_from_logits(const Var& Z, const Var& Y);

/// ½ Σ_k (a − y)², so that ∂/∂a is a − y, as in nn/closed_form.
Var squared_error(const Var& A, const Var& Y);

/// A loss given by its name, or one of your own: a function of what the network says and Y.
class Loss {
public:
    /// One of loss_names(). Throws NameError, suggesting the nearest.
    Loss(const std::string& name);
    Loss(const char* name) : Loss(std::string(name)) {}

    template <std::invocable<const Var&, const Var&> F>
    Loss(F function) : function_(std::move(function)) {}

    Var operator()(const Var& A, const Var& Y) const { return function_(A, Y); }

    /// The same of examples in rows, A and Y (n × k): (n × 1).
    [[nodiscard]] Var of_rows(const Var& A, const Var& Y) const;

    /// Empty for one of your own.
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
    std::function<Var(const Var&, const Var&)> function_;
};

/// The functions above.
[[nodiscard]] std::vector<std::string> loss_names();

/// What λ stands for in L2 regularisation, of which three conventions are in use. ΣW² is the sum over all
/// entries of all weights; n is the number of examples that the cost is taken over (those of the batch, where
/// there are batches).
enum class L2 {
    half_lambda,        ///< adds λ/2 ΣW² to the cost, λW to the gradient of W
    half_lambda_over_n, ///< adds λ/(2n) ΣW², λW/n to the gradient
    lambda,             ///< adds λ ΣW², 2λW to the gradient
};

/// What L2 regularisation adds to the cost: one number. Weights only, as a rule: biases are not regularised.
/// `n` is extent(X, 1), needed for half_lambda_over_n. Throws ArgumentError where λ is negative or not
/// finite, there are no weights, or n is needed and missing.
Var l2(const std::vector<Var>& weights, double lambda, L2 convention, const Var& n = {});

} // namespace xtape::nn
