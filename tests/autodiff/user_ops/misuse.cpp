// What is wrong with an operation is said by an error of a type, with the operation's name, and the tape is
// left as it was.

#include "check.hpp"

#include <boost/test/unit_test.hpp>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

struct Setting {
    Tape tape;
    Var x = tape.variable("x", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
};

Shape same(const Signature& s) { return s.shape(); }

const auto identity = [](auto& call) { call.give(0, call.operand(0)); };

/// What the gradient of the sum of an operation with this derivative complains of; the tape must not grow.
std::string complaint_of_rule(std::function<Var(const Pullback&)> rule) {
    Setting s;
    const Op op =
        operation("mylib::broken").operands({Kind::real}).shape(same).forward(identity).vjp(std::move(rule));
    const Var J = sum(record(op, {s.x}));
    const std::size_t size = s.tape.size();
    std::string message = complaint<GradientError>([&] { gradient(J, s.x); });
    BOOST_TEST(s.tape.size() == size);
    return message;
}

} // namespace

BOOST_AUTO_TEST_CASE(incomplete_definitions) {
    BOOST_TEST(says(complaint<OpError>([] { (void)Op(operation("")); }), "needs a name"));
    BOOST_TEST(
        says(complaint<OpError>([] { (void)Op(elementwise("mish").forward([](auto x) { return x; })); }),
             "qualified with its library"));
    BOOST_TEST(
        says(complaint<OpError>([] { (void)Op(operation("mylib::a")); }), "mylib::a has no shape rule"));
    BOOST_TEST(says(complaint<OpError>([] { (void)Op(elementwise("mylib::a")); }),
                    "mylib::a has no forward function"));
    const auto rule = [](const Pullback& p) { return p.cotangent(); };
    BOOST_TEST(says(
        complaint<OpError>([&] {
            (void)Op(
                elementwise("mylib::a").opaque([](auto a, auto b) { return a + b; }).vjp(rule, rule, rule));
        }),
        "2 operands and 3 derivative rules"));
    BOOST_TEST(says(complaint<OpError>([&] {
                        (void)Op(operation("mylib::a")
                                     .any_number_of(Kind::real)
                                     .shape([](const Signature& s) { return s.shape(); })
                                     .vjp(rule));
                    }),
                    "any number of operands: give one rule for all by vjp_each"));
}

BOOST_AUTO_TEST_CASE(no_forward_function) {
    Setting s;
    const Op op = operation("mylib::a").operands({Kind::real}).shape(same);
    const Var y = record(op, {s.x});
    BOOST_TEST(says(complaint<OpError>([&] { (void)y.value(); }), "mylib::a has no forward function"));
}

BOOST_AUTO_TEST_CASE(no_derivative) {
    Setting s;
    const Op whole = operation("mylib::a").operands({Kind::real}).shape(same).forward(identity);
    const Op opaque = elementwise("mylib::b").opaque([](auto x) { return x * x; });
    const Op meant =
        operation("mylib::c").operands({Kind::real}).shape(same).forward(identity).without_gradient();
    for (const Op& op : {whole, opaque}) {
        const Var J = sum(record(op, {s.x}));
        const std::size_t size = s.tape.size();
        BOOST_TEST(
            says(complaint<GradientError>([&] { gradient(J, s.x); }), op.name() + " has no derivative"));
        BOOST_TEST(s.tape.size() == size);
    }
    BOOST_TEST(
        says(complaint<GradientError>([&] { gradient(sum(record(meant, {s.x})), s.x); }), "(cut by c)"));
}

