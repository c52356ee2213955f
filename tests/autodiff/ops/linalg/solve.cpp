#include "check.hpp"

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

const xt::xarray<double> K{{0, 2, 1}, {1, 3, -1}, {2, 1, 4}};

} // namespace

BOOST_AUTO_TEST_CASE(check_op_passes) {
    for (const Op& op : linear_system_ops()) {
        const Report report = check_op(op);
        BOOST_TEST((report.verdict() == Verdict::pass), report.to_string());
    }
}

/// What rounding leaves of A x − b in T, at most: 3n u |L| |U| |x| (Higham 2002, theorem 9.4), where |L| ≤ 1
/// and |U| ≤ 2^(n−1) max|A|, and n u |A| |x| of the product that it is computed with.
template <class T>
double residual(std::size_t n, const xt::xarray<double>& a, const xt::xarray<double>& x) {
    const double u = std::numeric_limits<T>::epsilon() / 2.0, size = static_cast<double>(n);
    return (3 * size * size * size * std::exp2(size - 1) + size * size) * u * largest(a) * largest(x);
}

BOOST_AUTO_TEST_CASE(a_times_the_solution_is_the_right_side) {
    Tape tape;
    const xt::xarray<double> b{{1, 2}, {-3, 0.5}, {4, 7}};
    const Var A = tape.constant(K), B = tape.constant(b), X = solve(A, B);
    const double tolerance = residual<double>(3, K, X.value());
    BOOST_TEST(tolerance < 1e-11);
    BOOST_TEST(largest((matmul(A, X) - B).value()) <= tolerance);
    BOOST_TEST(largest((matmul(A, X * 1.001) - B).value()) > tolerance);
    BOOST_TEST(largest((matmul(A, inverse(A)) - eye_like(A)).value()) <=
               residual<double>(3, K, inverse(A).value()));
    BOOST_TEST(largest((matmul(A, solve(matrix_transpose(A), B)) - B).value()) > 0.1);
    const Var v = tape.constant(xt::xarray<double>{1, -2, 5}), y = solve(A, v);
    BOOST_TEST(y.rank() == 1U);
    BOOST_TEST(largest((matmul(A, y) - v).value()) <= residual<double>(3, K, y.value()));
}

BOOST_AUTO_TEST_CASE(each_matrix_of_an_array_is_solved_alone_whatever_its_layout_and_its_scale) {
    Tape tape;
    const xt::xarray<double> b{{1, 2}, {-3, 0.5}, {4, 7}};
    const Var A = tape.input("A", {2, 3, 3}), X = solve(A, tape.constant(b));
    xt::xarray<double> wide = xt::zeros<double>({2, 3, 6});
    xt::view(wide, 0, xt::all(), xt::range(0, 6, 2)) = K;
    xt::view(wide, 1, xt::all(), xt::range(0, 6, 2)) = 1e-200 * xt::transpose(K);
    const xt::xarray<double> x = X.value({{A, xt::view(wide, xt::all(), xt::all(), xt::range(0, 6, 2))}});
    const xt::xarray<double> first = solve(tape.constant(K), tape.constant(b)).value();
    const xt::xarray<double> turned = xt::transpose(K);
    const xt::xarray<double> second = solve(tape.constant(turned), tape.constant(b)).value();
    BOOST_TEST(largest(xt::view(x, 0) - first) == 0);
    // A power of ten rounds each entry once more, which moves the solution by its condition number, below 20.
    BOOST_TEST(largest(xt::view(x, 1) * 1e-200 - second) < 20 * residual<double>(3, turned, second));
    const xt::xarray<float> single = Evaluation<float>().value(solve(tape.constant(K), tape.constant(b)));
    BOOST_TEST(largest(xt::xarray<double>(single) - first) <= 20 * residual<float>(3, K, first));
    BOOST_TEST(largest(xt::xarray<double>(single) - first) > 0);
}

BOOST_AUTO_TEST_CASE(a_singular_matrix_is_named) {
    Tape tape;
    const Var A = tape.variable("K", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}, {5, 7, 9}});
    const Var y = tape.variable("y", xt::xarray<double>{{1, 0}, {2, 1}, {3, 5}});
    const Var x = solve(A, y);
    BOOST_CHECK_EXCEPTION((void)x.value(), SingularError, [](const SingularError& e) {
        return std::string(e.what()).find("K (3×3) is singular: pivot 3") != std::string::npos;
    });
    BOOST_CHECK_THROW(solve(A, tape.constant(xt::xarray<double>{{1, 2}})), ShapeError);
    BOOST_CHECK_THROW(inverse(y), ShapeError);
}

