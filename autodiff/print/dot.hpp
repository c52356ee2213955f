#pragma once

#include <xtape/autodiff/var.hpp>

#include <string>
#include <vector>

namespace xtape {

/// The graph of what the outputs need, in Graphviz's language: `dot -Tsvg`. A node is a record with its name,
/// its operation and its shape; what a result is computed with points at it. What leads to a gradient alone
/// is drawn in another colour than the forward pass. Numbers stand in the operations that use them. Throws
/// ArgumentError for no outputs and VarError for Vars of two tapes.
[[nodiscard]] std::string dot(const std::vector<Var>& outputs);
[[nodiscard]] inline std::string dot(const Var& output) { return dot(std::vector<Var>{output}); }

} // namespace xtape
