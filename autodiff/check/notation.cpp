#include <xtape/autodiff/check/notation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace xtape::detail {
namespace {

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// What stands between innermost braces. In LaTeX, braces after a command, `_`, `^`, `]` or another group are
/// an argument: `\operatorname{mish}`, `\log_{10}`.
std::vector<std::string> placeholders(const std::string& text, bool latex) {
    std::vector<std::string> found;
    for (std::size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
        const std::size_t close = text.find_first_of("{}", open + 1);
        if (close == std::string::npos || text[close] == '{') continue;
        const char before = open == 0 ? ' ' : text[open - 1];
        const bool argument = std::isalpha(static_cast<unsigned char>(before)) != 0 ||
                              std::string_view("_^]}").find(before) != std::string_view::npos;
        const std::string inside = text.substr(open + 1, close - open - 1);
        // An operand may follow `^` in LaTeX as it does in text: {0}^{1}.
        if (!(latex && argument)) found.push_back(inside);
    }
    return found;
}

bool balanced(const std::string& text) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size() && depth >= 0; ++i) {
        if (text[i] == '\\')
            ++i;
        else
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    }
    return depth == 0;
}

} // namespace

std::vector<std::string> notation_faults(const Definition& definition,
                                         const std::vector<std::string>& attributes) {
    std::vector<std::string> faults;
    for (const bool latex : {false, true}) {
        const char* const what = latex ? "LaTeX" : "text";
        const std::string& text = latex ? definition.notation.latex : definition.notation.text;
        if (text.empty()) {
            faults.push_back(
                fmt::format("it has no {}. Add .notation(\"{}({{0}})\", …).", what, definition.short_name()));
            continue;
        }
        if (!balanced(text))
            faults.push_back(fmt::format("the braces of the {} \"{}\" do not match.", what, text));
        for (std::size_t k = 0; k < definition.operands.size() && !definition.variadic; ++k)
            if (text.find(fmt::format("{{{}}}", k)) == std::string::npos)
                faults.push_back(fmt::format("operand {} is not in the {} \"{}\".", k, what, text));
        for (const std::string& name : placeholders(text, latex)) {
            if (!name.empty() && std::ranges::all_of(name, is_digit)) {
                if (!definition.variadic && std::stoull(name.substr(0, 9)) >= definition.operands.size())
                    faults.push_back(fmt::format("{{{}}} of the {} \"{}\" is no operand: there are {}.", name,
                                                 what, text, definition.operands.size()));
            } else if (!name.empty() && !attributes.empty() &&
                       std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); }) &&
                       std::ranges::find(attributes, name) == attributes.end()) {
                faults.push_back(fmt::format("{{{}}} of the {} \"{}\" is no attribute; there is {}.", name,
                                             what, text, fmt::join(attributes, ", ")));
            } else if (!name.empty() && attributes.empty() && definition.elementwise && is_letter(name[0])) {
                faults.push_back(
                    fmt::format("{{{}}} of the {} \"{}\" is no attribute; there is none.", name, what, text));
            }
        }
    }
    return faults;
}

} // namespace xtape::detail
