#include "check.hpp"
#include <xtape/autodiff/ops/threefry.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace xtape;
using check::complaint;
using check::says;
using detail::threefry2x64;
using detail::Words;

namespace {

constexpr std::size_t many = 100000;

// Every test below draws from a fixed seed; one that draws anew would fail with probability 1e-6: a mean lies
// beyond 4.9 standard deviations, and √n times the Kolmogorov–Smirnov distance beyond √(log(2e6) / 2).
constexpr double deviations = 4.9;
const double kolmogorov = std::sqrt(std::log(2e6) / 2);

Array<double> draw(Var (*f)(const Var&, const Shape&), std::uint64_t seed, const Shape& shape) {
    Tape tape;
    return f(tape.constant(random_key(seed)), shape).value();
}

/// Whether the mean of the numbers is what it should be, where a single one has this deviation.
bool mean_is(const Array<double>& numbers, double mean, double deviation) {
    double total = 0;
    for (const double number : numbers)
        total += number;
    const auto n = static_cast<double>(numbers.size());
    return std::abs(total / n - mean) <= deviations * deviation / std::sqrt(n);
}

template <class F>
bool distributed_as(Array<double> numbers, F distribution) {
    std::sort(numbers.begin(), numbers.end());
    const auto n = static_cast<double>(numbers.size());
    double distance = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const double f = distribution(numbers(i));
        distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
    }
    return distance * std::sqrt(n) <= kolmogorov;
}

double uniform_cdf(double x) { return std::clamp(x, 0.0, 1.0); }
double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

} // namespace

