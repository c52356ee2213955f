// A C++ `if` on a value of the tape: which branch is recorded, and what happens where arrays contradict it.

#include <xtape/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <check.hpp>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

/// x³ on the right of 1 and 3x − 2 on the left, which has the same slope there.
Var cubic(const Var& x) { return decide(x > 1) ? x * x * x : 3 * x - 2; }

using Scalar = Array<double>;

} // namespace

BOOST_AUTO_TEST_CASE(only_the_branch_that_is_taken_is_recorded_and_differentiated) {
    Tape tape;
    const Var x = tape.variable("x", Scalar(2.0)), y = cubic(x);
    Evaluation<double> evaluation;
    BOOST_TEST(evaluation.item(y) == 8);
    const Var dx = gradient(y, x);
    BOOST_TEST(evaluation.item(dx) == 12);
    BOOST_TEST(evaluation.item(gradient(dx, x)) == 12);
    tape.assign(x, Scalar(3.0));
    BOOST_TEST(evaluation.item(dx) == 27);
    tape.assign(x, Scalar(0.5));
    const std::string text = complaint<GuardError>([&] { (void)evaluation.item(y); });
    BOOST_TEST(says(text, "guard 1: decide(less(1, x)) was true"), text);
    BOOST_TEST(says(text, "is false for these arrays"), text);
    BOOST_CHECK_THROW((void)evaluation.item(dx), GuardError);
    BOOST_TEST(evaluation.item(x) == 0.5); // recorded before it
    tape.assign(x, Scalar(1.5));
    BOOST_TEST(evaluation.item(y) == 3.375); // what threw is not remembered
}