// What rows and columns are multiplied by are powers of two, which are exact.
BOOST_AUTO_TEST_CASE(units_do_not_matter) {
    Tape tape;
    const auto solved = [&](const xt::xarray<double>& k, const xt::xarray<double>& y) {
        return xt::xarray<double>(solve(tape.constant(k), tape.constant(y)).value());
    };
    BOOST_TEST(solved({{1e-300, 0}, {0, 1}}, {2e-300, 5}) == (xt::xarray<double>{2, 5}),
               boost::test_tools::per_element());
    BOOST_TEST(solved({{1e-300, 2e-300}, {1, 1}}, {3e-300, 2}) == (xt::xarray<double>{1, 1}),
               boost::test_tools::per_element());
    const double large = std::exp2(900), small = std::exp2(-900); // whose quotient underflows
    BOOST_TEST(solved({{large, small}, {large, -small}}, {large, large}) == (xt::xarray<double>{1, 0}),
               boost::test_tools::per_element());
    const xt::xarray<double> y{1, -2, 5}, x = solved(K, y);
    xt::xarray<double> scaled = K, scaled_y = y;
    const std::vector<int> rows{-800, 3, 700}, columns{200, 0, -150};
    for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 3; ++j)
            scaled(i, j) = std::ldexp(K(i, j), rows[i] + columns[j]);
        scaled_y(i) = std::ldexp(y(i), rows[i]);
    }
    const xt::xarray<double> scaled_x = solved(scaled, scaled_y);
    for (std::size_t i = 0; i < 3; ++i) // the condition of K is below 10
        BOOST_TEST(std::abs(std::ldexp(scaled_x(i), columns[i]) - x(i)) < 1e-14);
}

// [[1, 1], [1, 1 + δ]] has the pivot δ and, in the 1-norm, the condition number (2 + δ)² / δ. Changing its
// four entries by ε moves the pivot by 4 ε.
BOOST_AUTO_TEST_CASE(the_threshold_is_rounding_and_rcond_is_told) {
    Tape tape;
    const double epsilon = std::numeric_limits<double>::epsilon();
    const Var B = tape.constant(xt::xarray<double>{{1, 1}, {1, 1 + 8 * epsilon}});
    BOOST_TEST(std::abs(inverse(B).value()(1, 1) * 8 * epsilon - 1) < 0.25); // a unit of δ is ⅛ of it
    const Var A = tape.variable("A", xt::xarray<double>{{1, 1}, {1, 1 + 2 * epsilon}});
    BOOST_TEST(check::complaint<SingularError>([&] { (void)inverse(A).value(); }) ==
               "inverse(A): A (2×2) is singular: pivot 2 is 4.44e-16, rcond 1e-16. Add a small diagonal, or "
               "check for repeated rows.");
}

// From 32 rows on most matrices are found regular by their condition, and not pivot by pivot.
BOOST_AUTO_TEST_CASE(many_rows) {
    Tape tape;
    Draw draw(3);
    const std::size_t n = 40;
    xt::xarray<double> a = draw.reals({n, n});
    const Var A = tape.variable("A", a), B = tape.constant(xt::xarray<double>(draw.reals({n, 3})));
    const xt::xarray<double> exact(Evaluation<long double>().value(solve(A, B)));
    // The backward error of partial pivoting, which in practice is below n ε max|A|, over rcond, above 1e-4.
    const double off = 40 * 40 * 1e4 * std::numeric_limits<double>::epsilon() * largest(exact);
    BOOST_TEST(off < 1e-6);
    BOOST_TEST(largest(solve(A, B).value() - exact) <= off);
    BOOST_TEST(largest(solve(A, B * (1 + 1e-6)).value() - exact) > off);
    xt::view(a, 30) = 2 * xt::view(a, 7) - xt::view(a, 11);
    const Var S = tape.variable("S", a);
    BOOST_TEST(check::says(check::complaint<SingularError>([&] { (void)solve(S, B).value(); }),
                           "S (40×40) is singular: pivot "));
    BOOST_CHECK_THROW((void)Evaluation<float>().value(solve(S, B)), SingularError);
    xt::view(a, xt::all(), 5) = 0.0;
    BOOST_CHECK_THROW((void)inverse(tape.constant(a)).value(), SingularError);
    // The triangle of so many rows: substitution is backward stable, entry by entry (Higham 2002,
    // theorem 8.5), and the product that the residual is computed with rounds by as much again.
    const Var T = tril(A) + 3 * eye_like(A), x = triangular_solve(T, B);
    const Var bound = 2 * (n + 1) * std::numeric_limits<double>::epsilon() * matmul(abs(T), abs(x));
    BOOST_TEST(amax(abs(matmul(T, x) - B) - bound).item() <= 0);
    BOOST_TEST(amax(abs(matmul(T, x * (1 + 1e-6)) - B) - bound).item() > 0);
}

