#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// What is put around an array: a value, its outermost entry (edge), or its entries mirrored at the outermost
/// one (reflect: c b a b c), mirrored with it (symmetric: b a a b c), or begun again (wrap), as in NumPy.
enum class PadMode { constant, edge, reflect, symmetric, wrap };

/// How many entries to put before and after those of one axis.
struct PadWidth {
    std::int64_t before, after;
};

/// x with entries put around it, one width for each axis. The extent of an axis that grows must be known
/// (ShapeError). A width that is negative throws ArgumentError, and so does a mode that repeats entries where
/// the axis has none.
Var pad(const Var& x, const std::vector<PadWidth>& widths, long double value = 0);
Var pad(const Var& x, const std::vector<PadWidth>& widths, PadMode mode);

/// The entries along one axis moved on by `shift` places; those that leave at one end come in at the other.
/// The extent need not be known.
Var roll(const Var& x, std::int64_t shift, std::int64_t axis);

/// Each entry along one axis `count` times in a row: a a b b c c. The extent of the axis must be known; a
/// negative count throws ArgumentError.
Var repeat(const Var& x, std::int64_t count, std::int64_t axis);

/// The array put beside itself `counts[axis]` times along each axis: a b c a b c. Counts and axes are aligned
/// at the last, and what is missing counts as one (numpy.tile). Extents along which it is repeated must be
/// known; a negative count throws ArgumentError.
Var tile(const Var& x, const std::vector<std::int64_t>& counts);

[[nodiscard]] std::span<const Op> padding_ops();

} // namespace xtape
