#pragma once

/// A sum as its terms, each an elementwise product.

#include <xtape/autodiff/simplify/product.hpp>

namespace xtape {

/// The terms of which the expression is the sum, a bounded number of them, with signs in their coefficients.
/// Equal ones are not collected.
[[nodiscard]] std::vector<Product> terms_of(const Match& match, Expression e);

/// Adds up terms with the same factors and drops those that are zero. True where some vanished.
bool collect(std::vector<Product>& terms);

/// Records the sum in the order of its terms, beginning with one that needs no sign in front.
[[nodiscard]] Var build(const std::vector<Product>& terms, const Expression& like);

/// The bases of which the terms are products.
[[nodiscard]] std::vector<std::uint32_t> bases_of(const std::vector<Product>& terms);

/// How many arithmetic operations make the expression out of `bases`, shared ones counted once.
[[nodiscard]] std::size_t cost(const Expression& e, const std::vector<std::uint32_t>& bases);

/// Expands, collects and factors within a bound, and returns the smallest of the forms that it met; an empty
/// Var where that is the given one. What is counted are the arithmetic operations on the graph, shared ones
/// once. For the stable goal nothing is expanded but what cancels a denominator.
[[nodiscard]] Var expand_collect_factor(const Match& match);

} // namespace xtape
