#pragma once

/// What a Program computes, as primitives.

#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <functional>

namespace xtape::detail {

/// Inputs and outputs on a tape of their own.
struct Expanded {
    Tape tape;
    std::vector<Var> inputs, outputs;
};

/// What is recorded, with these operands, in the place of a record; empty where that is the record itself.
using Parts = std::function<Var(const Records&, const Record&, const std::vector<Var>& operands)>;

/// The outputs and inputs on another tape, each record replaced by its parts. An input that no output needs
/// stays a leaf there; one that is empty stays so.
[[nodiscard]] Expanded rewritten(const std::vector<Var>& inputs, const std::vector<Var>& outputs,
                                 const Parts& parts);

/// That of elementwise operations with a body and without a block kernel, which become their bodies.
[[nodiscard]] Expanded expand(const std::vector<Var>& inputs, const std::vector<Var>& outputs);

} // namespace xtape::detail
