#pragma once

/// Activation functions on a tape, by their names.

#include <xtape/autodiff/var.hpp>

#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::nn {

/// What a layer applies to Z (n_l × n): a function of this library, given by its name, or one of your own.
///
///     Activation hidden = "tanh", own = [](const Var& z) { return z * sigmoid(z); };
class Activation {
public:
    /// One of activation_names(). Throws NameError, suggesting the nearest.
    Activation(const std::string& name);
    Activation(const char* name) : Activation(std::string(name)) {}

    /// Your own; its result must have the shape of Z.
    template <std::invocable<const Var&> F>
    Activation(F function) : function_(std::move(function)) {}

    Var operator()(const Var& Z) const { return function_(Z); }

    /// Empty for one of your own.
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
    std::function<Var(const Var&)> function_;
};

/// elu, gelu, identity, leaky_relu, relu, sigmoid, silu, softmax (over the nodes, axis 0), softplus, tanh:
/// the functions of <xtape/autodiff/ops.hpp> with their default attributes.
[[nodiscard]] std::vector<std::string> activation_names();

} // namespace xtape::nn
