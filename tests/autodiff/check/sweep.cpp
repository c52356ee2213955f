/// Every operation of the library through check_op: as it is, with a derivative that is wrong by little, and
/// with a part of its definition missing. By default few seeds are drawn; `--run_test=no_false_alarm -- 1000`
/// draws as many as are asked for.

#include <xtape/autodiff.hpp>
#include <xtape/autodiff/check/mutate.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>

using namespace xtape;

namespace {

/// What check_op is asked to draw from: 1, 2, … as many as stand on the command line.
std::uint64_t seeds(std::uint64_t by_default) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    return suite.argc > 1 ? std::stoull(suite.argv[1]) : by_default;
}

/// The lists have grown to this many; a list that was lost on the way would be noticed.
constexpr std::size_t least = 100;

bool passes_a_derivative(const Definition& d) {
    bool real = d.takes_any_kind();
    for (std::size_t k = 0; k < d.operands.size(); ++k)
        real |= d.operands[k] == Kind::real && (d.differentiable.empty() || d.differentiable[k]);
    return real && !d.without_gradient && (d.vjp || d.vjp_all || d.body);
}

/// Its derivative is zero everywhere, and stays right whatever it is multiplied by.
bool is_flat(const Op& op) { return op.name() == "xtape::sign"; }

struct Caught {
    std::size_t versions = 0, caught = 0, named = 0;
};

/// Counts the versions whose name ends so, those that fail, and those that fail in the line `line` after all
/// of `before` have passed.
Caught caught(const std::string& how, const std::string& line, const std::vector<std::string>& before) {
    Caught count;
    for (const Op& op : builtin_ops()) {
        if (is_flat(op)) continue;
        for (const Op& wrong : wrong_versions(op)) {
            if (!wrong.name().ends_with(how)) continue;
            for (std::uint64_t seed = 1; seed <= seeds(1); ++seed) {
                const Report report = check_op(wrong, seed);
                const bool fails = report.verdict() == Verdict::fail;
                const bool named = fails && report[line].verdict == Verdict::fail &&
                                   std::ranges::all_of(before, [&](const std::string& earlier) {
                                       return report[earlier].verdict == Verdict::pass;
                                   });
                BOOST_TEST(fails, report);
                BOOST_TEST(named, "not in the line " << line << "\n" << report);
                ++count.versions;
                count.caught += fails;
                count.named += named;
            }
        }
    }
    BOOST_TEST_MESSAGE(fmt::format("{} of {} versions {} caught, {} by the line {}", count.caught,
                                   count.versions, how, count.named, line));
    return count;
}

/// How many of the library's operations pass a derivative to at least one operand; those of numbers with
/// several.
std::pair<std::size_t, std::size_t> differentiable_operations() {
    std::size_t all = 0, several = 0;
    for (const Op& op : builtin_ops()) {
        const Definition& d = op.definition();
        if (is_flat(op) || !passes_a_derivative(d)) continue;
        ++all;
        several += d.elementwise && d.operands.size() > 1;
    }
    return {all, several};
}

/// Asserts that the definition without a part of it fails in that line; returns 1.
std::size_t fails_without(const Op& op, const std::string& line,
                          const std::function<void(Definition&)>& strip) {
    Definition definition = op.definition();
    strip(definition);
    const Report report = check_op(Op(definition));
    BOOST_TEST((report.verdict() == Verdict::fail), op.name() << " without its " << line);
    BOOST_TEST((report[line].verdict == Verdict::fail), op.name() << " without its " << line << "\n"
                                                                  << report);
    return 1;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_passes) {
    std::size_t checked = 0, differentiated = 0, entries = 0;
    for (const Op& op : builtin_ops()) {
        const Report report = check_op(op);
        BOOST_TEST(report, op.name());
        BOOST_TEST(report["value"].compared > 0U, op.name());
        if (passes_a_derivative(op.definition()) && !is_flat(op)) {
            for (const char* line : {"derivative", "second derivative", "derivative in float and double"})
                BOOST_TEST(report[line].compared > 0U, op.name() << ": " << line);
            ++differentiated;
        }
        ++checked;
        entries += report.compared();
    }
    BOOST_TEST_MESSAGE(fmt::format("{} operations, {} with a derivative, {} entries compared", checked,
                                   differentiated, entries));
    BOOST_TEST(checked == builtin_ops().size());
    BOOST_TEST(checked >= least);
    BOOST_TEST(differentiated == differentiable_operations().first);
    BOOST_TEST(differentiated >= 70U);
    BOOST_TEST(entries >= 20000U);
}

