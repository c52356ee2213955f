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

Array<long double> product(const Array<long double>& a, const Array<long double>& b) {
    return naive::build({a.shape()[0], b.shape()[1]}, [&](const naive::Position& p) {
        long double total = 0;
        for (std::size_t k = 0; k < a.shape()[1]; ++k)
            total += a(p[0], k) * b(k, p[1]);
        return total;
    });
}

const check::Function multiply_matrices = [](auto v) { return matmul(v[0], v[1]); };

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    BOOST_TEST(product_ops().size() == 1u);
    BOOST_TEST(product_ops()[0].name() == "xtape::matmul");
}

BOOST_AUTO_TEST_CASE(matrices) {
    for (const auto& [rows, inner, columns] : std::vector<std::array<std::size_t, 3>>{
             {3, 4, 5}, {1, 3, 2}, {3, 1, 2}, {2, 3, 1}, {1, 1, 1}, {0, 3, 2}, {2, 0, 3}, {2, 3, 0}}) {
        const auto a = drawn({rows, inner}, 1), b = drawn({inner, columns}, 2);
        // A sum of up to four products, each at most 4.
        const auto verdict = check::values(multiply_matrices, {a, b}, product(a, b), 16);
        BOOST_TEST(verdict.pass, verdict.why);
        if (rows * inner * columns > 0) check::derivatives("matmul", multiply_matrices, {a, b});
    }
    const auto empty = check::first_derivative(multiply_matrices, {drawn({2, 0}, 1), drawn({0, 3}, 2)});
    BOOST_TEST(empty.pass, empty.why);
}

BOOST_AUTO_TEST_CASE(vectors) {
    const auto a = drawn({3}, 1), m = drawn({3, 4}, 2), b = drawn({4}, 3);
    const auto row = check::values(
        multiply_matrices, {a, m},
        naive::build(
            {4}, [&](const auto& p) { return a(0) * m(0, p[0]) + a(1) * m(1, p[0]) + a(2) * m(2, p[0]); }),
        12);
    BOOST_TEST(row.pass, row.why);
    const auto column = check::values(multiply_matrices, {m, b},
                                      naive::build({3},
                                                   [&](const auto& p) {
                                                       return m(p[0], 0) * b(0) + m(p[0], 1) * b(1) +
                                                              m(p[0], 2) * b(2) + m(p[0], 3) * b(3);
                                                   }),
                                      16);
    BOOST_TEST(column.pass, column.why);
    const auto inner = check::values(
        multiply_matrices, {a, a},
        naive::build({}, [&](const auto&) { return a(0) * a(0) + a(1) * a(1) + a(2) * a(2); }), 12);
    BOOST_TEST(inner.pass, inner.why);
    check::derivatives("vector by matrix", multiply_matrices, {a, m});
    check::derivatives("matrix by vector", multiply_matrices, {m, b});
    check::derivatives("vector by vector", multiply_matrices, {a, drawn({3}, 4)});
}

BOOST_AUTO_TEST_CASE(one_matrix_with_its_own_transpose) {
    const auto gram = [](auto v) { return matmul(v[0], transpose(v[0])); };
    const auto x = drawn({2, 6}, 1);
    const auto verdict = check::values(gram, {x}, product(x, xt::transpose(x)), 24);
    BOOST_TEST(verdict.pass, verdict.why);
    check::derivatives("gram", gram, {x});
}

BOOST_AUTO_TEST_CASE(dot_and_outer) {
    const auto a = drawn({3}, 1), b = drawn({4}, 2);
    const auto outer_product =
        check::values([](auto v) { return outer(v[0], v[1]); }, {a, b},
                      naive::build({3, 4}, [&](const auto& p) { return a(p[0]) * b(p[1]); }));
    BOOST_TEST(outer_product.pass, outer_product.why);
    check::derivatives("outer", [](auto v) { return outer(v[0], v[1]); }, {a, b});
    check::derivatives("dot", [](auto v) { return dot(v[0], v[1]); }, {a, drawn({3}, 3)});
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2, 3});
    BOOST_TEST(dot(x, xt::xarray<double>{4, 5, 6}).item() == 32);
    BOOST_TEST(dot(xt::xarray<double>{4, 5, 6}, x).item() == 32);
    BOOST_TEST(matmul(check::filled<double>({1, 3}, {4, 5, 6}), x).value()(0) == 32);
    BOOST_TEST(
        dot(tape.constant(xt::xarray<double>{{1, 2}, {3, 4}}), xt::xarray<double>{{1, 0}, {0, 1}}).item() ==
        5);
}

BOOST_AUTO_TEST_CASE(a_nan_or_an_infinity_is_not_skipped_where_it_meets_zero) {
    Tape tape;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const Var a = tape.constant(check::filled<double>({1, 2}, {0, 1})),
              b = tape.constant(xt::xarray<double>{infinity, 1});
    BOOST_TEST(std::isnan(matmul(a, b).value()(0)));
}

BOOST_AUTO_TEST_CASE(messages) {
    Tape tape;
    const Var W1 = tape.input("W1", {Dim("n1", 4), Dim("n0", 3)}),
              X = tape.input("X", {Dim("n", 400), Dim("n0", 3)});
    BOOST_TEST(complaint<ShapeError>([&] { matmul(W1, X); }) ==
               "matmul(W1, X): W1 is (n1=4 × n0=3), X is (n=400 × n0=3): 3 ≠ 400. X seems to hold examples "
               "in rows; use transpose(X).");
    BOOST_TEST(says(complaint<ShapeError>([&] { matmul(W1, X - 1); }), "use transpose(subtract(X, 1))."));
    const Var b = tape.input("b", {5, 2}), U = tape.input("U", {3, Dim("m")}),
              V = tape.input("V", {Dim("n"), 2});
    BOOST_TEST(says(complaint<ShapeError>([&] { matmul(W1, b); }), "3 ≠ 5"));
    BOOST_TEST(says(complaint<ShapeError>([&] { matmul(U, V); }), "m ≠ n"));
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        matmul(tape.input("K", {2, 2, 2}), b);
                    }),
                    "both must be matrices"));
    BOOST_TEST(says(complaint<ShapeError>([&] { outer(W1, b); }), "W1 is (n1=4 × n0=3), not a vector"));
    BOOST_TEST(says(complaint<ShapeError>([&] { dot(W1, b); }), "both must have one shape"));
}
