#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};
const std::vector<double> away_from_zero{1.6, -0.7, 2.4, -3.3, 0.5, -1.1, 4.2};
const std::vector<double> positive{0.3, 1.7, 0.6, 2.9, 1.1, 4.3, 0.9};

const check::Elementwise cases[] = {
    {"xtape::add",
     [](auto v) { return v[0] + v[1]; },
     [](auto x) { return x[0] + x[1]; },
     {any, away_from_zero}},
    {"xtape::subtract",
     [](auto v) { return v[0] - v[1]; },
     [](auto x) { return x[0] - x[1]; },
     {any, away_from_zero}},
    {"xtape::multiply",
     [](auto v) { return v[0] * v[1]; },
     [](auto x) { return x[0] * x[1]; },
     {any, away_from_zero}},
    {"xtape::divide",
     [](auto v) { return v[0] / v[1]; },
     [](auto x) { return x[0] / x[1]; },
     {any, away_from_zero}},
    {"xtape::negative", [](auto v) { return -v[0]; }, [](auto x) { return -x[0]; }, {any}},
    {"xtape::square", [](auto v) { return square(v[0]); }, [](auto x) { return x[0] * x[0]; }, {any}},
    {"xtape::reciprocal",
     [](auto v) { return reciprocal(v[0]); },
     [](auto x) { return 1 / x[0]; },
     {away_from_zero}},
    {"xtape::sqrt", [](auto v) { return sqrt(v[0]); }, [](auto x) { return std::sqrt(x[0]); }, {positive}},
    {"xtape::cbrt",
     [](auto v) { return cbrt(v[0]); },
     [](auto x) { return std::cbrt(x[0]); },
     {away_from_zero}},
    {"xtape::pow",
     [](auto v) { return pow(v[0], v[1]); },
     [](auto x) { return std::pow(x[0], x[1]); },
     {positive, away_from_zero}},
    {"xtape::hypot",
     [](auto v) { return hypot(v[0], v[1]); },
     [](auto x) { return std::sqrt(x[0] * x[0] + x[1] * x[1]); },
     {any, away_from_zero}},
};

/// d pow(a, b) / da, db and second derivatives, at one point.
struct Pow {
    double value, in_a, in_b, in_aa, in_ab, in_ba;
};

Pow pow_at(double a, double b) {
    Tape tape;
    const Var x = tape.variable("a", xt::xarray<double>(a)), y = tape.variable("b", xt::xarray<double>(b));
    const Var p = pow(x, y);
    const auto [da, db] = gradient(p, x, y);
    const auto [daa, dab] = gradient(da, x, y, Disconnected::zeros);
    return {p.item(),   da.item(),  db.item(),
            daa.item(), dab.item(), gradient(db, x, Disconnected::zeros).item()};
}

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, arithmetic_ops()); }

BOOST_AUTO_TEST_CASE(numbers_and_arrays_as_operands) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2, 4});
    const xt::xarray<double> a{3, 5, 7};
    BOOST_TEST((2 * x - 1).value() == (Array<double>{1, 3, 7}), boost::test_tools::per_element());
    BOOST_TEST((8 / x).value() == (Array<double>{8, 4, 2}), boost::test_tools::per_element());
    BOOST_TEST((a - x).value() == (Array<double>{2, 3, 3}), boost::test_tools::per_element());
    BOOST_TEST((x * a).value() == (Array<double>{3, 10, 28}), boost::test_tools::per_element());
    BOOST_TEST((x + (a + 1)).value() == (Array<double>{5, 8, 12}), boost::test_tools::per_element());
    BOOST_TEST((x / xt::xarray<int>{1, 2, 8}).value() == (Array<double>{1, 1, 0.5}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_array_on_the_tape_is_a_copy) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2});
    xt::xarray<double> a{3, 5};
    const Var y = x + a;
    a(0) = 100;
    BOOST_TEST(y.value()(0) == 4);
}

BOOST_AUTO_TEST_CASE(pow_where_a_or_b_is_zero) {
    BOOST_TEST(pow_at(0, 2).in_a == 0);
    BOOST_TEST(pow_at(0, 2).in_aa == 2);
    BOOST_TEST(pow_at(0, 2).in_b == 0);
    BOOST_TEST(pow_at(0, 1).in_a == 1);
    BOOST_TEST(pow_at(0, 1).in_aa == 0);
    BOOST_TEST(pow_at(0, 0).value == 1);
    BOOST_TEST(pow_at(0, 0).in_a == 0);
    BOOST_TEST(pow_at(3, 0).in_a == 0);
    BOOST_TEST(pow_at(3, 0).in_b == std::log(3.0));
    BOOST_TEST(pow_at(4, 0).in_ab == 0.25);
    BOOST_TEST(pow_at(4, 0).in_ba == 0.25);
    BOOST_TEST(pow_at(-2, 0).in_a == 0);
    BOOST_TEST(pow_at(-2, 3).in_a == 12);
    BOOST_TEST(pow_at(-2, 3).in_aa == -12);
    BOOST_TEST(std::isnan(pow_at(-2, 3).in_b)); // the logarithm of a negative number
    BOOST_TEST(pow_at(0, 0.5).in_a == std::numeric_limits<double>::infinity());
}

