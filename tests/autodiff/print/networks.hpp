#pragma once

/// Networks on a tape, with arrays: what the tests of printed equations have in common.

#include "read.hpp"
#include <xtape/nn.hpp>

namespace networks {

/// A network's tape with its gradients, and arrays for its inputs.
struct Case {
    xtape::Tape tape;
    xtape::Var cost;
    std::vector<xtape::Var> gradients; ///< by W1, b1, W2, b2, …
    xtape::Evaluation<double> evaluation;
    std::vector<xtape::Rule> rules = xtape::standard_rules();
    std::size_t examples = 6;

    [[nodiscard]] std::vector<xtape::Var> outputs() const;
};

/// Labels (classes × examples), one-hot where there are several classes.
[[nodiscard]] xtape::Array<double> labels(std::size_t classes, std::size_t examples);

/// nn::network of these layers, with weights and biases that are drawn.
[[nodiscard]] Case network(const std::vector<std::size_t>& layers,
                           const xtape::nn::NetworkOptions& options = {});

/// The same network for one example, recorded by hand: x, y, z1, a1, …, and L in place of a mean.
[[nodiscard]] Case one_example(const std::vector<std::size_t>& layers,
                               const xtape::nn::NetworkOptions& options = {});

/// The equations, one a line.
[[nodiscard]] std::string lines(const std::vector<xtape::Equation>& equations);

/// What the names of its equations stand for. With the mean deferred, dZ and dA are n times the tape's
/// gradients.
[[nodiscard]] reader::Names names(Case& c, xtape::Mean mean);

struct ReadBack {
    std::size_t compared = 0;
    double worst = 0;  ///< the largest difference, relative to the largest entry
    std::string where; ///< the equation that has it
};

/// Reads every equation back and computes it. Throws std::runtime_error for what is not of the grammar.
[[nodiscard]] ReadBack read_back(Case& c, const xtape::EquationOptions& options);

} // namespace networks
