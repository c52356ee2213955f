#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Random numbers as functions of a key: two 64-bit words, an index of shape (2). The same key and shape give
/// the same numbers whenever they are evaluated, in every element type up to its rounding and on every
/// machine up to that of its logarithm, so a mask is the same on the way forward and back. No derivative
/// passes through a key.
///
/// A key is for one draw: what is drawn twice from one is not independent. More keys are made by `split_key`;
/// a key that is an input, tape.input("key", {2}, Kind::index), gives other numbers with each array that is
/// bound to it.
///
/// Throws ShapeError for a key of another shape, KindError for one that is no index. The numbers are those of
/// Threefry-2x64-20 (Salmon, Moraes, Dror, Shaw 2011), counted through the entries row by row.

/// A key to begin with.
[[nodiscard]] Array<std::int64_t> random_key(std::uint64_t seed);

/// As many keys for purposes that are to be independent of each other.
[[nodiscard]] std::vector<Var> split_key(const Var& key, std::size_t count);

/// Uniform in [0, 1): multiples of 2⁻⁵³, rounded where the element type has fewer digits, but never to 1.
Var uniform(const Var& key, const Shape& shape);

/// Standard normal, by the inverse of its distribution function; between −8.3 and 8.3.
Var normal(const Var& key, const Shape& shape);

/// A mask that holds with probability p, for each entry by itself. Throws ArgumentError for p outside [0, 1].
Var bernoulli(const Var& key, long double p, const Shape& shape);

/// Zero with probability `rate`, for each entry by itself, else x / (1 − rate), so that the mean is x
/// (Srivastava et al. 2014). Throws ArgumentError for a rate outside [0, 1).
Var dropout(const Var& x, long double rate, const Operand& key);

[[nodiscard]] std::span<const Op> random_ops();

} // namespace xtape
