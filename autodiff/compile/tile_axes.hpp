#pragma once

/// Axes along which a tape can be computed part by part.

#include <xtape/autodiff/records.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

/// An axis that every operation only carries along or folds, as that of the examples.
struct TileAxis {
    std::string name; ///< as messages call it
    std::size_t extent = 0;
    std::vector<std::optional<std::size_t>> axes; ///< where each result has it, by id
    std::size_t entries = 0;                      ///< of all results that have it
};

/// Those of leaves, of this extent at least; that along which most is computed comes first, and few follow.
/// Axes are one where an operation wants them to be: names say nothing.
[[nodiscard]] std::vector<TileAxis> tile_axes(const Records& records, const Environment& environment,
                                              std::size_t least);

} // namespace xtape::detail