BOOST_AUTO_TEST_CASE(a_list_is_reported_by_operation) {
    const std::span<const Op> family = arithmetic_ops();
    std::vector<Op> ops(family.begin(), family.end());
    const Report right = check_ops(ops);
    BOOST_TEST(right);
    BOOST_TEST(right.comparisons().size() == ops.size());
    ops.push_back(wrong_versions(ops[0])[0]);
    const Report wrong = check_ops(ops);
    BOOST_TEST((wrong.verdict() == Verdict::fail));
    BOOST_TEST((wrong[ops.back().name()].verdict == Verdict::fail));
    BOOST_TEST((wrong[ops[0].name()].verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(off_by_a_thousandth) {
    const Caught count = caught("_off_by_a_thousandth", "derivative", {"value"});
    BOOST_TEST(count.caught == seeds(1) * differentiable_operations().first);
    BOOST_TEST(count.caught >= 70U);
}

BOOST_AUTO_TEST_CASE(wrong_second_derivative) {
    const Caught count = caught("_wrong_second_derivative", "second derivative", {"value", "derivative"});
    BOOST_TEST(count.caught == seeds(1) * differentiable_operations().first);
    BOOST_TEST(count.caught >= 70U);
}

BOOST_AUTO_TEST_CASE(wrong_when_broadcast) {
    const Caught count = caught("_wrong_when_broadcast", "derivative", {"value"});
    BOOST_TEST(count.caught == seeds(1) * differentiable_operations().second);
    BOOST_TEST(count.caught >= 10U);
}

BOOST_AUTO_TEST_CASE(what_lacks_a_part_fails_by_name) {
    std::size_t notations = 0, rules = 0, samples = 0, domains = 0;
    for (const Op& op : builtin_ops()) {
        const Definition& d = op.definition();
        notations += fails_without(op, "notation", [](Definition& definition) { definition.notation = {}; });
        if (passes_a_derivative(d))
            rules += fails_without(op, "rule", [](Definition& definition) {
                definition.vjp = {};
                definition.vjp_all = {};
                definition.body = {};
            });
        if (!d.elementwise)
            samples += fails_without(op, "samples", [](Definition& definition) { definition.samples = {}; });
        if (d.elementwise && !d.domain.empty())
            domains += fails_without(op, "value", [](Definition& definition) {
                definition.domain = {};
                definition.sampled_on = {};
            });
    }
    BOOST_TEST_MESSAGE(
        fmt::format("{} without notation, {} without rule, {} without samples, {} without domain", notations,
                    rules, samples, domains));
    BOOST_TEST(notations >= least);
    BOOST_TEST(rules == differentiable_operations().first + 1); // sign has a rule
    BOOST_TEST(samples >= 30U);
    BOOST_TEST(domains >= 9U);
}

BOOST_AUTO_TEST_CASE(no_false_alarm) {
    std::size_t points = 0, alarms = 0, inconclusive = 0, entries = 0;
    for (std::uint64_t seed = 1; seed <= seeds(4); ++seed)
        for (const Op& op : builtin_ops()) {
            const Report report = check_op(op, seed);
            const Verdict verdict = report.verdict();
            BOOST_TEST((verdict != Verdict::fail), report);
            if (verdict == Verdict::inconclusive) BOOST_TEST_MESSAGE(report.to_string());
            alarms += verdict == Verdict::fail;
            inconclusive += verdict == Verdict::inconclusive;
            entries += report.compared();
            ++points;
        }
    BOOST_TEST_MESSAGE(
        fmt::format("{} false alarms and {} inconclusive among {} checks ({} operations at {} seeds), "
                    "{} entries compared",
                    alarms, inconclusive, points, builtin_ops().size(), seeds(4), entries));
    BOOST_TEST(points == seeds(4) * builtin_ops().size());
    BOOST_TEST(entries >= 20000 * seeds(4));
    BOOST_TEST(inconclusive * 1000 <= points);
}
