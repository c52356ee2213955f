#pragma once

/// Many comparisons of one kind become one line of a report.

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/shape.hpp>

#include <deque>
#include <string>
#include <vector>

namespace xtape::detail {

/// Both numbers with as many digits as it takes to tell them apart.
[[nodiscard]] std::pair<std::string, std::string> told_apart(long double a, long double b);

class Tally {
public:
    explicit Tally(std::string name, std::string shape = "");

    /// Compares two numbers, of which `theirs` is right to `tolerance`. NaN equals nothing. Where they are
    /// not equal, `failure(a, b)` says so, given both numbers as texts.
    template <class Failure>
    bool compare(long double ours, long double theirs, long double tolerance, Failure failure) {
        const bool within = count(ours, theirs, tolerance);
        if (!within && add_failure()) {
            const auto [a, b] = told_apart(ours, theirs);
            comparison_.finding = failure(a, b);
        }
        return within;
    }

    /// Something is wrong; the first sentence is kept. It follows the line's name: `[2,0]: …`.
    void fail(const std::string& finding);

    /// The entry at `position` cannot be decided, for this reason (kink, noise, domain).
    void undecided(const std::string& reason, const Extents& position, const std::string& finding);

    /// Counts what was looked at and is right.
    void pass(std::size_t entries = 1) { comparison_.compared += entries; }

    void note(std::string text) { comparison_.note = std::move(text); }

    [[nodiscard]] bool used() const {
        return comparison_.compared > 0 || comparison_.verdict != Verdict::pass;
    }
    [[nodiscard]] std::size_t compared() const { return comparison_.compared; }
    /// The largest magnitude among our numbers that were compared.
    [[nodiscard]] long double largest() const { return largest_; }
    [[nodiscard]] bool all_zero() const { return largest_ == 0; }
    [[nodiscard]] Verdict verdict() const { return comparison_.verdict; }
    [[nodiscard]] const std::string& name() const { return comparison_.name; }
    [[nodiscard]] Comparison result() const;

private:
    bool count(long double ours, long double theirs, long double tolerance);
    bool add_failure();

    Comparison comparison_;
    long double worst_ = -1, largest_ = 0;
    std::size_t failures_ = 0;
    std::vector<Extents> undecided_;
    std::string first_undecided_;
};

/// The lines of a report, in the order in which they were first asked for. References stay valid.
class Tallies {
public:
    Tally& of(const std::string& name, const std::string& shape = "");
    [[nodiscard]] Report report(std::string title) const;

private:
    std::deque<Tally> tallies_;
};

} // namespace xtape::detail
