#pragma once

/// What a Program computes, as primitives.

#include <xtape/autodiff/simplify/simplify.hpp>

namespace xtape::detail {

/// The outputs and inputs on another tape, on which elementwise operations with a body and without a block
/// kernel are their bodies. An input that no output needs stays a leaf there.
struct Expanded {
    Tape tape;
    std::vector<Var> inputs, outputs;
};
[[nodiscard]] Expanded expand(const std::vector<Var>& inputs, const std::vector<Var>& outputs);

} // namespace xtape::detail
