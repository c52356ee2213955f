#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numbers>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

using Matrix = Array<long double>;

/// By expansion along the first row (Laplace), which divides by nothing.
long double laplace(const Matrix& a);

Matrix minor(const Matrix& a, std::size_t row, std::size_t column) {
    const std::size_t n = a.shape()[0];
    auto rest = Matrix::from_shape({n - 1, n - 1});
    for (std::size_t i = 0; i + 1 < n; ++i)
        for (std::size_t j = 0; j + 1 < n; ++j)
            rest(i, j) = a(i + (i >= row), j + (j >= column));
    return rest;
}

long double cofactor(const Matrix& a, std::size_t i, std::size_t j) {
    return ((i + j) % 2 == 0 ? 1 : -1) * laplace(minor(a, i, j));
}

long double laplace(const Matrix& a) {
    const std::size_t n = a.shape()[0];
    long double sum = n == 0 ? 1 : 0;
    for (std::size_t j = 0; j < n; ++j)
        sum += a(0, j) * cofactor(a, 0, j);
    return sum;
}

Matrix all_cofactors(const Matrix& a) {
    Matrix result = a;
    for (std::size_t i = 0; i < a.shape()[0]; ++i)
        for (std::size_t j = 0; j < a.shape()[0]; ++j)
            result(i, j) = cofactor(a, i, j);
    return result;
}

/// 5 × 5 of the given rank, with entries in quarters, so that rank and expansion are exact.
Matrix of_rank(std::size_t rank) {
    Draw draw(rank + 1);
    Matrix a = xt::zeros<long double>({5, 5});
    for (std::size_t k = 0; k < rank; ++k) {
        const auto left = draw.indices({5}, 9), right = draw.indices({5}, 9);
        for (std::size_t i = 0; i < 5; ++i)
            for (std::size_t j = 0; j < 5; ++j)
                a(i, j) += static_cast<long double>((left(i) - 4) * (right(j) - 4)) / 4;
    }
    return a;
}

double det(const xt::xarray<double>& a) {
    Tape tape;
    return determinant(tape.constant(a)).value()();
}

bool near(double value, double right, double relative) {
    return std::abs(value - right) <= relative * std::abs(right);
}

} // namespace

BOOST_AUTO_TEST_CASE(check_op_passes) {
    for (const Op& op : determinant_ops()) {
        const Report report = check_op(op);
        BOOST_TEST((report.verdict() == Verdict::pass), report.to_string());
    }
}

// An entry of A moves det(A) by det(A) A⁻ᵀ: 8 ε κ(A) is what rounding the entries and a few steps may do.
BOOST_AUTO_TEST_CASE(hilbert_matrices) {
    const std::vector<std::pair<double, double>> reciprocal_and_condition{
        {1, 1}, {12, 19.3}, {2160, 524}, {6048000, 15514}, {266716800000, 476607}};
    for (std::size_t n = 1; n <= 5; ++n) {
        auto h = xt::xarray<double>::from_shape({n, n});
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                h(i, j) = 1 / static_cast<double>(i + j + 1);
        const auto [reciprocal, condition] = reciprocal_and_condition[n - 1];
        BOOST_TEST(near(det(h), 1 / reciprocal, 8 * 2.2e-16 * condition), n);
        BOOST_TEST(!near(det(h), 1.001 / reciprocal, 8 * 2.2e-16 * condition), n);
    }
}

BOOST_AUTO_TEST_CASE(vandermonde_matrices) {
    const std::vector<double> nodes{-3, -1, 0.5, 2, 4};
    auto v = xt::xarray<double>::from_shape({5, 5});
    double product = 1;
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = 0; j < 5; ++j) {
            v(i, j) = std::pow(nodes[i], static_cast<double>(j));
            if (j < i) product *= nodes[i] - nodes[j];
        }
    BOOST_TEST(near(det(v), product, 1e-13)); // its condition is below 100 once rows and columns are scaled
}

