#pragma once

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace xtape {

/// What a check found. INCONCLUSIVE is neither: the numbers cannot tell.
enum class Verdict { pass, fail, inconclusive };

/// `PASS`, `FAIL`, `INCONCLUSIVE`.
[[nodiscard]] const char* to_string(Verdict verdict);

/// How an array differs from what it should be, entry by entry, row by row.
struct EntryDifferences {
    std::vector<std::size_t> extents;
    std::vector<double> values;    ///< the person's minus the right one; NaN where either is
    std::vector<double> tolerance; ///< what rounding explains
};

/// An equation of a finding.
struct FoundEquation {
    std::string whose; ///< yours; or yours, where these data cannot tell that from the first; right
    std::string cause; ///< which mistake makes it theirs, as the finding says it; none in the right one
    std::string text, latex;
};

/// One comparison of a report.
struct Comparison {
    std::string name;       ///< what was compared
    std::string shape;      ///< its shape
    std::size_t compared;   ///< how many entries
    long double difference; ///< the largest absolute difference; NaN where there is none
    long double tolerance;  ///< what rounding explains
    Verdict verdict;
    std::string note;         ///< why, where it is not a plain PASS
    std::string reason = {};  ///< of an INCONCLUSIVE: kink, noise or domain
    std::string finding = {}; ///< a sentence below the table, which continues the name: `[2,0]: 0.83 on …`
    std::string answer = {}; ///< continues the note with the right number, which a homework's hint leaves out
    std::vector<FoundEquation> equations = {}; ///< those of the finding
    long double factor = 1;            ///< times which the right values were compared: a deferred mean
    EntryDifferences differences = {}; ///< without values where they are not kept
};

/// The result of a check: prints as a table through fmt and into streams, is true where all passed (so that
/// `BOOST_TEST(check_gradients(f, x))` prints it where it did not), and knows its exit status.
class Report {
public:
    using printed_by_xtape = void;

    explicit Report(std::string title) : title_(std::move(title)) {}

    void add(Comparison comparison) { comparisons_.push_back(std::move(comparison)); }

    [[nodiscard]] const std::vector<Comparison>& comparisons() const& { return comparisons_; }
    [[nodiscard]] std::vector<Comparison> comparisons() && { return std::move(comparisons_); }

    /// The comparison of this name; throws NameError where there is none.
    [[nodiscard]] const Comparison& operator[](const std::string& name) const&;
    [[nodiscard]] Comparison operator[](const std::string& name) && { return std::as_const(*this)[name]; }

    /// FAIL where one comparison failed or nothing was compared, else INCONCLUSIVE where one was, else PASS.
    [[nodiscard]] Verdict verdict() const;
    [[nodiscard]] bool passed() const { return verdict() == Verdict::pass; }
    explicit operator bool() const { return passed(); }

    /// How many entries were compared in all.
    [[nodiscard]] std::size_t compared() const;

    /// 0 pass, 1 fail, 2 inconclusive. (3, bad input, is an exception's.)
    [[nodiscard]] int exit_status() const;

    [[nodiscard]] const std::string& title() const { return title_; }

    /// `FAIL: 12 comparisons, 117 entries.`
    [[nodiscard]] std::string summary() const;

    /// The table: name, shape, largest difference, tolerance, verdict, note; and the findings below it.
    [[nodiscard]] std::string to_string() const;
    friend std::ostream& operator<<(std::ostream& out, const Report& report);

private:
    std::string title_;
    std::vector<Comparison> comparisons_;
};

namespace detail {

/// `PASS`, `INCONCLUSIVE(kink)`.
[[nodiscard]] std::string verdict_text(const Comparison& comparison);

/// A difference or a tolerance: two digits, and a dash where there is none.
[[nodiscard]] std::string short_number(long double value);

} // namespace detail

} // namespace xtape
