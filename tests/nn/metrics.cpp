#include "literal.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/metrics.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <sstream>

using xtape::Array;
using xtape::nn::accuracy;
using xtape::nn::confusion_matrix;
using xtape::nn::ConfusionMatrix;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
const Array<double> Y{{0, 0, 0, 1, 1, 1, 1}};
const Array<double> P{{0.1, 0.4, 0.7, 0.9, 0.6, 0.2, 0.51}};

} // namespace

BOOST_AUTO_TEST_CASE(binary_counts_by_hand) {
    const ConfusionMatrix confusion = confusion_matrix(P, Y, {"benign", "malignant"});
    BOOST_TEST(confusion.counts[0][0] == 2u);
    BOOST_TEST(confusion.counts[0][1] == 1u);
    BOOST_TEST(confusion.counts[1][0] == 1u);
    BOOST_TEST(confusion.counts[1][1] == 3u);
    BOOST_TEST(confusion.examples() == 7u);
    BOOST_TEST(accuracy(P, Y) == 5.0 / 7);
    BOOST_TEST(confusion.precision(0) == 2.0 / 3);
    BOOST_TEST(confusion.recall(0) == 2.0 / 3);
    BOOST_TEST(confusion.precision(1) == 3.0 / 4);
    BOOST_TEST(confusion.recall(1) == 3.0 / 4);
    BOOST_TEST(confusion.f1(1) == 3.0 / 4);
    BOOST_TEST(confusion.f1(0) == 2.0 / 3);
}

// Precision and recall differ here, so an exchange of rows and columns is seen.
BOOST_AUTO_TEST_CASE(class_counts_by_hand) {
    const Array<double> truth{{1, 1, 0, 0, 0}, {0, 0, 1, 0, 1}, {0, 0, 0, 1, 0}};
    const Array<double> scores{
        {0.8, 0.3, 0.1, 0.2, 0.4}, {0.1, 0.4, 0.7, 0.2, 0.5}, {0.1, 0.3, 0.2, 0.6, 0.1}};
    const ConfusionMatrix confusion = confusion_matrix(scores, truth);
    BOOST_TEST(confusion.counts[0][1] == 1u);
    BOOST_TEST(confusion.counts[1][0] == 0u);
    BOOST_TEST(confusion.accuracy() == 4.0 / 5);
    BOOST_TEST(confusion.precision(0) == 1);
    BOOST_TEST(confusion.recall(0) == 1.0 / 2);
    BOOST_TEST(confusion.f1(0) == 2.0 / 3);
    BOOST_TEST(confusion.precision(1) == 2.0 / 3);
    BOOST_TEST(confusion.recall(1) == 1);
    BOOST_TEST(confusion.class_names == (std::vector<std::string>{"0", "1", "2"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_half_predicts_class_0_and_a_tie_the_first_class) {
    BOOST_TEST(accuracy(literal({{0.5}}), literal({{0}})) == 1);
    BOOST_TEST(accuracy(literal({{0.5}}), literal({{1}})) == 0);
    BOOST_TEST(accuracy(literal({{0.4}, {0.4}, {0.2}}), literal({{1}, {0}, {0}})) == 1);
}

BOOST_AUTO_TEST_CASE(nan_is_never_right) {
    for (const double truth : {0.0, 1.0})
        BOOST_TEST(accuracy(literal({{not_a_number}}), literal({{truth}})) == 0);
    const Array<double> truth{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    const Array<double> scores{{not_a_number, 0.1, 0.2}, {0.2, 0.8, not_a_number}, {0.3, 0.1, 0.6}};
    const ConfusionMatrix confusion = confusion_matrix(scores, truth);
    BOOST_TEST(confusion.accuracy() == 1.0 / 3);
    BOOST_TEST(confusion.undecided == (std::vector<std::size_t>{1, 0, 1}), boost::test_tools::per_element());
    BOOST_TEST(confusion.recall(0) == 0);
    BOOST_TEST(std::isnan(confusion.precision(0)));
    BOOST_TEST(confusion.f1(0) == 0);
    BOOST_TEST(to_string(confusion).find("undecided") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_has_no_rate) {
    const ConfusionMatrix confusion = confusion_matrix(literal({{0.1, 0.2}}), literal({{0, 0}}));
    BOOST_TEST(confusion.accuracy() == 1);
    BOOST_TEST(std::isnan(confusion.precision(1)));
    BOOST_TEST(std::isnan(confusion.recall(1)));
    BOOST_TEST(std::isnan(confusion.f1(1)));
}

BOOST_AUTO_TEST_CASE(shapes_and_values_that_do_not_fit) {
    using xtape::ArgumentError;
    using xtape::ShapeError;
    BOOST_CHECK_THROW(accuracy(literal({{0.1, 0.2}}), literal({{0}})), ShapeError);
    BOOST_CHECK_THROW(accuracy(literal({{0.1, 0.2}}), literal({{0}, {1}})), ShapeError);
    BOOST_CHECK_THROW(accuracy(Array<double>{0.1, 0.2}, Array<double>{0, 1}), ShapeError);
    BOOST_CHECK_THROW(accuracy(Array<double>(0.1), Array<double>(0.0)), ShapeError);
    const Array<double> nothing(xtape::Extents{1, 0}), no_classes(xtape::Extents{0, 3});
    BOOST_CHECK_THROW(accuracy(nothing, nothing), ArgumentError);
    BOOST_CHECK_THROW(accuracy(no_classes, no_classes), ArgumentError);
    BOOST_CHECK_THROW(accuracy(literal({{0.1}}), literal({{0.5}})), ArgumentError);
    BOOST_CHECK_THROW(accuracy(literal({{0.1}}), literal({{not_a_number}})), ArgumentError);
    BOOST_CHECK_THROW(accuracy(literal({{0.1}, {0.2}}), literal({{1}, {1}})), ArgumentError);
    BOOST_CHECK_THROW(accuracy(literal({{0.1}, {0.2}}), literal({{0}, {0}})), ArgumentError);
    BOOST_CHECK_THROW(accuracy(literal({{3.0}}), literal({{1}})), ArgumentError); // a logit
    BOOST_CHECK_THROW(accuracy(literal({{-0.1}}), literal({{0}})), ArgumentError);
    BOOST_CHECK_THROW(confusion_matrix(P, Y, {"a", "b", "c"}), ArgumentError);
    BOOST_CHECK_THROW(confusion_matrix(P, Y).recall(2), ArgumentError);
}

BOOST_AUTO_TEST_CASE(it_prints_as_a_table) {
    std::ostringstream stream;
    stream << confusion_matrix(P, Y, {"benign", "malignant"});
    BOOST_TEST(stream.str() == "actual \\ predicted  benign  malignant  precision   recall       F1\n"
                               "benign                   2          1      0.667    0.667    0.667\n"
                               "malignant                1          3      0.750    0.750    0.750\n");
}
