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

/// Matrices at every position of the leading axes, which broadcast.
Array<long double> batched(const Array<long double>& a, const Array<long double>& b, const Extents& result) {
    return naive::build(result, [&](const naive::Position& p) {
        const auto entry = [&](const Array<long double>& x, std::size_t row, std::size_t column) {
            naive::Position q(p.end() - static_cast<std::ptrdiff_t>(x.dimension()), p.end());
            q[q.size() - 2] = row;
            q[q.size() - 1] = column;
            for (std::size_t axis = 0; axis + 2 < q.size(); ++axis)
                if (x.shape()[axis] == 1) q[axis] = 0;
            return naive::at(x, q);
        };
        long double total = 0;
        for (std::size_t k = 0; k < a.shape().back(); ++k)
            total += entry(a, p[p.size() - 2], k) * entry(b, k, p[p.size() - 1]);
        return total;
    });
}

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

BOOST_AUTO_TEST_CASE(leading_axes_broadcast) {
    struct Case {
        Extents a, b, result;
    };
    for (const auto& [left, right, result] : std::vector<Case>{{{5, 2, 3}, {5, 3, 4}, {5, 2, 4}},
                                                               {{2, 3}, {5, 3, 4}, {5, 2, 4}},
                                                               {{5, 2, 3}, {3, 1}, {5, 2, 1}},
                                                               {{2, 1, 1, 3}, {5, 3, 4}, {2, 5, 1, 4}},
                                                               {{1, 2, 3}, {1, 3, 2}, {1, 2, 2}},
                                                               {{0, 2, 3}, {1, 3, 4}, {0, 2, 4}},
                                                               {{4, 2, 0}, {0, 3}, {4, 2, 3}}}) {
        const auto a = drawn(left, 1), b = drawn(right, 2);
        const auto verdict = check::values(multiply_matrices, {a, b}, batched(a, b, result), 12);
        BOOST_TEST(verdict.pass, verdict.why);
        if (a.size() * b.size() > 0) check::derivatives("matmul of batches", multiply_matrices, {a, b});
    }
    // A vector is one row or column for every matrix.
    const auto a = drawn({5, 2, 3}, 1), v = drawn({3}, 2), w = drawn({2}, 3);
    check::derivatives("matrices by vector", multiply_matrices, {a, v});
    check::derivatives("vector by matrices", multiply_matrices, {w, a});
    Tape tape;
    const Var A = tape.constant(a), V = tape.constant(v), W = tape.constant(w);
    BOOST_TEST(matmul(A, V).shape().to_string() == "(5 × 2)");
    BOOST_TEST(matmul(W, A).shape().to_string() == "(5 × 3)");
    BOOST_TEST(matmul(A, V).value<long double>()(4, 1) ==
               a(4, 1, 0) * v(0) + a(4, 1, 1) * v(1) + a(4, 1, 2) * v(2));
}

BOOST_AUTO_TEST_CASE(leading_axes_may_have_no_extent_yet) {
    Tape tape;
    const Var A = tape.input("A", {Dim("batch"), 2, Dim("k")}), B = tape.input("B", {Dim("k"), 3});
    const Var C = matmul(A, B);
    BOOST_TEST(C.shape().to_string() == "(batch × 2 × 3)");
    const auto a = drawn({4, 2, 5}, 1), b = drawn({5, 3}, 2);
    BOOST_TEST(C.value<long double>({{A, a}, {B, b}}) == batched(a, b, {4, 2, 3}));
    const Var dB = gradient(sum(C), B);
    BOOST_TEST(dB.value<long double>({{A, a}, {B, b}}).shape()[0] == 5u);
}

BOOST_AUTO_TEST_CASE(a_derivative_off_by_a_thousandth_is_seen) {
    const Op wrong = check::wrong_derivative(product_ops()[0]);
    const check::Function f = [&](auto v) { return record(wrong, {v[0], v[1]}); };
    BOOST_TEST(!check::first_derivative(f, {drawn({5, 2, 3}, 1), drawn({3, 4}, 2)}).pass);
}

BOOST_AUTO_TEST_CASE(matrices_that_are_transposed) {
    Tape tape;
    const auto x = drawn({5, 2, 3}, 1);
    const Var X = tape.constant(x);
    BOOST_TEST(matrix_transpose(X).value<long double>() ==
               naive::build({5, 3, 2}, [&](const auto& p) { return x(p[0], p[2], p[1]); }));
    BOOST_TEST(says(complaint<ShapeError>([&] { matrix_transpose(tape.constant(drawn({3}, 1))); }),
                    "has no matrices in its last two dimensions"));
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
    const Var K = tape.input("K", {7, 4, 3}), M = tape.input("M", {5, 3, 2});
    BOOST_TEST(says(complaint<ShapeError>([&] { matmul(K, M); }),
                    "the leading dimensions (7) and (5) do not broadcast: 7 ≠ 5"));
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        matmul(W1, tape.input("Y", {7, 400, 3}));
                    }),
                    "use matrix_transpose(Y)."));
    BOOST_TEST(says(complaint<ShapeError>([&] { matmul(W1, tape.constant(2)); }), "both must be matrices"));
    BOOST_TEST(says(complaint<ShapeError>([&] { outer(W1, b); }), "W1 is (n1=4 × n0=3), not a vector"));
    BOOST_TEST(says(complaint<ShapeError>([&] { dot(W1, b); }), "both must have one shape"));
}
