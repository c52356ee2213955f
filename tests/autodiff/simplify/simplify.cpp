/// What simplify does with a tape apart from its rules: duplicates, what is unused, names, ends, errors,
/// cost.

#include "check.hpp"
#include <xtape/autodiff/simplify/simplify.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace xtape;

struct Fixture {
    Tape tape;
    Var x = tape.input("x", {2, Dim("n")}), y = tape.input("y", {2, Dim("n")});
};

BOOST_FIXTURE_TEST_CASE(duplicates_are_removed_and_what_is_unused_is_left_out, Fixture) {
    const Var unused = named("unused", exp(x));
    const Var a = tanh(x + y), b = tanh(y + x), c = tanh(x - y), d = tanh(y - x);
    const Var result = matmul(a, transpose(b)) + matmul(c, transpose(d));
    const std::size_t before = tape.size();
    const Simplified s = simplify(result);
    BOOST_TEST(tape.size() == before);
    BOOST_TEST(s(unused).empty());
    BOOST_TEST(s(a).same_as(s(b)));
    BOOST_TEST(!s(c).same_as(s(d)));
    // x, y, x + y, tanh, ᵀ, matmul; x − y, tanh, y − x, tanh, ᵀ, matmul; the sum
    BOOST_TEST(s.tape.size() == 13u);
    BOOST_TEST(s(x).name() == "x");
    const auto arrays = [&](const Var& left, const Var& right) {
        return std::pair(Binding{left, check::filled<double>({2, 3}, {1, 0.5, -2})},
                         Binding{right, check::filled<double>({2, 3}, {0.25, 3, -1, 0})});
    };
    const auto [x1, y1] = arrays(x, y);
    const auto [x2, y2] = arrays(s(x), s(y));
    BOOST_TEST((result.value({x1, y1}) == s(result).value({x2, y2})));
}

BOOST_FIXTURE_TEST_CASE(names_go_with_what_bears_them, Fixture) {
    const Var z = named("z", x + 0), again = named("again", tanh(x)), same = named("same", tanh(z));
    const Simplified s = simplify({again, same});
    BOOST_TEST(s(z).same_as(s(x)));
    BOOST_TEST(s.tape["z"].same_as(s.tape["x"]));
    BOOST_TEST(s.tape["again"].same_as(s.tape["same"]));
}

BOOST_FIXTURE_TEST_CASE(steps_say_which_rule_replaced_what_by_what_and_where, Fixture) {
    const Var z = (x + y) - y;
    const Simplified s = simplify(z);
    BOOST_TEST(s(z).same_as(s(x)));
    BOOST_REQUIRE(s.steps.size() == 1u);
    const Step& step = s.steps[0];
    BOOST_TEST(step.rule == "cancel terms");
    BOOST_TEST((step.agreement == Agreement::real));
    BOOST_TEST(step.before.to_string() == "subtract(add(x, y), y)");
    BOOST_TEST(step.after.to_string() == "x");
    BOOST_TEST(step.at == z.id());
    BOOST_TEST(step.whole);
}

BOOST_AUTO_TEST_CASE(a_variable_stays_the_variable_that_it_is) {
    Tape tape;
    const Var w = tape.variable("w", check::filled<double>({2}, {1, 2}));
    const Var twice = w + w;
    const Simplified s = simplify(twice);
    tape.assign(w, check::filled<double>({2}, {3, 4}));
    BOOST_TEST(s(twice).value()(1) == 8);
}

BOOST_AUTO_TEST_CASE(operations_with_several_results_and_other_kinds_pass) {
    Tape tape;
    const Var x = tape.variable("x", check::filled<double>({4}, {1, -2, 3, -4}));
    const std::vector<Var> halves = split(x, 2, 0), again = split(x, 2, 0);
    const Var z = where(halves[0] > 0, halves[1], again[1] * 2) + 0;
    const Simplified s = simplify(z);
    BOOST_TEST(s(halves[1]).same_as(s(again[1])));
    BOOST_TEST((s(z).value() == z.value()));
}

const Op shout_op = elementwise("test::shout").opaque([](auto x) { return x; }).vjp([](const Pullback& p) {
    return p.cotangent();
});

