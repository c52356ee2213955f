#include <xtape/autodiff/check/tally.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::detail {
namespace {

constexpr long double nan = std::numeric_limits<long double>::quiet_NaN();

/// `[2,:]` for entries that share their first index only; nothing where they differ in all, or are numbers.
std::string pattern(const std::vector<Extents>& positions) {
    std::string text;
    for (std::size_t axis = 0; axis < positions[0].size(); ++axis) {
        const bool shared =
            std::ranges::all_of(positions, [&](const Extents& p) { return p[axis] == positions[0][axis]; });
        text += (text.empty() ? "" : ",") + (shared ? fmt::to_string(positions[0][axis]) : ":");
    }
    return text.empty() ? "" : "[" + text + "]";
}

} // namespace

std::pair<std::string, std::string> told_apart(long double a, long double b) {
    if (std::isnan(a) || std::isnan(b)) {
        const auto text = [](long double x) { return std::isnan(x) ? "NaN" : fmt::format("{:.4g}", x); };
        return {text(a), text(b)};
    }
    std::pair<std::string, std::string> texts;
    for (int digits = 4; digits <= 21; ++digits) {
        texts = {fmt::format("{:.{}g}", a, digits), fmt::format("{:.{}g}", b, digits)};
        if (a == b || texts.first != texts.second) break;
    }
    return texts;
}

Tally::Tally(std::string name, std::string shape)
    : comparison_{std::move(name), std::move(shape), 0, nan, nan, Verdict::pass, ""} {}

bool Tally::count(long double ours, long double theirs, long double tolerance) {
    ++comparison_.compared;
    largest_ = std::max(largest_, std::abs(ours));
    const long double difference = ours == theirs ? 0.0L : std::abs(ours - theirs);
    const bool within = difference <= tolerance;
    long double ratio =
        within ? (tolerance > 0 ? difference / tolerance : 0) : std::numeric_limits<long double>::infinity();
    if (!within && std::isfinite(difference)) ratio = 1 + difference;
    if (ratio > worst_) {
        worst_ = ratio;
        comparison_.difference = difference;
        comparison_.tolerance = tolerance;
    }
    return within;
}

bool Tally::add_failure() {
    comparison_.verdict = Verdict::fail;
    return ++failures_ == 1;
}

void Tally::fail(const std::string& finding) {
    if (add_failure()) comparison_.finding = finding;
}

void Tally::undecided(const std::string& reason, const Extents& position, const std::string& finding) {
    if (comparison_.verdict == Verdict::pass) {
        comparison_.verdict = Verdict::inconclusive;
        comparison_.reason = reason;
        first_undecided_ = finding;
    }
    if (comparison_.reason == reason && (undecided_.empty() || undecided_[0].size() == position.size()))
        undecided_.push_back(position);
}

Comparison Tally::result() const {
    Comparison result = comparison_;
    if (result.verdict == Verdict::fail) {
        result.reason.clear();
        if (failures_ > 1) result.finding += fmt::format(" And {} more.", failures_ - 1);
    } else if (result.verdict == Verdict::inconclusive) {
        result.finding = pattern(undecided_) + ": " + first_undecided_;
        if (result.compared > 0)
            result.finding += fmt::format(
                " The other {} to {:.0e}.",
                result.compared == 1 ? "entry agrees" : fmt::format("{} entries agree", result.compared),
                static_cast<double>(result.difference));
    }
    return result;
}

Tally& Tallies::of(const std::string& name, const std::string& shape) {
    const auto it = std::ranges::find(tallies_, name, &Tally::name);
    return it != tallies_.end() ? *it : tallies_.emplace_back(name, shape);
}

Report Tallies::report(std::string title) const {
    Report report(std::move(title));
    for (const Tally& tally : tallies_)
        if (tally.used()) report.add(tally.result());
    return report;
}

} // namespace xtape::detail
