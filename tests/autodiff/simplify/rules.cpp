/// Every rule of the standard list on every example that it brings: a rule without examples fails here.

#include "check.hpp"
#include <xtape/autodiff/check/reference.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <set>

namespace {

using namespace xtape;

constexpr std::uint64_t seeds = 8;

/// Both sides of a rule on one example.
struct Sides {
    Tape tape;
    Var left;
    Simplified simplified;
    Var right;
    bool fired = false;
};

Sides sides_of(const Rule& rule, const Example& example, std::uint64_t seed) {
    Sides sides;
    Draw draw(seed);
    sides.left = example(sides.tape, draw);
    const Goal goal = rule.goal == Goal::stable ? Goal::stable : Goal::textbook;
    sides.simplified = simplify(sides.left, {.goal = goal, .rules = {rule}});
    sides.right = sides.simplified(sides.left);
    for (const Step& step : sides.simplified.steps)
        sides.fired |= step.rule == rule.name;
    return sides;
}

/// The same array with a NaN, infinities and both zeros among its entries.
Array<double> with_specials(Array<double> array) {
    const double specials[] = {NAN, INFINITY, -INFINITY, 0.0, -0.0};
    for (std::size_t i = 0; i < array.size(); ++i)
        if (i % 2 == 0) array.data()[i] = specials[i / 2 % 5];
    return array;
}

bool same_bits(const Array<double>& a, const Array<double>& b) {
    if (a.shape() != b.shape()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double x = a.data()[i], y = b.data()[i];
        if (std::isnan(x) ? !std::isnan(y) : x != y || std::signbit(x) != std::signbit(y)) return false;
    }
    return true;
}

bool exactly_equal(const Sides& sides) {
    Evaluation<double> plain, special_left, special_right;
    for (const auto& [id, name] : sides.tape.records()->names()) {
        const Var leaf = sides.tape[name];
        if (!sides.tape.records()->leaf(leaf.id())) continue;
        special_left.bind(leaf, with_specials(leaf.value()));
        if (const Var moved = sides.simplified(leaf); !moved.empty())
            special_right.bind(moved, with_specials(leaf.value()));
    }
    return same_bits(plain.value(sides.left), Evaluation<double>().value(sides.right)) &&
           same_bits(special_left.value(sides.left), special_right.value(sides.right));
}

struct Outcome {
    bool agree = true;
    std::size_t compared = 0;
};

/// The right side in double against the left one in long double, to what rounding explains on either; where
/// the left side is not finite or rounding decides it, the right one must be finite.
Outcome nearly_equal(const Sides& sides) {
    detail::Reference reference({}, 4);
    const detail::Truth truth = reference.truth(sides.left, Element::f64);
    const detail::Truth own = detail::Reference({}, 4).truth(sides.right, Element::f64);
    const Array<double> right = sides.right.value();
    Outcome outcome;
    outcome.agree = truth.value.shape() == right.shape();
    for (std::size_t i = 0; outcome.agree && i < right.size(); ++i) {
        const long double left = truth.value.data()[i],
                          tolerance = truth.tolerance.data()[i] + own.tolerance.data()[i];
        outcome.agree = std::isfinite(right.data()[i]);
        if (!outcome.agree || !std::isfinite(left) || !std::isfinite(tolerance)) continue;
        ++outcome.compared;
        outcome.agree = std::abs(right.data()[i] - left) <= tolerance + std::numeric_limits<double>::min();
    }
    return outcome;
}

bool agree(const Rule& rule, const Sides& sides) {
    if (rule.agreement == Agreement::exact) return exactly_equal(sides);
    return nearly_equal(sides).agree;
}

/// The rule with a replacement that is off by 0.1 %, once.
Rule spoilt(Rule rule) {
    rule.replace = [replace = rule.replace, done = std::make_shared<bool>(false)](const Match& m) {
        const Var result = *done ? Var() : replace(m);
        if (result.empty()) return result;
        *done = true;
        return result.kind() == Kind::real ? with_shape_of(1.001 * result, m.root()) : result;
    };
    return rule;
}

BOOST_AUTO_TEST_CASE(every_rule_has_a_name_a_condition_and_examples) {
    std::set<std::string> names;
    for (const Rule& rule : standard_rules()) {
        BOOST_TEST_CONTEXT(rule.name) {
            BOOST_TEST(names.insert(rule.name).second);
            BOOST_TEST(!rule.condition.empty());
            BOOST_TEST(!rule.fires.empty());
        }
    }
    BOOST_TEST(names.size() > 20u);
}

BOOST_AUTO_TEST_CASE(both_sides_of_every_rule_are_equal) {
    for (const Rule& rule : standard_rules())
        for (std::size_t k = 0; k < rule.fires.size(); ++k)
            for (std::uint64_t seed = 1; seed <= seeds; ++seed)
                BOOST_TEST_CONTEXT(rule.name << ", example " << k << ", seed " << seed) {
                    const Sides sides = sides_of(rule, rule.fires[k], seed);
                    BOOST_TEST(sides.fired);
                    BOOST_TEST(agree(rule, sides));
                    if (rule.agreement != Agreement::exact && sides.left.value().size() > 0)
                        BOOST_TEST(nearly_equal(sides).compared > 0u);
                }
}

BOOST_AUTO_TEST_CASE(no_rule_fires_outside_its_condition) {
    for (const Rule& rule : standard_rules())
        for (std::size_t k = 0; k < rule.refuses.size(); ++k)
            BOOST_TEST_CONTEXT(rule.name << ", example " << k)
    BOOST_TEST(!sides_of(rule, rule.refuses[k], 1).fired);
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_off_by_a_thousandth_is_found_out) {
    for (const Rule& rule : standard_rules())
        BOOST_TEST_CONTEXT(rule.name) {
            bool found = false;
            for (const Example& example : rule.fires) {
                const Rule wrong = spoilt(rule);
                found |= !agree(wrong, sides_of(wrong, example, 1));
            }
            BOOST_TEST(found);
        }
}

BOOST_AUTO_TEST_CASE(all_rules_together_end_and_have_nothing_left_to_do) {
    for (const Goal goal : {Goal::textbook, Goal::stable})
        for (const Rule& rule : standard_rules())
            for (const auto* examples : {&rule.fires, &rule.refuses})
                for (std::size_t k = 0; k < examples->size(); ++k)
                    BOOST_TEST_CONTEXT(rule.name << ", example " << k) {
                        Tape tape;
                        Draw draw(1);
                        const Var left = (*examples)[k](tape, draw);
                        const Simplified once = simplify(left, {.goal = goal});
                        const Simplified twice = simplify(once(left), {.goal = goal});
                        for (const Step& step : twice.steps)
                            BOOST_TEST_MESSAGE(step.rule);
                        BOOST_TEST(twice.steps.empty());
                    }
}

BOOST_AUTO_TEST_CASE(what_is_given_is_tested_in_the_same_way) {
    Tape tape;
    const Var Y = tape.input("Y", {Dim("k", 3), Dim("n")});
    const Rule rule = sums_to_one(Y, 0);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Sides sides = sides_of(rule, rule.fires[0], seed);
        BOOST_TEST(sides.fired);
        BOOST_TEST(nearly_equal(sides).agree);
    }
    BOOST_TEST(!sides_of(rule, rule.refuses[0], 1).fired);
    const Rule wrong = spoilt(rule);
    BOOST_TEST(!agree(wrong, sides_of(wrong, rule.fires[0], 1)));
    const std::string message = check::complaint<VarError>([&] { (void)sums_to_one(2 * Y, 0); });
    BOOST_TEST(check::says(message, "not an input or a variable"), message);
    BOOST_TEST(check::says(check::complaint<ShapeError>([&] { (void)sums_to_one(Y, 2); }), "sums_to_one(Y)"));
}

} // namespace
