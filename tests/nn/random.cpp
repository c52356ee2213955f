#include "compare.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/random.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

using compare::chi_square_z;
using compare::five_sigma;
using xtape::nn::Random;

static_assert(std::uniform_random_bit_generator<Random>);

// Published with the reference implementations, https://prng.di.unimi.it: xoshiro256plusplus.c from the state
// {1, 2, 3, 4} and splitmix64.c from the seed 1477776061723855037.
BOOST_AUTO_TEST_CASE(the_generator_gives_the_published_numbers) {
    Random random(Random::State{1, 2, 3, 4});
    const std::vector<std::uint64_t> published{41943041u,
                                               58720359u,
                                               3588806011781223u,
                                               3591011842654386u,
                                               9228616714210784205u,
                                               9973669472204895162u,
                                               14011001112246962877u,
                                               12406186145184390807u,
                                               15849039046786891736u,
                                               10450023813501588000u};
    for (const std::uint64_t expected : published)
        BOOST_TEST(random() == expected);
}

BOOST_AUTO_TEST_CASE(the_seed_is_spread_as_published) {
    const Random::State expected{1985237415132408290u, 2979275885539914483u, 13511426838097143398u,
                                 8488337342461049707u};
    BOOST_TEST(Random(1477776061723855037u).state() == expected, boost::test_tools::per_element());
}

// Computed in Python, from the definitions.
BOOST_AUTO_TEST_CASE(normal_numbers_are_the_same_bits_everywhere) {
    Random random(1);
    for (const double expected : {0x1.7fe2b6e80acbfp-1, -0x1.b4f02841c1196p-2, -0x1.3f7ed083decfap+0,
                                  0x1.4652ec32968b3p-2, 0x1.3c2e04441ae26p-1, -0x1.624b96a5de8dap-1})
        BOOST_TEST(random.normal() == expected);
}

BOOST_AUTO_TEST_CASE(a_state_of_zeros_is_refused) {
    BOOST_CHECK_THROW(Random(Random::State{}), xtape::ArgumentError);
    BOOST_TEST(Random(0)() != 0u);
}

BOOST_AUTO_TEST_CASE(a_copy_and_a_state_repeat_the_numbers) {
    Random random(7);
    random.normal();
    Random copy = random, restored(random.state());
    for (int i = 0; i < 100; ++i) {
        const double expected = random.normal();
        BOOST_TEST(copy.normal() == expected);
        BOOST_TEST(restored.normal() == expected);
    }
}

BOOST_AUTO_TEST_CASE(uniform_is_the_upper_53_bits) {
    Random bits(3), random(3);
    for (int i = 0; i < 1000; ++i)
        BOOST_TEST(random.uniform() == std::ldexp(static_cast<double>(bits() >> 11), -53));
}

BOOST_AUTO_TEST_CASE(uniform_fills_the_unit_interval_evenly) {
    constexpr std::size_t bins = 256, draws = bins * 1000;
    Random random(11);
    std::vector<double> counts(bins);
    for (std::size_t i = 0; i < draws; ++i)
        ++counts.at(static_cast<std::size_t>(random.uniform() * bins)); // throws outside [0, 1)
    BOOST_TEST(std::abs(chi_square_z(counts)) < five_sigma);
}

namespace {

/// The largest |z| among the first four moments of a million draws; E z² = 1, E z⁴ = 3, E z⁶ = 15, E z⁸ =
/// 105.
template <class Draw>
double worst_moment(Draw draw) {
    constexpr int draws = 1'000'000;
    std::array<double, 4> sums{};
    for (int i = 0; i < draws; ++i) {
        const double z = draw();
        sums[0] += z;
        sums[1] += z * z - 1;
        sums[2] += z * z * z;
        sums[3] += z * z * z * z - 3;
    }
    const std::array<double, 4> variances{1, 2, 15, 96};
    double worst = 0;
    for (std::size_t k = 0; k < 4; ++k)
        worst = std::max(worst, std::abs(sums[k]) / std::sqrt(draws * variances[k]));
    return worst;
}

/// Cells of width ¼ from −4 to 4, and one for each tail.
template <class Draw>
double normal_fit(Draw draw) {
    constexpr int draws = 1'000'000, cells = 34;
    const auto below = [](double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; };
    std::vector<double> counts(cells), expected(cells);
    for (int i = 0; i < draws; ++i)
        ++counts[static_cast<std::size_t>(std::clamp(std::floor(draw() * 4) + 17, 0.0, cells - 1.0))];
    for (int c = 0; c < cells; ++c) {
        const double lower = c == 0 ? 0 : below((c - 17) / 4.0);
        const double upper = c == cells - 1 ? 1 : below((c - 16) / 4.0);
        expected[static_cast<std::size_t>(c)] = draws * (upper - lower);
    }
    return std::abs(chi_square_z(counts, expected));
}

/// Almost normal: its kurtosis is 2.9.
double twelve_uniforms(Random& random) {
    double sum = -6;
    for (int i = 0; i < 12; ++i)
        sum += random.uniform();
    return sum;
}

} // namespace

