#pragma once

/// An elementwise product as a number and powers: −0.5 · n⁻¹ · A2 · (1 − A2)⁻¹.

#include <xtape/autodiff/simplify/rule.hpp>

namespace xtape {

struct Factor {
    std::uint32_t base; ///< the id of a result
    int power;
    bool operator==(const Factor&) const = default;
};

struct Product {
    long double coefficient = 1;
    std::vector<Factor> factors; ///< in the order of their first occurrence, no base twice, no power 0
    bool cancelled = false;      ///< a base met its own inverse, or a zero swallowed the rest

    /// Multiplies by a base to a power.
    void times(std::uint32_t base, int power);
    /// Multiplies by another product.
    void times(const Product& other, int power = 1);
    [[nodiscard]] int power_of(std::uint32_t base) const;

    /// True where both have the same powers, in whatever order.
    [[nodiscard]] bool same_factors(const Product& other) const;
};

/// What the expression is a product of. It looks through products, quotients, signs, squares and repetition,
/// and through what is open, up to a bounded number of factors.
[[nodiscard]] Product product_of(const Match& match, Expression e);

/// Records the product in its canonical form: the number and what has one entry first, as 0.5/n, then the
/// factors over their denominators. `like` has the shape that the result takes.
[[nodiscard]] Var build(const Product& product, const Expression& like);

/// True for a product of two that is what `build` would record.
[[nodiscard]] bool is_built(const Product& product, const Expression& e);

/// The part of a product that is one number for the whole array, and the rest.
struct Scaled {
    Product scale, rest;
};
[[nodiscard]] Scaled split_scale(const Product& product, const Expression& like);

} // namespace xtape