BOOST_AUTO_TEST_CASE(roots_at_zero_have_infinite_derivatives) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, 4});
    constexpr double infinity = std::numeric_limits<double>::infinity();
    BOOST_TEST(gradient(sum(sqrt(x)), x).value() == (Array<double>{infinity, 0.25}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(cbrt(x)), x).value()(0) == infinity);
}

BOOST_AUTO_TEST_CASE(division_by_zero_is_that_of_ieee) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, -1, 0});
    const auto y = (x / 0).value();
    BOOST_TEST(y(0) == std::numeric_limits<double>::infinity());
    BOOST_TEST(y(1) == -std::numeric_limits<double>::infinity());
    BOOST_TEST(std::isnan(y(2)));
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_broadcast_come_with_a_remedy) {
    Tape tape;
    const Var a = tape.input("a", {3, 4}), b = tape.input("b", {4, 3}), c = tape.input("c", {3}),
              d = tape.input("d", {5, 4});
    BOOST_TEST(says(complaint<ShapeError>([&] { (void)(a + b); }),
                    "add(a, b): a is (3 × 4), b is (4 × 3): 4 ≠ 3. One of "
                    "them seems to be transposed; use transpose()."));
    BOOST_TEST(says(complaint<ShapeError>([&] { (void)(a + c); }), "Use expand_dims(x, {1}) for a column."));
    BOOST_TEST(
        says(complaint<ShapeError>([&] { (void)(a + d); }), "Extents must be equal, or one of them 1"));
}

BOOST_AUTO_TEST_CASE(compound_assignment_moves_the_handle_only) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{3});
    Var y = x;
    y += 1;
    y *= x;
    y -= 2;
    y /= 5;
    BOOST_TEST(y.value()(0) == ((3 + 1) * 3 - 2) / 5.0);
    BOOST_TEST(x.value()(0) == 3);
    BOOST_TEST(gradient(sum(y), x).value()(0) == (2 * 3 + 1) / 5.0, boost::test_tools::tolerance(1e-15));
}

// Where 1/a overflows, the mixed derivative 1/a is infinite, and nothing is NaN.
BOOST_AUTO_TEST_CASE(pow_of_a_denormal_number_with_exponent_zero) {
    constexpr double tiny = std::numeric_limits<double>::denorm_min(),
                     infinity = std::numeric_limits<double>::infinity();
    const Pow p = pow_at(tiny, 0);
    BOOST_TEST(p.value == 1);
    BOOST_TEST(p.in_a == 0);
    BOOST_TEST(p.in_aa == 0);
    BOOST_TEST(p.in_b == std::log(tiny), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(p.in_ab == infinity);
    BOOST_TEST(p.in_ba == infinity);
}

// ∂³(a^b)/∂a∂b² = 2 log(a) / a at b = 0.
BOOST_AUTO_TEST_CASE(the_third_derivative_of_pow_with_exponent_zero) {
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>(4.0)),
              b = tape.variable("b", xt::xarray<double>(0.0));
    const Var once = gradient(pow(a, b), a);
    BOOST_TEST(gradient(gradient(once, b), b).item() == 2 * std::log(4.0) / 4,
               boost::test_tools::tolerance(1e-15));
}

BOOST_AUTO_TEST_CASE(hypot_neither_overflows_nor_underflows) {
    for (const double scale : {1e200, 1e-200, 1.0}) {
        Tape tape;
        const Var a = tape.variable("a", xt::xarray<double>(3 * scale)),
                  b = tape.variable("b", xt::xarray<double>(-4 * scale));
        const Var h = hypot(a, b);
        const auto [da, db] = gradient(h, a, b);
        BOOST_TEST(h.item() == 5 * scale, boost::test_tools::tolerance(1e-15));
        BOOST_TEST(da.item() == 0.6, boost::test_tools::tolerance(1e-15));
        BOOST_TEST(db.item() == -0.8, boost::test_tools::tolerance(1e-15));
        // ∂²h/∂a² = b²/h³.
        BOOST_TEST(gradient(da, a).item() == 0.128 / scale, boost::test_tools::tolerance(1e-14));
    }
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>(0.0)),
              b = tape.variable("b", xt::xarray<double>(0.0));
    const auto [da, db] = gradient(hypot(a, b), a, b);
    BOOST_TEST(da.item() == 0);
    BOOST_TEST(db.item() == 0);
    BOOST_TEST(gradient(da, a).item() == 0);
}
