#include "compare.hpp"
#include <xtape/nn/initialisers.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using compare::five_sigma;
using xtape::Array;
using xtape::nn::Random;
namespace nn = xtape::nn;

namespace {

constexpr std::size_t rows = 300, cols = 70;

/// Σ w² / variance is χ² with one degree of freedom per entry if w ~ N(0, variance); as a standard normal
/// statistic.
double normal_variance_z(const Array<double>& W, double variance) {
    const auto freedom = static_cast<double>(W.size());
    double statistic = 0;
    for (const double w : W)
        statistic += w * w / variance;
    const double spread = 2 / (9 * freedom);
    return (std::cbrt(statistic / freedom) - (1 - spread)) / std::sqrt(spread);
}

double mean_z(const Array<double>& W, double variance) {
    double sum = 0;
    for (const double w : W)
        sum += w;
    return sum / std::sqrt(variance * static_cast<double>(W.size()));
}

} // namespace

BOOST_AUTO_TEST_CASE(zeros_and_constants) {
    const Array<double> Z = nn::zeros(2, 3), C = nn::constant(3, 1, -1.5);
    BOOST_TEST((Z.shape()[0] == 2 && Z.shape()[1] == 3 && C.shape()[0] == 3 && C.shape()[1] == 1));
    BOOST_TEST(std::all_of(Z.begin(), Z.end(), [](double z) { return z == 0; }));
    BOOST_TEST(std::all_of(C.begin(), C.end(), [](double c) { return c == -1.5; }));
}

BOOST_AUTO_TEST_CASE(an_empty_matrix_has_its_shape) {
    Random random(1);
    for (const Array<double>& W : {nn::zeros(0, 3), nn::xavier(0, 3, random), nn::he(0, 3, random)})
        BOOST_TEST((W.dimension() == 2 && W.shape()[0] == 0 && W.shape()[1] == 3 && W.size() == 0));
    for (const Array<double>& W : {nn::xavier(3, 0, random), nn::glorot_uniform(3, 0, random)})
        BOOST_TEST((W.dimension() == 2 && W.shape()[0] == 3 && W.shape()[1] == 0 && W.size() == 0));
    BOOST_TEST(nn::glorot_uniform(0, 0, random).size() == 0u);
}

BOOST_AUTO_TEST_CASE(xavier_has_variance_one_over_inputs) {
    Random random(2);
    const Array<double> W = nn::xavier(rows, cols, random);
    BOOST_TEST(std::abs(normal_variance_z(W, 1.0 / cols)) < five_sigma);
    BOOST_TEST(std::abs(mean_z(W, 1.0 / cols)) < five_sigma);
}

// Standard deviation 1/cols, and the number of rows for that of columns.
BOOST_AUTO_TEST_CASE(another_variance_than_xaviers_is_caught) {
    Random random(2);
    const Array<double> W = nn::xavier(rows, cols, random);
    const Array<double> deviation_for_variance = W / std::sqrt(static_cast<double>(cols));
    BOOST_TEST(std::abs(normal_variance_z(deviation_for_variance, 1.0 / cols)) > five_sigma);
    BOOST_TEST(std::abs(normal_variance_z(nn::xavier(cols, rows, random), 1.0 / cols)) > five_sigma);
    BOOST_TEST(std::abs(normal_variance_z(nn::he(rows, cols, random), 1.0 / cols)) > five_sigma);
    const Array<double> eight_percent_more = W * std::sqrt(1.08);
    BOOST_TEST(std::abs(normal_variance_z(eight_percent_more, 1.0 / cols)) > five_sigma);
}

BOOST_AUTO_TEST_CASE(he_has_variance_two_over_inputs) {
    Random random(3);
    const Array<double> W = nn::he(rows, cols, random);
    BOOST_TEST(std::abs(normal_variance_z(W, 2.0 / cols)) < five_sigma);
    BOOST_TEST(std::abs(mean_z(W, 2.0 / cols)) < five_sigma);
}

// The square of a uniform number within ±limit has mean limit²/3 and variance 4 limit⁴/45.
BOOST_AUTO_TEST_CASE(glorot_uniform_has_its_limit_and_variance) {
    Random random(4);
    const Array<double> W = nn::glorot_uniform(rows, cols, random);
    const double limit = std::sqrt(6.0 / (rows + cols)), n = rows * cols;
    double squares = 0;
    for (const double w : W) {
        BOOST_TEST(std::abs(w) <= limit);
        squares += w * w - limit * limit / 3;
    }
    BOOST_TEST(std::abs(squares) / (limit * limit * std::sqrt(4 * n / 45)) < five_sigma);
    BOOST_TEST(std::abs(mean_z(W, limit * limit / 3)) < five_sigma);
    BOOST_TEST(*std::max_element(W.begin(), W.end()) > 0.99 * limit);
}

BOOST_AUTO_TEST_CASE(the_seed_decides) {
    Random first(5), again(5), other(6);
    const Array<double> W = nn::xavier(4, 3, first);
    BOOST_TEST(bool(W == nn::xavier(4, 3, again)));
    BOOST_TEST(!bool(W == nn::xavier(4, 3, other)));
    BOOST_TEST(!bool(W == nn::xavier(4, 3, first)));
    Random by_hand(5);
    BOOST_TEST(W(0, 0) == by_hand.normal() / std::sqrt(3.0), boost::test_tools::tolerance(1e-15));
    BOOST_TEST(W(0, 1) == by_hand.normal() / std::sqrt(3.0), boost::test_tools::tolerance(1e-15));
}