BOOST_AUTO_TEST_CASE(values_and_cofactors_against_the_expansion) {
    for (const std::size_t rank : {5U, 4U, 3U, 2U, 0U}) {
        const Matrix a = of_rank(rank);
        Matrix right = xt::zeros<long double>({1});
        right(0) = laplace(a);
        BOOST_TEST((rank == 5) == (right(0) != 0));
        // Both are sums of 5! products of up to 5 entries of at most 20.
        const auto value = check::values([](auto v) { return expand_dims(determinant(v[0]), {0}); }, {a},
                                         right, 120 * 3.2e6L);
        BOOST_TEST(value.pass, value.why);
        const auto of_cofactors =
            check::values([](auto v) { return cofactors(v[0]); }, {a}, all_cofactors(a), 24 * 1.6e5L);
        BOOST_TEST(of_cofactors.pass, of_cofactors.why);
        BOOST_TEST((of_cofactors.nonzero > 0) == (rank >= 4));
    }
}

// LAPACK's elimination in float and double beside our own in long double.
BOOST_AUTO_TEST_CASE(many_rows) {
    Tape tape;
    Draw draw(5);
    const std::size_t n = 40;
    const Var A = tape.constant(xt::xarray<double>(draw.reals({3, n, n})));
    const auto [sign, logabsdet] = slogdet(A);
    const auto exact = Evaluation<long double>().value(logabsdet);
    const auto exact_sign = Evaluation<long double>().value(sign);
    BOOST_TEST(exact_sign(0) * exact_sign(1) * exact_sign(2) != 0);
    for (std::size_t k = 0; k < 3; ++k) {
        // n² ε of the entries, times the condition, below 1e4.
        BOOST_TEST(std::abs(logabsdet.value()(k) - static_cast<double>(exact(k))) < 1600 * 2.2e-16 * 1e4);
        BOOST_TEST(sign.value()(k) == static_cast<double>(exact_sign(k)));
        BOOST_TEST(determinant(A).value()(k) * sign.value()(k) > 0);
    }
}

BOOST_AUTO_TEST_CASE(identities) {
    Tape tape;
    const Var A = tape.constant(xt::xarray<double>{{0, 2, 1}, {1, 3, -1}, {2, 1, 4}});
    const Var B = tape.constant(xt::xarray<double>{{3, -1, 2}, {0.5, 2, 0}, {1, 1, -2}});
    const auto number = [](const Var& v) { return v.value()(); };
    BOOST_TEST(near(number(determinant(A)), -17, 1e-14));
    BOOST_TEST(near(number(determinant(matmul(A, B))), number(determinant(A) * determinant(B)), 1e-14));
    BOOST_TEST(near(number(determinant(matrix_transpose(A))), -17, 1e-14));
    BOOST_TEST(near(number(determinant(inverse(A))), -1.0 / 17, 1e-14));
    BOOST_TEST(near(number(determinant(2 * A)), -8.0 * 17, 1e-14));
    BOOST_TEST(det({{0, 1, 0}, {0, 0, 1}, {1, 0, 0}}) == 1);
    BOOST_TEST(det({{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}) == -1);
    // The cofactors of A B are those of A times those of B, where no inverse is needed.
    const Var S = tape.constant(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}});
    const xt::xarray<double> apart = (cofactors(matmul(S, B)) - matmul(cofactors(S), cofactors(B))).value();
    for (const double entry : apart)
        BOOST_TEST(std::abs(entry) < 1e-11); // entries of up to 500, a few hundred ε of it
}

BOOST_AUTO_TEST_CASE(derivatives_at_singular_matrices) {
    const auto f = [](const Var& a) { return determinant(a); };
    for (const std::size_t rank : {4U, 3U}) {
        const Report report = check_gradients(f, of_rank(rank), {.zero = {}});
        BOOST_TEST((report.verdict() == Verdict::pass) == (rank == 4), report.to_string());
    }
    // Where rank n − 2 is left, the gradient is zero and the Hessian is not: of a 2 × 2 matrix it is
    // constant.
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>::from_shape({2, 2}) * 0.0);
    const xt::xarray<double> right{{0, 0, 0, 1}, {0, 0, -1, 0}, {0, -1, 0, 0}, {1, 0, 0, 0}};
    BOOST_TEST(reshape(hessian(determinant(a), a), Shape{4, 4}).value() == right,
               boost::test_tools::per_element());
}

