#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// For each entry along the axis, how many entries come before it: smaller ones, and equal ones that stand
/// before it. No algorithm that sorts.
Array<long double> ranks(const Array<long double>& x, std::size_t axis) {
    return naive::build(Extents(x.shape()), [&](naive::Position p) {
        const std::size_t j = p[axis];
        const long double mine = naive::at(x, p);
        long double before = 0;
        for (p[axis] = 0; p[axis] < x.shape()[axis]; ++p[axis]) {
            const long double other = naive::at(x, p);
            before += other < mine || (other == mine && p[axis] < j) ? 1 : 0;
        }
        return before;
    });
}

/// An operation whose results are real numbers and the indices that they were found at.
const Op largest_op =
    operation("mylib::largest")
        .operands({Kind::real})
        .shape([](const Signature&) {
            return std::vector<ResultType>{Shape(), ResultType(Shape{1}, Kind::index)};
        })
        .forward([](auto& call) {
            const auto x = call.real(0);
            const auto at = std::max_element(x.begin(), x.end());
            *call.allocate(0) = *at;
            *call.template allocate<std::int64_t>(1) = at - x.begin();
        })
        .vjp([](const Pullback& p) {
            return scatter_add(expand_dims(p.cotangent(0), {0}), p.output(1), p.input().shape()[0], 0);
        })
        .notation("largest({0})", R"(\operatorname{largest}({0}))");

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : sorting_ops())
        names.push_back(op.name());
    BOOST_TEST(names == (std::vector<std::string>{"xtape::argsort", "xtape::top_k"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sorted) {
    for (const std::size_t axis : {0u, 1u, 2u})
        for (const std::size_t extent : {7u, 2u, 1u, 0u}) {
            Extents extents{2, 3, 4};
            extents[axis] = extent;
            const auto x = drawn(extents, 1);
            const auto f = [&](auto v) { return sort(v[0], static_cast<std::int64_t>(axis) - 3); };
            // The entry of rank r goes to r, so what is sorted and scattered back by rank is x itself.
            auto expected = Array<long double>::from_shape(extents);
            const auto rank = ranks(x, axis);
            for (std::size_t i = 0; i < x.size(); ++i) {
                auto p = naive::position(i, extents);
                p[axis] = static_cast<std::size_t>(rank.data()[i]);
                expected.data()[naive::index(p, extents)] = x.data()[i];
            }
            const auto verdict = check::values(f, {x}, expected);
            BOOST_TEST(verdict.pass, verdict.why);
            if (extent > 0) check::derivatives("sort", [&](auto v) { return square(f(v)); }, {x});
        }
}

BOOST_AUTO_TEST_CASE(ties_keep_their_order_and_nan_is_the_largest) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{2.0, missing, -1.0, 2.0, 0.0, -0.0, missing, 2.0});
    BOOST_TEST(argsort(x).value() == (Array<double>{2, 4, 5, 0, 3, 7, 1, 6}),
               boost::test_tools::per_element());
    BOOST_TEST(top_k(x, 5).indices.value() == (Array<double>{1, 6, 0, 3, 7}),
               boost::test_tools::per_element());
    BOOST_TEST(std::isnan(sort(x).value()(7)));
    BOOST_TEST(std::isnan(top_k(x, 1).values.value()(0)));
    // At a tie the derivative is that of the order that was taken.
    const Var y = tape.variable("y", xt::xarray<double>{1, 3, 3, 2});
    BOOST_TEST(gradient(sum(top_k(y, 1).values), y).value() == (Array<double>{0, 1, 0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_largest) {
    const auto x = drawn({2, 5, 3}, 1);
    for (const std::int64_t k : {0, 1, 3, 5}) {
        const auto f = [&](auto v) { return top_k(v[0], k, 1).values; };
        const auto rank = ranks(-x, 1);
        const auto verdict =
            check::values(f, {x}, naive::build({2, static_cast<std::size_t>(k), 3}, [&](naive::Position p) {
                              for (std::size_t j = 0; j < 5; ++j)
                                  if (rank(p[0], j, p[2]) == static_cast<long double>(p[1]))
                                      return x(p[0], j, p[2]);
                              return std::numeric_limits<long double>::quiet_NaN();
                          }));
        BOOST_TEST(verdict.pass, verdict.why);
        if (k > 0) check::derivatives("top_k", [&](auto v) { return square(f(v)); }, {x});
    }
    Tape tape;
    const Var v = tape.variable("v", x);
    const auto [values, indices] = top_k(v, 2, 1);
    BOOST_TEST((values.value() == take_along_axis(v, indices, 1).value()));
    BOOST_TEST((top_k(v, 1, 1).values.value() == amax(v, {1}, Keep::dims).value()));
    BOOST_TEST((sort(v, 1).value() == flip(top_k(v, 5, 1).values, {1}).value()));
    BOOST_TEST((indices.kind() == Kind::index));
}

BOOST_AUTO_TEST_CASE(samples_pass) {
    for (const Op& op : sorting_ops()) {
        Draw draw(1);
        const Report report = check_op(op, op.definition().samples(draw));
        BOOST_TEST(report.passed(), report.to_string());
        BOOST_TEST(report["value"].compared > 0u);
    }
}

BOOST_AUTO_TEST_CASE(no_derivative_passes_through_an_order) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{3, 1, 2}),
              y = tape.variable("y", xt::xarray<double>{10, 20, 30});
    const Var cost = sum(square(gather(y, argsort(x), 0)) * xt::xarray<double>{1, 2, 3});
    BOOST_TEST(gradient(cost, y).value() == (Array<double>{60, 40, 120}), boost::test_tools::per_element());
    BOOST_TEST(says(complaint<GradientError>([&] { gradient(cost, x); }), "no path from x to"));
    BOOST_TEST(says(complaint<GradientError>([&] { gradient(cost, x); }), "cut by argsort"));
    BOOST_CHECK_THROW(argsort(argsort(x)), KindError);
    BOOST_CHECK_THROW(argsort(x) + 1, KindError);
}

// The walk backwards gives an index no cotangent, whether the real result beside it is used or not.
BOOST_AUTO_TEST_CASE(an_operation_with_a_real_result_and_an_index) {
    const auto both = [](auto v) {
        const auto results = record_all(largest_op, {{v[0]}});
        return square(results[0]) * square(gather(v[0], results[1], 0));
    };
    check::derivatives("largest", both, {drawn({5}, 1)});
    const auto only_index = [](auto v) {
        return square(gather(v[0], record_all(largest_op, {{v[0]}})[1], 0));
    };
    check::derivatives("its index", only_index, {drawn({5}, 1)});
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{3, 1, 2}),
              y = tape.variable("y", xt::xarray<double>{1, 2, 3});
    const Var at = record_all(largest_op, {{x}})[1];
    BOOST_CHECK_THROW(gradient(sum(gather(y, at, 0)), x), GradientError);
    BOOST_TEST(gradient(sum(gather(y, at, 0)), {x, y}, Disconnected::zeros)[0].value() ==
                   (Array<double>{0, 0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_sorted) {
    Tape tape;
    const Var x = tape.input("x", {2, 3}), u = tape.input("u", {Dim("n")}), s = tape.constant(1);
    BOOST_CHECK_THROW(sort(x, 2), ShapeError);
    BOOST_CHECK_THROW(argsort(x, -3), ShapeError);
    BOOST_CHECK_THROW(sort(s), ShapeError);
    BOOST_CHECK_THROW(sort(x > 0), KindError);
    BOOST_TEST(complaint<ArgumentError>([&] { top_k(x, 4); }) ==
               "top_k(x, 4): x is (2 × 3), and axis 1 has 3 entries. Take 0 to 3 of them.");
    BOOST_TEST(says(complaint<ArgumentError>([&] { top_k(x, -1); }), "cannot be negative"));
    BOOST_TEST(complaint<ArgumentError>([&] {
                   (void)top_k(u, 3).values.value({{u, xt::xarray<double>{1, 2}}});
               }) == "top_k(u): 3 largest are meant, and u is (2), and axis 0 has 2 entries. Take 0 to 2 of "
                     "them.");
    BOOST_TEST(top_k(u, 2).values.value({{u, xt::xarray<double>{1, 2, 5}}}) == (Array<double>{5, 2}),
               boost::test_tools::per_element());
    BOOST_TEST(sort(u).shape().to_string() == "(n)");
}
