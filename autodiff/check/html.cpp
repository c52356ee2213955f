#include <xtape/autodiff/check/heat_map.hpp>
#include <xtape/autodiff/check/html.hpp>
#include <xtape/autodiff/print/latex_lines.hpp>
#include <xtape/autodiff/print/mathml.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

constexpr const char* style = R"(
:root { color-scheme: light dark; --text: #1c1c1c; --faint: #666; --back: #fff; --line: #d8d8d8; --box: #f6f6f4;
  --pass: #1d7336; --fail: #b3261e; --inconclusive: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e6e6; --faint: #a0a0a0; --back: #181818; --line: #3c3c3c; --box: #222; --pass: #6fce8b; --fail: #ff8a80;
    --inconclusive: #ffc35a; }
}
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
section + section { border-top: 2px solid var(--line); margin-top: 3rem; padding-top: 2rem; }
.PASS { color: var(--pass); } .FAIL { color: var(--fail); } .INCONCLUSIVE { color: var(--inconclusive); }
.verdict { font-weight: 600; white-space: nowrap; }
.wide, .map { overflow-x: auto; overflow-y: hidden; } .wide table { border-collapse: collapse; font-size: .9rem; min-width: 100%; }
.wide th, .wide td { text-align: left; padding: .3rem .7rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.wide .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide .shape { white-space: nowrap; } .wide .note { min-width: 14rem; } nav { margin-bottom: 3rem; }
.finding { background: var(--box); border-left: 4px solid currentColor; padding: .7rem 1rem; margin: .8rem 0; overflow-wrap: anywhere; }
.finding p, .finding dl { color: var(--text); margin: 0; } .finding strong { color: inherit; }
.finding dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1rem; margin: .6rem 0; align-items: baseline; }
.finding dt { color: var(--faint); } .finding dd { margin: 0; overflow-x: auto; overflow-y: hidden; padding: .15rem 0; }
math { font-size: 1.15rem; } math[display=block] { display: inline math; margin: .1rem 0; }
.equations { overflow-x: auto; overflow-y: hidden; } .equations div { padding: .3rem 0; }
summary { cursor: pointer; } details figure { margin-top: 1rem; } a { color: inherit; }
)";

/// A row of cells; the first is its header.
std::string row(std::initializer_list<std::pair<const char*, std::string>> cells) {
    std::string text = "<tr>";
    for (const auto& [kind, content] : cells) {
        const char* tag = text == "<tr>" ? "th scope=\"row\"" : "td";
        text += fmt::format("<{}{}>{}</{}>", tag, *kind == '\0' ? "" : fmt::format(" class=\"{}\"", kind),
                            content, std::string_view(tag).substr(0, 2));
    }
    return text + "</tr>\n";
}

