// An operation with an integer input, and its adjoint, which is an operation of its own.

#include "check.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

/// Throws where the index is no row.
std::size_t checked_row(std::int64_t row, std::size_t rows) {
    if (row < 0 || row >= static_cast<std::int64_t>(rows))
        throw ArgumentError(fmt::format("take_rows: there is no row {} among {}.", row, rows));
    return static_cast<std::size_t>(row);
}

Var scatter_rows(const Var& parts, const Var& rows, const Shape& whole);
Var take_rows(const Var& table, const Operand& rows);

const Op take_rows_op =
    operation("mylib::take_rows")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) {
            if (s.shape(0).rank() != 2 || s.shape(1).rank() != 1)
                s.fail("a matrix and a vector of rows are meant.");
            return Shape{s.shape(1)[0], s.shape(0)[1]};
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t rows = call.operand(0).extents()[0], columns = call.operand(0).extents()[1];
            const T* const from = call.operand(0).template data<T>();
            T* to = call.allocate();
            for (const std::int64_t row : call.index(1)) {
                const std::size_t start = checked_row(row, rows) * columns;
                to = std::copy(from + start, from + start + columns, to);
            }
        })
        .vjp([](const Pullback& p) { return scatter_rows(p.cotangent(), p.input(1), p.input(0).shape()); },
             no_gradient)
        .notation("{0}[{1}]", "{0}_{{1}}");

const Op scatter_rows_op =
    operation("mylib::scatter_rows")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) { return s.attributes().shape("shape"); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t rows = call.extents()[0], columns = call.extents()[1];
            const T* from = call.operand(0).template data<T>();
            T* const to = call.allocate();
            for (const std::int64_t row : call.index(1)) {
                T* const sum = to + checked_row(row, rows) * columns;
                for (std::size_t j = 0; j < columns; ++j)
                    sum[j] += *from++;
            }
        })
        .vjp([](const Pullback& p) { return take_rows(p.cotangent(), p.input(1)); }, no_gradient)
        .notation("scatter({0}, {1})", R"(\operatorname{scatter}({0}, {1}))");

/// The rows of a matrix at these positions, in their order; one may come several times. Throws ArgumentError,
/// when it is evaluated, for a row that there is not.
Var take_rows(const Var& table, const Operand& rows) { return record(take_rows_op, {table, rows}); }

/// Zeros of the shape `whole`, to whose rows the parts are added.
Var scatter_rows(const Var& parts, const Var& rows, const Shape& whole) {
    return record(scatter_rows_op, {parts, rows}, {{"shape", whole}});
}

const xt::xarray<std::int64_t> rows{2, 0, 2, 3};

} // namespace

BOOST_AUTO_TEST_CASE(values) {
    Tape tape;
    const Var table = tape.variable("table", xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}, {7, 8}});
    BOOST_TEST(take_rows(table, rows).value() == (Array<double>{{5, 6}, {1, 2}, {5, 6}, {7, 8}}),
               boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(take_rows(table, rows)), table).value() ==
                   (Array<double>{{1, 1}, {0, 0}, {2, 2}, {1, 1}}),
               boost::test_tools::per_element());
    BOOST_TEST(take_rows(table, xt::xarray<int>::from_shape({0})).value().size() == 0u);
}

BOOST_AUTO_TEST_CASE(derivatives) {
    const auto f = [](auto v) { return square(take_rows(v[0], rows)) * v[1]; };
    check::derivatives("take_rows", f, {check::drawn({4, 3}, 1), check::drawn({3}, 2)});
    const auto g = [](auto v) {
        const Var index = Operand(rows).on(v[0].records());
        return square(scatter_rows(v[0], index, {5, 3}));
    };
    check::derivatives("scatter_rows", g, {check::drawn({4, 3}, 3)});
    const Op wrong = check::wrong_derivative(take_rows_op);
    BOOST_TEST(!check::first_derivative(
                    [&](auto v) {
                        return record(wrong, {v[0], rows});
                    },
                    {check::drawn({4, 3}, 1)})
                    .pass);
}

BOOST_AUTO_TEST_CASE(indices_are_bound_like_any_input) {
    Tape tape;
    const Var table = tape.variable("table", xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}});
    const Var which = tape.input("which", {Dim("k")}, Kind::index);
    const Var taken = take_rows(table, which);
    BOOST_TEST(taken.shape().to_string() == "(k × 2)");
    BOOST_TEST(taken.value({{which, xt::xarray<int>{1, 1, 0}}}) == (Array<double>{{3, 4}, {3, 4}, {1, 2}}),
               boost::test_tools::per_element());
    BOOST_TEST(says(complaint<ArgumentError>([&] {
                        (void)taken.value({{which, xt::xarray<int>{3}}});
                    }),
                    "no row 3 among 3"));
    BOOST_CHECK_THROW((void)taken.value({{which, xt::xarray<int>{-1}}}), ArgumentError);
    BOOST_CHECK_THROW((void)taken.value({{which, xt::xarray<double>{1}}}), BindingError);
    BOOST_CHECK_THROW(gradient(sum(taken), which), KindError);
    BOOST_CHECK_THROW(take_rows(table, table), KindError);
}