BOOST_AUTO_TEST_CASE(wrong_cotangents) {
    BOOST_TEST(says(complaint_of_rule([](const Pullback& p) { return sum(p.cotangent(), {1}); }),
                    "The rule of mylib::broken returned a cotangent (2) for x, which is (2 × 3)"));
    BOOST_TEST(
        says(complaint_of_rule([](const Pullback& p) { return transpose(p.cotangent()); }), "(3 × 2)"));
    BOOST_TEST(says(complaint_of_rule([](const Pullback& p) { return p.input() > 0; }), "which is a mask"));
    Tape other;
    const Var foreign = other.variable("foreign", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
    BOOST_TEST(says(complaint_of_rule([&](const Pullback&) { return foreign; }), "on another tape"));
}

BOOST_AUTO_TEST_CASE(a_cotangent_of_zero_is_an_empty_var) {
    Setting s;
    const Op op = operation("mylib::none")
                      .operands({Kind::real})
                      .shape(same)
                      .forward(identity)
                      .vjp([](const Pullback&) { return Var(); });
    BOOST_TEST(gradient(sum(record(op, {s.x})), s.x).value() == (Array<double>{{0, 0, 0}, {0, 0, 0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(forward_functions_that_contradict_the_shape_rule) {
    Setting s;
    const auto evaluate = [&](const Op& op) {
        const Var y = record_all(op, {{s.x}})[0];
        return complaint<OpError>([&] { (void)y.value(); });
    };
    const Op extents = operation("mylib::a").operands({Kind::real}).shape(same).forward([](auto& call) {
        return xt::eval(xt::sum(call.real(0), {1}));
    });
    BOOST_TEST(
        says(evaluate(extents), "its forward function gave an array (2) where its shape rule says (2 × 3)"));
    const Op kind = operation("mylib::b").operands({Kind::real}).shape(same).forward([](auto& call) {
        const auto x = call.real(0);
        return xt::eval(x > 0);
    });
    BOOST_TEST(says(evaluate(kind), "gave elements of another type than its shape rule says"));
    const Op mask =
        operation("mylib::c")
            .operands({Kind::real})
            .shape([](const Signature& signature) { return ResultType(signature.shape(), Kind::mask); })
            .forward(identity);
    BOOST_TEST(says(evaluate(mask), "which is a mask"));
    const Op forgotten = operation("mylib::d")
                             .operands({Kind::real})
                             .shape([](const Signature& signature) {
                                 return std::vector<ResultType>{signature.shape(), signature.shape()};
                             })
                             .forward([](auto& call) { call.give(0, call.operand(0)); });
    BOOST_TEST(says(evaluate(forgotten), "gave no result 1"));
}

BOOST_AUTO_TEST_CASE(an_operation_has_at_least_one_result) {
    Setting s;
    const Op op = operation("mylib::a")
                      .operands({Kind::real})
                      .shape([](const Signature&) { return std::vector<ResultType>{}; })
                      .forward(identity);
    const std::size_t size = s.tape.size();
    BOOST_TEST(
        says(complaint<OpError>([&] { record(op, {s.x}); }), "mylib::a: its shape rule gave no result"));
    BOOST_CHECK_THROW(record_all(op, {{s.x}}), OpError);
    BOOST_TEST(s.tape.size() == size);
}

BOOST_AUTO_TEST_CASE(recorded_without_its_attribute) {
    Setting s;
    const Op op = elementwise("mylib::a").attributes({"slope"}, {0.1}).forward([](auto x, auto slope) {
        return x * slope;
    });
    const char* const what = "a(x): No attribute is called slope; there is: none. Give it a real number: "
                             "{{\"slope\", 0.5}}.";
    BOOST_TEST(says(complaint<OpError>([&] { record(op, {s.x}); }), what));
    BOOST_TEST(says(complaint<OpError>([&] { record(op, {s.x}, {{"slop", 0.5}}); }), "it has no attribute slop; it has slope"));
    BOOST_TEST(says(complaint<OpError>([&] { record(op, {s.x}, {{"slope", 1}}); }), "another type"));
}

BOOST_AUTO_TEST_CASE(recorded_with_the_wrong_operands) {
    Setting s;
    const Op op = elementwise("mylib::a").forward([](auto a, auto b) { return a * b; });
    const std::size_t size = s.tape.size();
    BOOST_TEST(says(complaint<ArgumentError>([&] { record(op, {s.x}); }), "takes 2 operands, and got 1"));
    BOOST_CHECK_THROW(record(op, {s.x, 1, 2}), ArgumentError);
    BOOST_CHECK_THROW(record(op, {s.x, s.x > 0}), KindError);
    BOOST_CHECK_THROW(record(op, {1, 2}), VarError);
    BOOST_CHECK_THROW(record_all(op, {}), VarError);
    s.tape.rewind(s.tape.mark());
    BOOST_TEST(s.tape.size() == size + 2); // the zero and the comparison of x > 0
}

BOOST_AUTO_TEST_CASE(an_attribute_that_there_is_not) {
    const Op plain = elementwise("mylib::plain").forward([](auto x) { return 2 * x; });
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    BOOST_TEST(says(complaint<OpError>([&] {
                        record(plain, {x}, {{"slope", 2.0L}});
                    }),
                    "plain(x): it has no attribute slope; it has none."));
}