std::string table(const std::string& caption,
                  std::initializer_list<std::pair<const char*, const char*>> heads, const std::string& rows) {
    std::string text = fmt::format(
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table><thead><tr>", caption);
    for (const auto& [kind, head] : heads)
        text += fmt::format("<th scope=\"col\"{}>{}</th>",
                            *kind == '\0' ? "" : fmt::format(" class=\"{}\"", kind), head);
    return text + "</tr></thead><tbody>\n" + rows + "</tbody></table></div>\n";
}

std::string coloured(Verdict verdict, const std::string& text) {
    return fmt::format("<span class=\"verdict {}\">{}</span>", to_string(verdict), escaped_html(text));
}

std::string comparisons(const Report& report) {
    std::string rows;
    for (const Comparison& c : report.comparisons())
        rows += row({{"", escaped_html(c.name)},
                     {"shape", escaped_html(c.shape)},
                     {"number", detail::short_number(c.difference)},
                     {"number", detail::short_number(c.tolerance)},
                     {"", coloured(c.verdict, detail::verdict_text(c))},
                     {"note", escaped_html(c.note + c.answer)}});
    return table("Comparisons",
                 {{"", "name"},
                  {"", "shape"},
                  {"number", "largest difference"},
                  {"number", "tolerance"},
                  {"", "verdict"},
                  {"note", "note"}},
                 rows);
}

/// An equation as formulas in a row, between which a line may end where the page is narrower.
std::string typeset(const std::string& latex) {
    std::vector<std::string> pieces = detail::latex::pieces(latex);
    if (pieces.size() > 1 && pieces[1].starts_with('=')) {
        pieces[1] = pieces[0] + " " + pieces[1];
        pieces.erase(pieces.begin());
    }
    std::string text = mathml(pieces[0]);
    for (std::size_t k = 1; k < pieces.size(); ++k)
        text += "<wbr/>" + mathml("{} " + pieces[k]); // after something, a sign is one between two
    return text;
}

/// A finding with its equations typeset in the place of those in its text.
std::string finding(const Comparison& c) {
    std::string paragraphs, equations;
    for (const FoundEquation& e : c.equations)
        equations += fmt::format("<dt>{}</dt><dd tabindex=\"0\">{}</dd>\n", e.whose, typeset(e.latex));
    if (!equations.empty()) equations = "<dl>\n" + equations + "</dl>\n";
    std::string_view rest = c.finding;
    bool first = true;
    while (first || !rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        const bool equation =
            !first && !equations.empty() && (line.starts_with("  yours: ") || line.starts_with("  right: "));
        if (first)
            paragraphs += fmt::format("<p>{} <strong>{}</strong>{}</p>\n{}",
                                      coloured(c.verdict, detail::verdict_text(c)), escaped_html(c.name),
                                      escaped_html(line), equations);
        else if (!equation)
            paragraphs += fmt::format("<p>{}</p>\n", escaped_html(line));
        first = false;
    }
    return fmt::format("<div class=\"finding {}\">\n{}</div>\n", to_string(c.verdict), paragraphs);
}

/// The equations of the network, a line each.
std::string right_equations(const std::vector<Equation>& equations) {
    std::string text;
    for (const Equation& equation : equations)
        text += "<div>" + typeset(equation.to_string()) + "</div>\n";
    if (text.empty()) return text;
    return "<h2>The right equations</h2>\n<div class=\"equations\" tabindex=\"0\" role=\"region\" "
           "aria-label=\"The right equations\">\n" +
           text + "</div>\n";
}

std::string section(const ReportSection& given, std::size_t number) {
    const Report& report = given.report;
    std::string findings, open, folded;
    std::size_t passed = 0;
    for (const Comparison& c : report.comparisons()) {
        if (!c.finding.empty()) findings += finding(c);
        const std::string map = detail::heat_map(c.name, c.differences);
        (c.verdict == Verdict::pass ? folded : open) += map;
        passed += c.verdict == Verdict::pass && !map.empty() ? 1 : 0;
    }
    std::string text =
        fmt::format("<section id=\"r{}\">\n<h1>{}</h1>\n<p>{}</p>\n", number, escaped_html(report.title()),
                    coloured(report.verdict(), report.summary()));
    if (!findings.empty()) text += "<h2>What was found</h2>\n" + findings;
    if (!report.comparisons().empty()) text += "<h2>Comparisons</h2>\n" + comparisons(report);
    text += right_equations(given.equations);
    if (!(open + folded).empty()) text += "<h2>Differences</h2>\n" + open;
    if (!folded.empty())
        text += fmt::format("<details><summary>{} that passed</summary>\n{}</details>\n", passed, folded);
    return text + "</section>\n";
}

} // namespace

std::string html(const Report& report, const std::vector<Equation>& equations) {
    return html({{report, equations}});
}

std::string html(const std::vector<ReportSection>& given) {
    std::string sections, rows;
    for (std::size_t k = 0; k < given.size(); ++k) {
        const Report& report = given[k].report;
        sections += section(given[k], k);
        rows += row({{"", fmt::format("<a href=\"#r{}\">{}</a>", k, escaped_html(report.title()))},
                     {"", coloured(report.verdict(), to_string(report.verdict()))}});
    }
    const bool one = given.size() == 1;
    const std::string title =
        one ? fmt::format("{}: {}", to_string(given[0].report.verdict()), given[0].report.title())
            : fmt::format("{} reports", given.size());
    const std::string contents =
        one ? "" : "<nav>" + table("Reports", {{"", "report"}, {"", "verdict"}}, rows) + "</nav>\n";
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n"
        "<style>{}{}</style>\n</head>\n<body>\n<main>\n{}{}</main>\n</body>\n</html>\n",
        escaped_html(title), style, detail::heat_map_style(), contents, sections);
}

} // namespace xtape
