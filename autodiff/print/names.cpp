#include <xtape/autodiff/print/characters.hpp>
#include <xtape/autodiff/print/names.hpp>

#include <fmt/format.h>

#include <array>
#include <utility>

namespace xtape {
namespace {

using detail::is_digit;
using detail::is_letter;

constexpr std::array<std::pair<const char*, const char*>, 33> greek{{
    {"α", "\\alpha"}, {"β", "\\beta"},     {"γ", "\\gamma"},  {"δ", "\\delta"}, {"ε", "\\varepsilon"},
    {"ζ", "\\zeta"},  {"η", "\\eta"},      {"θ", "\\theta"},  {"κ", "\\kappa"}, {"λ", "\\lambda"},
    {"μ", "\\mu"},    {"ν", "\\nu"},       {"ξ", "\\xi"},     {"π", "\\pi"},    {"ρ", "\\rho"},
    {"σ", "\\sigma"}, {"τ", "\\tau"},      {"φ", "\\varphi"}, {"χ", "\\chi"},   {"ψ", "\\psi"},
    {"ω", "\\omega"}, {"Γ", "\\Gamma"},    {"Δ", "\\Delta"},  {"Θ", "\\Theta"}, {"Λ", "\\Lambda"},
    {"Ξ", "\\Xi"},    {"Π", "\\Pi"},       {"Σ", "\\Sigma"},  {"Φ", "\\Phi"},   {"Ψ", "\\Psi"},
    {"Ω", "\\Omega"}, {"∂", "\\partial "}, {"ŷ", "\\hat{y}"},
}};

/// Characters that mean something to TeX.
std::string escaped(const std::string& text) {
    std::string result;
    for (const char c : text) {
        if (c == '\\')
            result += "\\backslash ";
        else if (c == '^' || c == '~')
            result += fmt::format("\\text{{\\{}{{}}}}", c);
        else if (std::string_view("#$%&_{}").find(c) != std::string_view::npos)
            result += std::string("\\") + c;
        else
            result += c;
    }
    return result;
}

/// A name without its subscript.
std::string latex_base(const std::string& base) {
    for (const auto& [letter, command] : greek)
        if (base == letter) return command;
    if (base.size() == 1 && is_letter(base[0])) return base;
    if (base.size() > 1 && base[0] == 'd' && !is_digit(base[1])) {
        const std::string of = latex_base(base.substr(1));
        const bool one_symbol = of[0] == '\\' ? of.rfind("\\mathrm", 0) != 0 : of.size() == 1;
        if (one_symbol) return "d" + of;
    }
    return "\\mathrm{" + escaped(base) + "}";
}

} // namespace

std::string written_name(const std::string& name, Markup markup) {
    if (markup == Markup::text) return name;
    std::size_t end = name.size();
    while (end > 0 && is_digit(name[end - 1]))
        --end;
    std::string base = name.substr(0, end), subscript = name.substr(end);
    if (const auto underscore = base.find('_'); underscore != std::string::npos && underscore > 0) {
        subscript = "\\mathrm{" + escaped(name.substr(underscore + 1)) + "}";
        base = base.substr(0, underscore);
    }
    if (base.empty()) return "\\mathrm{" + escaped(name) + "}";
    if (subscript.empty()) return latex_base(base);
    return latex_base(base) + (subscript.size() == 1 ? "_" + subscript : "_{" + subscript + "}");
}

std::string written_number(long double number, Markup markup) {
    const std::string text = fmt::format("{}", static_cast<double>(number));
    const auto e = text.find('e');
    if (markup == Markup::text || e == std::string::npos)
        return text == "inf" && markup == Markup::latex ? "\\infty" : text;
    const std::string digits = text.substr(0, e);
    const int exponent = std::stoi(text.substr(e + 1));
    return fmt::format("{}10^{{{}}}", digits == "1" ? "" : digits + " \\cdot ", exponent);
}

} // namespace xtape
