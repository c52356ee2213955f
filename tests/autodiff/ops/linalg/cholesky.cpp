#include <xtape/autodiff/autodiff.hpp>
#include <xtape/autodiff/ops/linalg/cholesky.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace xtape;

namespace {

/// The largest |entry|; a NaN counts as infinite.
double largest(const xt::xarray<double>& x) {
    double most = 0;
    for (const double entry : x)
        most = std::isnan(entry) ? std::numeric_limits<double>::infinity() : std::max(most, std::abs(entry));
    return most;
}

/// What rounding leaves of L Lᵀ − A in T, at most: (n + 1) u |L| |Lᵀ| (Higham 2002, theorem 10.3) and n u
/// |L| |Lᵀ| of the product that it is computed with, where |L| |Lᵀ| ≤ max a_kk; u is doubled for the terms of
/// second order.
template <class T>
double residual(const xt::xarray<double>& a) {
    return static_cast<double>(2 * a.shape(0) + 1) * std::numeric_limits<T>::epsilon() * largest(a);
}

/// L of the symmetric K is {{2, 0, 0}, {1, 3, 0}, {-1, 2, 1}}, exactly.
const xt::xarray<double> K{{4, 2, -2}, {2, 10, 5}, {-2, 5, 6}}, L{{2, 0, 0}, {1, 3, 0}, {-1, 2, 1}};

std::string complaint(const Var& x) {
    try {
        (void)x.value();
    } catch (const DomainError& error) {
        return error.what();
    }
    return "nothing";
}

} // namespace

BOOST_AUTO_TEST_CASE(check_op_passes_at_a_hundred_seeds) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        const Report report = check_op(cholesky_ops()[0], seed);
        BOOST_TEST((report.verdict() == Verdict::pass), report.to_string());
    }
}

BOOST_AUTO_TEST_CASE(the_factor_is_lower_triangular_and_its_square_is_the_matrix) {
    Tape tape;
    BOOST_TEST(largest(cholesky(tape.constant(K)).value() - L) == 0);
    // 1 / (i + j + 1) on 7 rows, whose condition is 5e8.
    xt::xarray<double> hilbert = xt::zeros<double>({7, 7});
    for (std::size_t i = 0; i < 49; ++i)
        hilbert.data()[i] = 1 / static_cast<double>(i / 7 + i % 7 + 1);
    const Var A = tape.constant(hilbert), factor = cholesky(A);
    const Var rest = matmul(factor, matrix_transpose(factor)) - A;
    BOOST_TEST(largest(rest.value()) <= residual<double>(hilbert));
    BOOST_TEST(largest((rest + 1e-14 * A).value()) > residual<double>(hilbert));
    BOOST_TEST(largest(triu(factor, 1).value()) == 0);
    const auto single = Evaluation<float>().value(cholesky(tape.constant(K + 0.1 * hilbert(1, 1))));
    const xt::xarray<double> product = matmul(tape.constant(xt::xarray<double>(single)),
                                              matrix_transpose(tape.constant(xt::xarray<double>(single))))
                                           .value();
    BOOST_TEST(largest(product - K - 0.1 * hilbert(1, 1)) <= residual<float>(K));
    BOOST_TEST(largest(product - K - 0.1 * hilbert(1, 1)) > residual<double>(K));
}

BOOST_AUTO_TEST_CASE(the_symmetric_part_is_read) {
    Tape tape;
    xt::xarray<double> a = K;
    a(0, 2) += 8;
    a(2, 0) -= 8;
    BOOST_TEST(largest(cholesky(tape.constant(a)).value() - L) == 0);
    const Var A = tape.variable("A", a), factor = cholesky(A);
    const xt::xarray<double> slope = gradient(sum(factor * tape.constant(K)), A).value();
    BOOST_TEST(largest(slope - xt::transpose(slope)) == 0);
    BOOST_TEST(largest(slope) > 1);
}

// A² + 1 of a symmetric A, by blocks; a row that rounding leaves nothing of; and one that is negative.
BOOST_AUTO_TEST_CASE(many_rows) {
    Tape tape;
    const std::size_t n = 70;
    const Var X = tape.constant(xt::xarray<double>(Draw(1).reals({n, n})));
    const Var A = matmul(X, matrix_transpose(X)) + eye_like(X), factor = cholesky(A);
    const xt::xarray<double> a = A.value();
    BOOST_TEST(largest((matmul(factor, matrix_transpose(factor)) - A).value()) <= residual<double>(a));
    BOOST_TEST(largest(triu(factor, 1).value()) == 0);
    xt::xarray<double> repeated = a, negative = a;
    for (const auto& [from, to] : {std::pair{3, 50}, {4, 60}}) {
        xt::view(repeated, to, xt::all()) = xt::eval(xt::view(repeated, from, xt::all()));
        xt::view(repeated, xt::all(), to) = xt::eval(xt::view(repeated, xt::all(), from));
    }
    negative(66, 66) = -1;
    BOOST_TEST(complaint(cholesky(tape.constant(repeated))).find("order 51 ") != std::string::npos);
    BOOST_TEST(complaint(cholesky(tape.constant(negative))).find("order 67 ") != std::string::npos);
}

