#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

namespace {

constexpr MatrixNorm all[] = {MatrixNorm::frobenius, MatrixNorm::one, MatrixNorm::infinity,
                              MatrixNorm::spectral, MatrixNorm::nuclear};

double norm_of(const xt::xarray<double>& a, MatrixNorm norm) {
    Tape tape;
    return matrix_norm(tape.constant(a), norm).value()();
}

} // namespace

// [[3, 0], [4, 5]] has AᵀA = [[25, 20], [20, 25]], so that σ² is 45 and 5.
BOOST_AUTO_TEST_CASE(values) {
    const xt::xarray<double> a{{3, 0}, {4, 5}}, wide{{3, -4, 0}, {0, 0, 2}}; // of σ 5 and 2
    const std::vector<std::pair<MatrixNorm, std::pair<double, double>>> right{
        {MatrixNorm::frobenius, {std::sqrt(50), std::sqrt(29)}},
        {MatrixNorm::one, {7, 4}},
        {MatrixNorm::infinity, {9, 7}},
        {MatrixNorm::spectral, {std::sqrt(45), 5}},
        {MatrixNorm::nuclear, {std::sqrt(45) + std::sqrt(5), 7}}};
    for (const auto& [norm, numbers] : right) {
        BOOST_TEST(std::abs(norm_of(a, norm) - numbers.first) < 1e-14); // a few ε of at most 10
        BOOST_TEST(std::abs(norm_of(wide, norm) - numbers.second) < 1e-14);
        BOOST_TEST(norm_of(xt::zeros<double>({2, 3}), norm) == 0);
    }
    // A small σ keeps its digits, which the eigenvalues of AᵀA would have lost.
    BOOST_TEST(std::abs(norm_of({{1e-12, 0}, {0, 1}}, MatrixNorm::nuclear) - (1 + 1e-12)) < 1e-15);
    Tape tape;
    const Var batch = tape.constant(xt::xarray<double>{{{3, 0}, {4, 5}}, {{1, 0}, {0, -1}}});
    for (const MatrixNorm norm : all)
        BOOST_TEST(matrix_norm(batch, norm).value()(0) == norm_of(a, norm));
    BOOST_TEST(matrix_norm(batch, MatrixNorm::spectral).value()(1) == 1);
}

// With orthogonal Q, ‖Q A‖ = ‖A‖ in the norms of the σ alone.
BOOST_AUTO_TEST_CASE(rotations) {
    const xt::xarray<double> a{{1, -2, 0.5}, {3, 0.25, 1}, {-1, 2, 2}};
    Tape tape;
    const Var Q = tape.constant(xt::xarray<double>{{0.6, -0.8, 0}, {0.8, 0.6, 0}, {0, 0, 1}});
    for (const MatrixNorm norm : all) {
        const double apart = matrix_norm(matmul(Q, tape.constant(a)), norm).value()() - norm_of(a, norm);
        const bool invariant = norm != MatrixNorm::one && norm != MatrixNorm::infinity;
        BOOST_TEST((std::abs(apart) < 1e-14) == invariant);
    }
}

BOOST_AUTO_TEST_CASE(derivatives) {
    Draw draw(1);
    for (const Extents& extents :
         {Extents{3, 3}, Extents{2, 3}, Extents{3, 2}, Extents{4, 1}, Extents{2, 2, 3}})
        for (const MatrixNorm norm : all) {
            const Report report = check_gradients([norm](const Var& a) { return matrix_norm(a, norm); },
                                                  draw.distinct(extents));
            BOOST_TEST((report.verdict() != Verdict::fail), report.to_string());
            BOOST_TEST((report.verdict() == Verdict::pass) ==
                       (extents[0] < 4 || norm < MatrixNorm::spectral));
        }
    // The derivative of σ is u vᵀ: of [[0, 2], [1, 0]] that of the first row's entry.
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>{{0, 2}, {1, 0}});
    const xt::xarray<double> of_spectral = gradient(matrix_norm(a, MatrixNorm::spectral), a).value(),
                             of_nuclear = gradient(matrix_norm(a, MatrixNorm::nuclear), a).value();
    const xt::xarray<double> first{{0, 1}, {0, 0}}, both{{0, 1}, {1, 0}};
    for (std::size_t i = 0; i < 4; ++i) {
        BOOST_TEST(std::abs(of_spectral.data()[i] - first.data()[i]) < 1e-15);
        BOOST_TEST(std::abs(of_nuclear.data()[i] - both.data()[i]) < 1e-15);
    }
    const Report wrong = check_gradients(
        [](const Var& x) { return matrix_norm(x) + 1e-3 * stop_gradient(sum(x)); }, draw.distinct({2, 3}));
    BOOST_TEST((wrong.verdict() == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(bad_input) {
    Tape tape;
    const Var v = tape.input("v", {3}), none = tape.constant(xt::xarray<double>::from_shape({2, 0}));
    const Var unsized = tape.input("A", {Dim("m"), Dim("n")});
    const std::size_t size = tape.size();
    BOOST_CHECK_THROW(matrix_norm(unsized, MatrixNorm::nuclear), ShapeError);
    BOOST_TEST(tape.size() == size);
    for (const MatrixNorm norm : all)
        BOOST_CHECK_THROW(matrix_norm(v, norm), ShapeError);
    BOOST_TEST(matrix_norm(none).value()() == 0);
    BOOST_TEST(matrix_norm(none, MatrixNorm::nuclear).value()() == 0);
    BOOST_TEST(matrix_norm(none, MatrixNorm::infinity).value()() == 0);
    BOOST_CHECK_THROW((void)matrix_norm(none, MatrixNorm::one).value(), ArgumentError);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const MatrixNorm norm : all)
        BOOST_TEST(std::isnan(norm_of({{1, nan}, {0, 1}}, norm)));
}
