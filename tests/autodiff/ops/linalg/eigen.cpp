#include <xtape/autodiff/autodiff.hpp>
#include <xtape/autodiff/ops/linalg/eigen.hpp>
#include <xtape/autodiff/ops/linalg/jacobi.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>

using namespace xtape;

namespace {

using Matrix = xt::xarray<double>;

/// The largest |entry|; a NaN counts as infinite.
double largest(const Matrix& x) {
    double most = 0;
    for (const double entry : x)
        most = std::isnan(entry) ? std::numeric_limits<double>::infinity() : std::max(most, std::abs(entry));
    return most;
}

constexpr std::size_t usual_sweeps = 10;

/// How far Jacobi's method in T moves what it works on, relative to its Frobenius norm, at most: a rotation
/// is off by 6 u, and so is a stage of disjoint ones, of which a sweep has 2n − 3; they act from both sides
/// (Higham 2002, lemmas 19.7 to 19.9). By as much each eigenvalue is off (Weyl), and V from being orthogonal.
template <class T>
double moved(std::size_t n) {
    return 2 * 6 * static_cast<double>(usual_sweeps * 2 * n) * std::numeric_limits<T>::epsilon() / 2;
}

/// 2 on the diagonal, −1 beside it: eigenvalues 2 − 2 cos(kπ / (n + 1)), eigenvectors
/// √(2 / (n + 1)) sin(ikπ / (n + 1)).
Matrix toeplitz(std::size_t n) {
    Matrix a = xt::zeros<double>({n, n});
    for (std::size_t i = 0; i < n; ++i) {
        a(i, i) = 2;
        if (i > 0) a(i, i - 1) = a(i - 1, i) = -1;
    }
    return a;
}

const double pi = std::acos(-1.0);

std::string complaint(const Var& x) {
    try {
        (void)x.value();
    } catch (const DomainError& error) {
        return error.what();
    }
    return "nothing";
}

/// Of trace 20 and determinant 36.
const Matrix K{{4, 2, -2}, {2, 10, 5}, {-2, 5, 6}};

/// Eigenvalues −1 and 9 with eigenvectors (−1, 2) / √5 and (2, 1) / √5.
const Matrix pair{{7, 4}, {4, 1}};

/// Eigenvalues 2, 2 and 5, the last with (1, 1, 1).
const Matrix twice{{3, 1, 1}, {1, 3, 1}, {1, 1, 3}};

} // namespace

BOOST_AUTO_TEST_CASE(check_op_passes_at_a_hundred_seeds) {
    for (const Op& op : eigen_ops())
        for (std::uint64_t seed = 1; seed <= 100; ++seed) {
            const Report report = check_op(op, seed);
            BOOST_TEST((report.verdict() == Verdict::pass), report.to_string());
        }
}

