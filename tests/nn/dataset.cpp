#include "compare.hpp"
#include "literal.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/dataset.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

using namespace xtape;
using namespace xtape::nn;
using compare::five_sigma;

namespace {

Dataset from_text(const std::string& text) { return make_dataset(parse_csv(text, "t.csv"), "label"); }

/// Examples that carry their own number as the only feature; sizes[c] of class c, the classes mixed.
Dataset numbered(const std::vector<std::size_t>& sizes) {
    std::vector<std::size_t> label;
    for (std::size_t c = 0; c < sizes.size(); ++c)
        label.insert(label.end(), sizes[c], c);
    Random random(99);
    std::shuffle(label.begin(), label.end(), random);
    Array<double> X(Extents{1, label.size()});
    for (std::size_t i = 0; i < label.size(); ++i)
        X(0, i) = static_cast<double>(i);
    Array<double> Y = one_hot(label, sizes.size());
    if (sizes.size() == 2) Y = Array<double>(xt::view(Y, xt::range(1, 2), xt::all()));
    return {X, Y, {"number"}, std::vector<std::string>(sizes.size(), "c")};
}

std::vector<std::size_t> class_sizes(const Dataset& dataset) {
    std::vector<std::size_t> sizes(dataset.class_names.size());
    for (const std::size_t c : labels(dataset.Y))
        ++sizes[c];
    return sizes;
}

std::vector<double> numbers(const Dataset& dataset) { return {dataset.X.begin(), dataset.X.end()}; }

} // namespace

BOOST_AUTO_TEST_CASE(two_classes_are_one_row) {
    const Dataset dataset = from_text("a,label,b\n1,yes,2\n3,no,4\n5,yes,6\n");
    BOOST_TEST(bool(dataset.X == Array<double>{{1, 3, 5}, {2, 4, 6}}));
    BOOST_TEST(bool(dataset.Y == Array<double>{{1, 0, 1}}));
    BOOST_TEST(dataset.class_names == (std::vector<std::string>{"no", "yes"}),
               boost::test_tools::per_element());
    BOOST_TEST(dataset.feature_names == (std::vector<std::string>{"a", "b"}),
               boost::test_tools::per_element());
    BOOST_TEST(dataset.size() == 3u);
}

BOOST_AUTO_TEST_CASE(more_classes_are_one_hot_in_numerical_order) {
    const Dataset dataset = from_text("a,label\n1,10\n2,9\n3,-1\n4,10\n");
    BOOST_TEST(dataset.class_names == (std::vector<std::string>{"-1", "9", "10"}),
               boost::test_tools::per_element());
    BOOST_TEST(bool(dataset.Y == Array<double>{{0, 0, 1, 0}, {0, 1, 0, 0}, {1, 0, 0, 1}}));
}

