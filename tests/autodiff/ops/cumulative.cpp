#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

/// Entry j folded from the entries at j and before it, or at j and after it, for each entry anew.
template <class Fold>
Array<long double> running(const Array<long double>& x, std::size_t axis, Direction direction, Fold fold) {
    return naive::build(Extents(x.shape()), [&](naive::Position p) {
        const std::size_t j = p[axis];
        const bool reverse = direction == Direction::reverse;
        long double result = naive::at(x, p);
        for (std::size_t k = 0; k < x.shape()[axis]; ++k) {
            p[axis] = k;
            if (reverse ? k > j : k < j) result = fold(result, naive::at(x, p));
        }
        return result;
    });
}

struct Cumulative {
    std::string name;
    Var (*record)(const Var&, std::int64_t, Direction);
    long double (*fold)(long double, long double);
};

const Cumulative both[] = {{"cumsum", cumsum, [](long double a, long double b) { return a + b; }},
                           {"cumprod", cumprod, [](long double a, long double b) { return a * b; }}};

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    BOOST_TEST(cumulative_ops().size() == 1u);
    BOOST_TEST(cumulative_ops()[0].name() == "xtape::cumsum");
}

BOOST_AUTO_TEST_CASE(running_sums_and_products) {
    for (const auto& [name, op, fold] : both)
        for (const Direction direction : {Direction::forward, Direction::reverse})
            for (const std::size_t axis : {0u, 1u, 2u})
                for (const std::size_t extent : {5u, 8u, 1u, 0u}) {
                    Extents extents{2, 3, 4};
                    extents[axis] = extent;
                    const auto x = drawn(extents, 1);
                    const auto f = [&, &op = op](auto v) {
                        return op(v[0], static_cast<std::int64_t>(axis) - 3, direction);
                    };
                    // Sums of up to eight numbers up to 2.
                    const auto verdict = check::values(f, {x}, running(x, axis, direction, fold), 16);
                    BOOST_TEST(verdict.pass, name << ": " << verdict.why);
                    if (extent > 0) check::derivatives(name, [&](auto v) { return square(f(v)); }, {x});
                }
}

// A running sum is a product with a triangle of ones.
BOOST_AUTO_TEST_CASE(a_running_sum_is_a_triangular_product) {
    Tape tape;
    const Var x = tape.constant(check::filled<double>({5, 3}, {1, -2, 3, 5, 0.5, 8, -13}));
    const auto triangle = naive::build({5, 5}, [](const auto& p) { return p[1] <= p[0] ? 1.0L : 0.0L; });
    const Var ones = tape.constant(triangle);
    BOOST_TEST((cumsum(x, 0).value() == matmul(ones, x).value()));
    BOOST_TEST((cumsum(x, 0, Direction::reverse).value() == matmul(transpose(ones), x).value()));
}

BOOST_AUTO_TEST_CASE(the_derivative_of_a_running_product_is_right_at_zeros) {
    const auto f = [](auto v) { return cumprod(v[0], -1); };
    for (const std::vector<double>& values :
         {std::vector<double>{2, 0, 3, -1, 0.5}, {0, 2, 0, 1.5, 3}, {0, 0, 0, 0, 0}, {1, 2, 3, 4, 0}}) {
        const auto x = check::filled({5}, values);
        const auto first = check::first_derivative(f, {x}), second = check::second_derivative(f, {x});
        BOOST_TEST(first.pass, first.why);
        BOOST_TEST(second.pass, second.why);
        BOOST_TEST(first.nonzero > 0u);
    }
    // The last entry is abc: its third derivative is 1, at zeros as anywhere.
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, 0, 0});
    const auto along = [&](const Var& y, std::int64_t j) { return sum(slice(y, 0, j, j + 1)); };
    const Var abc = along(cumprod(x, 0), 2), bc = along(gradient(abc, x), 0), c = along(gradient(bc, x), 1);
    BOOST_TEST(gradient(c, x).value() == (Array<double>{0, 0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(samples_pass_and_wrong_rules_do_not) {
    for (const Op& op : cumulative_ops()) {
        Draw draw(1), again(1);
        const Report report = check_op(op, op.definition().samples(draw));
        BOOST_TEST(report.passed(), report.to_string());
        BOOST_TEST(!check_op(check::wrong_derivative(op), op.definition().samples(again)).passed());
    }
}

BOOST_AUTO_TEST_CASE(nan_and_axes_without_an_extent_and_bad_axes) {
    Tape tape;
    const Var x = tape.input("x", {2, Dim("n")}), number = tape.constant(1);
    const Var slope = gradient(sum(cumsum(x, 1)), x);
    BOOST_TEST(slope.value({{x, check::filled<double>({2, 3}, {5})}}) ==
                   (Array<double>{{3, 2, 1}, {3, 2, 1}}),
               boost::test_tools::per_element());
    BOOST_TEST(says(complaint<ShapeError>([&] { cumprod(x, 1); }), "Give it one: Dim(\"n\", 400)"));
    BOOST_TEST(cumprod(x, 0).shape().to_string() == "(2 × n)");
    BOOST_CHECK_THROW(cumsum(x, 2), ShapeError);
    BOOST_CHECK_THROW(cumprod(x, -3), ShapeError);
    BOOST_CHECK_THROW(cumsum(number, 0), ShapeError);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const auto& [name, op, fold] : both) {
        const auto values = op(tape.constant(xt::xarray<double>{1, nan, 3}), 0, Direction::forward).value();
        BOOST_TEST(values(0) == 1);
        BOOST_TEST(std::isnan(values(1)));
        BOOST_TEST(std::isnan(values(2)));
    }
}
