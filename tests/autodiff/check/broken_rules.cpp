#include "broken_rules.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace xtape;

namespace {

/// Each broken rule fails, in the line that the mistake belongs to, and the right one passes. Returns how
/// many were caught.
std::size_t caught(const std::vector<broken::BrokenRule>& rules) {
    std::size_t count = 0;
    std::set<std::string> right;
    for (const broken::BrokenRule& rule : rules) {
        if (right.insert(rule.right.name()).second) {
            const Report report = check_op(rule.right);
            BOOST_TEST(report.passed(), report.to_string());
        }
        const Report report = check_op(rule.wrong());
        const bool fails = report.verdict() == Verdict::fail;
        BOOST_TEST(fails, rule.name << ": " << rule.mistake << "\n" << report.to_string());
        if (!rule.caught_by.empty())
            BOOST_TEST((report[rule.caught_by].verdict == Verdict::fail), rule.name
                                                                              << " is not named by its line\n"
                                                                              << report.to_string());
        if (rule.caught_by == "second derivative")
            BOOST_TEST((report["derivative"].verdict == Verdict::pass), report.to_string());
        count += fails;
    }
    BOOST_TEST_MESSAGE(count << " of " << rules.size() << " broken rules caught");
    return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(of_numbers) { BOOST_TEST(caught(broken::of_numbers()) == 33U); }
BOOST_AUTO_TEST_CASE(of_broadcasts) { BOOST_TEST(caught(broken::of_broadcasts()) == 11U); }
BOOST_AUTO_TEST_CASE(of_cotangents) { BOOST_TEST(caught(broken::of_cotangents()) == 20U); }
BOOST_AUTO_TEST_CASE(of_matrices) { BOOST_TEST(caught(broken::of_matrices()) == 28U); }
BOOST_AUTO_TEST_CASE(of_lines) { BOOST_TEST(caught(broken::of_lines()) == 21U); }
BOOST_AUTO_TEST_CASE(of_positions) { BOOST_TEST(caught(broken::of_positions()) == 18U); }
BOOST_AUTO_TEST_CASE(of_contracts) { BOOST_TEST(caught(broken::of_contracts()) == 36U); }

BOOST_AUTO_TEST_CASE(every_mistake_has_a_name_of_its_own) {
    std::set<std::string> names;
    std::size_t count = 0;
    for (const auto& list :
         {broken::of_numbers(), broken::of_broadcasts(), broken::of_cotangents(), broken::of_matrices(),
          broken::of_lines(), broken::of_positions(), broken::of_contracts()})
        for (const broken::BrokenRule& rule : list) {
            BOOST_TEST(!rule.mistake.empty());
            names.insert(rule.name);
            ++count;
        }
    BOOST_TEST(names.size() == count);
    BOOST_TEST(count >= 160U);
}
