#pragma once

#include <xtape/autodiff/gradient.hpp>

namespace xtape {

/// How a Jacobian is computed: row by row by vjps, column by column by jvps, or whichever takes fewer passes.
enum class Passes { fewer, rows, columns };

/// The Jacobian: the shape of the output followed by that of the input, so that (m) and (n) give (m × n) with
/// entry [i, j] = ∂output[i] / ∂input[j]. One pass is recorded and mapped over the rows or columns of an
/// identity, so the number of records does not depend on the shapes, which must be known. Throws ShapeError
/// where an extent is not, GradientError where there is no path.
Var jacobian(const Var& output, const Var& input, Passes passes = Passes::fewer,
             Disconnected disconnected = Disconnected::error);

/// One for each input; by rows all come from the same passes.
std::vector<Var> jacobian(const Var& output, const std::vector<Var>& inputs, Passes passes = Passes::fewer,
                          Disconnected disconnected = Disconnected::error);

/// The Hessian of a cost, which holds one number: the shape of the input twice.
Var hessian(const Var& cost, const Var& input);

/// Its blocks: [i][j] is the derivative of the gradient in inputs[i] with respect to inputs[j].
std::vector<std::vector<Var>> hessian(const Var& cost, const std::vector<Var>& inputs);

/// The Hessian times a direction, which has the shape of the input, without the Hessian: forward over
/// reverse, at the cost of a few gradients.
Var hvp(const Var& cost, const Var& input, const Var& direction);

/// The same when all inputs move at once: one result for each.
std::vector<Var> hvp(const Var& cost, const std::vector<Var>& inputs, const std::vector<Var>& directions);

} // namespace xtape
