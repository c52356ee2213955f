#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Sorting is stable: entries that are equal (0 and −0 are) keep their order. NaN counts as larger than every
/// number, as in NumPy: it comes last in ascending order and first among the largest. The derivative goes
/// back through the permutation; it jumps where two entries tie, and there follows the order that was taken.

/// The entries along one axis in ascending order.
Var sort(const Var& x, std::int64_t axis = -1);

/// The positions of the entries in ascending order: take_along_axis(x, argsort(x, axis), axis) is sort(x,
/// axis). A Var of Kind::index, through which no derivative passes.
Var argsort(const Var& x, std::int64_t axis = -1);

/// The largest entries along one axis, the largest first, and their positions.
struct TopK {
    Var values, indices;
};

/// The k largest entries along one axis. Throws ArgumentError where k is negative or there are fewer than k
/// (when it is evaluated, where the axis has no extent before).
TopK top_k(const Var& x, std::int64_t k, std::int64_t axis = -1);

[[nodiscard]] std::span<const Op> sorting_ops();

} // namespace xtape