BOOST_AUTO_TEST_CASE(a_tridiagonal_toeplitz_matrix_has_the_eigensystem_of_the_textbook) {
    for (const std::size_t n : {2U, 3U, 9U, 40U}) { // the last by LAPACK
        const Matrix a = toeplitz(n);
        const double tolerance = moved<double>(n) * std::sqrt(6.0 * static_cast<double>(n));
        Matrix values = xt::zeros<double>({n}), vectors = a;
        for (std::size_t k = 0; k < n; ++k) {
            const double angle = static_cast<double>(k + 1) * pi / static_cast<double>(n + 1);
            values(k) = 2 - 2 * std::cos(angle);
            for (std::size_t i = 0; i < n; ++i)
                vectors(i, k) =
                    std::sqrt(2 / static_cast<double>(n + 1)) * std::sin(static_cast<double>(i + 1) * angle);
        }
        Tape tape;
        const Var A = tape.constant(a);
        const Eigensystem found = eigh(A);
        BOOST_TEST(largest(found.values.value() - values) <= tolerance);
        BOOST_TEST(largest(found.values.value() * (1 + 1e-11) - values) > tolerance);
        BOOST_TEST(largest(eigvalsh(A).value() - values) <= tolerance);
        const Matrix single(Evaluation<float>().value(eigvalsh(A)));
        BOOST_TEST(largest(single - values) <= moved<float>(n) * std::sqrt(6.0 * static_cast<double>(n)));
        const xt::xarray<long double> exact = Evaluation<long double>().value(eigvalsh(A));
        BOOST_TEST(largest(Matrix(exact) - values) <= 4 * std::numeric_limits<double>::epsilon());
        // An eigenvector turns by what moved it over its gap (Davis and Kahan); its first entries are
        // positive.
        double gap = 4;
        for (std::size_t k = 1; k < n; ++k)
            gap = std::min(gap, values(k) - values(k - 1));
        const Matrix v = found.vectors.value();
        for (std::size_t k = 0; k < n; ++k) {
            const double sign = v(0, k) * vectors(0, k) > 0 ? 1 : -1;
            BOOST_TEST(largest(xt::view(v, xt::all(), k) - sign * xt::view(vectors, xt::all(), k)) <=
                       2 * tolerance / gap);
            const double most = largest(xt::view(vectors, xt::all(), k));
            std::size_t first = 0;
            while (std::abs(vectors(first, k)) < 0.9 * most)
                ++first;
            BOOST_TEST(v(first, k) > 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_eigensystem_gives_the_matrix_back) {
    Tape tape;
    const Var A = tape.constant(K);
    const auto [values, vectors] = eigh(A);
    const double norm = std::sqrt(xt::sum(K * K)()), tolerance = moved<double>(3) * norm;
    const Var back = matmul(matmul(vectors, diag(values)), matrix_transpose(vectors));
    const Var identity = matmul(matrix_transpose(vectors), vectors);
    // V diag(λ) Vᵀ moves with λ, and twice with V.
    BOOST_TEST(largest((back - A).value()) <= 3 * tolerance);
    BOOST_TEST(largest((back - (1 + 1e-11) * A).value()) > 3 * tolerance);
    BOOST_TEST(largest((identity - eye_like(A)).value()) <= 2 * moved<double>(3));
    BOOST_TEST(std::abs(sum(values).value()() - 20) <= 3 * tolerance);
    BOOST_TEST(std::abs(prod(values).value()() - 36) <= 3 * tolerance * norm * norm);
    for (std::size_t k = 1; k < 3; ++k)
        BOOST_TEST(values.value()(k - 1) < values.value()(k));
}

BOOST_AUTO_TEST_CASE(derivatives_are_those_of_the_textbook) {
    Tape tape;
    const Var A = tape.variable("A", pair);
    const auto [values, vectors] = eigh(A);
    const Var top = slice(eigvalsh(A), 0, 1, 2), first = gradient(sum(top), A);
    const Matrix unit{{1, 0}, {0, 0}};
    const Var second = gradient(sum(first * tape.constant(unit)), A);
    // λ = m + √(δ² + b²) of ((m + δ, b), (b, m − δ)), where δ = 3 and b = 4; a few operations of 2 × 2.
    const double tolerance = 4 * moved<double>(2);
    BOOST_TEST(largest(first.value() - Matrix{{0.8, 0.4}, {0.4, 0.2}}) <= tolerance);
    BOOST_TEST(largest(second.value() - Matrix{{0.032, -0.024}, {-0.024, -0.032}}) <= tolerance);
    BOOST_TEST(largest(second.value() - 1.001 * Matrix{{0.032, -0.024}, {-0.024, -0.032}}) > tolerance);
    // The same through eigh, and the eigenvectors with their signs.
    BOOST_TEST(largest(gradient(sum(slice(values, 0, 1, 2)), A).value() - first.value()) <= tolerance);
    BOOST_TEST(largest(vectors.value() - Matrix{{-1, 2}, {2, 1}} / std::sqrt(5.0)) <= tolerance);
    // dv₁ = v₀ (v₀ᵀ dA v₁) / (λ₁ − λ₀), of which this is entry 0.
    const Var entry = sum(vectors * tape.constant(Matrix{{0, 1}, {0, 0}}));
    const Matrix slope = Matrix{{4, -3}, {-3, -4}} / (100 * std::sqrt(5.0));
    BOOST_TEST(largest(gradient(entry, A).value() - slope) <= tolerance);
    BOOST_TEST(largest(gradient(entry, A).value() - 1.001 * slope) > tolerance);
}

BOOST_AUTO_TEST_CASE(where_eigenvalues_coincide_only_what_exists_is_given) {
    Tape tape;
    const Var A = tape.variable("K", twice);
    const auto [values, vectors] = eigh(A);
    const Var W = tape.constant(Matrix{{1, 2, 3}, {2, 5, 1}, {3, 1, 2}});
    const double tolerance = moved<double>(3) * std::sqrt(33.0);
    BOOST_TEST(largest(values.value() - Matrix{2, 2, 5}) <= tolerance);
    // Σ λ³ = tr A³ has the gradient 3 A², whatever the basis.
    for (const Var& each : {values, eigvalsh(A)}) {
        const Var slope = gradient(sum(each * each * each), A);
        BOOST_TEST(largest((slope - 3 * matmul(A, A)).value()) <= 3 * 25 * 3 * tolerance);
        BOOST_TEST(complaint(gradient(sum(slope * W), A)).find("coincide at 2.") != std::string::npos);
    }
    const Var slope = gradient(sum(vectors * W), A);
    BOOST_TEST(complaint(slope).find("eigh(K)[0] and [1] coincide at 2. Eigenvectors have derivatives, and "
                                     "eigenvalues second ones, only where eigenvalues are distinct") !=
               std::string::npos);
    // c·v of the simple eigenvalue has one: the symmetric part of (I − v vᵀ) c vᵀ / (5 − 2).
    const Matrix c{{0, 0, 1}, {0, 0, 2}, {0, 0, -3}};
    const Matrix right = Matrix{{2, 3, -2}, {3, 4, -1}, {-2, -1, -6}} / (6 * std::sqrt(3.0));
    const Var alone = gradient(sum(vectors * tape.constant(c)), A);
    BOOST_TEST(largest(alone.value() - right) <= 4 * tolerance);
    BOOST_TEST(largest(alone.value() - 1.001 * right) > 4 * tolerance);
    // Eigenvalues that cross within every step have no derivative to be compared with.
    const auto least = [](const Var& x) { return slice(eigvalsh(x), 0, 0, 1); };
    const Report report = check_gradients(least, Matrix{{2, 0}, {0, 2 + 1e-13}});
    BOOST_TEST((report.verdict() == Verdict::inconclusive), report.to_string());
    BOOST_TEST(report.to_string().find("eigenvalues cross") != std::string::npos);
    BOOST_TEST((check_gradients(least, pair).verdict() == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(rounding_does_not_choose_the_sign_of_a_symmetric_problem) {
    Tape tape;
    const Var V = eigh(tape.constant(Matrix{{2, 1}, {1, 2}})).vectors;
    const double half = std::sqrt(0.5), tolerance = 2 * moved<float>(2);
    const Matrix right{{half, half}, {-half, half}};
    BOOST_TEST(largest(V.value() - right) <= tolerance);
    BOOST_TEST(largest(Matrix(Evaluation<float>().value(V)) - right) <= tolerance);
    BOOST_TEST(largest(Matrix(Evaluation<long double>().value(V)) - right) <= tolerance);
}

BOOST_AUTO_TEST_CASE(each_matrix_of_an_array_is_decomposed_alone_whatever_its_layout_and_its_scale) {
    Tape tape;
    const Var A = tape.input("A", {3, 3, 3});
    const auto [values, vectors] = eigh(A);
    Matrix wide = xt::zeros<double>({3, 3, 6});
    xt::view(wide, 0, xt::all(), xt::range(0, 6, 2)) = K;
    xt::view(wide, 1, xt::all(), xt::range(0, 6, 2)) = std::exp2(-1000) * K;
    xt::view(wide, 2, xt::all(), xt::range(0, 6, 2)) = std::exp2(1000) * K;
    const auto strided = xt::view(wide, xt::all(), xt::all(), xt::range(0, 6, 2));
    const Matrix lambda = values.value({{A, strided}}), v = vectors.value({{A, strided}});
    const Matrix alone = eigvalsh(tape.constant(K)).value();
    for (const std::size_t p : {0U, 1U, 2U}) {
        const double scale = std::exp2(p == 0 ? 0 : p == 1 ? 1000 : -1000);
        BOOST_TEST(largest(scale * xt::view(lambda, p) - alone) == 0);
        BOOST_TEST(largest(xt::view(v, p) - eigh(tape.constant(K)).vectors.value()) == 0);
    }
    // A positive definite matrix D K D keeps the digits of its least eigenvalue, 10⁵⁰ times below the
    // largest: they are off by what moves K, with ones on its diagonal, over its least eigenvalue, above
    // 1/10.
    const Matrix d{{std::exp2(-60), 1, std::exp2(25)}};
    const Var graded = eigvalsh(tape.constant(Matrix(K * d * xt::transpose(d))));
    const Matrix exact(Evaluation<long double>().value(graded));
    const double tolerance = moved<double>(3) * std::sqrt(9.0) * 10;
    BOOST_TEST(exact(0) < 1e-49 * exact(2));
    BOOST_TEST(largest(graded.value() / exact - 1) <= tolerance);
    BOOST_TEST(std::abs(prod(graded).value()() / std::exp2(-70) - 36) <= 3 * 36 * tolerance);
}

// Tr(A³) = Σ λ³ has the gradient 3 A², and V diag(λ²) Vᵀ is A²; both at a scale whose squares overflow.
BOOST_AUTO_TEST_CASE(many_rows_go_to_lapack) {
    Tape tape;
    Draw draw(2);
    const std::size_t n = 21;
    Matrix a = draw.reals({2, n, n});
    xt::view(a, 1) *= std::exp2(900);
    const Var A = tape.variable("A", Matrix((a + xt::transpose(a, {0, 2, 1})) / 2)), one = slice(A, 0, 0, 1);
    const auto [values, vectors] = eigh(A);
    // Those of entries in ±1 are below 20. The bound for Jacobi's method is one for syevd, which does less.
    const double tolerance = moved<double>(n) * 20;
    const Var back = matmul(matmul(vectors, diag(values)), matrix_transpose(vectors)) - A;
    BOOST_TEST(largest(xt::view(back.value(), 0)) <= 3 * tolerance);
    BOOST_TEST(std::exp2(-900) * largest(xt::view(back.value(), 1)) <= 3 * tolerance);
    BOOST_TEST(largest((values - eigvalsh(A)).value()) <= std::exp2(900) * tolerance);
    const Var lambda = eigvalsh(one), slope = gradient(sum(lambda * lambda * lambda), A);
    BOOST_TEST(largest(xt::view((slope - 3 * matmul(A, A)).value(), 0)) <= 3 * 20 * 3 * tolerance);
    BOOST_TEST(largest(xt::view((1.0001 * slope - 3 * matmul(A, A)).value(), 0)) > 3 * 20 * 3 * tolerance);
    const Matrix exact(Evaluation<long double>().value(lambda));
    BOOST_TEST(largest(lambda.value() - exact) <= tolerance);
    BOOST_TEST(largest(Matrix(Evaluation<float>().value(lambda)) - exact) <= moved<float>(n) * 20);
    BOOST_TEST(largest(eigvalsh(tape.constant(Matrix(xt::zeros<double>({n, n})))).value()) == 0);
    // Of vectors too: those of LAPACK and of Jacobi's method have the same signs.
    const Var of_vectors = gradient(sum(eigh(A).vectors * tape.constant(draw.reals({n, n}))), A);
    const Matrix in_double = xt::view(of_vectors.value(), 0),
                 right = xt::view(Matrix(Evaluation<long double>().value(of_vectors)), 0);
    BOOST_TEST(largest(in_double - right) <= 1e-10 * largest(right)); // gaps of 0.01 enter squared
    BOOST_TEST(largest(1.0001 * in_double - right) > 1e-10 * largest(right));
}

BOOST_AUTO_TEST_CASE(few_sweeps_are_enough) {
    Draw draw(1);
    for (const std::size_t n : {3U, 30U}) {
        std::vector<double> a(n * n), none;
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j <= i; ++j)
                a[i * n + j] = a[j * n + i] = draw.uniform(-1, 1);
        std::vector<float> single(a.begin(), a.end()), empty;
        std::vector<double> ones(n * n, 1), again = a;
        BOOST_TEST(detail::diagonalise(a, none, n).value() <= usual_sweeps);
        BOOST_TEST(detail::diagonalise(single, empty, n).value() <= usual_sweeps);
        BOOST_TEST(detail::diagonalise(ones, none, n).value() <= usual_sweeps);
        std::vector<double> unfinished = again;
        BOOST_TEST(detail::diagonalise(again, none, n).value() > 2U);
        BOOST_TEST(!detail::diagonalise(unfinished, none, n, 2));
    }
}

BOOST_AUTO_TEST_CASE(nan_one_nothing_and_bad_shapes) {
    Tape tape;
    Matrix k = K;
    k(1, 2) = std::numeric_limits<double>::infinity();
    const auto [values, vectors] = eigh(tape.constant(k));
    for (const Var& each : {values, vectors, eigvalsh(tape.constant(k))})
        for (const double entry : each.value())
            BOOST_TEST(std::isnan(entry));
    const Eigensystem none = eigh(tape.constant(Matrix(xt::zeros<double>({0, 0}))));
    BOOST_TEST(none.values.value().size() == 0U);
    BOOST_TEST(none.vectors.value().size() == 0U);
    const Var A = tape.variable("A", Matrix(-3 * xt::ones<double>({1, 1})));
    BOOST_TEST(eigh(A).values.value()(0) == -3);
    BOOST_TEST(eigh(A).vectors.value()(0, 0) == 1);
    BOOST_TEST(gradient(sum(eigvalsh(A)), A).value()(0, 0) == 1);
    BOOST_TEST(largest(eigvalsh(tape.constant(Matrix(xt::zeros<double>({4, 2, 2})))).value()) == 0);
    BOOST_CHECK_THROW(eigh(tape.constant(Matrix{{1, 2}})), ShapeError);
    BOOST_CHECK_THROW(eigvalsh(tape.constant(Matrix{1, 2})), ShapeError);
}