BOOST_AUTO_TEST_CASE(normal_has_the_moments_and_the_cells_of_a_normal_distribution) {
    Random random(5);
    BOOST_TEST(worst_moment([&] { return random.normal(); }) < five_sigma);
    BOOST_TEST(normal_fit([&] { return random.normal(); }) < five_sigma);
}

BOOST_AUTO_TEST_CASE(what_is_almost_normal_is_caught) {
    Random random(5);
    BOOST_TEST(worst_moment([&] { return twelve_uniforms(random); }) > five_sigma);
    BOOST_TEST(normal_fit([&] { return twelve_uniforms(random); }) > five_sigma);
    BOOST_TEST(worst_moment([&] { return 1.005 * random.normal(); }) > five_sigma);
}

BOOST_AUTO_TEST_CASE(below_is_unbiased) {
    Random random(13);
    std::vector<double> counts(7);
    for (int i = 0; i < 70'000; ++i)
        ++counts.at(random.below(7));
    BOOST_TEST(std::abs(chi_square_z(counts)) < five_sigma);
}

// With n = 3/4 of 2⁶⁴, a bare remainder makes the lowest third twice as likely as each of the others.
BOOST_AUTO_TEST_CASE(below_is_unbiased_where_a_bare_remainder_is_not) {
    constexpr std::uint64_t third = std::uint64_t{1} << 62, n = 3 * third;
    Random random(17);
    std::vector<double> ours(3), bare(3);
    for (int i = 0; i < 10'000; ++i) {
        ++ours.at(random.below(n) / third);
        ++bare.at(random() % n / third);
    }
    BOOST_TEST(std::abs(chi_square_z(ours)) < five_sigma);
    BOOST_TEST(std::abs(chi_square_z(bare)) > five_sigma);
}

BOOST_AUTO_TEST_CASE(below_at_its_limits) {
    Random random(19);
    BOOST_TEST(random.below(1) == 0u);
    BOOST_CHECK_THROW(random.below(0), xtape::ArgumentError);
}

BOOST_AUTO_TEST_CASE(a_permutation_holds_every_number_once) {
    Random random(23);
    BOOST_TEST(random.permutation(0).empty());
    BOOST_TEST(random.permutation(1) == std::vector<std::size_t>{0});
    auto order = random.permutation(1000);
    BOOST_TEST(!std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::size_t i = 0; i < order.size(); ++i)
        BOOST_TEST(order[i] == i);
}

BOOST_AUTO_TEST_CASE(every_order_is_equally_likely) {
    Random random(29);
    std::map<std::vector<std::size_t>, double> seen;
    for (int i = 0; i < 24'000; ++i)
        ++seen[random.permutation(4)];
    std::vector<double> counts;
    for (const auto& [order, count] : seen)
        counts.push_back(count);
    BOOST_TEST(counts.size() == 24u);
    BOOST_TEST(std::abs(chi_square_z(counts)) < five_sigma);
}

BOOST_AUTO_TEST_CASE(a_split_stream_is_uncorrelated_and_moves_the_first_by_one_number) {
    Random random(31), same(31);
    Random other = random.split();
    same();
    BOOST_TEST(random.state() == same.state(), boost::test_tools::per_element());

    constexpr int draws = 100'000;
    double product = 0;
    for (int i = 0; i < draws; ++i)
        product += random.normal() * other.normal();
    BOOST_TEST(std::abs(product) / std::sqrt(draws) < five_sigma);
}
