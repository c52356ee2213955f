#pragma once

/// The rules that come with xtape.
///
/// Why they end: let |e| be the number of arithmetic operations in e. `expand, collect, factor` lowers |e|.
/// Rules on functions leave fewer of exp, log, quotients of exponentials. `cancel` and `collect` never raise
/// |e|, and lead in one step to a canonical form that they do not change again. What is left moves
/// repetition, transposes and factors towards the result, past one operation each time, and never back; 1 −
/// σ(z) and σ(−z) are turned into one another by two goals, never by one.

#include <xtape/autodiff/simplify/rule.hpp>

#include <span>

namespace xtape {

/// All standard rules, of both goals.
[[nodiscard]] const std::vector<Rule>& standard_rules();

/// Repetition, shapes, transposes: what only moves entries.
[[nodiscard]] std::vector<Rule> shape_rules();
/// Numbers, products and sums.
[[nodiscard]] std::vector<Rule> arithmetic_rules();
/// Factors that leave sums over an axis, matrix products and branches.
[[nodiscard]] std::vector<Rule> linear_rules();
/// Exponentials, logarithms, the logistic function and the softmax.
[[nodiscard]] std::vector<Rule> function_rules();

/// A rule for something that is given: the entries of the leaf Y along this axis sum to 1, as those of
/// one-hot labels and of probabilities do. Put it into the list that `simplify` is given.
[[nodiscard]] Rule sums_to_one(const Var& Y, std::int64_t axis);

} // namespace xtape
