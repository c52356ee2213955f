#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/activations.hpp>

#include <fmt/format.h>

namespace xtape::nn {

namespace {

struct NamedActivation {
    const char* name;
    Var (*function)(const Var&);
};

const NamedActivation activations[] = {
    {"elu", [](const Var& Z) { return elu(Z); }},
    {"gelu", [](const Var& Z) { return gelu(Z); }},
    {"identity", [](const Var& Z) { return Z; }},
    {"leaky_relu", [](const Var& Z) { return leaky_relu(Z); }},
    {"relu", [](const Var& Z) { return relu(Z); }},
    {"sigmoid", [](const Var& Z) { return sigmoid(Z); }},
    {"silu", [](const Var& Z) { return silu(Z); }},
    {"softmax", [](const Var& Z) { return softmax(Z, 0); }},
    {"softplus", [](const Var& Z) { return softplus(Z); }},
    {"tanh", [](const Var& Z) { return tanh(Z); }},
};

} // namespace

Activation::Activation(const std::string& name) : name_(name) {
    for (const NamedActivation& activation : activations)
        if (name == activation.name) {
            function_ = activation.function;
            return;
        }
    throw_unknown("No activation", name, activation_names());
}

std::vector<std::string> activation_names() {
    std::vector<std::string> names;
    for (const NamedActivation& activation : activations)
        names.emplace_back(activation.name);
    return names;
}

} // namespace xtape::nn
