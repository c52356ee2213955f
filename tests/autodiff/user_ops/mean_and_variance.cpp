// An operation on whole arrays with two results.

#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

namespace {

const Op mean_and_variance_op =
    operation("mylib::mean_and_variance")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            if (s.shape().rank() != 2) s.fail("it must be a matrix.");
            return std::vector<ResultType>{Shape{s.shape()[0]}, Shape{s.shape()[0]}};
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t rows = call.operand(0).extents()[0], columns = call.operand(0).extents()[1];
            const T* from = call.operand(0).template data<T>();
            T* const mean = call.allocate(0);
            T* const variance = call.allocate(1);
            for (std::size_t i = 0; i < rows; ++i, from += columns) { // one pass (Welford 1962)
                for (std::size_t j = 0; j < columns; ++j) {
                    const T before = from[j] - mean[i];
                    mean[i] += before / static_cast<T>(j + 1);
                    variance[i] += before * (from[j] - mean[i]);
                }
                variance[i] /= static_cast<T>(columns);
            }
        })
        .vjp([](const Pullback& p) {
            const Var& x = p.input();
            const auto column = [](const Var& v) { return expand_dims(v, {1}); };
            const Var centred = x - column(p.output(0));
            return (column(p.cotangent(0)) + 2 * column(p.cotangent(1)) * centred) / extent(x, 1);
        })
        .notation("mean_and_variance({0})", R"(\operatorname{mv}({0}))");

struct Moments {
    Var mean, variance;
};

/// The mean and the variance (divided by n) of each row of a matrix.
Moments mean_and_variance(const Var& x) {
    const std::vector<Var> results = record_all(mean_and_variance_op, {{x}});
    return {results[0], results[1]};
}

} // namespace

BOOST_AUTO_TEST_CASE(values) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{{1, 2, 3, 6}, {5, 5, 5, 5}, {-1, 1, -1, 1}});
    const auto [mean, variance] = mean_and_variance(x);
    const auto m = mean.value(), v = variance.value();
    BOOST_TEST(m(0) == 3); // all steps of the first two rows are exact
    BOOST_TEST(m(1) == 5);
    BOOST_TEST(v(0) == 3.5);
    BOOST_TEST(v(1) == 0);
    BOOST_TEST(std::abs(m(2)) < 4e-16); // 4 steps with numbers up to 1, each rounded by at most 1.1e-16
    BOOST_TEST(std::abs(v(2) - 1) < 2e-15);
}

BOOST_AUTO_TEST_CASE(derivatives) {
    const auto x = check::drawn({3, 4}, 1);
    const auto mean = [](auto v) { return square(mean_and_variance(v[0]).mean); };
    const auto variance = [](auto v) { return mean_and_variance(v[0]).variance; };
    const auto both = [](auto v) {
        const auto [m, s] = mean_and_variance(v[0]);
        return m / sqrt(s);
    };
    check::derivatives("the mean", mean, {x});
    check::derivatives("the variance", variance, {x});
    check::derivatives("both", both, {x});
    const auto one = check::first_derivative(mean, {check::drawn({2, 1}, 2)});
    BOOST_TEST(one.pass, one.why);
    const auto none = check::first_derivative(both, {check::drawn({0, 4}, 1)});
    BOOST_TEST(none.pass, none.why);
}

BOOST_AUTO_TEST_CASE(one_recording_serves_any_number_of_columns) {
    Tape tape;
    const Var x = tape.input("x", {2, Dim("n")});
    const auto [mean, variance] = mean_and_variance(x);
    const Var slope = gradient(sum(variance), x);
    for (const std::size_t n : {5u, 1u}) {
        const auto values = check::filled<double>({2, n}, {1, 3, 2, 5, 4});
        BOOST_TEST((slope.value({{x, values}}).shape() == Extents{2, n}));
    }
    BOOST_CHECK_THROW(mean_and_variance(mean), ShapeError);
    BOOST_CHECK_THROW(record(mean_and_variance_op, {x}), OpError); // two results: record_all
}

BOOST_AUTO_TEST_CASE(negative_control) {
    const Op wrong = check::wrong_derivative(mean_and_variance_op);
    const auto f = [&](auto v) { return record_all(wrong, {{v[0]}})[1]; };
    BOOST_TEST(!check::first_derivative(f, {check::drawn({3, 4}, 1)}).pass);
}
