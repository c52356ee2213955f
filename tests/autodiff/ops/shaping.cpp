#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

const Dim n("n"), m("m");

/// f's values against the reference, and both derivatives of its square, since f itself is linear.
void linear(const std::string& what, const check::Function& f, const Array<long double>& x,
            const Array<long double>& reference) {
    const auto verdict = check::values(f, {x}, reference, 16);
    BOOST_TEST(verdict.pass, what << ": " << verdict.why);
    check::derivatives(what, [&](auto v) { return square(f(v)); }, {x});
}

/// The same entries under other extents.
Array<long double> with_extents(const Array<long double>& x, const Extents& extents) {
    return AnyArray(x).reshaped(extents).to<long double>();
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : shaping_ops())
        names.push_back(op.name());
    BOOST_TEST(names == (std::vector<std::string>{"xtape::reshape", "xtape::broadcast_to", "xtape::transpose",
                                                  "xtape::extent", "xtape::copy", "xtape::stop_gradient"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(reshape_flatten_squeeze_expand) {
    const auto x = drawn({2, 1, 6}, 1);
    linear(
        "reshape",
        [](auto v) {
            return reshape(v[0], {3, 4});
        },
        x, with_extents(x, {3, 4}));
    linear(
        "flatten", [](auto v) { return flatten(v[0]); }, x, with_extents(x, {12}));
    linear(
        "squeeze", [](auto v) { return squeeze(v[0]); }, x, with_extents(x, {2, 6}));
    linear(
        "squeeze an axis", [](auto v) { return squeeze(v[0], {-2}); }, x, with_extents(x, {2, 6}));
    linear(
        "expand_dims",
        [](auto v) {
            return expand_dims(v[0], {0, -1});
        },
        x, with_extents(x, {1, 2, 1, 6, 1}));
    linear(
        "to one number", [](auto v) { return reshape(v[0], {}); }, drawn({1, 1}, 2),
        with_extents(drawn({1, 1}, 2), {}));
}

BOOST_AUTO_TEST_CASE(reshape_with_unsized_dimensions) {
    Tape tape;
    const Var X = tape.input("X", {2, n});
    const xt::xarray<double> x{{1, 2, 3}, {4, 5, 6}}, none = xt::xarray<double>::from_shape({2, 0});
    const Var turned = reshape(X, {n, 2});
    BOOST_TEST(turned.shape().to_string() == "(n × 2)");
    BOOST_TEST(turned.value({{X, x}}) == (Array<double>{{1, 2}, {3, 4}, {5, 6}}),
               boost::test_tools::per_element());
    BOOST_TEST((turned.value({{X, none}}).shape() == Extents{0, 2}));
    BOOST_TEST((gradient(sum(square(turned)), X).value({{X, x}}) == 2 * x));
    BOOST_TEST(says(complaint<ShapeError>([&] { reshape(X, {2, m}); }), "it cannot take the shape (2 × m)"));
    BOOST_CHECK_THROW(reshape(X, {2, 3}), ShapeError);
    BOOST_CHECK_THROW(reshape(X, {3, n}), ShapeError);
    BOOST_CHECK_THROW(flatten(X), ShapeError);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_squeezed_or_expanded) {
    Tape tape;
    const Var X = tape.input("X", {1, 3, n});
    BOOST_TEST(says(complaint<ShapeError>([&] { squeeze(X, {1}); }), "axis 1 has extent 3, not 1"));
    BOOST_TEST(says(complaint<ShapeError>([&] { squeeze(X, {2}); }), "axis 2 has extent n, not 1"));
    BOOST_CHECK_THROW(squeeze(X, {3}), ShapeError);
    BOOST_CHECK_THROW(squeeze(X, {0, -3}), ShapeError);
    BOOST_CHECK_THROW(expand_dims(X, {4}), ShapeError);
    BOOST_CHECK_THROW(expand_dims(X, {0, 0}), ShapeError);
    BOOST_TEST(squeeze(X).shape().to_string() == "(3 × n)");
    BOOST_TEST(expand_dims(X, {3}).shape().to_string() == "(1 × 3 × n × 1)");
}

BOOST_AUTO_TEST_CASE(broadcast_to_and_back) {
    const std::vector<std::pair<Extents, Extents>> patterns{
        {{}, {2, 3}},    {{3}, {2, 3}}, {{2, 1}, {2, 3}}, {{1, 1}, {4, 2, 3}}, {{2, 1, 3}, {5, 2, 4, 3}},
        {{2, 3}, {2, 3}}};
    for (const auto& [narrow, wide] : patterns) {
        const auto x = drawn(narrow, 1), y = drawn(wide, 2);
        const Shape narrow_shape(narrow), wide_shape(wide);
        const auto repeated = naive::build(wide, [&x, &narrow = narrow](naive::Position p) {
            p.erase(p.begin(), p.end() - static_cast<std::ptrdiff_t>(narrow.size()));
            for (std::size_t axis = 0; axis < narrow.size(); ++axis)
                if (narrow[axis] == 1) p[axis] = 0;
            return naive::at(x, p);
        });
        linear(
            "broadcast_to", [&](auto v) { return broadcast_to(v[0], wide_shape); }, x, repeated);
        auto summed = naive::build(narrow, [](const auto&) { return 0.0L; });
        for (std::size_t i = 0; i < y.size(); ++i) {
            naive::Position p = naive::position(i, wide);
            p.erase(p.begin(), p.end() - static_cast<std::ptrdiff_t>(narrow.size()));
            for (std::size_t axis = 0; axis < narrow.size(); ++axis)
                if (narrow[axis] == 1) p[axis] = 0;
            summed.data()[naive::index(p, narrow)] += y.data()[i];
        }
        linear(
            "sum_to", [&](auto v) { return sum_to(v[0], narrow_shape); }, y, summed);
    }
    Tape tape;
    const Var x = tape.input("x", {2, 1}), row = tape.input("row", {1, 1});
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        broadcast_to(x, {3, 4});
                    }),
                    "it does not broadcast to (3 × 4)"));
    BOOST_CHECK_THROW(broadcast_to(x, {2}), ShapeError);
    BOOST_CHECK_THROW(sum_to(x, {3, 1}), ShapeError);
    const auto one = check::filled<double>({1, 1}, {1});
    BOOST_TEST((broadcast_to(row, {0, 2, 4}).value({{row, one}}).shape() == Extents{0, 2, 4}));
    BOOST_TEST(sum_to(broadcast_to(row, {0, 4}), {1, 4}).value({{row, one}}) == (Array<double>{{0, 0, 0, 0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(transposes) {
    const auto a = drawn({2, 3}, 1), b = drawn({2, 3, 4}, 2);
    linear(
        "a matrix", [](auto v) { return transpose(v[0]); }, a,
        naive::build({3, 2}, [&](const auto& p) { return a(p[1], p[0]); }));
    linear(
        "rank 3, reversed", [](auto v) { return transpose(v[0]); }, b,
        naive::build({4, 3, 2}, [&](const auto& p) { return b(p[2], p[1], p[0]); }));
    linear(
        "rank 3, in a circle",
        [](auto v) {
            return transpose(v[0], {1, 2, 0});
        },
        b, naive::build({3, 4, 2}, [&](const auto& p) { return b(p[2], p[0], p[1]); }));
    linear(
        "rank 3, the other way",
        [](auto v) {
            return transpose(v[0], {-1, 0, 1});
        },
        b, naive::build({4, 2, 3}, [&](const auto& p) { return b(p[1], p[2], p[0]); }));
    linear(
        "a vector", [](auto v) { return transpose(v[0]); }, drawn({5}, 3), drawn({5}, 3));
    const auto none = check::values([](auto v) { return transpose(v[0]); }, {drawn({0, 3}, 1)},
                                    Array<long double>::from_shape({3, 0}));
    BOOST_TEST(none.pass, none.why);
    Tape tape;
    const Var x = tape.input("x", {2, 3});
    BOOST_TEST(says(complaint<ShapeError>([&] { transpose(x, {0}); }), "1 axes for (2 × 3)"));
    BOOST_CHECK_THROW(transpose(x, {0, 0}), ShapeError);
    BOOST_CHECK_THROW(transpose(x, {0, 2}), ShapeError);
}

BOOST_AUTO_TEST_CASE(extents_as_numbers) {
    Tape tape;
    const Var X = tape.input("X", {Dim("n0", 3), n});
    const Var count = extent(X, -1);
    for (const std::size_t columns : {5u, 0u})
        BOOST_TEST(count.item({{X, check::filled<double>({3, columns}, {1})}}) ==
                   static_cast<double>(columns));
    BOOST_TEST(extent(X, 0).item() == 3); // it needs no array
    BOOST_CHECK_THROW(extent(X, 2), ShapeError);
    BOOST_CHECK_THROW(gradient(count, X), GradientError);
}

BOOST_AUTO_TEST_CASE(a_copy_is_told_apart_by_derivatives_and_by_no_message) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{2, 3}), copy = detail::copy_of(x);
    BOOST_TEST(copy.value() == (Array<double>{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(x * copy), copy).value() == (Array<double>{2, 3}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(x * copy), x).value() == (Array<double>{4, 6}), boost::test_tools::per_element());
    BOOST_TEST(tanh(copy).to_string() == "tanh(x)");
}

BOOST_AUTO_TEST_CASE(stopped_gradients_and_constants_like_others) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{2, 3});
    BOOST_TEST(gradient(sum(x * stop_gradient(x)), x).value() == (Array<double>{2, 3}),
               boost::test_tools::per_element());
    BOOST_TEST(stop_gradient(x).value() == (Array<double>{2, 3}), boost::test_tools::per_element());
    BOOST_TEST(zeros_like(x).value() == (Array<double>{0, 0}), boost::test_tools::per_element());
    BOOST_TEST(ones_like(sum(x)).item() == 1);
}
