#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/format.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace xtape;

namespace {

Comparison comparison(const std::string& name, Verdict verdict, std::size_t compared = 6) {
    return {name, "(2 × 3)", compared, 1e-17L, 1e-15L, verdict, ""};
}

Report report(std::initializer_list<Comparison> comparisons) {
    Report result("A title");
    for (const Comparison& each : comparisons)
        result.add(each);
    return result;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_failure_outweighs_everything) {
    const Report r = report({comparison("a", Verdict::pass), comparison("b", Verdict::inconclusive),
                             comparison("c", Verdict::fail)});
    BOOST_TEST(r.exit_status() == 1);
    BOOST_TEST(!r.passed());
}

BOOST_AUTO_TEST_CASE(inconclusive_outweighs_pass) {
    BOOST_TEST(
        report({comparison("a", Verdict::pass), comparison("b", Verdict::inconclusive)}).exit_status() == 2);
    BOOST_TEST(report({comparison("a", Verdict::pass), comparison("b", Verdict::pass)}).exit_status() == 0);
}

BOOST_AUTO_TEST_CASE(nothing_compared_is_a_failure) {
    BOOST_TEST(report({}).exit_status() == 1);
    BOOST_TEST(report({comparison("empty", Verdict::pass, 0)}).exit_status() == 1);
    BOOST_TEST(report({}).to_string().find("Nothing was compared") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(it_prints_a_table_and_finds_by_name) {
    const Report r = report({comparison("dW1", Verdict::pass), comparison("dZ1", Verdict::fail)});
    const std::string text = fmt::format("{}", r);
    for (const char* part :
         {"A title", "name", "dW1", "(2 × 3)", "1.0e-17", "PASS", "FAIL", "2 comparisons, 12 entries"})
        BOOST_TEST(text.find(part) != std::string::npos, part);
    BOOST_TEST((r["dZ1"].verdict == Verdict::fail));
    BOOST_CHECK_THROW((void)r["dW3"], NameError);
}

BOOST_AUTO_TEST_CASE(findings_stand_below_the_table_and_reasons_beside_the_verdict) {
    Report report("Check");
    Comparison kink{"dW", "(4 × 3)", 9, 2e-12L, 1e-11L, Verdict::inconclusive, ""};
    kink.reason = "kink";
    kink.finding = "[2,:]: relu at Z[2,17] = 0 changes branch.";
    report.add(kink);
    const std::string text = report.to_string();
    BOOST_TEST(text.find("INCONCLUSIVE(kink)") != std::string::npos);
    BOOST_TEST(text.find("\nINCONCLUSIVE(kink) dW[2,:]: relu at Z[2,17] = 0 changes branch.\n") !=
               std::string::npos);
    BOOST_TEST(!report); // neither passed nor failed
    std::ostringstream out;
    out << report;
    BOOST_TEST(out.str() == text);
}
