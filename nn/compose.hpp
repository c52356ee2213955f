#pragma once

/// How a network is put together, wherever its parameters and labels come from.

#include <xtape/nn/network.hpp>

#include <functional>

namespace xtape::nn::detail {

/// What is recorded by others: the labels, (n_L × n) or (n × n_L), and the parameter of a name, whose
/// dimensions are to be called so where they can have names.
struct Parts {
    std::function<Var()> labels;
    std::function<Var(const std::string& name, const std::vector<std::string>& dims)> parameter;
};

/// Records Z, A, the loss and the cost of a network with n_0, n_1, …, n_L nodes. A bias may be (n_l). Throws
/// ArgumentError for a loss from logits that does not fit the output; the tape is then as it was.
[[nodiscard]] Network compose(Tape& tape, const std::vector<std::size_t>& nodes, const Parts& parts,
                              const NetworkOptions& options, Examples examples = Examples::columns);

} // namespace xtape::nn::detail
