#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;
using Indices = Array<std::int64_t>;

namespace {

/// The position along an axis that NumPy's rule gives an index.
std::size_t counted(std::int64_t index, std::size_t extent) {
    return static_cast<std::size_t>(index < 0 ? index + static_cast<std::int64_t>(extent) : index);
}

const Indices matrix_of_indices{{3, 0, -1, 3}, {1, -4, 2, 3}};

/// x gathered at `indices` along an axis, by the definition of numpy.take.
Array<long double> gathered(const Array<long double>& x, const Indices& indices, std::size_t axis) {
    const std::size_t rank = indices.dimension();
    Extents extents;
    for (std::size_t a = 0; a < x.dimension(); ++a) {
        if (a != axis) extents.push_back(x.shape()[a]);
        if (a == axis)
            for (const std::size_t extent : indices.shape())
                extents.push_back(extent);
    }
    return naive::build(extents, [&](const naive::Position& p) {
        const auto first = p.begin() + static_cast<std::ptrdiff_t>(axis),
                   last = first + static_cast<std::ptrdiff_t>(rank);
        naive::Position from(p.begin(), first);
        const std::size_t k = naive::index({first, last}, Extents(indices.shape()));
        from.push_back(counted(indices.data()[k], x.shape()[axis]));
        from.insert(from.end(), last, p.end());
        return naive::at(x, from);
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : indexing_ops())
        names.push_back(op.name());
    BOOST_TEST(names ==
                   (std::vector<std::string>{"xtape::gather", "xtape::scatter_add", "xtape::take_along_axis",
                                             "xtape::scatter_add_along_axis", "xtape::one_hot"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gathers) {
    for (const std::size_t axis : {0u, 1u, 2u})
        for (const Indices& indices :
             {matrix_of_indices, Indices{2}, Indices{-1, -1, 0}, Indices::from_shape({0}), Indices(3)}) {
            Extents extents{2, 3, 5};
            extents[axis] = 4;
            const auto x = drawn(extents, 1);
            const auto f = [&](auto v) { return gather(v[0], indices, static_cast<std::int64_t>(axis) - 3); };
            const auto verdict = check::values(f, {x}, gathered(x, indices, axis));
            BOOST_TEST(verdict.pass, verdict.why);
            if (indices.size() > 0) check::derivatives("gather", [&](auto v) { return square(f(v)); }, {x});
        }
    const auto nothing = check::values([](auto v) { return gather(v[0], Indices::from_shape({0}), 0); },
                                       {drawn({0, 3}, 1)}, drawn({0, 3}, 1));
    BOOST_TEST(nothing.pass, nothing.why);
}

// ⟨v, gather(x)⟩ = ⟨scatter_add(v), x⟩ for every x and v says that scatter_add is the adjoint, whatever each
// computes by itself: ten products of numbers up to 2, each rounded, in long double.
BOOST_AUTO_TEST_CASE(scattering_is_the_adjoint_of_gathering) {
    for (const std::int64_t axis : {0, 1}) {
        Tape tape;
        const Extents whole = axis == 0 ? Extents{4, 5} : Extents{3, 4};
        const auto x = drawn(whole, 1);
        const Var taken = gather(tape.constant(x), matrix_of_indices, axis);
        const auto v = drawn(Extents(taken.value().shape()), 2);
        const auto left = sum(taken * v).item<long double>(),
                   right =
                       sum(scatter_add(tape.constant(v), matrix_of_indices, 4, axis) * x).item<long double>();
        BOOST_TEST(std::abs(left - right) < 1e-16L);
        BOOST_TEST(std::abs(left) > 0.1L);
    }
    Tape tape;
    const Indices each{{3, 0, -1}, {1, -4, 1}};
    const auto x = drawn({4, 3}, 1), v = drawn({2, 3}, 2);
    const auto left = sum(take_along_axis(tape.constant(x), each, 0) * v).item<long double>(),
               right = sum(scatter_add_along_axis(tape.constant(v), each, 4, 0) * x).item<long double>();
    BOOST_TEST(std::abs(left - right) < 1e-16L);
    BOOST_TEST(std::abs(left) > 0.1L);
}

BOOST_AUTO_TEST_CASE(scattered_entries_that_meet_add_up) {
    Tape tape;
    const Var rows = tape.constant(xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
    BOOST_TEST(scatter_add(rows, xt::xarray<int>{1, -1, 1}, 3, 0).value() ==
                   (Array<double>{{0, 0}, {6, 8}, {3, 4}}),
               boost::test_tools::per_element());
    BOOST_TEST(scatter_add_along_axis(rows, xt::xarray<int>{{0, 2}, {1, 1}, {0, 0}}, 3, 1).value() ==
                   (Array<double>{{1, 0, 2}, {0, 7, 0}, {11, 0, 0}}),
               boost::test_tools::per_element());
    BOOST_TEST((scatter_add(rows, xt::xarray<int>{0, 0, 0}, Dim("k", 1), 0).value() ==
                check::filled<double>({1, 2}, {9, 12})));
    const auto scatter = [](auto v) { return square(scatter_add(v[0], matrix_of_indices, 4, 1)); };
    check::derivatives("scatter_add", scatter, {drawn({3, 2, 4}, 1)});
    const auto each = [](auto v) {
        return square(scatter_add_along_axis(v[0], Indices{{3, 0, -1}, {1, -4, 1}}, 4, 1));
    };
    check::derivatives("scatter_add_along_axis", each, {drawn({2, 3}, 1)});
}

BOOST_AUTO_TEST_CASE(taken_along_an_axis) {
    const auto x = drawn({2, 4, 3}, 1);
    auto each = Indices::from_shape({2, 5, 3});
    for (std::size_t i = 0; i < each.size(); ++i)
        each.data()[i] = static_cast<std::int64_t>(i * 5 % 8) - 4;
    const auto f = [&](auto v) { return take_along_axis(v[0], each, -2); };
    const auto verdict = check::values(f, {x}, naive::build({2, 5, 3}, [&](const auto& p) {
                                           return x(p[0], counted(each(p[0], p[1], p[2]), 4), p[2]);
                                       }));
    BOOST_TEST(verdict.pass, verdict.why);
    check::derivatives("take_along_axis", [&](auto v) { return square(f(v)); }, {x});
}

// A row of one_hot times a matrix is that row of the matrix.
BOOST_AUTO_TEST_CASE(one_hot_is_an_index_as_a_matrix) {
    Tape tape;
    const Indices labels{2, 0, -1, 1, 2};
    const Var index = tape.constant(labels), table = tape.constant(drawn({3, 4}, 1));
    BOOST_TEST(one_hot(index, 3).value() ==
                   (Array<double>{{0, 0, 1}, {1, 0, 0}, {0, 0, 1}, {0, 1, 0}, {0, 0, 1}}),
               boost::test_tools::per_element());
    BOOST_TEST((matmul(one_hot(index, 3), table).value() == gather(table, index, 0).value()));
    BOOST_TEST((one_hot(index, 3, 0).value() == xt::transpose(one_hot(index, 3).value())));
    BOOST_TEST(one_hot(tape.constant(Indices::from_shape({1, 1})), Dim("classes", 2)).shape().to_string() ==
               "(1 × 1 × classes=2)");
    BOOST_CHECK_THROW(one_hot(table, 3), KindError);
    BOOST_CHECK_THROW(one_hot(index, 3, 2), ShapeError);
    BOOST_TEST(says(complaint<IndexError>([&] { (void)one_hot(index, 2).value(); }),
                    "[0] = 2 is out of range for axis 1 of an array (5 × 2). Use -2 to 1."));
}

BOOST_AUTO_TEST_CASE(samples_pass_and_wrong_rules_do_not) {
    for (const Op& op : indexing_ops()) {
        Draw draw(1);
        const Report report = check_op(op, op.definition().samples(draw));
        BOOST_TEST(report.passed(), report.to_string());
        if (op.definition().without_gradient) continue;
        Draw again(1);
        BOOST_TEST(!check_op(check::wrong_derivative(op), op.definition().samples(again)).passed());
    }
}

BOOST_AUTO_TEST_CASE(indices_and_extents_that_come_with_the_arrays) {
    Tape tape;
    const Var table = tape.input("table", {Dim("n"), 2}),
              which = tape.input("which", {Dim("k")}, Kind::index);
    const Var taken = gather(table, which, 0), slope = gradient(sum(square(taken)), table);
    BOOST_TEST(taken.shape().to_string() == "(k × 2)");
    BOOST_TEST(slope.shape().to_string() == "(n × 2)");
    const xt::xarray<double> values{{1, 2}, {3, 4}, {5, 6}};
    BOOST_TEST(slope.value({{table, values}, {which, xt::xarray<int>{1, 1, -1}}}) ==
                   (Array<double>{{0, 0}, {12, 16}, {10, 12}}),
               boost::test_tools::per_element());
    BOOST_TEST(one_hot(which, Dim("n")).shape().to_string() == "(k × n)");
    BOOST_TEST(complaint<IndexError>([&] {
                   (void)taken.value({{table, values}, {which, xt::xarray<int>{1, 3}}});
               }) == "gather(table, which): which[1] = 3 is out of range for axis 0 of an array (3 × 2). Use "
                     "-3 to 2.");
    BOOST_TEST(says(complaint<IndexError>([&] {
                        (void)taken.value(
                            {{table, xt::xarray<double>::from_shape({0, 2})}, {which, xt::xarray<int>{-1}}});
                    }),
                    "an array (0 × 2), which has no entries"));
    BOOST_CHECK_THROW((void)taken.value({{table, values}, {which, xt::xarray<double>{1}}}), BindingError);
    BOOST_CHECK_THROW((void)slope.value({{table, values}, {which, xt::xarray<int>{-4}}}), IndexError);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_indexed) {
    Tape tape, other;
    const Var x = tape.input("x", {4, 3}), s = tape.constant(2.5), which = other.constant(Indices{1});
    const std::size_t before = tape.size();
    BOOST_CHECK_THROW(gather(x, Indices{0}, 2), ShapeError);
    BOOST_CHECK_THROW(gather(s, Indices{0}, 0), ShapeError);
    BOOST_CHECK_THROW(gather(x, xt::xarray<double>{1.5}, 0), KindError);
    BOOST_CHECK_THROW(gather(x, x, 0), KindError);
    BOOST_CHECK_THROW(gather(x, which, 0), VarError);
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        scatter_add(x, Indices{0, 1}, 5, 0);
                    }),
                    "4 ≠ 2: from axis 0 on, the updates have the axes of the indices."));
    BOOST_CHECK_THROW(scatter_add(s, Indices{0}, 5, 0), ShapeError);
    BOOST_CHECK_THROW(scatter_add(x, Indices{0}, 5, 2), ShapeError);
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        take_along_axis(x, Indices{0, 1}, 0);
                    }),
                    "Use gather() for whole rows"));
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        take_along_axis(x, check::filled<std::int64_t>({1, 2}, {0, 1}), 0);
                    }),
                    "3 ≠ 2 on axis 1, along which nothing is taken"));
    BOOST_CHECK_THROW(scatter_add_along_axis(x, check::filled<std::int64_t>({1, 3}, {0, 1, 2}), 5, 0),
                      ShapeError);
    BOOST_TEST(tape.size() == before); // a throw leaves no constant behind
    const Var index = tape.constant(Indices{1});
    BOOST_CHECK_THROW(gradient(sum(gather(x, index, 0)), index), KindError);
}
