#pragma once

/// Where an array differs, as a table of colours.

#include <xtape/autodiff/check/report.hpp>

#include <string>

namespace xtape::detail {

/// How many rows and columns a heat map has at most; of a larger array each cell is a block of entries and
/// shows the worst of them: a NaN or an infinity before the largest difference beyond its tolerance.
inline constexpr std::size_t most_cells = 64;

/// An HTML table, with a scale below it. Blue is less than right, orange more, in five steps of the largest
/// difference; what is within its tolerance is grey, a NaN or an infinity violet. Every cell's title has its
/// position and the difference, to the last digit; where there is room the difference is written out too.
/// The last dimension runs across, all others down. A large array of which every entry is within its
/// tolerance has a line instead, one without entries nothing.
[[nodiscard]] std::string heat_map(const std::string& name, const EntryDifferences& differences);

/// The style that it needs: colours for light and dark, which a page may override.
[[nodiscard]] const char* heat_map_style();

} // namespace xtape::detail