// Powers of two are exact, whatever their product does on the way.
BOOST_AUTO_TEST_CASE(nothing_overflows_on_the_way) {
    const double huge = std::ldexp(1.0, 900), tiny = std::ldexp(1.0, -900);
    BOOST_TEST(det({{huge, 0, 0, 0}, {0, huge, 0, 0}, {0, 0, tiny, 0}, {0, 0, 0, tiny}}) == 1);
    BOOST_TEST(std::isinf(det({{huge, 0}, {0, huge}})));
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>{{0, huge, 0}, {huge, 0, 0}, {0, 0, huge}});
    const auto [sign, logabsdet] = slogdet(a);
    BOOST_TEST(sign.value()() == -1);
    BOOST_TEST(near(logabsdet.value()(), 2700 * std::numbers::ln2, 4e-16));
    const xt::xarray<double> slopes = gradient(logabsdet, a).value();
    BOOST_TEST(slopes(0, 1) == tiny);
    BOOST_TEST(slopes(0, 0) == 0);
    // log(det) keeps its digits where det is almost 1.
    const Var close = tape.constant(xt::xarray<double>{{1 - std::ldexp(1.0, -30), 0}, {0, 1}});
    BOOST_TEST(near(logdet(close).value()(), std::log1p(-std::ldexp(1.0, -30)), 4e-16));
}

BOOST_AUTO_TEST_CASE(signs_and_singular_matrices) {
    Tape tape;
    const Var K = tape.variable("K", xt::xarray<double>{{{2, 1}, {1, 3}}, {{1, 2}, {3, 1}}});
    const Var S = tape.variable("S", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}, {5, 7, 9}});
    const auto [sign, logabsdet] = slogdet(K);
    BOOST_TEST(sign.value() == (xt::xarray<double>{1, -1}), boost::test_tools::per_element());
    BOOST_TEST(near(logabsdet.value()(0), std::log(5.0), 1e-15));
    BOOST_TEST(near(logabsdet.value()(1), std::log(5.0), 1e-15));
    BOOST_TEST(
        complaint<DomainError>([&] { (void)logdet(K).value(); }) ==
        "logdet(K): the determinant of K[1] (2×2) has sign −1, and no real logarithm. Use slogdet(), or "
        "check for exchanged rows.");
    BOOST_TEST(
        says(complaint<SingularError>([&] { (void)logdet(S).value(); }), "S (3×3) is singular: pivot 3"));
    const SignAndLogDet of_singular = slogdet(S);
    BOOST_TEST(of_singular.sign.value()() == 0);
    BOOST_TEST(of_singular.logabsdet.value()() == -std::numeric_limits<double>::infinity());
    BOOST_CHECK_THROW((void)gradient(of_singular.logabsdet, S).value(), SingularError);
    BOOST_TEST(gradient(sum(sign), K).value() == xt::zeros<double>({2, 2, 2}),
               boost::test_tools::per_element());
    BOOST_CHECK_THROW(determinant(tape.input("X", {2, 3})), ShapeError);
    BOOST_CHECK_THROW(logdet(tape.input("v", {2})), ShapeError);
}

BOOST_AUTO_TEST_CASE(nan_and_nothing) {
    Tape tape;
    const Var a = tape.constant(xt::xarray<double>{{1, std::numeric_limits<double>::quiet_NaN()}, {0, 1}});
    for (const Var& v : {determinant(a), slogdet(a).sign, slogdet(a).logabsdet, logdet(a), sum(cofactors(a))})
        BOOST_TEST(std::isnan(v.value()()));
    const Var none = tape.constant(xt::xarray<double>::from_shape({0, 0}));
    BOOST_TEST(determinant(none).value()() == 1);
    BOOST_TEST(slogdet(none).sign.value()() == 1);
    BOOST_TEST(logdet(none).value()() == 0);
    BOOST_TEST(cofactors(reshape(tape.constant(0), Shape{1, 1})).value()(0, 0) == 1);
}

BOOST_AUTO_TEST_CASE(negative_control) {
    Draw draw(1);
    const Matrix a = determinant_ops()[0].definition().samples(draw)[0].operands[0].to<long double>();
    for (const Op& op : {determinant_ops()[0], determinant_ops()[1], determinant_ops()[4]}) {
        const Op wrong = check::wrong_derivative(op);
        BOOST_TEST(!check::first_derivative([&](auto v) { return record(wrong, {v[0]}); }, {a}).pass,
                   op.name());
    }
}
