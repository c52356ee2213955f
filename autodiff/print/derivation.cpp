#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/print/latex_lines.hpp>
#include <xtape/autodiff/print/sheet.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace xtape {
namespace {

using detail::Sheet;

/// Appends a form unless it reads as the last one did.
void add(DerivationLine& line, std::string text, std::string rule) {
    if (!line.forms.empty() && line.forms.back().text == text) {
        if (line.forms.size() > 1 && line.forms.back().rule.empty()) line.forms.back().rule = std::move(rule);
        return;
    }
    line.forms.push_back({std::move(text), line.forms.empty() ? std::string{} : std::move(rule)});
}

/// The lines by which others abbreviate what is long, before them.
void take_lines(Writer& writer, std::vector<DerivationLine>& lines) {
    for (auto& [name, formula] : writer.take_lines())
        lines.push_back({std::move(name), {{std::move(formula), ""}}});
}

/// ∂A/∂Z of an activation A = g(Z): as its definition gives it, and as the rules on functions write it.
DerivationLine local_derivative(const Sheet& sheet, std::uint32_t A, std::uint32_t Z,
                                const EquationOptions& options) {
    Records& records = sheet.given();
    const Transaction appended(records); // rewound when it leaves the scope
    const Var a = records.var(A), z = records.var(Z);
    const Var derivative = vjp(a, ones_like(a), z);
    std::vector<Rule> algebra;
    for (auto family : {shape_rules(), arithmetic_rules(), linear_rules()})
        algebra.insert(algebra.end(), family.begin(), family.end());
    DerivationLine line;
    const std::string over = written_name(records.name_of(A), options.markup),
                      under = written_name(records.name_of(Z), options.markup);
    line.left = options.markup == Markup::text
                    ? fmt::format("∂{}/∂{}", over, under)
                    : fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", over, under);
    const auto form = [&](const Simplified& simplified, const std::string& rule) {
        Writer writer = sheet.writer_of(*simplified.tape.records(), A);
        std::string text = writer.write(simplified(derivative).id());
        if (writer.take_lines().empty()) add(line, std::move(text), rule);
    };
    form(simplify(derivative, {.goal = Goal::textbook, .rules = algebra}), "");
    const Simplified whole = simplify({a, derivative}, {.goal = Goal::textbook, .rules = options.rules});
    std::string rule;
    for (const Step& step : whole.steps)
        if (step.agreement == Agreement::real &&
            std::ranges::none_of(algebra, [&](const Rule& r) { return r.name == step.rule; }))
            rule = step.rule;
    form(whole, rule);
    return line;
}

} // namespace

Derivation derivation(const std::vector<Var>& outputs, const EquationOptions& options) {
    const Sheet sheet(outputs, options, true);
    Derivation result;
    result.markup = options.markup;
    std::multimap<std::uint32_t, std::uint32_t> activations; // by their argument
    for (const auto& [id, name] : sheet.given().names())
        if (!sheet.given().leaf(id) && !detail::differentiated(sheet.given(), id, name))
            if (const auto argument = detail::argument_of_activation(sheet.given(), id))
                activations.emplace(*argument, id);

    std::uint32_t at = 0;
    Writer final_writer = sheet.writer(at),
           chain_writer = sheet.writer_of(*sheet.simplified().tape.records(), at);
    for (const auto& line : sheet.lines(true)) {
        if (!line.of) continue;
        at = line.given;
        const auto [begin, end] = activations.equal_range(*line.of);
        for (auto it = begin; it != end; ++it)
            if (!sheet.given().leaf(*line.of))
                if (auto local = local_derivative(sheet, it->second, it->first, options);
                    !local.forms.empty())
                    result.lines.push_back(std::move(local));

        DerivationLine derived{sheet.written(line.name), {}};
        std::string rules;
        for (const Step& step : sheet.simplified().steps) {
            if (step.at != line.given) continue;
            const bool tacit = std::ranges::any_of(
                options.rules, [&](const Rule& rule) { return rule.tacit && rule.name == step.rule; });
            if (tacit && step.whole) derived.forms.clear();
            if (!tacit && rules.find(step.rule) == std::string::npos)
                rules += (rules.empty() ? "" : ", ") + step.rule;
            if (!step.whole) continue;
            Writer writer = sheet.writer_of(*step.before.records(), at);
            if (derived.forms.empty() && !tacit) add(derived, writer.write(step.before.id()), "");
            add(derived, writer.write(step.after.id()), step.rule);
            take_lines(writer, result.lines);
        }
        if (options.mean == Mean::deferred) derived.forms.clear(); // those were of the gradient itself
        if (derived.forms.empty()) {
            add(derived, chain_writer.write(line.id), "");
            take_lines(chain_writer, result.lines);
        }
        add(derived, sheet.right_side(derived.left, line.id, final_writer), rules);
        take_lines(final_writer, result.lines);
        result.lines.push_back(std::move(derived));
    }
    return result;
}

std::string Derivation::to_string() const {
    std::string text;
    std::vector<std::string> aligned;
    for (const DerivationLine& line : lines) {
        for (std::size_t k = 0; k < line.forms.size(); ++k) {
            const auto& [form, rule] = line.forms[k];
            if (markup == Markup::latex) {
                aligned.push_back(detail::latex::aligned(k == 0 ? line.left : "", form, rule));
                continue;
            }
            // Letters that are written on several bytes take one column.
            const auto width = static_cast<std::size_t>(std::ranges::count_if(
                line.left, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
            const std::string note = rule.empty() ? "" : fmt::format("    ({})", rule);
            text += fmt::format("{} = {}{}\n", k == 0 ? line.left : std::string(width, ' '), form, note);
        }
    }
    return markup == Markup::latex ? detail::latex::align(aligned) : text;
}

} // namespace xtape