BOOST_AUTO_TEST_CASE(real_files_are_what_their_provenance_says) {
    const std::filesystem::path data = XTAPE_EXAMPLES_DATA;
    const Dataset cancer = load_dataset(data / "breast_cancer_wisconsin.csv", "diagnosis");
    BOOST_TEST((cancer.X.shape()[0] == 30 && cancer.size() == 569 && cancer.Y.shape()[0] == 1));
    BOOST_TEST(class_sizes(cancer) == (std::vector<std::size_t>{357, 212}), boost::test_tools::per_element());
    BOOST_TEST(cancer.class_names[1] == "malignant");
    BOOST_TEST(cancer.X(0, 0) == 17.99);
    BOOST_TEST(cancer.Y(0, 0) == 1);

    const Dataset iris = load_dataset(data / "iris.csv", "species");
    BOOST_TEST((iris.X.shape()[0] == 4 && iris.size() == 150 && iris.Y.shape()[0] == 3));
    BOOST_TEST(class_sizes(iris) == (std::vector<std::size_t>{50, 50, 50}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tables_that_are_no_data_set) {
    BOOST_CHECK_THROW(make_dataset(parse_csv("a,b\n1,2\n", "t.csv"), "label"), NameError);
    BOOST_CHECK_THROW(from_text("label\nx\ny\n"), DataError);
    BOOST_CHECK_THROW(from_text("a,label\n1,x\n2,x\n"), DataError);
    BOOST_CHECK_THROW(from_text("a,label\n1,x\n2x,y\n"), DataError);
    BOOST_CHECK_EXCEPTION(from_text("a,label\n1,x\n2,\n"), DataError, [](const DataError& error) {
        return std::string(error.what()).starts_with("t.csv:3:3: the label");
    });
    BOOST_CHECK_THROW(load_dataset("no/such/file.csv", "label"), DataError);
}

BOOST_AUTO_TEST_CASE(labels_invert_one_hot) {
    const std::vector<std::size_t> label{2, 0, 1, 2};
    BOOST_TEST(labels(one_hot(label, 3)) == label, boost::test_tools::per_element());
    BOOST_TEST(labels(one_hot({}, 3)).empty());
    BOOST_TEST(labels(literal({{0, 1, 1}})) == (std::vector<std::size_t>{0, 1, 1}),
               boost::test_tools::per_element());
    BOOST_CHECK_THROW(one_hot({0, 3}, 3), ArgumentError);
    BOOST_CHECK_THROW(labels(literal({{0.5}})), ArgumentError);
    BOOST_CHECK_THROW(labels(literal({{std::numeric_limits<double>::quiet_NaN()}})), ArgumentError);
    BOOST_CHECK_THROW(labels(literal({{1}, {1}})), ArgumentError);
    BOOST_CHECK_THROW(labels(literal({{0}, {0}})), ArgumentError);
    BOOST_CHECK_THROW(labels(Array<double>{0, 1}), ShapeError);
}

BOOST_AUTO_TEST_CASE(take_picks_columns_of_both) {
    const Dataset part = take(from_text("a,label,b\n1,yes,2\n3,no,4\n5,yes,6\n"), {2, 1, 2});
    BOOST_TEST(bool(part.X == Array<double>{{5, 3, 5}, {6, 4, 6}}));
    BOOST_TEST(bool(part.Y == Array<double>{{1, 0, 1}}));
    BOOST_TEST(part.class_names.size() == 2u);
    BOOST_TEST(take(part, {}).size() == 0u);
    BOOST_CHECK_THROW(take(part, {3}), ArgumentError);
    BOOST_CHECK_THROW(take({literal({{1, 2}}), literal({{1}}), {}, {}}, {0}), ShapeError);
    BOOST_CHECK_THROW(take({Array<double>{1, 2}, literal({{1, 0}}), {}, {}}, {0}), ShapeError);
}

BOOST_AUTO_TEST_CASE(a_split_has_the_documented_sizes) {
    struct Case {
        std::vector<std::size_t> sizes;
        double fraction;
        std::vector<std::size_t> held_out;
    };
    const std::vector<Case> cases{
        {{357, 212}, 0.2, {72, 42}},       // 71.4 and 42.4: 114 in all, the tie goes to the first
        {{50, 50, 50}, 0.2, {10, 10, 10}}, //
        {{10, 7, 3}, 0.25, {2, 2, 1}},     // 2.5, 1.75, 0.75: 5 in all
        {{2, 2}, 0.01, {1, 1}},            // both classes in both parts
        {{2, 2}, 0.99, {1, 1}},            //
        {{1, 6, 4}, 0.5, {0, 3, 2}},       // a single example is trained on
        {{0, 5, 4}, 0.5, {0, 3, 2}},       // 4.5 of 9 is 5
        {{3, 100, 2}, 0.1, {1, 10, 1}},    //
    };
    for (const auto& [sizes, fraction, held_out] : cases) {
        Random random(1);
        const Dataset dataset = numbered(sizes);
        const Split split = stratified_split(dataset, fraction, random);
        BOOST_TEST(class_sizes(split.held_out) == held_out, boost::test_tools::per_element());
        std::vector<double> all = numbers(split.train);
        const std::vector<double> held = numbers(split.held_out);
        BOOST_TEST((std::is_sorted(all.begin(), all.end()) && std::is_sorted(held.begin(), held.end())));
        all.insert(all.end(), held.begin(), held.end());
        std::sort(all.begin(), all.end());
        BOOST_TEST(all == numbers(dataset), boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_split_keeps_examples_with_their_labels) {
    const Dataset dataset = numbered({5, 8, 6});
    Random random(2);
    const Split split = stratified_split(dataset, 0.3, random);
    for (const Dataset& part : {split.train, split.held_out})
        for (std::size_t j = 0; j < part.size(); ++j)
            for (std::size_t c = 0; c < 3; ++c)
                BOOST_TEST(part.Y(c, j) == dataset.Y(c, static_cast<std::size_t>(part.X(0, j))));
}

BOOST_AUTO_TEST_CASE(the_seed_decides_the_split) {
    const Dataset dataset = numbered({40, 30});
    Random first(3), again(3), other(4);
    const auto held = numbers(stratified_split(dataset, 0.2, first).held_out);
    BOOST_TEST(held == numbers(stratified_split(dataset, 0.2, again).held_out),
               boost::test_tools::per_element());
    BOOST_TEST(!(held == numbers(stratified_split(dataset, 0.2, other).held_out)));
}

// Each of 10 examples of a class is held out with probability 0.3; over 10,000 splits the counts are
// binomial. That they add up to 3 makes them vary less than independent ones, so the limit is on the safe
// side.
BOOST_AUTO_TEST_CASE(every_example_is_equally_likely_held_out) {
    const Dataset dataset = numbered({10, 10});
    Random random(5);
    std::vector<double> counts(20);
    for (int i = 0; i < 10'000; ++i)
        for (const double number : numbers(stratified_split(dataset, 0.3, random).held_out))
            ++counts[static_cast<std::size_t>(number)];
    for (const double count : counts)
        BOOST_TEST(std::abs(count - 3000) / std::sqrt(10'000 * 0.3 * 0.7) < five_sigma);
}

BOOST_AUTO_TEST_CASE(splits_that_are_refused) {
    Random random(6);
    const Dataset dataset = numbered({4, 3});
    for (const double fraction : {0.0, 1.0, -0.1, 1.5, std::numeric_limits<double>::quiet_NaN()})
        BOOST_CHECK_THROW(stratified_split(dataset, fraction, random), ArgumentError);
    BOOST_CHECK_THROW(stratified_split(numbered({1, 1}), 0.5, random), ArgumentError);
    BOOST_CHECK_THROW(stratified_split(numbered({0, 0}), 0.5, random), ArgumentError);
    BOOST_CHECK_THROW(stratified_split({literal({{1, 2}}), literal({{1}}), {}, {}}, 0.5, random), ShapeError);
}

// By hand: 1, 2, 6 has mean 3 and variance (4 + 1 + 9)/3; a deviation over n − 1 would be √7.
BOOST_AUTO_TEST_CASE(standardising_uses_the_fitted_examples_only) {
    const Array<double> train{{1, 2, 6}, {0.1, 0.1, 0.1}}, held_out{{3, 4}, {0.1, 0.2}};
    const Standardiser standardiser = Standardiser::fit(train);
    const double deviation = std::sqrt(14.0 / 3);
    BOOST_TEST(standardiser.mean(0, 0) == 3);
    BOOST_TEST(standardiser.deviation(0, 0) == deviation, boost::test_tools::tolerance(1e-15));
    const Array<double> held = standardiser.apply(held_out);
    BOOST_TEST(held(0, 0) == 0);
    BOOST_TEST(held(0, 1) == 1 / deviation, boost::test_tools::tolerance(1e-15));
    const Array<double> trained = standardiser.apply(train);
    for (std::size_t j = 0; j < 3; ++j)
        BOOST_TEST(trained(1, j) == 0); // the constant feature
    BOOST_TEST(standardiser.deviation(1, 0) == 1);
    BOOST_TEST(held(1, 1) == 0.1, boost::test_tools::tolerance(1e-15));
}

// Rounding of a mean of n numbers of size s is below n ε s; in units of the deviation, n ε s / deviation.
BOOST_AUTO_TEST_CASE(standardised_features_have_mean_0_and_deviation_1) {
    Random random(7);
    constexpr std::size_t n = 500;
    Array<double> X(Extents{2, n});
    for (std::size_t j = 0; j < n; ++j) {
        X(0, j) = 1000 + 3 * random.normal();
        X(1, j) = random.uniform() * 1e-6;
    }
    const Array<double> S = Standardiser::fit(X).apply(X);
    const double tolerance = n * 2.3e-16 * 1000 / 3;
    for (std::size_t i = 0; i < 2; ++i) {
        double sum = 0, squares = 0;
        for (std::size_t j = 0; j < n; ++j) {
            sum += S(i, j);
            squares += S(i, j) * S(i, j);
        }
        BOOST_TEST(std::abs(sum / n) < tolerance);
        BOOST_TEST(std::abs(squares / n - 1) < tolerance);
    }
}

BOOST_AUTO_TEST_CASE(features_that_cannot_be_standardised) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN(),
                     infinity = std::numeric_limits<double>::infinity();
    BOOST_CHECK_THROW(Standardiser::fit(literal({{1, nan}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(literal({{nan}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(literal({{1, infinity}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(literal({{infinity, infinity}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(literal({{1e308, -1e308}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(literal({{0, 1e-300}})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(Array<double>(Extents{2, 0})), ArgumentError);
    BOOST_CHECK_THROW(Standardiser::fit(Array<double>{1, 2}), ShapeError);
    const Standardiser standardiser = Standardiser::fit(literal({{1, 2}, {3, 5}}));
    BOOST_CHECK_THROW(standardiser.apply(literal({{1, 2, 3}})), ShapeError);
    BOOST_CHECK_THROW(standardiser.apply(Array<double>{1, 2}), ShapeError);
    const Array<double> nothing = standardiser.apply(Array<double>(Extents{2, 0}));
    BOOST_TEST((nothing.shape()[0] == 2 && nothing.shape()[1] == 0));
    BOOST_TEST(std::isnan(standardiser.apply(literal({{nan}, {1}}))(0, 0)));
}

BOOST_AUTO_TEST_CASE(batches_cover_every_example_once) {
    Random random(8);
    const auto cut = batches(10, 4, random);
    BOOST_TEST(cut.size() == 3u);
    BOOST_TEST((cut[0].size() == 4 && cut[1].size() == 4 && cut[2].size() == 2));
    std::set<std::size_t> seen;
    for (const auto& batch : cut)
        seen.insert(batch.begin(), batch.end());
    BOOST_TEST((seen.size() == 10 && *seen.rbegin() == 9));
    BOOST_TEST((batches(10, 4, random) != cut)); // shuffled anew in each epoch
}

BOOST_AUTO_TEST_CASE(batches_at_their_limits) {
    Random random(9);
    BOOST_TEST(batches(0, 4, random).empty());
    BOOST_TEST(batches(3, 100, random).size() == 1u);
    BOOST_TEST(batches(3, std::numeric_limits<std::size_t>::max(), random).size() == 1u);
    BOOST_TEST(batches(3, 1, random).size() == 3u);
    BOOST_TEST(batches(4, 2, random).size() == 2u);
    BOOST_CHECK_THROW(batches(3, 0, random), ArgumentError);
}