BOOST_FIXTURE_TEST_CASE(a_user_brings_rules, Fixture) {
    const Rule quiet{"quiet",    Agreement::exact, Goal::both,
                     {shout_op}, "shout(x) is x.", [](const Match& m) { return m[0].var(); },
                     {}};
    std::vector<Rule> rules = standard_rules();
    rules.push_back(quiet);
    const Var z = record(shout_op, {x}) - x;
    const Simplified with = simplify(z, {.rules = rules});
    BOOST_TEST(Expression(with(z)).number().value_or(1) == 0);
    BOOST_TEST(simplify(z).steps.empty());
}

BOOST_FIXTURE_TEST_CASE(rules_that_do_not_end_or_do_not_fit_are_named, Fixture) {
    const auto complaint = [&](const char* name, std::function<Var(const Match&)> replace) {
        const Rule rule{name, Agreement::real, Goal::both, {known().exp}, "", std::move(replace), {}};
        return check::complaint<OpError>([&] { (void)simplify(named(name, exp(x)), {.rules = {rule}}); });
    };
    const std::string endless = complaint("again", [](const Match& m) { return exp(m[0].var() + 1) * 2; });
    BOOST_TEST(check::says(endless, "at again rules keep replacing one another: \"again\""), endless);
    const std::string shape = complaint("shape", [](const Match& m) { return sum(m[0].var()); });
    BOOST_TEST(check::says(shape, "rule \"shape\" replaced"), shape);
    BOOST_TEST(check::says(shape, "(2 × n)"), shape);
}

BOOST_FIXTURE_TEST_CASE(bad_input_is_refused, Fixture) {
    Tape other;
    const Var foreign = other.constant(1);
    BOOST_TEST(check::says(check::complaint<VarError>([&] {
                               (void)simplify({x, foreign});
                           }),
                           "on two tapes"));
    BOOST_TEST(check::says(check::complaint<ArgumentError>([&] { (void)simplify(std::vector<Var>{}); }),
                           "no outputs"));
    const Simplified s = simplify(x);
    BOOST_TEST(check::says(check::complaint<VarError>([&] { (void)s(foreign); }), "not on the tape"));
}

/// A network of `layers` narrow layers with its gradients.
std::vector<Var> deep(Tape& tape, std::size_t layers) {
    const Var X = tape.input("X", {Dim("k", 2), Dim("n")});
    Var A = X;
    std::vector<Var> weights;
    for (std::size_t l = 0; l < layers; ++l) {
        weights.push_back(tape.variable("W" + std::to_string(l), check::filled<double>({2, 2}, {1, 2})));
        A = tanh(matmul(weights.back(), A)) + A / 2;
    }
    return gradient(mean(square(A)), weights);
}

BOOST_AUTO_TEST_CASE(the_work_is_proportional_to_the_number_of_records) {
    const auto work = [](std::size_t layers) {
        Tape tape;
        const std::vector<Var> gradients = deep(tape, layers);
        const Simplified s = simplify(gradients);
        return std::pair(static_cast<double>(s.visited) / static_cast<double>(tape.size()),
                         static_cast<double>(s.attempts) / static_cast<double>(tape.size()));
    };
    const auto [visited, attempts] = work(50);
    const auto [visited_more, attempts_more] = work(1000);
    BOOST_TEST(visited < 6);
    BOOST_TEST(attempts < 60);
    BOOST_TEST(visited_more < 1.05 * visited);
    BOOST_TEST(attempts_more < 1.05 * attempts);
}

BOOST_AUTO_TEST_CASE(long_chains_end_in_linear_work) {
    for (const int kind : {0, 1, 2}) {
        Tape tape;
        const Var x = tape.input("x", {3}), y = tape.input("y", {3});
        Var z = x;
        for (int i = 0; i < 5000; ++i)
            z = kind == 0 ? z + x * y : kind == 1 ? z * (1 - y) / x : -(y - z * x);
        const Simplified s = simplify(z);
        BOOST_TEST(s.visited < 20 * tape.size());
    }
}

// A rule that records several operations reads nothing that the first of them may have moved.
BOOST_AUTO_TEST_CASE(a_rule_may_make_the_list_grow) {
    for (int before = 0; before < 40; ++before) {
        Tape tape;
        Var x = tape.input("x", {2, 3});
        const Var y = tape.input("y", {2, 3});
        for (int k = 0; k < before; ++k)
            x = tanh(x);
        const Var z = reshape(x * y, {1, 2, 3});
        const Simplified s = simplify(z);
        BOOST_TEST(s(z).shape().to_string() == z.shape().to_string(), "after " << before);
    }
}

} // namespace
