#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace xtape;
using check::complaint;
using check::derivatives;
using check::drawn;
using check::says;

namespace {

xt::xarray<double> number(double value) { return xt::xarray<double>(value); }

/// An operation with two results, x² and x³, which says which cotangents it was given.
const Op powers_op = operation("test::powers")
                         .operands({Kind::real})
                         .shape([](const Signature& s) {
                             return std::vector<ResultType>{s.shape(), s.shape()};
                         })
                         .forward([](auto& call) {
                             const auto x = call.real(0);
                             return std::tuple(xt::eval(x * x), xt::eval(x * x * x));
                         })
                         .vjp([](const Pullback& p) {
                             return p.cotangent(0) * 2 * p.input() + p.cotangent(1) * 3 * square(p.input());
                         });

std::vector<Var> powers(const Var& x) { return record_all(powers_op, {{x}}); }

const Op twice_used_op = elementwise("test::x_sin_x").forward([](auto x) { return x * sin(x); });
const Op two_operands_op =
    elementwise("test::a_exp_b").forward([](auto a, auto b) { return a * exp(b) + a; });
const Op ignores_op = elementwise("test::first").forward([](auto a, auto) { return square(a); });
const Op identity_op = elementwise("test::identity").forward([](auto x) { return x; });
const Op nested_op = elementwise("test::silu_of_gelu").forward([](auto x) { return silu(gelu(x)); });

} // namespace

BOOST_AUTO_TEST_CASE(only_the_path_is_visited) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2}),
              w = tape.variable("w", xt::xarray<double>{3, 4});
    Var unrelated = w;
    for (int i = 0; i < 100; ++i)
        unrelated = tanh(unrelated);
    const Var J = sum(x * w);
    const std::size_t before = tape.size();
    gradient(J, x);
    const std::size_t once = tape.size() - before;
    BOOST_TEST(once <= 5u); // a one for J, its broadcast over the sum, the product with w
    gradient(J + sum(unrelated), x);
    BOOST_TEST(tape.size() - before <=
               2 * once + 2); // nothing of the hundred records, which do not lead to x
}

BOOST_AUTO_TEST_CASE(contributions_add_up) {
    Tape tape;
    const Var x = tape.variable("x", number(3));
    BOOST_TEST(gradient(x * x * x + x, x).item() == 28);
    BOOST_TEST(gradient(x + x + x, x).item() == 3);
    BOOST_TEST(gradient(x - x, x).item() == 0);
}

BOOST_AUTO_TEST_CASE(broadcast_operands_get_sums) {
    // Independent: for a ∘ b summed with weights w, da is Σ w ∘ b over the axes along which a was repeated.
    const auto product = [](auto v) { return v[0] * v[1] + square(v[0]) * v[1]; };
    const std::vector<std::pair<Extents, Extents>> patterns{
        {{}, {4, 3}},        {{4, 3}, {}},     {{1, 3}, {4, 3}},   {{4, 1}, {4, 3}},
        {{3}, {4, 3}},       {{4, 1}, {1, 3}}, {{4, 1}, {3}},      {{1}, {1, 1}},
        {{2, 1, 3}, {4, 1}}, {{3}, {2, 4, 3}}, {{1, 1}, {2, 4, 3}}};
    for (const auto& [a, b] : patterns)
        derivatives(to_string(a) + " with " + to_string(b), product, {drawn(a, 1), drawn(b, 2)});
    for (const auto& [a, b] :
         std::vector<std::pair<Extents, Extents>>{{{0}, {1}}, {{1, 3}, {0, 3}}, {{}, {2, 0}}}) {
        const auto verdict = check::first_derivative(product, {drawn(a, 1), drawn(b, 2)});
        BOOST_TEST(verdict.pass, verdict.why);
        BOOST_TEST(verdict.nonzero == 0u); // a sum over nothing
    }
}

BOOST_AUTO_TEST_CASE(calling_it_twice_is_right) {
    Tape tape;
    const Var x = tape.variable("x", number(3));
    const Var J = square(x);
    const Var first = gradient(J, x), second = gradient(J, x);
    BOOST_TEST(first.item() == 6);
    BOOST_TEST(second.item() == 6);
    BOOST_TEST(first.item() == 6);
    BOOST_TEST(!first.same_as(second));
}

BOOST_AUTO_TEST_CASE(gradients_of_gradients_are_closed_forms) {
    Tape tape;
    const Var x = tape.variable("x", number(2));
    const Var p = 5 * x * x * x * x - 3 * x * x * x + x;
    const Var first = gradient(p, x), second = gradient(first, x), third = gradient(second, x);
    BOOST_TEST(p.item() == 58);
    BOOST_TEST(first.item() == 125);
    BOOST_TEST(second.item() == 204);
    BOOST_TEST(third.item() == 222);
    BOOST_TEST(gradient(gradient(third, x), x, Disconnected::zeros).item() == 0);
    const Var s = sin(x), fourth = gradient(gradient(gradient(gradient(s, x), x), x), x);
    BOOST_TEST(fourth.item() == s.item());
}

