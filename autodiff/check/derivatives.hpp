#pragma once

/// The wrong versions of a gradient in which one function has the derivative of another.

#include <xtape/autodiff/check/edits.hpp>

#include <vector>

namespace xtape::detail {

/// An operation of one operand in the forward pass, and the gradients on both sides of it.
struct Applied {
    Var operand, result;
    Var operand_gradient, result_gradient;
};

/// The operations of one operand, of the shape of their result, that the cost needs and that alone use their
/// operand; their gradients are still empty.
[[nodiscard]] std::vector<Applied> applied_functions(const Var& cost);

/// Versions of the gradient `right`, recorded behind it, in which one of these functions has the derivative
/// of another one of the library, none, its operand or result in the place of one, or its own twice or at its
/// result.
[[nodiscard]] std::vector<Edit> exchanged_derivatives(const Var& right,
                                                      const std::vector<Applied>& functions);

} // namespace xtape::detail