BOOST_AUTO_TEST_CASE(functions_of_functions_record_anew_at_each_point) {
    for (const double at : {-2.0, 0.75, 1.25, 4.0}) {
        const double slope = at > 1 ? 3 * at * at : 3;
        BOOST_TEST(grad(cubic)(Scalar(at))() == slope);
        if (at > 1) BOOST_TEST(grad(grad(cubic))(Scalar(at))() == 6 * at);
        BOOST_TEST(grad(cubic)(Array<float>(static_cast<float>(at)))() == static_cast<float>(slope));
    }
    // Newton's method with a number of steps that depends on the argument: √x, whose slope is 1 / (2 √x).
    const auto root = [](const Var& x) {
        Var r = x + 1;
        while (decide(abs(r * r - x) > 1e-14L * x))
            r = (r + x / r) / 2;
        return r;
    };
    for (const double at : {0.25, 2.0, 1000.0})
        BOOST_TEST(grad(root)(Scalar(at))() == 0.5 / std::sqrt(at), boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(inputs_are_decided_on_where_they_are_bound) {
    Tape tape;
    const Var x = tape.input("x", {});
    const std::string text = complaint<BindingError>([&] { (void)decide(x > 0); });
    BOOST_TEST(says(text, "decide(less(0, x)): what it needs has no value"), text);
    BOOST_TEST(says(text, "where(condition, a, b)"), text);
    BOOST_TEST(tape.names().size() == 1u);
    BOOST_TEST(!decide(x > 0, {{x, Scalar(-1.0)}}));
    const Var y = -x;
    BOOST_TEST((Evaluation<double>{{x, Scalar(-3.0)}}.item(y)) == 3);
    BOOST_CHECK_THROW((void)(Evaluation<double>{{x, Scalar(3.0)}}.item(y)), GuardError);
    BOOST_CHECK_THROW((void)decide(x), KindError);
    Tape other;
    const Var v = other.variable("v", Array<double>{1, 2});
    BOOST_TEST(says(complaint<ShapeError>([&] { (void)decide(v > 0); }), "amin(x) > 0"));
}

BOOST_AUTO_TEST_CASE(rewinding_takes_guards_back) {
    Tape tape;
    const Var x = tape.variable("x", Scalar(2.0)), positive = x > 0;
    const auto mark = tape.mark();
    BOOST_TEST(decide(positive));
    tape.rewind(mark);
    tape.assign(x, Scalar(-2.0));
    BOOST_TEST((x * x).item() == 4);
    BOOST_TEST(!decide(positive));
    BOOST_TEST((x * x).item() == 4);
    tape.assign(x, Scalar(2.0));
    BOOST_CHECK_THROW((void)(x * x).item(), GuardError);
}

// Each step of a loop is computed once, however many decisions come after it.
BOOST_AUTO_TEST_CASE(the_cost_of_a_loop_is_linear_in_its_length) {
    std::size_t computed = 0;
    const Op counted = operation("test::counted")
                           .operands({Kind::real})
                           .shape([](const Signature& s) { return s.shape(); })
                           .forward([&](auto& call) {
                               ++computed;
                               call.give(0, call.operand(0));
                           })
                           .without_gradient();
    for (const std::size_t length : {100U, 1000U}) {
        computed = 0;
        Tape tape;
        const Var x = tape.variable("x", Scalar(1.0));
        Var sum = x;
        while (decide(sum < static_cast<double>(length)))
            sum = record(counted, {sum}) + 1;
        BOOST_TEST(computed == length - 1);
        BOOST_TEST(sum.item() == static_cast<double>(length));
        // A variable that was assigned to is seen by the next decision, and by the guards before it.
        tape.assign(x, Scalar(2.0));
        BOOST_CHECK_THROW((void)decide(sum > 0), GuardError);
        tape.assign(x, Scalar(1.0));
        BOOST_TEST(decide(sum > 0));
    }
}

// Float where all that a condition needs is float: 1 + 1e-8 is 1 there.
BOOST_AUTO_TEST_CASE(each_condition_is_decided_in_the_type_of_its_variables) {
    const auto decided = [](auto condition) {
        Tape tape;
        return decide(condition(tape.variable("a", Array<float>(1.0F)), tape.variable("b", Scalar(1.0)),
                                tape.variable("c", Array<long double>(1.0L))));
    };
    BOOST_TEST(!decided([](const Var& a, const Var&, const Var&) { return a + 1e-8 > 1; }));
    BOOST_TEST(decided([](const Var&, const Var& b, const Var&) { return b + 1e-8 > 1; }));
    BOOST_TEST(decided([](const Var& a, const Var& b, const Var&) { return a * b + 1e-8 > 1; }));
    BOOST_TEST(!decided([](const Var&, const Var& b, const Var&) { return b + 1e-18 > 1; }));
    BOOST_TEST(decided([](const Var& a, const Var&, const Var& c) { return c * a + 1e-18 > 1; }));
}

BOOST_AUTO_TEST_CASE(bodies_decide_on_what_they_take_from_outside) {
    Tape tape;
    const Var w = tape.variable("w", Scalar(2.0)), xs = tape.variable("xs", Array<double>{1, -2, 3});
    const auto scaled = [&](const Var& x) { return decide(w > 0) ? w * x : x; };
    const auto all = {map(scaled, xs), checkpoint(scaled)(xs),
                      scan([&](const Var& c, const Var& x) { return c + scaled(x); }, w, xs).second};
    for (const Var& y : all) {
        tape.assign(w, Scalar(2.0));
        const Var dw = gradient(sum(y), w);
        BOOST_TEST(std::isfinite(dw.item()));
        tape.assign(w, Scalar(-2.0));
        BOOST_CHECK_THROW((void)y.value(), GuardError);
        BOOST_CHECK_THROW((void)dw.item(), GuardError);
    }
    tape.assign(w, Scalar(2.0));
    const std::size_t size = tape.size();
    const auto own = [](const Var& x) { return decide(x > 0) ? x : -x; };
    BOOST_TEST(says(complaint<BindingError>([&] { (void)map(own, xs); }), "call, map or scan"));
    BOOST_CHECK_THROW((void)scan([&](const Var& c, const Var& x) { return c + own(x); }, w, xs),
                      BindingError);
    BOOST_TEST(tape.size() == size);
}

BOOST_AUTO_TEST_CASE(simplified_tapes_keep_the_guards_that_their_outputs_rest_on) {
    Tape tape;
    const Var x = tape.variable("x", Scalar(2.0));
    const Var before = x * x;
    BOOST_TEST(decide(x > 1));
    const Var y = named("y", x * 1 + 0); // becomes x, which was recorded before the decision
    const Simplified simplified = simplify(y), without = simplify(before);
    BOOST_TEST(simplified(y).item() == 2);
    tape.assign(x, Scalar(-1.0));
    BOOST_CHECK_THROW((void)simplified(y).item(), GuardError);
    BOOST_CHECK_THROW((void)simplify(simplified(y)).tape["y"].item(), GuardError);
    BOOST_TEST(without(before).item() == 1);
}

BOOST_AUTO_TEST_CASE(a_program_writes_nothing_where_a_guard_fails) {
    Tape tape;
    const Var x = tape.input("x", {3}), s = sum(x);
    BOOST_TEST(decide(s > 0, {{x, Array<double>{1, 2, 3}}}));
    BOOST_TEST(!decide(s * s > 100, {{x, Array<double>{1, 2, 3}}}));
    const Var y = x * s;
    const Program<double> program = compile<double>({x}, {y, s});
    Array<double> out{7, 7, 7}, total = Scalar(7.0);
    program.run({Array<double>{1, 2, -1}}, {out, total});
    BOOST_TEST(out == (Array<double>{2, 4, -2}), boost::test_tools::per_element());
    const std::string text = complaint<GuardError>([&] {
        program.run({Array<double>{-1, -2, 1}}, {out, total});
    });
    BOOST_TEST(says(text, "guard 1: decide("), text);
    BOOST_TEST(says(complaint<GuardError>([&] {
                        program.run({Array<double>{9, 2, 1}}, {out, total});
                    }),
                    "guard 2: decide("));
    BOOST_TEST(out == (Array<double>{2, 4, -2}), boost::test_tools::per_element());
    BOOST_TEST(total() == 2);
    BOOST_TEST(compile<double>({x}, {s})({Array<double>{-1, -2, 1}})[0]() == -2); // rests on no guard
}