BOOST_AUTO_TEST_CASE(a_mixed_second_derivative) {
    Tape tape;
    const Var x = tape.variable("x", number(2)), y = tape.variable("y", number(3));
    const Var f = square(x) * y * y * y;
    const auto [fx, fy] = gradient(f, x, y);
    BOOST_TEST(gradient(fx, y).item() == 108);
    BOOST_TEST(gradient(fy, x).item() == 108);
}

BOOST_AUTO_TEST_CASE(what_is_not_connected) {
    Tape tape;
    const Var X = tape.input("X", {Dim("n0", 3), Dim("n")});
    const Var W1 = tape.variable("W1", xt::xarray<double>{{1, 2}}),
              W3 = tape.variable("W3", xt::xarray<double>{{3, 4}});
    const Var J = named("J", sum(W1 * stop_gradient(W3)) + sum(X));
    BOOST_TEST(complaint<GradientError>([&] { gradient(J, W3); }) ==
               "gradient(J, W3): no path from W3 to J (cut by stop_gradient). Pass Disconnected::zeros if "
               "zeros are meant.");
    const Var other = tape.variable("other", number(1));
    BOOST_TEST(complaint<GradientError>([&] { gradient(J, other); }) ==
               "gradient(J, other): no path from other to J. Pass Disconnected::zeros if zeros are meant.");
    const Var masked = sum(where(W3 > 0, W1, 0));
    BOOST_TEST(says(complaint<GradientError>([&] { gradient(masked, W3); }), "cut by"));
    BOOST_TEST(gradient(J, W3, Disconnected::zeros).value() == (Array<double>{{0, 0}}),
               boost::test_tools::per_element());
    const auto [dW1, dW3] = gradient(J, W1, W3, Disconnected::zeros);
    BOOST_TEST(dW1.value() == (Array<double>{{3, 4}}), boost::test_tools::per_element());
    BOOST_TEST(dW3.value() == (Array<double>{{0, 0}}), boost::test_tools::per_element());
    // A derivative that is zero everywhere is not the same as no path.
    BOOST_TEST(gradient(sum(sign(W1)), W1).value() == (Array<double>{{0, 0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(with_respect_to_anything) {
    Tape tape;
    const Var x = tape.variable("x", number(2));
    const Var z = named("z", square(x)), J = named("J", z * z + x);
    BOOST_TEST(gradient(J, z).item() == 8);
    BOOST_TEST(gradient(J, J).item() == 1);
    const auto all = gradient(J, std::vector<Var>{x, z, J, x});
    BOOST_TEST(all[0].item() == 33);
    BOOST_TEST(all[1].item() == 8);
    BOOST_TEST(all[2].item() == 1);
    BOOST_TEST(all[3].same_as(all[0]));
    BOOST_TEST(gradient(x, x).item() == 1); // a leaf
    BOOST_TEST(gradient(J, std::vector<Var>{}).empty());
    BOOST_TEST(gradient(reshape(J, {1, 1}), x).item() == 33);
}

BOOST_AUTO_TEST_CASE(of_what_is_not_one_number) {
    Tape tape;
    const Var A2 = tape.input("A2", {1, Dim("n", 400)}), Z = tape.input("Z", {1, Dim("n")});
    BOOST_TEST(complaint<GradientError>([&] { gradient(A2, A2); }) ==
               "gradient(A2): A2 is (1 × n=400), not one number. Use mean(A2) or sum(A2), or vjp(A2, v) with "
               "v of shape (1 × 400).");
    BOOST_TEST(says(complaint<GradientError>([&] { gradient(Z, Z); }), "v of shape (1 × n)."));
    BOOST_CHECK_THROW(gradient(A2 > 0, A2), GradientError);
    BOOST_CHECK_THROW(gradient(sum(A2) > 0, A2), KindError);
}

BOOST_AUTO_TEST_CASE(vector_jacobian_products) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2, 3}),
              v = tape.constant(xt::xarray<double>{5, 7, 11});
    BOOST_TEST(vjp(square(x), v, x).value() == (Array<double>{10, 28, 66}), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(vjp(x * x * x, v, x)), v, Disconnected::zeros).value() ==
                   (Array<double>{3, 12, 27}),
               boost::test_tools::per_element());
    BOOST_TEST(
        says(complaint<ShapeError>([&] { vjp(x, sum(v), x); }), "A cotangent has the shape of its output"));
    BOOST_CHECK_THROW(vjp(x, v > 0, x), KindError);
}

BOOST_AUTO_TEST_CASE(adjoints_bear_names_that_are_free) {
    Tape tape;
    const Var W1 = tape.variable("W1", xt::xarray<double>{1, 2}), taken = tape.variable("dW1", number(9));
    const Var Z1 = named("Z1", 3 * W1), J = named("J", sum(square(Z1)));
    const Var dW1 = gradient(J, W1);
    BOOST_TEST(tape["dZ1"].value() == (Array<double>{6, 12}), boost::test_tools::per_element());
    BOOST_TEST(tape["dW1"].same_as(taken));
    BOOST_TEST(dW1.name() == "");
    BOOST_CHECK_THROW((void)tape["dJ"], NameError);
    const Var dZ1 = tape["dZ1"];
    gradient(J, W1);
    BOOST_TEST(tape["dZ1"].same_as(dZ1));
}

BOOST_AUTO_TEST_CASE(traced_bodies) {
    derivatives("an operand used twice", [](auto v) { return record(twice_used_op, {v[0]}); },
                {drawn({2, 3}, 1)});
    for (const auto& [a, b] :
         std::vector<std::pair<Extents, Extents>>{{{2, 3}, {2, 3}}, {{2, 1}, {3}}, {{}, {2, 3}}, {{4}, {}}})
        derivatives("broadcasting inside",
                    [](auto v) {
                        return record(two_operands_op, {v[0], v[1]});
                    },
                    {drawn(a, 3), drawn(b, 4)});
    derivatives("one Var as both operands",
                [](auto v) {
                    return record(two_operands_op, {v[0], v[0]});
                },
                {drawn({5}, 5)});
    derivatives("an operand and its ancestor",
                [](auto v) {
                    const Var h = tanh(v[0]);
                    return record(two_operands_op, {h, v[0]}) + record(two_operands_op, {v[0], h});
                },
                {drawn({3, 2}, 6)});
    derivatives("an operand that is ignored",
                [](auto v) {
                    return record(ignores_op, {v[0], v[1]});
                },
                {drawn({3, 1}, 7), drawn({2}, 8)});
    derivatives("the identity", [](auto v) { return square(record(identity_op, {v[0]})); }, {drawn({4}, 9)});
    derivatives("traced within traced", [](auto v) { return record(nested_op, {v[0]}); }, {drawn({4}, 10)});
}

BOOST_AUTO_TEST_CASE(results_of_which_not_all_are_used) {
    derivatives("the first", [](auto v) { return powers(v[0])[0]; }, {drawn({3}, 1)});
    derivatives("the second", [](auto v) { return powers(v[0])[1]; }, {drawn({3}, 2)});
    derivatives("both", [](auto v) { return powers(v[0])[0] * powers(v[0])[1]; }, {drawn({2, 2}, 3)});
}

BOOST_AUTO_TEST_CASE(negative_controls) {
    const auto x = drawn({2, 3}, 1), row = drawn({3}, 2);
    const Op off =
        elementwise("test::square_off").opaque([](auto a) { return a * a; }).vjp([](const Pullback& p) {
            return 1.001L * p.cotangent() * 2 * p.input();
        });
    BOOST_TEST(!check::first_derivative([&](auto v) { return record(off, {v[0]}); }, {x}).pass);

    const Op broadcast_off = elementwise("test::multiply_off")
                                 .opaque([](auto a, auto b) { return a * b; })
                                 .vjp([](const Pullback& p) { return p.cotangent() * p.input(1); },
                                      [](const Pullback& p) {
                                          const bool wide =
                                              same_extents(p.input(1).shape(), p.cotangent().shape());
                                          return p.cotangent() * p.input(0) * (wide ? 1 : 1.001L);
                                      });
    const auto product = [&](auto v) { return record(broadcast_off, {v[0], v[1]}); };
    BOOST_TEST(check::first_derivative(product, {x, drawn({2, 3}, 3)}).pass);
    BOOST_TEST(!check::first_derivative(product, {x, row}).pass);

    const Op second_off =
        elementwise("test::exp_off").opaque([](auto a) { return exp(a); }).vjp([](const Pullback& p) {
            return p.cotangent() * stop_gradient(p.output());
        });
    const auto exponential = [&](auto v) { return record(second_off, {v[0]}); };
    BOOST_TEST(check::first_derivative(exponential, {x}).pass);
    BOOST_TEST(!check::second_derivative(exponential, {x}).pass);

    Array<long double> wrong = x * x;
    BOOST_TEST(check::values([](auto v) { return square(v[0]); }, {x}, wrong).pass);
    wrong.data()[4] *= 1.001L;
    BOOST_TEST(!check::values([](auto v) { return square(v[0]); }, {x}, wrong).pass);
    wrong.data()[4] = std::numeric_limits<long double>::quiet_NaN();
    BOOST_TEST(!check::values([](auto v) { return square(v[0]); }, {x}, wrong).pass);
    const auto nowhere =
        check::first_derivative([](auto v) { return log(v[0]); }, {check::filled({2}, {-1, -2})});
    BOOST_TEST(!nowhere.pass); // NaN on both sides
    const auto nothing = check::first_derivative([](auto v) { return sum(v[0]) * 0; }, {x});
    BOOST_TEST(nothing.nonzero == 0u);
}