// From kat_vectors of the authors' library Random123.
BOOST_AUTO_TEST_CASE(known_answers_of_threefry) {
    constexpr std::uint64_t ones = 0xffffffffffffffff;
    BOOST_TEST(threefry2x64({0, 0}, {0, 0}) == (Words{0xc2b6e3a8c2c69865, 0x6f81ed42f350084d}),
               boost::test_tools::per_element());
    BOOST_TEST(threefry2x64({ones, ones}, {ones, ones}) == (Words{0xe02cb7c4d95d277a, 0xd06633d0893b8b68}),
               boost::test_tools::per_element());
    BOOST_TEST(
        threefry2x64({0xa4093822299f31d0, 0x082efa98ec4e6c89}, {0x243f6a8885a308d3, 0x13198a2e03707344}) ==
            (Words{0x263c7d30bb0f0af1, 0x56be8361d3311526}),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : random_ops()) {
        names.push_back(op.name());
        BOOST_TEST(op.definition().without_gradient);
    }
    BOOST_TEST(names == (std::vector<std::string>{"xtape::split_key", "xtape::uniform", "xtape::normal",
                                                  "xtape::bernoulli"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_numbers_are_those_of_the_generator) {
    const Words first = threefry2x64({9, 0}, {0, 0}), second = threefry2x64({9, 0}, {1, 0});
    const auto u = draw(uniform, 9, {3});
    BOOST_TEST(u(0) == std::ldexp(static_cast<double>(first[0] >> 11), -53));
    BOOST_TEST(u(1) == std::ldexp(static_cast<double>(first[1] >> 11), -53));
    BOOST_TEST(u(2) == std::ldexp(static_cast<double>(second[0] >> 11), -53));
    BOOST_TEST(draw(uniform, 9, {3, 1})(2, 0) == u(2)); // row by row, whatever the shape
    BOOST_TEST(draw(normal, 9, {}).size() == 1u);
    BOOST_TEST(draw(normal, 9, {0, 3}).size() == 0u);
}

BOOST_AUTO_TEST_CASE(uniform_numbers) {
    const Array<double> u = draw(uniform, 1, {many});
    const auto [low, high] = std::ranges::minmax_element(u.storage());
    BOOST_TEST((*low >= 0 && *high < 1));
    BOOST_TEST(mean_is(u, 0.5, std::sqrt(1 / 12.0)));
    BOOST_TEST(mean_is(xt::square(u - 0.5), 1 / 12.0, std::sqrt(1 / 80.0 - 1 / 144.0)));
    BOOST_TEST(distributed_as(u, uniform_cdf));
    BOOST_TEST(!distributed_as(u * u, uniform_cdf));          // another distribution is noticed,
    BOOST_TEST(!mean_is(u + 0.01, 0.5, std::sqrt(1 / 12.0))); // and another mean
}

BOOST_AUTO_TEST_CASE(normal_numbers) {
    const Array<double> z = draw(normal, 2, {many});
    BOOST_TEST(AnyArray(z).all_finite());
    BOOST_TEST(mean_is(z, 0, 1));
    BOOST_TEST(mean_is(z * z, 1, std::sqrt(2.0)));
    BOOST_TEST(mean_is(z * z * z, 0, std::sqrt(15.0)));
    BOOST_TEST(mean_is(z * z * z * z, 3, std::sqrt(96.0)));
    BOOST_TEST(distributed_as(z, normal_cdf));
    BOOST_TEST(!distributed_as(z + 0.02, normal_cdf));
    BOOST_TEST(!mean_is(1.05 * z * z, 1, std::sqrt(2.0)));
}

BOOST_AUTO_TEST_CASE(neighbours_and_keys_are_not_correlated) {
    Tape tape;
    const Var key = tape.constant(random_key(3));
    const auto keys = split_key(key, 2);
    const Shape shape{many};
    const Array<double> z = normal(key, shape).value(), a = normal(keys[0], shape).value(),
                        b = normal(keys[1], shape).value();
    Array<double> shifted = z;
    std::rotate(shifted.begin(), shifted.begin() + 1, shifted.end());
    for (const Array<double>& product : {Array<double>(z * shifted), Array<double>(z * a),
                                         Array<double>(a * b), Array<double>(z * draw(normal, 4, shape))})
        BOOST_TEST(mean_is(product, 0, 1));
    BOOST_TEST(!mean_is(z * z, 0, 1));
}

BOOST_AUTO_TEST_CASE(masks) {
    Tape tape;
    const Var key = tape.constant(random_key(5));
    for (const double p : {0.0, 0.1, 0.5, 0.9, 1.0}) {
        const Var mask = bernoulli(key, p, {many});
        BOOST_TEST((mask.kind() == Kind::mask));
        BOOST_TEST(mean_is(mask.value(), p, std::sqrt(p * (1 - p))), "p = " << p);
    }
    BOOST_TEST(!mean_is(bernoulli(key, 0.1, {many}).value(), 0.11, 0.3));
}

BOOST_AUTO_TEST_CASE(the_same_key_gives_the_same_numbers_in_every_type) {
    Tape tape;
    const Var key = tape.constant(random_key(6)), u = uniform(key, {999}), z = normal(key, {999}),
              m = bernoulli(key, 0.3L, {999});
    const auto compare = [](const Var& x) {
        const auto exact = x.value<long double>();
        const auto same = x.value<double>();
        const auto rounded = x.value<float>();
        for (std::size_t i = 0; i < exact.size(); ++i) {
            BOOST_TEST(static_cast<long double>(same(i)) == exact(i));
            BOOST_TEST(rounded(i) == static_cast<float>(same(i)));
        }
    };
    compare(u);
    compare(z);
    compare(m);
    BOOST_TEST(uniform(tape.constant(random_key(6)), {999}).value() == u.value(),
               boost::test_tools::per_element());
    BOOST_TEST(uniform(tape.constant(random_key(7)), {999}).value()(0) != u.value()(0));
}

BOOST_AUTO_TEST_CASE(keys_differ) {
    Tape tape;
    std::set<std::pair<double, double>> seen;
    const Var key = tape.constant(random_key(8));
    for (const Var& child : split_key(key, 50)) {
        BOOST_TEST((child.kind() == Kind::index));
        const auto words = child.value<long double>();
        BOOST_TEST(seen.emplace(words(0), words(1)).second);
        for (const Var& grandchild : split_key(child, 3)) {
            const auto below = grandchild.value<long double>();
            BOOST_TEST(seen.emplace(below(0), below(1)).second);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_key_that_is_bound_later) {
    Tape tape;
    const Var key = tape.input("key", {2}, Kind::index), X = tape.input("X", {2, Dim("n")});
    const Var dropped = dropout(X, 0.5L, key);
    const xt::xarray<double> x = xt::ones<double>({2, 30}), none = xt::xarray<double>::from_shape({2, 0});
    const Array<double> first = dropped.value({{X, x}, {key, random_key(1)}});
    BOOST_TEST(first == dropped.value({{X, x}, {key, random_key(1)}}), boost::test_tools::per_element());
    BOOST_TEST((first != dropped.value({{X, x}, {key, random_key(2)}})));
    BOOST_TEST((dropped.value({{X, none}, {key, random_key(1)}}).shape() == Extents{2, 0}));
}

BOOST_AUTO_TEST_CASE(dropout_scales_what_it_keeps) {
    Tape tape;
    const Var x = tape.variable("x", Array<double>(xt::ones<double>({100, 1000}) * 2.0));
    const Var y = dropout(x, 0.25L, random_key(1));
    const Array<double> values = y.value(), slopes = gradient(sum(y), x).value();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const bool zero = values.data()[i] == 0;
        kept += zero ? 0 : 1;
        if (!zero) BOOST_TEST(values.data()[i] == 2 / 0.75, boost::test_tools::tolerance(1e-15));
        // The mask is the same on the way back.
        if (slopes.data()[i] != (zero ? 0 : 1 / 0.75)) BOOST_TEST(slopes.data()[i] == (zero ? 0 : 1 / 0.75));
    }
    BOOST_TEST((kept > 0 && kept < values.size()));
    BOOST_TEST(mean_is(values, 2, 2 * std::sqrt(0.25 / 0.75)));
    BOOST_TEST(dropout(x, 0, random_key(1)).value() == x.value(), boost::test_tools::per_element());
    check::derivatives("dropout", [](auto v) { return square(dropout(v[0], 0.5L, random_key(1))); },
                       {check::drawn({3, 4}, 1)});
}

BOOST_AUTO_TEST_CASE(bad_input) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2}), key = tape.constant(random_key(1)),
              odd = tape.input("odd", {3}, Kind::index),
              unsized = tape.input("unsized", {Dim("n")}, Kind::index);
    const std::size_t size = tape.size();
    for (const long double rate : {-0.1L, 1.0L, 2.0L, std::nanl("")})
        BOOST_CHECK_THROW(dropout(x, rate, random_key(1)), ArgumentError);
    BOOST_TEST(says(complaint<ArgumentError>([&] { dropout(x, 1, key); }),
                    "dropout(x, 1): the rate must be at least 0 and below 1."));
    BOOST_CHECK_THROW(bernoulli(key, 1.1L, {3}), ArgumentError);
    BOOST_CHECK_THROW(bernoulli(key, std::nanl(""), {3}), ArgumentError);
    BOOST_TEST(says(complaint<ShapeError>([&] { uniform(odd, {3}); }), "odd is (3): a key has shape (2)"));
    BOOST_CHECK_THROW(normal(unsized, {3}), ShapeError);
    BOOST_CHECK_THROW((void)split_key(odd, 2), ShapeError);
    BOOST_CHECK_THROW((void)split_key(key, 0), ArgumentError);
    BOOST_CHECK_THROW(dropout(x, 0.5L, odd), ShapeError);
    BOOST_CHECK_THROW(uniform(x, {3}), KindError);
    BOOST_CHECK_THROW(dropout(x, 0.5L, x), KindError);
    BOOST_TEST(tape.size() == size);
    BOOST_CHECK_THROW(gradient(sum(uniform(key, {2}) * x), key), KindError);
}
