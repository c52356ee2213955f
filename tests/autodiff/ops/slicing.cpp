#include "check.hpp"
#include "naive.hpp"
#include <xtape/autodiff/records.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

struct Cut {
    std::int64_t start, stop, step;
    std::vector<std::size_t> positions; ///< as Python's range counts them, of an axis of extent 5
};

const Cut cuts[] = {{0, 5, 1, {0, 1, 2, 3, 4}},
                    {1, 4, 1, {1, 2, 3}},
                    {0, 5, 2, {0, 2, 4}},
                    {1, 5, 3, {1, 4}},
                    {-3, -1, 1, {2, 3}},
                    {-5, 5, 4, {0, 4}},
                    {4, 5, 9, {4}},
                    {1, 5, std::numeric_limits<std::int64_t>::max(), {1}},
                    {2, 2, 1, {}},
                    {3, 1, 1, {}},
                    {5, 5, 1, {}}};

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : slicing_ops())
        names.push_back(op.name());
    BOOST_TEST(names == (std::vector<std::string>{"xtape::slice", "xtape::place", "xtape::concatenate",
                                                  "xtape::split", "xtape::flip"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(slices) {
    for (const std::size_t axis : {0u, 1u, 2u})
        for (const Cut& cut : cuts) {
            Extents extents{2, 3, 4}, result = extents;
            extents[axis] = 5;
            result[axis] = cut.positions.size();
            const auto x = drawn(extents, 1);
            const auto f = [&](auto v) {
                return slice(v[0], static_cast<std::int64_t>(axis) - 3, cut.start, cut.stop, cut.step);
            };
            const auto verdict = check::values(f, {x}, naive::build(result, [&](naive::Position p) {
                                                   p[axis] = cut.positions[p[axis]];
                                                   return naive::at(x, p);
                                               }));
            BOOST_TEST(verdict.pass, "axis " << axis << ", " << cut.start << ": " << verdict.why);
        }
}

// The derivative of a slice is `place`, and that of `place` a slice: both orders test both.
BOOST_AUTO_TEST_CASE(derivatives_of_slices) {
    for (const Cut& cut : cuts)
        for (const std::int64_t axis : {0, 1}) {
            const auto f = [&](auto v) { return square(slice(v[0], axis, cut.start, cut.stop, cut.step)); };
            const auto x = drawn(axis == 0 ? Extents{5, 2} : Extents{2, 5}, 2);
            const auto first = check::first_derivative(f, {x}), second = check::second_derivative(f, {x});
            BOOST_TEST(first.pass, first.why);
            BOOST_TEST(second.pass, second.why);
            BOOST_TEST(first.nonzero == 2 * cut.positions.size());
        }
}

BOOST_AUTO_TEST_CASE(slices_of_an_axis_without_an_extent) {
    Tape tape;
    const Var X = tape.input("X", {2, Dim("n")});
    const Var part = slice(X, 1, 1, 4, 2), slope = gradient(sum(square(part)), X);
    const xt::xarray<double> x{{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}}, few{{1, 2, 3}, {4, 5, 6}};
    BOOST_TEST(part.value({{X, x}}) == (Array<double>{{2, 4}, {7, 9}}), boost::test_tools::per_element());
    BOOST_TEST(slope.value({{X, x}}) == (Array<double>{{0, 4, 0, 8, 0}, {0, 14, 0, 18, 0}}),
               boost::test_tools::per_element());
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        (void)part.value({{X, few}});
                    }),
                    "position 3 is outside axis 1"));
    BOOST_CHECK_THROW(slice(X, 1, 0, -1), ShapeError);
}

BOOST_AUTO_TEST_CASE(positions_outside) {
    Tape tape;
    const Var X = tape.input("X", {2, 5});
    BOOST_TEST(says(complaint<ShapeError>([&] { slice(X, 1, 0, 6); }),
                    "X is (2 × 5); a position is outside the axis."));
    BOOST_CHECK_THROW(slice(X, 1, -6, 5), ShapeError);
    BOOST_CHECK_THROW(slice(X, 2, 0, 1), ShapeError);
    BOOST_TEST(says(complaint<ShapeError>([&] { slice(X, 1, 0, 5, 0); }), "the step must be positive"));
    BOOST_CHECK_THROW(slice(X, 1, 0, 5, -1), ShapeError);
}

BOOST_AUTO_TEST_CASE(concatenated) {
    for (const std::size_t axis : {0u, 1u}) {
        const std::vector<std::size_t> lengths{3, 1, 0, 2};
        check::Arrays parts;
        for (std::size_t k = 0; k < lengths.size(); ++k)
            parts.push_back(drawn(axis == 0 ? Extents{lengths[k], 5} : Extents{5, lengths[k]}, k + 1));
        const auto f = [&](auto v) {
            return concatenate({v.begin(), v.end()}, static_cast<std::int64_t>(axis) - 2);
        };
        const auto verdict = check::values(
            f, parts, naive::build(axis == 0 ? Extents{6, 5} : Extents{5, 6}, [&](naive::Position p) {
                std::size_t k = 0;
                for (; p[axis] >= lengths[k]; ++k)
                    p[axis] -= lengths[k];
                return naive::at(parts[k], p);
            }));
        BOOST_TEST(verdict.pass, verdict.why);
        check::derivatives(
            "concatenate", [&](auto v) { return square(f(v)); }, parts);
    }
    const auto twice = [](auto v) { return concatenate({v[0], square(v[0])}, 0); };
    check::derivatives("a part twice", twice, {drawn({3}, 1)});
}

