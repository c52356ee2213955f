#include <xtape/autodiff/print/latex_lines.hpp>
#include <xtape/autodiff/print/sheet.hpp>

#include <fmt/format.h>

namespace xtape {

std::string equation(const Var& v, const EquationOptions& options) {
    const detail::Sheet sheet({v}, options, false);
    const std::uint32_t line = v.id();
    Writer writer = sheet.writer(line);
    const std::string title = sheet.title(v);
    std::string text = Equation{title, sheet.right_side(title, sheet.shown(v.id()), writer)}.to_string();
    for (const auto& [name, formula] : writer.take_lines())
        text += "\n" + Equation{name, formula}.to_string();
    return text;
}

std::vector<Equation> equations(const std::vector<Var>& outputs, const EquationOptions& options) {
    const detail::Sheet sheet(outputs, options, false);
    std::uint32_t at = 0;
    Writer writer = sheet.writer(at);
    std::vector<Equation> result;
    for (const auto& line : sheet.lines(false)) {
        at = line.given;
        const std::string title = line.name.empty() ? "" : sheet.written(line.name);
        std::string right = sheet.right_side(title, line.id, writer);
        for (auto& [name, formula] : writer.take_lines())
            result.push_back({std::move(name), std::move(formula)});
        result.push_back({title, std::move(right)});
    }
    return result;
}

std::string align(const std::vector<Equation>& equations) {
    std::vector<std::string> lines;
    for (const Equation& equation : equations)
        lines.push_back(detail::latex::aligned(equation.left, equation.right));
    return detail::latex::align(lines);
}

} // namespace xtape
