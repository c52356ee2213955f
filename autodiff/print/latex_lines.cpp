#include <xtape/autodiff/print/characters.hpp>
#include <xtape/autodiff/print/latex_lines.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace xtape::detail::latex {
namespace {

/// What fits on a page of LaTeX's own article, beside a left-hand side.
constexpr std::size_t page_width = 46;

/// Before these a line may end.
constexpr std::array<std::string_view, 4> breaks{" + ", " - ", " = ", " \\circ "};

/// The end of the command that begins with the backslash at `at`.
std::size_t command_end(std::string_view formula, std::size_t at) {
    std::size_t end = at + 1;
    while (end < formula.size() && is_letter(formula[end]))
        ++end;
    return std::min(std::max(end, at + 2), formula.size());
}

/// About how many letters wide a formula is: a command is one of them, unless its argument is what is seen.
std::size_t width(std::string_view formula) {
    std::size_t letters = 0;
    for (std::size_t i = 0; i < formula.size();) {
        if (formula[i] != '\\') {
            letters += std::string_view("{}_^ &").find(formula[i++]) == std::string_view::npos;
            continue;
        }
        const std::size_t end = command_end(formula, i);
        const std::string_view name = formula.substr(i + 1, end - i - 1);
        bool seen = true;
        for (const char* silent : {"frac", "left", "right", "operatorname", "mathrm", "text"})
            seen = seen && name != silent;
        letters += seen;
        i = end;
    }
    return letters;
}

} // namespace

std::vector<std::string> pieces(const std::string& formula) {
    std::vector<std::string> result{""};
    int depth = 0;
    for (std::size_t i = 0; i < formula.size();) {
        const std::string_view rest = std::string_view(formula).substr(i);
        const auto sign = std::ranges::find_if(
            breaks, [&](std::string_view s) { return depth == 0 && rest.starts_with(s); });
        if (sign != breaks.end()) {
            result.emplace_back(sign->substr(1));
            i += sign->size();
            continue;
        }
        const std::size_t end = formula[i] == '\\' ? command_end(formula, i) : i + 1;
        const std::string_view bracket = rest.substr(0, end - i);
        depth += bracket == "{" || bracket == "(" || bracket == "[";
        depth -= bracket == "}" || bracket == ")" || bracket == "]";
        result.back() += bracket;
        i = end;
    }
    return result;
}

std::string aligned(const std::string& left, const std::string& right, const std::string& note) {
    std::string text = left + " &=";
    std::size_t used = width(left);
    bool first = true;
    for (const std::string& piece : pieces(right)) {
        const std::size_t wide = width(piece);
        if (!first && used + wide > page_width) {
            text += " \\\\\n &\\quad";
            used = 0;
        }
        text += " " + piece;
        used += wide;
        first = false;
    }
    return text + (note.empty() ? "" : fmt::format(" \\tag*{{{}}}", note));
}

std::string align(const std::vector<std::string>& lines) {
    return fmt::format("\\begin{{align*}}\n{}{}\\end{{align*}}\n", fmt::join(lines, " \\\\\n"),
                       lines.empty() ? "" : "\n");
}

} // namespace xtape::detail::latex
