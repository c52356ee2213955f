#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;

namespace {

const std::vector<double> any{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};
const std::vector<double> other{1.5, -0.7, 2.6, -1.8, 0.9, 3.7, -3.4};
const std::vector<double> around_the_ends{-2.7, 0.4, 1.6, -1.4, 3.1, 2.4, -0.6};
const std::vector<double> truths{1, 0, 0, 1, 1, 0, 1};

const check::Elementwise cases[] = {
    {"xtape::abs", [](auto v) { return abs(v[0]); }, [](auto x) { return std::abs(x[0]); }, {any}},
    {"xtape::sign",
     [](auto v) { return sign(v[0]); },
     [](auto x) { return x[0] > 0 ? 1.0L : -1.0L; },
     {any},
     0,
     true},
    {"xtape::maximum",
     [](auto v) { return maximum(v[0], v[1]); },
     [](auto x) { return x[0] > x[1] ? x[0] : x[1]; },
     {any, other}},
    {"xtape::minimum",
     [](auto v) { return minimum(v[0], v[1]); },
     [](auto x) { return x[0] < x[1] ? x[0] : x[1]; },
     {any, other}},
    {"xtape::clip",
     [](auto v) { return clip(v[0], -1, 2); },
     [](auto x) { return x[0] < -1  ? -1
                         : x[0] > 2 ? 2
                                    : x[0]; },
     {around_the_ends}},
    {"xtape::where", [](auto v) { return where(v[0], v[1], v[2]); }, {}, {truths, any, other}},
    {"xtape::atan2",
     [](auto v) { return atan2(v[0], v[1]); },
     [](auto x) { return std::atan2(x[0], x[1]); },
     {any, other}},
    {"xtape::less",
     [](auto v) { return less(v[0], v[1]); },
     [](auto x) { return x[0] < x[1] ? 1 : 0; },
     {any, other}},
    {"xtape::less_equal",
     [](auto v) { return less_equal(v[0], v[1]); },
     [](auto x) { return x[0] <= x[1] ? 1 : 0; },
     {any, other}},
    {"xtape::equal",
     [](auto v) { return equal(v[0], v[1]); },
     [](auto x) { return x[0] == x[1] ? 1 : 0; },
     {any, other}},
    {"xtape::not_equal",
     [](auto v) { return not_equal(v[0], v[1]); },
     [](auto x) { return x[0] != x[1] ? 1 : 0; },
     {any, other}},
    {"xtape::not", [](auto v) { return !v[0]; }, {}, {truths}},
    {"xtape::and", [](auto v) { return v[0] & v[1]; }, {}, {truths, truths}},
    {"xtape::or", [](auto v) { return v[0] | v[1]; }, {}, {truths, truths}},
};

/// f of two variables that hold a and b, with its value and both derivatives.
struct Two {
    double value, in_a, in_b;
};

Two at(double a, double b, Var (*f)(const Operand&, const Operand&)) {
    Tape tape;
    const Var x = tape.variable("a", xt::xarray<double>(a)), y = tape.variable("b", xt::xarray<double>(b));
    const Var z = f(x, y);
    const auto [dx, dy] = gradient(z, x, y);
    return {z.item(), dx.item(), dy.item()};
}

double slope_of_clip(double x) {
    Tape tape;
    const Var v = tape.variable("x", xt::xarray<double>(x));
    return gradient(clip(v, -1, 2), v).item();
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) { check::family(cases, piecewise_ops()); }

BOOST_AUTO_TEST_CASE(where_takes_the_entries_of_its_mask) {
    Tape tape;
    const Var m = tape.input("m", {2, 1}, Kind::mask), a = tape.input("a", {3}), b = tape.input("b", {2, 3});
    const Array<bool> mask = check::filled<bool>({2, 1}, {1, 0});
    const xt::xarray<double> x{1, 2, 3}, y{{4, 5, 6}, {7, 8, 9}};
    const Var z = where(m, a, b);
    BOOST_TEST(z.value({{m, mask}, {a, x}, {b, y}}) == (Array<double>{{1, 2, 3}, {7, 8, 9}}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(z), a).value({{m, mask}}) == (Array<double>{1, 1, 1}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(z), b).value({{m, mask}}) == (Array<double>{{0, 0, 0}, {1, 1, 1}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(masks_combine) {
    Tape tape;
    const Var a = tape.constant(xt::xarray<bool>{false, false, true, true});
    const Var b = tape.constant(xt::xarray<bool>{false, true, false, true});
    BOOST_TEST((a & b).value() == (Array<double>{0, 0, 0, 1}), boost::test_tools::per_element());
    BOOST_TEST((a | b).value() == (Array<double>{0, 1, 1, 1}), boost::test_tools::per_element());
    BOOST_TEST((!a).value() == (Array<double>{1, 1, 0, 0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(comparisons_at_ties_and_with_nan) {
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>{1, 2, 3, not_a_number}),
              b = tape.variable("b", xt::xarray<double>{2, 2, 2, 2});
    BOOST_TEST((a < b).value() == (Array<double>{1, 0, 0, 0}), boost::test_tools::per_element());
    BOOST_TEST((a <= b).value() == (Array<double>{1, 1, 0, 0}), boost::test_tools::per_element());
    BOOST_TEST((a > b).value() == (Array<double>{0, 0, 1, 0}), boost::test_tools::per_element());
    BOOST_TEST((a >= b).value() == (Array<double>{0, 1, 1, 0}), boost::test_tools::per_element());
    BOOST_TEST((a == b).value() == (Array<double>{0, 1, 0, 0}), boost::test_tools::per_element());
    BOOST_TEST((a != b).value() == (Array<double>{1, 0, 1, 1}), boost::test_tools::per_element());
    BOOST_TEST(((a < b).kind() == Kind::mask));
}

BOOST_AUTO_TEST_CASE(subgradients) {
    BOOST_TEST(at(3, 3, maximum).in_a == 0.5);
    BOOST_TEST(at(3, 3, maximum).in_b == 0.5);
    BOOST_TEST(at(3, 3, minimum).in_a == 0.5);
    BOOST_TEST(at(3, 3, minimum).in_b == 0.5);
    BOOST_TEST(slope_of_clip(-1) == 1);
    BOOST_TEST(slope_of_clip(2) == 1);
    BOOST_TEST(slope_of_clip(std::nextafter(2, 3)) == 0);
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, -0.0, 2});
    BOOST_TEST(gradient(sum(abs(x)), x).value() == (Array<double>{0, 0, 1}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(sign(x)), x).value() == (Array<double>{0, 0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_nan_never_loses_a_maximum) {
    for (const auto f : {maximum, minimum}) {
        BOOST_TEST(std::isnan(at(not_a_number, 1, f).value));
        BOOST_TEST(std::isnan(at(1, not_a_number, f).value));
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_at_a_nan_is_one) {
    for (const auto f : {maximum, minimum})
        for (const auto& [a, b] :
             {std::pair(not_a_number, 1.0), {1.0, not_a_number}, {not_a_number, not_a_number}}) {
            BOOST_TEST(std::isnan(at(a, b, f).in_a));
            BOOST_TEST(std::isnan(at(a, b, f).in_b));
        }
    BOOST_TEST(std::isnan(slope_of_clip(not_a_number)));
    constexpr double infinity = std::numeric_limits<double>::infinity();
    BOOST_TEST(slope_of_clip(-infinity) == 0);
    BOOST_TEST(at(infinity, 1, maximum).in_a == 1);
    BOOST_TEST(at(infinity, 1, maximum).in_b == 0);
    BOOST_TEST(at(-infinity, -infinity, minimum).in_a == 0.5);
}

// ∂atan2(y, x)/∂y = x / r² and ∂²/∂y² = −2xy / r⁴, with r = 5 scale.
BOOST_AUTO_TEST_CASE(atan2_far_from_and_close_to_the_origin) {
    for (const double scale : {1e200, 1e-100, 1e-200, 1.0}) {
        const Two slope = at(4 * scale, -3 * scale, atan2);
        BOOST_TEST(slope.in_a == -3 / 25.0 / scale, boost::test_tools::tolerance(1e-15));
        BOOST_TEST(slope.in_b == -4 / 25.0 / scale, boost::test_tools::tolerance(1e-15));
    }
    const double scale = 1e-100;
    Tape tape;
    const Var y = tape.variable("y", xt::xarray<double>(4 * scale)),
              x = tape.variable("x", xt::xarray<double>(-3 * scale));
    const Var slope = gradient(atan2(y, x), y);
    BOOST_TEST(gradient(slope, y).item() == 24 / 625.0 / scale / scale, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(std::isnan(at(0, 0, atan2).in_a));
}

BOOST_AUTO_TEST_CASE(the_branch_not_taken_gives_no_nan) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{-1, 4});
    const Var safe = where(x > 0, sqrt(where(x > 0, x, 1)), 0);
    BOOST_TEST(gradient(sum(safe), x).value() == (Array<double>{0, 0.25}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(misuse) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2});
    const Var m = x > 0;
    BOOST_CHECK_THROW(clip(x, 2, 1), ArgumentError);
    BOOST_CHECK_THROW(clip(x, static_cast<long double>(not_a_number), 1), ArgumentError);
    BOOST_CHECK_THROW(where(x, 1, 0), KindError);
    BOOST_CHECK_THROW(m + 1, KindError);
    BOOST_CHECK_THROW(!x, KindError);
    BOOST_CHECK_THROW(gradient(sum(where(m, 1, 0)), m), KindError);
}