BOOST_AUTO_TEST_CASE(stacked) {
    const auto a = drawn({2, 3}, 1), b = drawn({2, 3}, 2);
    const auto f = [](std::int64_t axis) {
        return [axis](auto v) { return square(stack({v[0], v[1]}, axis)); };
    };
    const auto front = check::values(
        [](auto v) {
            return stack({v[0], v[1]}, 0);
        },
        {a, b},
        naive::build({2, 2, 3}, [&](const auto& p) { return p[0] == 0 ? a(p[1], p[2]) : b(p[1], p[2]); }));
    BOOST_TEST(front.pass, front.why);
    const auto back = check::values(
        [](auto v) {
            return stack({v[0], v[1]}, -1);
        },
        {a, b},
        naive::build({2, 3, 2}, [&](const auto& p) { return p[2] == 0 ? a(p[0], p[1]) : b(p[0], p[1]); }));
    BOOST_TEST(back.pass, back.why);
    check::derivatives("stack", f(0), {a, b});
    check::derivatives("stack", f(-1), {a, b});
}

// However many parts there are, their cotangents are joined once: no array of the whole is filled for each.
BOOST_AUTO_TEST_CASE(the_adjoint_of_a_split_is_one_array) {
    constexpr std::size_t count = 50;
    Tape tape;
    const Var x = tape.variable("x", drawn({count, 2}, 1));
    Var cost = tape.constant(0);
    const auto parts = split(x, count, 0);
    for (std::size_t k = 0; k < count; k += 2)
        cost = cost + sum(square(parts[k]));
    const Var slope = gradient(cost, x);
    std::size_t whole = 0;
    for (std::uint32_t id = x.id() + 1; id < tape.records()->result_count(); ++id)
        if (same_extents(tape.records()->result(id).shape, x.shape())) ++whole;
    BOOST_TEST(whole == 1u);
    const Array<double> values = x.value(), slopes = slope.value();
    for (std::size_t k = 0; k < count; ++k)
        BOOST_TEST(slopes(k, 1) == (k % 2 == 0 ? 2 * values(k, 1) : 0));
    BOOST_TEST(
        split(tape.constant(Array<double>::from_shape({0, 2})), std::vector<std::size_t>{}, 0).empty());
}

BOOST_AUTO_TEST_CASE(split_is_the_inverse_of_concatenate) {
    const auto x = drawn({3, 6}, 1);
    const auto there_and_back = [](auto v) { return concatenate(split(v[0], {1, 3, 2}, 1), 1); };
    const auto verdict = check::values(there_and_back, {x}, x);
    BOOST_TEST(verdict.pass, verdict.why);
    check::derivatives("split",
                       [](auto v) {
                           const auto parts = split(v[0], 3, 0);
                           return parts[0] * parts[1] * parts[2];
                       },
                       {x});
    Tape tape;
    const Var X = tape.input("X", {3, 6}), U = tape.input("U", {Dim("n")});
    BOOST_TEST(split(X, 3, -1)[2].shape().to_string() == "(3 × 2)");
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        split(X, {1, 2}, 1);
                    }),
                    "the parts have 3 entries along axis 1, which has 6"));
    BOOST_TEST(says(complaint<ShapeError>([&] { split(X, 4, 1); }), "cannot be cut into 4 equal parts"));
    BOOST_CHECK_THROW(split(X, 0, 1), ShapeError);
    BOOST_CHECK_THROW(split(U, 2, 0), ShapeError);
}

BOOST_AUTO_TEST_CASE(flipped) {
    const auto x = drawn({2, 3, 4}, 1);
    for (const Axes& axes : {Axes{0}, Axes{-1}, Axes{0, 2}, Axes{}, Axes{0, 1, 2}}) {
        const auto f = [&](auto v) { return flip(v[0], axes); };
        const auto verdict = check::values(f, {x}, naive::build({2, 3, 4}, [&](naive::Position p) {
                                               for (const std::int64_t axis : axes) {
                                                   const auto a =
                                                       static_cast<std::size_t>(axis < 0 ? axis + 3 : axis);
                                                   p[a] = x.shape()[a] - 1 - p[a];
                                               }
                                               return naive::at(x, p);
                                           }));
        BOOST_TEST(verdict.pass, verdict.why);
        check::derivatives("flip", [&](auto v) { return square(f(v)); }, {x});
    }
    const auto none = check::values(
        [](auto v) {
            return flip(v[0], {0, 1});
        },
        {drawn({2, 0}, 1)}, drawn({2, 0}, 1));
    BOOST_TEST(none.pass, none.why);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_joined) {
    Tape tape;
    const Var a = tape.input("a", {2, 3}), b = tape.input("b", {3, 3}), c = tape.input("c", {2}),
              u = tape.input("u", {2, Dim("n")});
    BOOST_TEST(says(complaint<ShapeError>([&] { concatenate({a, b}, 1); }), "2 ≠ 3 on axis 0"));
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        concatenate({a, c}, 0);
                    }),
                    "all need the same number of axes"));
    BOOST_TEST(says(complaint<ShapeError>([&] { concatenate({a, u}, 1); }), "must be known to be joined"));
    BOOST_CHECK_THROW(concatenate({a, a}, 2), ShapeError);
    BOOST_CHECK_THROW(concatenate({}, 0), ArgumentError);
    BOOST_CHECK_THROW(stack({a, b}, 0), ShapeError);
    BOOST_CHECK_THROW(flip(a, {2}), ShapeError);
    BOOST_TEST(concatenate({u, u}, 0).shape().to_string() == "(4 × n)");
}
