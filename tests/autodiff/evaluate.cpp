#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

struct Two {
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 2), Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    Var W = tape.variable("W", xt::xarray<double>{{2, 3}});
    Var Z = named("Z", matmul(W, X)), J = named("J", mean(square(Z - Y)));
    xt::xarray<double> x{{1, 2, 3}, {4, 5, 6}}, y{{10, 20, 30}};
};

const Array<double> z_by_hand{{14, 19, 24}};

} // namespace

BOOST_AUTO_TEST_CASE(bindings_held_or_per_call) {
    Two t;
    BOOST_TEST(t.Z.value({{t.X, t.x}}) == z_by_hand, boost::test_tools::per_element());
    Evaluation<double> held{{t.X, t.x}};
    held.bind(t.Y, t.y);
    BOOST_TEST(held.item(t.J) == (16.0 + 1 + 36) / 3);
    BOOST_TEST(t.J.item({{t.X, t.x}, {t.Y, t.y}}) == held.item(t.J));
}

BOOST_AUTO_TEST_CASE(every_scalar) {
    Tape tape;
    const Var x = tape.variable("x", Array<long double>(1.0L / 3));
    const Var y = exp(x);
    BOOST_TEST(y.item<float>() == std::exp(1.0f / 3), boost::test_tools::tolerance(2e-7f));
    BOOST_TEST(y.item<double>() == std::exp(1.0 / 3), boost::test_tools::tolerance(4e-16));
    BOOST_TEST(y.item<long double>() == std::exp(1.0L / 3), boost::test_tools::tolerance(2e-19L));
    BOOST_TEST(static_cast<long double>(y.item<double>()) != y.item<long double>()); // not by way of double
    BOOST_TEST((x > 0).item<float>() == 1);
}