// log det A = 2 Σ log l_kk, whose gradient is A⁻¹ and whose second derivative along E is −A⁻¹ E A⁻¹.
BOOST_AUTO_TEST_CASE(the_log_determinant_has_the_derivatives_of_the_textbook) {
    Tape tape;
    const xt::xarray<double> e{{1, 2, 0.5}, {2, -3, 1}, {0.5, 1, 4}};
    const Var A = tape.variable("A", K), E = tape.constant(e);
    const Var first = gradient(2 * sum(log(diagonal(cholesky(A)))), A);
    const Var second = gradient(sum(first * E), A);
    // det K = 36, and its adjugate holds integers.
    const xt::xarray<double> inverse =
        xt::xarray<double>{{35, -22, 30}, {-22, 20, -24}, {30, -24, 36}} / 36.0;
    const Var I = tape.constant(inverse);
    // Two triangular solutions and two products, each off by at most n u cond(L) of its result (Higham 2002,
    // theorem 8.5), where cond(L) is below 10; the second derivative does as much again for each of them.
    const double tolerance = 4 * 3 * 10 * std::numeric_limits<double>::epsilon() / 2;
    BOOST_TEST(largest(first.value() - inverse) <= tolerance * largest(inverse));
    const xt::xarray<double> right = (-matmul(matmul(I, E), I)).value();
    BOOST_TEST(largest(second.value() - right) <= 2 * tolerance * largest(right));
    BOOST_TEST(largest(second.value() - 1.001 * right) > 2 * tolerance * largest(right));
}

BOOST_AUTO_TEST_CASE(each_matrix_of_an_array_is_factorised_alone_whatever_its_layout_and_its_scale) {
    Tape tape;
    const Var A = tape.input("A", {3, 3, 3}), factor = cholesky(A), slope = gradient(sum(factor), A);
    xt::xarray<double> wide = xt::zeros<double>({3, 3, 6});
    xt::view(wide, 0, xt::all(), xt::range(0, 6, 2)) = K;
    xt::view(wide, 1, xt::all(), xt::range(0, 6, 2)) = std::exp2(-900) * K;
    xt::view(wide, 2, xt::all(), xt::range(0, 6, 2)) = std::exp2(900) * K;
    const auto strided = xt::view(wide, xt::all(), xt::all(), xt::range(0, 6, 2));
    const xt::xarray<double> found = factor.value({{A, strided}}), slopes = slope.value({{A, strided}});
    BOOST_TEST(largest(xt::view(found, 0) - L) == 0);
    BOOST_TEST(largest(xt::view(found, 1) - std::exp2(-450) * L) == 0);
    BOOST_TEST(largest(xt::view(found, 2) - std::exp2(450) * L) == 0);
    BOOST_TEST(largest(xt::view(slopes, 1) * std::exp2(-450) - xt::view(slopes, 0)) == 0);
    BOOST_TEST(largest(xt::view(slopes, 2) * std::exp2(450) - xt::view(slopes, 0)) == 0);
    // Rows of very different size: scaling by a diagonal scales the rows of L, and is exact.
    const xt::xarray<double> d{{std::exp2(-200), 1, std::exp2(150)}};
    const xt::xarray<double> graded = K * d * xt::transpose(d);
    BOOST_TEST(largest(cholesky(tape.constant(graded)).value() / xt::transpose(d) - L) == 0);
}

BOOST_AUTO_TEST_CASE(a_matrix_that_is_not_positive_definite_is_named) {
    Tape tape;
    const Var A = tape.variable("K", xt::xarray<double>{{1, 2, 3}, {2, 1, 4}, {3, 4, 9}});
    BOOST_TEST(complaint(cholesky(A)) ==
               "cholesky(K): K (3×3) is not positive definite: the pivot of its leading minor of order 2 is "
               "-3. Add a small diagonal, or check for repeated rows.");
    // Of rank one, but for rounding, which makes the second pivot 1.7e-16.
    const xt::xarray<double> v{{0.1, 0.7, 0.3}};
    const Var repeated = tape.variable("R", xt::transpose(v) * v);
    BOOST_TEST(complaint(cholesky(repeated)).find("order 2") != std::string::npos);
    BOOST_TEST(complaint(cholesky(repeated + 1e-10 * eye_like(repeated))) == "nothing");
    xt::xarray<double> batch = xt::ones<double>({2, 3, 1, 1});
    batch(1, 2, 0, 0) = 0;
    BOOST_TEST(complaint(cholesky(tape.variable("B", batch))).find("B[1,2] (1×1)") != std::string::npos);
    BOOST_CHECK_THROW(cholesky(tape.constant(xt::xarray<double>{{1, 2}})), ShapeError);
    BOOST_CHECK_THROW(cholesky(tape.constant(xt::xarray<double>{1, 2})), ShapeError);
}

BOOST_AUTO_TEST_CASE(nan_one_and_nothing) {
    Tape tape;
    xt::xarray<double> k = K;
    k(1, 2) = std::numeric_limits<double>::quiet_NaN();
    for (const double entry : cholesky(tape.constant(k)).value())
        BOOST_TEST(std::isnan(entry));
    BOOST_TEST(cholesky(tape.constant(xt::xarray<double>(xt::zeros<double>({0, 0})))).value().size() == 0U);
    const Var A = tape.variable("A", xt::xarray<double>(4 * xt::ones<double>({1, 1})));
    BOOST_TEST(cholesky(A).value()(0, 0) == 2);
    BOOST_TEST(gradient(sum(cholesky(A)), A).value()(0, 0) == 0.25);
    // Every symmetric positive definite matrix down to the smallest number.
    const double tiny = std::numeric_limits<double>::denorm_min();
    const Var least = tape.constant(xt::xarray<double>(tiny * xt::ones<double>({1, 1})));
    BOOST_TEST(cholesky(least).value()(0, 0) == std::sqrt(tiny));
}