// The triangles of K, with ones or K's own entries on the diagonal, written out.
BOOST_AUTO_TEST_CASE(a_triangle_times_the_solution_is_the_right_side) {
    Tape tape;
    const xt::xarray<double> k{{4, 2, 1}, {1, 3, -1}, {2, 1, 5}};
    const Var A = tape.constant(k), b = tape.constant(xt::xarray<double>{{1, 2}, {-3, 0.5}, {4, 7}});
    const Var lower = tape.constant(xt::xarray<double>{{4, 0, 0}, {1, 3, 0}, {2, 1, 5}});
    const Var unit_upper = tape.constant(xt::xarray<double>{{1, 2, 1}, {0, 1, -1}, {0, 0, 1}});
    const auto off = [&](const Var& triangle, const TriangularOptions& options) {
        return largest((matmul(triangle, triangular_solve(A, b, options)) - b).value());
    };
    BOOST_TEST(off(lower, {}) < 1e-14);
    BOOST_TEST(off(matrix_transpose(lower), {.transposed = true}) < 1e-14);
    BOOST_TEST(off(unit_upper, {.lower = false, .unit_diagonal = true}) < 1e-14);
    BOOST_TEST(off(matrix_transpose(unit_upper),
                   {.lower = false, .transposed = true, .unit_diagonal = true}) < 1e-14);
    BOOST_TEST(off(lower, {.transposed = true}) > 0.1);
    BOOST_TEST(off(A, {}) > 0.1);
    const Var v = tape.constant(xt::xarray<double>{4, -2, 5});
    BOOST_TEST(triangular_solve(A, v).rank() == 1U);
    BOOST_TEST(largest((matmul(lower, triangular_solve(A, v)) - v).value()) < 1e-14);
}

// What the triangle does not hold has no derivative, and may be anything, even NaN.
BOOST_AUTO_TEST_CASE(only_the_triangle_is_read_and_carries_a_cotangent) {
    Tape tape;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Var L = tape.variable("L", xt::xarray<double>{{2, nan, nan}, {1, 4, nan}, {-3, 5, 1}});
    const Var y = tape.constant(xt::xarray<double>{2, 9, 1});
    const Var x = triangular_solve(L, y); // (1, 2, −6)
    BOOST_TEST(x.value() == (xt::xarray<double>{1, 2, -6}), boost::test_tools::per_element());
    // x₁ = (y₁ − l₁₀ y₀ / l₀₀) / l₁₁
    const xt::xarray<double> slopes{{0.125, 0, 0}, {-0.25, -0.5, 0}, {0, 0, 0}};
    const Var second = sum(x * tape.constant(xt::xarray<double>{0, 1, 0}));
    BOOST_TEST(gradient(second, L).value() == slopes, boost::test_tools::per_element());
    // BLAS multiplies by reciprocals, and that of 1e-310 overflows.
    const Var tiny = tape.constant(xt::xarray<double>{{1e-310, 0}, {0, 2}});
    BOOST_TEST(triangular_solve(tiny, tape.constant(xt::xarray<double>{3e-310, 4})).value() ==
                   (xt::xarray<double>{3, 2}),
               boost::test_tools::per_element());
    const Var unit = tape.variable("U", xt::xarray<double>{{nan, 2}, {nan, 0}});
    const Var of_unit = triangular_solve(unit, tape.constant(xt::xarray<double>{5, 3}),
                                         {.lower = false, .unit_diagonal = true});
    BOOST_TEST(of_unit.value() == (xt::xarray<double>{-1, 3}), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(of_unit), unit).value() == (xt::xarray<double>{{0, -3}, {0, 0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_zero_on_the_diagonal_of_a_triangle_is_named) {
    Tape tape;
    const Var L = tape.variable("L", xt::xarray<double>{{{1, 0}, {2, 3}}, {{1e-300, 0}, {2, 0}}});
    const Var y = tape.variable("y", xt::xarray<double>{{1, 0}, {2, 1}});
    BOOST_CHECK_EXCEPTION((void)triangular_solve(L, y).value(), SingularError, [](const SingularError& e) {
        return std::string(e.what()) ==
               "triangular_solve(L, y): L[1] (2×2) is singular: pivot 2 is 0. Add a small diagonal, or check "
               "for a row of zeros.";
    });
    BOOST_TEST(std::isfinite(triangular_solve(L, y, {.unit_diagonal = true}).value()(1, 1, 1)));
    BOOST_CHECK_THROW(triangular_solve(tape.constant(xt::xarray<double>{{1, 2, 3}, {4, 5, 6}}), y),
                      ShapeError);
    BOOST_CHECK_THROW(triangular_solve(L, tape.constant(xt::xarray<double>{1, 2, 3})), ShapeError);
}

BOOST_AUTO_TEST_CASE(nan_and_nothing) {
    Tape tape;
    xt::xarray<double> k = K;
    k(1, 2) = std::numeric_limits<double>::quiet_NaN();
    const xt::xarray<double> x = inverse(tape.constant(k)).value();
    BOOST_TEST(x.size() == 9U);
    for (const double entry : x)
        BOOST_TEST(std::isnan(entry));
    const xt::xarray<double> none = xt::zeros<double>({0, 0});
    BOOST_TEST(inverse(tape.constant(none)).value().size() == 0U);
}
