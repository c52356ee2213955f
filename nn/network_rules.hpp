#pragma once

/// By which rules a network's equations are read.

#include <xtape/autodiff/simplify/rules.hpp>
#include <xtape/nn/network.hpp>

namespace xtape::nn {

/// standard_rules() and what the network's loss demands of its labels: in a categorical cross-entropy each
/// column of Y, or row where examples are in rows, sums to 1, so that behind a softmax dZ is A − Y and not A
/// ∘ Σ Y − Y.
///
///     equations(gradients, {.rules = nn::network_rules(net, options)})
///
/// `options` are those that the network was recorded with. A loss of your own demands nothing: add
/// sums_to_one(net.Y, 0) yourself.
[[nodiscard]] std::vector<Rule> network_rules(const Network& net, const NetworkOptions& options = {});

} // namespace xtape::nn
