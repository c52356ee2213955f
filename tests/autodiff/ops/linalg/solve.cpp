#include <xtape/autodiff/autodiff.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>

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

// Each entry of the products is a sum of three terms of at most 20: 1e-13 is far above their rounding.
BOOST_AUTO_TEST_CASE(a_times_the_solution_is_the_right_side) {
    Tape tape;
    const xt::xarray<double> b{{1, 2}, {-3, 0.5}, {4, 7}};
    const Var A = tape.constant(K), B = tape.constant(b);
    BOOST_TEST(largest((matmul(A, solve(A, B)) - B).value()) < 1e-13);
    BOOST_TEST(largest((matmul(A, inverse(A)) - eye_like(A)).value()) < 1e-13);
    BOOST_TEST(largest((matmul(A, solve(matrix_transpose(A), B)) - B).value()) > 0.1);
    const Var v = tape.constant(xt::xarray<double>{1, -2, 5});
    BOOST_TEST(solve(A, v).rank() == 1U);
    BOOST_TEST(largest((matmul(A, solve(A, v)) - v).value()) < 1e-13);
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

BOOST_AUTO_TEST_CASE(nan_and_nothing) {
    Tape tape;
    xt::xarray<double> k = K;
    k(1, 2) = std::numeric_limits<double>::quiet_NaN();
    const xt::xarray<double> x = inverse(tape.constant(k)).value();
    for (const double entry : x)
        BOOST_TEST(std::isnan(entry));
    const xt::xarray<double> none = xt::zeros<double>({0, 0});
    BOOST_TEST(inverse(tape.constant(none)).value().size() == 0U);
}
