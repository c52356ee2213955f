#pragma once

/// Networks that tests train, and what they are compared with.

#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/training.hpp>

namespace xtape::nn {

/// A network with its tape and parameters, drawn from a seed.
struct Trained {
    Parameters parameters;
    Tape tape;
    Network net;

    explicit Trained(const std::vector<std::size_t>& layers, const NetworkOptions& options = {},
                     std::uint64_t seed = 1)
        : parameters(drawn(layers, seed)), net(network(tape, parameters, options)) {}

    History on(const Dataset& data, const TrainingOptions& options) {
        return train(net, parameters, data, options);
    }
    double cost(const Dataset& data) const { return net.cost.item({{net.X, data.X}, {net.Y, data.Y}}); }

private:
    static Parameters drawn(const std::vector<std::size_t>& layers, std::uint64_t seed) {
        Random random(seed);
        return initialise(layers, random);
    }
};

/// Gradient descent with the closed form's gradients, on 30-16-1 parameters and the given batches.
inline void descend(Parameters& parameters, const Dataset& batch, double rate) {
    const std::vector<closed_form::Layer> layers{{parameters["W1"], parameters["b1"]},
                                                 {parameters["W2"], parameters["b2"]}};
    const auto pass = closed_form::n_examples(layers, {closed_form::tanh()},
                                              closed_form::Output::sigmoid_cross_entropy, batch.X, batch.Y);
    Optimiser descent = GradientDescent(rate);
    step(descent, parameters, {pass.dW[1], pass.db[1], pass.dW[2], pass.db[2]});
}

} // namespace xtape::nn
