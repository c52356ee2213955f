#pragma once

/// What the commands of LaTeX's formulas stand for, by their names without the backslash.

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace xtape::detail::latex {

using Symbols = std::map<std::string_view, const char*>;

[[nodiscard]] const Symbols& letters();     ///< what a name may be made of: \alpha, \infty, \top
[[nodiscard]] const Symbols& signs();       ///< between operands or around them: \circ, \le, \lVert
[[nodiscard]] const Symbols& large_signs(); ///< whose subscript stands below them: \sum
[[nodiscard]] const Symbols& accents();
[[nodiscard]] const Symbols& spaces(); ///< by their widths

/// Functions, and commands for the letters of their argument.
inline constexpr std::array<std::string_view, 27> functions{
    "arccos", "arcsin", "arctan", "arg", "cos",  "cosh", "cot", "coth", "det",
    "dim",    "exp",    "inf",    "ker", "lg",   "lim",  "ln",  "log",  "max",
    "min",    "Pr",     "sec",    "sin", "sinh", "sup",  "tan", "tanh", "gcd"};
inline constexpr std::array<std::string_view, 8> upright{"mathrm", "mathsf", "mathtt",   "mathcal",
                                                         "mathbb", "mathit", "mathfrak", "mathscr"};
inline constexpr std::array<std::string_view, 4> bold{"mathbf", "boldsymbol", "bm", "pmb"};
inline constexpr std::array<std::string_view, 6> prose{"text",   "textrm", "textit",
                                                       "textbf", "mbox",   "textsf"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

} // namespace xtape::detail::latex
