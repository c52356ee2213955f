#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Where a running sum or product begins: at the first entry of the axis, or at the last.
enum class Direction { forward, reverse };

/// Running sums along one axis: entry j is the sum of the entries up to and including j, or from j on in
/// reverse.
Var cumsum(const Var& x, std::int64_t axis, Direction direction = Direction::forward);

/// Running products along one axis. Derivatives of every order are right where entries are 0, since each is a
/// polynomial. The extent of the axis must be known; throws ShapeError otherwise.
Var cumprod(const Var& x, std::int64_t axis, Direction direction = Direction::forward);

[[nodiscard]] std::span<const Op> cumulative_ops();

} // namespace xtape
