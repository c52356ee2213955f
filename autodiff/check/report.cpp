#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace xtape {
namespace {

/// How many columns a text takes on a terminal: UTF-8's continuation bytes take none.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t columns) {
    return text + std::string(columns > width(text) ? columns - width(text) : 0, ' ');
}

} // namespace

std::string detail::short_number(long double value) {
    return std::isnan(value) ? "–" : value == 0 ? "0" : fmt::format("{:.1e}", static_cast<double>(value));
}

std::string detail::verdict_text(const Comparison& comparison) {
    const std::string reason = comparison.reason.empty() ? "" : "(" + comparison.reason + ")";
    return xtape::to_string(comparison.verdict) + reason;
}

const char* to_string(Verdict verdict) {
    switch (verdict) {
    case Verdict::pass:
        return "PASS";
    case Verdict::fail:
        return "FAIL";
    case Verdict::inconclusive:
        break;
    }
    return "INCONCLUSIVE";
}

const Comparison& Report::operator[](const std::string& name) const& {
    const auto it = std::ranges::find(comparisons_, name, &Comparison::name);
    if (it == comparisons_.end())
        throw NameError(fmt::format("{}: nothing called {} was compared.", title_, name));
    return *it;
}

Verdict Report::verdict() const {
    const auto any = [&](Verdict verdict) {
        return std::ranges::any_of(comparisons_, [&](const Comparison& c) { return c.verdict == verdict; });
    };
    if (any(Verdict::fail) || compared() == 0) return Verdict::fail;
    return any(Verdict::inconclusive) ? Verdict::inconclusive : Verdict::pass;
}

std::size_t Report::compared() const {
    std::size_t count = 0;
    for (const Comparison& comparison : comparisons_)
        count += comparison.compared;
    return count;
}

int Report::exit_status() const {
    switch (verdict()) {
    case Verdict::pass:
        return 0;
    case Verdict::fail:
        return 1;
    case Verdict::inconclusive:
        break;
    }
    return 2;
}

std::string Report::to_string() const {
    std::vector<std::vector<std::string>> rows{
        {"name", "shape", "largest difference", "tolerance", "verdict", ""}};
    for (const Comparison& c : comparisons_)
        rows.push_back({c.name, c.shape, detail::short_number(c.difference),
                        detail::short_number(c.tolerance), detail::verdict_text(c), c.note + c.answer});
    std::vector<std::size_t> widths(rows[0].size(), 0);
    for (const auto& row : rows)
        for (std::size_t k = 0; k < row.size(); ++k)
            widths[k] = std::max(widths[k], width(row[k]));
    std::string text = title_ + "\n";
    for (const auto& row : rows) {
        std::string line = " ";
        for (std::size_t k = 0; k < row.size(); ++k)
            line += " " + padded(row[k], widths[k]) + " ";
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    for (const Comparison& c : comparisons_)
        if (!c.finding.empty()) text += fmt::format("{} {}{}\n", detail::verdict_text(c), c.name, c.finding);
    return text + summary();
}

std::string Report::summary() const {
    const std::string nothing = compared() == 0 ? " Nothing was compared." : "";
    return fmt::format("{}: {} comparison{}, {} {}.{}", xtape::to_string(verdict()), comparisons_.size(),
                       comparisons_.size() == 1 ? "" : "s", compared(), compared() == 1 ? "entry" : "entries",
                       nothing);
}

std::ostream& operator<<(std::ostream& out, const Report& report) { return out << report.to_string(); }

} // namespace xtape
