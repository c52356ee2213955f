#pragma once

/// Where a formula in LaTeX may be broken into lines.

#include <string>
#include <vector>

namespace xtape::detail::latex {

/// A formula in pieces: each after the first begins with the +, −, = or ∘ before which a line may end, which
/// stands outside of all brackets.
[[nodiscard]] std::vector<std::string> pieces(const std::string& formula);

/// One line of an align* environment, or several where it is wider than a page: `left &= right`. What `note`
/// says stands at the margin, if anything.
[[nodiscard]] std::string aligned(const std::string& left, const std::string& right,
                                  const std::string& note = {});

/// An align* environment of such lines, each but the last of which ends in `\\`: one behind the last would be
/// an empty line more.
[[nodiscard]] std::string align(const std::vector<std::string>& lines);

} // namespace xtape::detail::latex