BOOST_AUTO_TEST_CASE(whatever_xtensor_gives) {
    Two t;
    const xt::xarray<double, xt::layout_type::column_major> columns = t.x;
    const xt::xtensor<double, 2> fixed = t.x;
    const xt::xarray<float> single = t.x;
    const xt::xarray<double> wide{{1, 0, 2, 0, 3, 0}, {4, 0, 5, 0, 6, 0}};
    const xt::xarray<int> integers{{1, 2, 3}, {4, 5, 6}};
    for (const auto& array : {AnyArray(columns), AnyArray(fixed), AnyArray(single), AnyArray(integers),
                              AnyArray(xt::view(wide, xt::all(), xt::range(0, 6, 2))), AnyArray(t.x * 1),
                              AnyArray(xt::transpose(xt::xarray<double>{{1, 4}, {2, 5}, {3, 6}}))})
        BOOST_TEST(t.Z.value({{t.X, array}}) == z_by_hand, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_copied_that_need_not_be) {
    Two t;
    Evaluation<double> evaluation{{t.X, t.x}};
    BOOST_TEST(evaluation.array(t.X).data<double>() == t.x.data());
    const Var reshaped = reshape(t.X, {Dim("n"), 2});
    BOOST_TEST(evaluation.array(reshaped).data<double>() == t.x.data());
    BOOST_TEST(evaluation.array(stop_gradient(t.X)).data<double>() == t.x.data());
    const double* const z = evaluation.array(t.Z).data<double>();
    BOOST_TEST(evaluation.array(t.Z).data<double>() == z); // remembered
    Evaluation<float> other{{t.X, t.x}};
    BOOST_TEST(other.array(t.X).data<float>()[1] == 2.0f);
}

BOOST_AUTO_TEST_CASE(inputs_are_never_changed) {
    Two t;
    const xt::xarray<double> x = t.x, y = t.y;
    Evaluation<double> evaluation{{t.X, t.x}, {t.Y, t.y}};
    (void)evaluation.value(gradient(t.J, t.W));
    (void)evaluation.first_nonfinite(t.J);
    evaluation.perturb(1e-10, 1);
    (void)evaluation.value(t.J);
    BOOST_TEST(t.x == x);
    BOOST_TEST(t.y == y);
}

BOOST_AUTO_TEST_CASE(bound_again_and_changed_variables) {
    Two t;
    Evaluation<double> evaluation{{t.X, t.x}, {t.Y, t.y}};
    BOOST_TEST(evaluation.value(t.Z)(0, 0) == 14);
    const auto narrow = check::filled<double>({2, 1}, {1});
    evaluation.bind(t.X, narrow);
    BOOST_TEST(evaluation.value(t.Z) == check::filled<double>({1, 1}, {5}), boost::test_tools::per_element());
    t.tape.assign(t.W, xt::xarray<double>{{7, 1}});
    BOOST_TEST(evaluation.value(t.Z) == check::filled<double>({1, 1}, {8}), boost::test_tools::per_element());
    evaluation.forget();
    BOOST_TEST(evaluation.value(t.Z)(0, 0) == 8);
    evaluation.bind(t.X, t.x);
    BOOST_TEST(evaluation.value(t.Z)(0, 0) == 11);
}

BOOST_AUTO_TEST_CASE(an_array_that_does_not_fit) {
    Two t;
    const xt::xarray<double> rows{{1, 4}, {2, 5}, {3, 6}}, cube = xt::zeros<double>({2, 3, 1});
    Evaluation<double> evaluation;
    BOOST_TEST(complaint<BindingError>([&] { evaluation.bind(t.X, rows); }) ==
               "X is (n0=2 × n), and the array bound to it is (3 × 2): it seems to be transposed.");
    BOOST_TEST(says(complaint<BindingError>([&] { evaluation.bind(t.X, cube); }), "(2 × 3 × 1)"));
    const Var i = t.tape.input("i", {2}, Kind::index), m = t.tape.input("m", {2}, Kind::mask);
    BOOST_CHECK_THROW(evaluation.bind(i, xt::xarray<double>{1, 2}), BindingError);
    BOOST_CHECK_THROW(evaluation.bind(m, xt::xarray<double>{1, 0}), BindingError);
    evaluation.bind(i, xt::xarray<int>{1, 2});
    evaluation.bind(m, xt::xarray<bool>{true, false});
    BOOST_TEST(evaluation.value(i)(1) == 2);
    BOOST_TEST(evaluation.value(m)(0) == 1);
    BOOST_CHECK_THROW(evaluation.bind(t.Z, t.y), BindingError);
}

BOOST_AUTO_TEST_CASE(an_input_without_an_array) {
    Two t;
    const std::string message = complaint<BindingError>([&] { (void)t.J.value({{t.X, t.x}}); });
    BOOST_TEST(says(message, "J needs input Y (1 × n), which has no array. Bound: X."));
    BOOST_TEST(says(message, "{{Y, "));
    BOOST_TEST(says(complaint<BindingError>([&] { (void)t.J.value(); }), "Bound: nothing."));
    BOOST_TEST(says(complaint<BindingError>([&] { (void)t.X.value(); }), "which has no array"));
    const Var ones = ones_like(t.Z);
    BOOST_TEST(says(complaint<BindingError>([&] { (void)ones.value(); }),
                    "needs the extent of n, which is not known"));
    BOOST_TEST(ones.value({{t.X, t.x}}) == (Array<double>{{1, 1, 1}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(extents_that_contradict_each_other) {
    Two t;
    const xt::xarray<double> short_y{{1, 2}};
    const std::string message = complaint<BindingError>([&] {
        (void)t.J.value({{t.X, t.x}, {t.Y, short_y}});
    });
    BOOST_TEST((says(message, "n is 3 in X and 2 in Y") || says(message, "n is 2 in Y and 3 in X")));
    BOOST_TEST(t.Z.value({{t.X, t.x}, {t.Y, short_y}}) == z_by_hand,
               boost::test_tools::per_element()); // Y is not needed
    Tape tape;
    const Var K = tape.input("K", {Dim("k"), Dim("k")});
    BOOST_CHECK_THROW((void)(K + 1).value({{K, t.x}}), BindingError);
}

BOOST_AUTO_TEST_CASE(remembered_values_keep_the_extents_that_they_were_computed_with) {
    // V comes first on the tape and has another n than X: what needs X alone takes its n from X, whether its
    // operands are remembered or not.
    Tape tape;
    const Var V = tape.input("V", {Dim("n")}), X = tape.input("X", {Dim("n")});
    const xt::xarray<double> v{1, 2, 3, 4, 5, 6, 7}, x{1, 2, 6};
    const Var A = 2 * X, J = mean(A), B = exp(A);
    Evaluation<double> evaluation{{V, v}, {X, x}};
    BOOST_TEST(evaluation.value(A).size() == 3u);
    BOOST_TEST(evaluation.item(J) == 6);
    BOOST_TEST(evaluation.value(B).size() == 3u);
    BOOST_TEST(evaluation.value(V + 0).size() == 7u);
    BOOST_CHECK_THROW((void)evaluation.value(V + A), BindingError);
    // What needs neither cannot know which n is meant.
    BOOST_CHECK_THROW((void)evaluation.value(ones_like(X)), BindingError);
}

BOOST_AUTO_TEST_CASE(one_evaluation_is_of_one_tape) {
    Two a, b;
    Evaluation<double> evaluation{{a.X, a.x}};
    BOOST_CHECK_THROW(evaluation.bind(b.X, b.x), VarError);
    BOOST_CHECK_THROW((void)evaluation.value(b.Z), VarError);
    BOOST_TEST(says(complaint<ShapeError>([&] { (void)evaluation.item(a.Z); }), "not one number"));
}

BOOST_AUTO_TEST_CASE(a_rewound_input_keeps_no_array) {
    Two t;
    const Tape::Mark mark = t.tape.mark();
    const Var first = t.tape.input("V", {3});
    Evaluation<double> evaluation{{t.X, t.x}, {first, xt::xarray<double>{1, 2, 3}}};
    BOOST_TEST(evaluation.item(sum(first)) == 6);
    t.tape.rewind(mark);
    const Var second = t.tape.input("V", {3});
    BOOST_TEST(says(complaint<BindingError>([&] { (void)evaluation.value(sum(second)); }), "Bound: X."));
    evaluation.bind(second, xt::xarray<double>{4, 5, 6});
    BOOST_TEST(evaluation.item(sum(second)) == 15);
}

BOOST_AUTO_TEST_CASE(perturbed) {
    Two t;
    Evaluation<double> evaluation{{t.X, t.x}, {t.Y, t.y}};
    const double exact = evaluation.item(t.J);
    evaluation.perturb(1e-8, 1);
    const double moved = evaluation.item(t.J);
    BOOST_TEST(moved != exact);
    // Each of Z's two products, its sum and its square meet 1 + 1e-8 u at most five times, of numbers up
    // to 60.
    BOOST_TEST(std::abs(moved - exact) < 1e-8 * 5 * 60 * 2 * 6);
    evaluation.perturb(0, 1);
    BOOST_TEST(evaluation.item(t.J) == exact);
}

BOOST_AUTO_TEST_CASE(the_order_of_evaluation_changes_nothing) {
    Tape tape;
    const Var X1 = tape.input("X1", {Dim("n")}), X2 = tape.input("X2", {Dim("n")});
    const Var n = extent(X1, 0), J1 = sum(X1) / n, J2 = sum(X2) / n;
    const xt::xarray<double> four = xt::ones<double>({4}), two = xt::ones<double>({2});
    Evaluation<double> first{{X1, four}, {X2, two}}, second{{X1, four}, {X2, two}};
    const double a1 = first.item(J1), a2 = first.item(J2), b2 = second.item(J2), b1 = second.item(J1);
    BOOST_TEST(a1 == b1);
    BOOST_TEST(a2 == b2);
}
