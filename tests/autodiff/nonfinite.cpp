#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::says;

namespace {

std::string message(Evaluation<double>& evaluation, const Var& var) {
    const auto found = evaluation.first_nonfinite(var);
    return found ? found->message : "all is finite";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_saturated_sigmoid_is_named) {
    Tape tape;
    const Var Z2 = tape.input("Z2", {1, Dim("n")});
    const Var A2 = named("A2", sigmoid(Z2)), J = mean(-log(A2));
    const xt::xarray<double> z{{0.5, -800, 2, -900}};
    Evaluation<double> evaluation{{Z2, z}};
    const auto found = evaluation.first_nonfinite(J);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(says(found->message, "log(A2): -inf in 2 of 4 entries, first [0,1], where A2 = 0. "
                                    "Z2[0,1] = -800 saturates sigmoid: "));
    BOOST_TEST(says(found->message, "log_sigmoid"));
    BOOST_TEST(found->count == 2u);
    BOOST_TEST((found->position == Extents{0, 1}));
    BOOST_TEST(found->var.to_string() == "log(A2)");
    BOOST_TEST(!evaluation.first_nonfinite(A2).has_value());
}

BOOST_AUTO_TEST_CASE(where_it_arose_and_not_where_it_is_seen) {
    Tape tape;
    const Var x = tape.input("x", {3}), y = named("y", x - 1), J = sum(tanh(exp(1 / y)) * 2);
    Evaluation<double> evaluation{{x, xt::xarray<double>{3, 1, 2}}};
    const std::string text = message(evaluation, J);
    BOOST_TEST(says(text, "divide(1, y): inf in 1 of 3 entries, first [1], where y = 0."));
    evaluation.bind(x, xt::xarray<double>{3, 4, 2});
    BOOST_TEST(message(evaluation, J) == "all is finite");
}

BOOST_AUTO_TEST_CASE(overflow_and_domain) {
    Tape tape;
    const Var x = tape.input("x", {2, 2}), z = tape.input("z", {});
    Evaluation<double> evaluation{{x, xt::xarray<double>{{1, 2}, {1000, 3}}}, {z, xt::xarray<double>(-1)}};
    BOOST_TEST(says(message(evaluation, sum(exp(x))),
                    "exp(x): inf in 1 of 4 entries, first [1,0], where x = 1000."));
    BOOST_TEST(says(message(evaluation, sqrt(z)), "NaN in 1 of 1 entries, where z = -1."));
    BOOST_TEST(says(message(evaluation, sum(log(x - x))), "-inf in 4 of 4 entries"));
}

BOOST_AUTO_TEST_CASE(a_leaf_that_brings_it) {
    Tape tape;
    const Var x = tape.input("x", {3}), J = sum(square(x));
    Evaluation<double> evaluation{{x, xt::xarray<double>{1, 2, std::numeric_limits<double>::quiet_NaN()}}};
    BOOST_TEST(says(message(evaluation, J), "x: NaN in 1 of 3 entries, first [2]. It came with the array"));
    const Var c = tape.constant(xt::xarray<double>{-std::numeric_limits<double>::infinity()});
    BOOST_TEST(says(message(evaluation, sum(tanh(c))), "-inf in 1 of 1 entries"));
}

BOOST_AUTO_TEST_CASE(whole_array_operations) {
    Tape tape;
    const Var x = tape.input("x", {2, 2});
    Evaluation<double> evaluation{{x, xt::xarray<double>{{1e300, 2}, {1, 1e300}}}};
    BOOST_TEST(says(message(evaluation, matmul(x, x)), "where x lies in [1, 1e+300]"));
    const Var none = tape.input("none", {0});
    evaluation.bind(none, xt::xarray<double>::from_shape({0}));
    BOOST_TEST(says(message(evaluation, mean(none)), "NaN"));
}

BOOST_AUTO_TEST_CASE(in_float_it_comes_earlier) {
    Tape tape;
    const Var x = tape.input("x", {}), y = exp(x);
    Evaluation<double> wide{{x, xt::xarray<double>(100)}};
    Evaluation<float> narrow{{x, xt::xarray<double>(100)}};
    BOOST_TEST(!wide.first_nonfinite(y).has_value());
    BOOST_TEST(narrow.first_nonfinite(y).has_value());
}

BOOST_AUTO_TEST_CASE(a_saturated_softmax_is_named) {
    Tape tape;
    const Var Z = tape.variable("Z2", xt::xarray<double>{{0, 1}, {-900, 2}, {3, 4}});
    const Var A = named("A2", softmax(Z, 0));
    Evaluation<double> evaluation;
    const std::string text = message(evaluation, log(A));
    BOOST_TEST(says(text, "log(A2): -inf in 1 of 6 entries, first [1,0], where A2 = 0"), text);
    BOOST_TEST(says(text, "Z2[1,0] = -900 saturates softmax: work from its argument: log_softmax"), text);
}

BOOST_AUTO_TEST_CASE(a_deliberate_infinity_is_not_blamed) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, 1, -2});
    const Var masked = where(x > 0, x, -std::numeric_limits<double>::infinity());
    Evaluation<double> evaluation;
    const std::string text = message(evaluation, amax(masked) + sum(log(abs(x))));
    BOOST_TEST(says(text, "log(abs(x)): -inf in 1 of 3 entries, first [0]"), text);
}

BOOST_AUTO_TEST_CASE(advice_of_an_operation_that_changes_the_shape_is_left_out) {
    const Op first_column = operation("test::first_column")
                                .operands({Kind::real})
                                .shape([](const Signature& s) { return Shape{s.shape()[0]}; })
                                .forward([](const auto& call) {
                                    using T = typename std::decay_t<decltype(call)>::value_type;
                                    return Array<T>(xt::view(call.real(0), xt::all(), 0));
                                })
                                .without_gradient()
                                .saturation("none");
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{{1, 2}, {0, 3}, {4, 5}});
    Evaluation<double> evaluation;
    BOOST_TEST(
        says(message(evaluation, log(record(first_column, {x}))), "-inf in 1 of 3 entries, first [1]"));
}

BOOST_AUTO_TEST_CASE(inside_a_function_that_is_called_mapped_or_scanned) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{{1, 2}, {3, 0}, {4, 5}});
    Evaluation<double> evaluation;
    const std::string mapped = message(evaluation, sum(map([](const Var& r) { return sum(log(r)); }, x)));
    BOOST_TEST(says(mapped, "map(x): -inf in 1 of 3 entries, first [1]"), mapped);
    BOOST_TEST(says(mapped, " Inside, at row 1: log("), mapped);
    BOOST_TEST(says(mapped, "-inf in 1 of 2 entries, first [1], where x"), mapped);
    const std::string held = message(evaluation, checkpoint([](const Var& a) { return log(a); })(x));
    BOOST_TEST(says(held, " Inside: log(x′): -inf in 1 of 6 entries, first [1,1], where x′ = 0."), held);
    const Var c = tape.variable("c", xt::xarray<double>(300.0));
    const Var n = tape.variable("n", xt::xarray<double>{1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
    const auto [last, all] = scan([](const Var& a, const Var& b) { return a * a * b; }, c, n);
    const std::string scanned = message(evaluation, last + sum(all));
    BOOST_TEST(says(scanned, " Inside, at step 6: "), scanned); // 300^(2^7) is the first beyond 1e308
}
