#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

using Entries = std::vector<long double>;
constexpr double infinity = std::numeric_limits<double>::infinity(),
                 not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Σᵢⱼ (xᵢ − xⱼ)² / 2n(n − ddof), which needs no mean.
long double variance_of(const Entries& x, std::int64_t ddof) {
    long double total = 0;
    for (const long double a : x)
        for (const long double b : x)
            total += (a - b) * (a - b);
    const auto n = static_cast<long double>(x.size());
    return total / (2 * n * (n - static_cast<long double>(ddof)));
}

struct Along {
    Extents extents;
    Axes axes;
    std::vector<std::size_t> counted;
};
const std::vector<Along> patterns{{{2, 3}, {0}, {0}},          {{2, 3}, {-1}, {1}}, {{2, 3}, {0, 1}, {0, 1}},
                                  {{2, 3, 4}, {0, 2}, {0, 2}}, {{5}, {0}, {0}},     {{4, 1}, {0}, {0}}};

Var variable(Tape& tape, const std::vector<double>& entries) {
    xt::xarray<double> x = xt::xarray<double>::from_shape({entries.size()});
    std::copy(entries.begin(), entries.end(), x.begin());
    return tape.variable("x", x);
}

} // namespace

BOOST_AUTO_TEST_CASE(variances_and_standard_deviations) {
    for (const auto& [extents, axes, counted] : patterns)
        for (const Keep keep : {Keep::none, Keep::dims})
            for (const std::int64_t ddof : {0, 1}) {
                const auto x = drawn(extents, 3);
                const auto var = [&, axes = axes](auto v) { return variance(v[0], axes, keep, ddof); };
                const auto dev = [&, axes = axes](auto v) { return stddev(v[0], axes, keep, ddof); };
                const auto reference = naive::reduce(x, counted, keep == Keep::dims,
                                                     [&](const Entries& e) { return variance_of(e, ddof); });
                const auto a = check::values(var, {x}, reference, 4),
                           b = check::values(dev, {x}, xt::sqrt(reference), 4);
                BOOST_TEST(a.pass, a.why);
                BOOST_TEST(b.pass, b.why);
                check::derivatives("variance of " + to_string(extents), var, {x});
                check::derivatives("stddev of " + to_string(extents), dev, {x});
            }
    const auto x = drawn({2, 3}, 5);
    const auto all = naive::reduce(x, {0, 1}, false, [](const Entries& e) { return variance_of(e, 1); });
    BOOST_TEST(check::values([](auto v) { return variance(v[0], {0, 1}, Keep::none, 1); }, {x}, all).pass);
    BOOST_TEST(check::values(
                   [](auto v) {
                       return stddev(v[0], {0, 1}, Keep::none, 1);
                   },
                   {x}, xt::sqrt(all))
                   .pass);
    BOOST_TEST(!check::values(
                    [](auto v) {
                        return variance(v[0], {0, 1}, Keep::none, 0);
                    },
                    {x}, all)
                    .pass); // the other divisor is noticed
}

BOOST_AUTO_TEST_CASE(a_large_mean_costs_no_digits) {
    Tape tape;
    const Var x = variable(tape, {1e8 + 1, 1e8 + 2, 1e8 + 3});
    BOOST_TEST(variance(x).item() == 2.0 / 3, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(stddev(x, {0}, Keep::none, 1).item() == 1, boost::test_tools::tolerance(1e-15));
    const double naive = (mean(square(x)) - square(mean(x))).item();
    BOOST_TEST(std::abs(naive - 2.0 / 3) > 0.1); // the formula in one pass has no digit right
}

BOOST_AUTO_TEST_CASE(no_square_overflows_in_a_standard_deviation) {
    Tape tape;
    const Var x = variable(tape, {3e200, -3e200});
    const Var s = stddev(x);
    BOOST_TEST(s.item() == 3e200, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(gradient(s, x).value()(0) == 0.5, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(variance(x).item() == infinity);
}

BOOST_AUTO_TEST_CASE(where_all_entries_are_equal) {
    Tape tape;
    const Var x = variable(tape, {0.1, 0.1, 0.1});
    BOOST_TEST(std::abs(stddev(x).item()) <= 1e-16);
    const Var y = tape.variable("y", xt::xarray<double>{2, 2});
    const Var s = stddev(y);
    BOOST_TEST(s.item() == 0);
    BOOST_TEST(gradient(s, y).value() == (Array<double>{0, 0}), boost::test_tools::per_element());
    BOOST_TEST(gradient(variance(y), y).value() == (Array<double>{0, 0}), boost::test_tools::per_element());
    const Var one = tape.variable("one", xt::xarray<double>{7});
    BOOST_TEST(variance(one).item() == 0);
}

BOOST_AUTO_TEST_CASE(the_number_of_examples_comes_with_the_arrays) {
    Tape tape;
    const Var X = tape.input("X", {2, Dim("n")});
    const Var v = variance(X, {1}, Keep::none, 1);
    const xt::xarray<double> x{{1, 2, 6}, {4, 4, 10}};
    const auto one = check::filled<double>({2, 1}, {1, 2});
    BOOST_TEST(v.value({{X, x}}) == (Array<double>{7, 12}), boost::test_tools::per_element());
    BOOST_TEST(std::isnan(v.value({{X, one}})(0)));
    BOOST_TEST(std::isnan(variance(X, {1}).value({{X, xt::xarray<double>::from_shape({2, 0})}})(0)));
}

BOOST_AUTO_TEST_CASE(bad_input) {
    Tape tape;
    const Var x = variable(tape, {1, 2});
    const std::size_t size = tape.size();
    BOOST_TEST(says(complaint<ArgumentError>([&] { variance(x, {0}, Keep::none, 2); }),
                    "variance(x): ddof is 2; only 2 entries"));
    BOOST_TEST(says(complaint<ArgumentError>([&] { stddev(x, {0}, Keep::none, -1); }),
                    "stddev(x): ddof is -1; it must not be negative."));
    BOOST_TEST(says(complaint<ShapeError>([&] { variance(x, {1}); }), "variance(x)"));
    BOOST_TEST(says(complaint<KindError>([&] { masked_sum(x, x); }),
                    "masked_sum(x, x): x is a real, and must be a mask"));
    BOOST_TEST(says(complaint<ShapeError>([&] {
                        masked_mean(x, xt::xarray<bool>{true, false, true});
                    }),
                    "and must broadcast to it"));
    BOOST_CHECK_THROW(masked_amax(x, xt::xarray<bool>{{true, false}, {true, true}}), ShapeError);
    BOOST_CHECK_THROW(masked_amax(x, xt::xarray<bool>{true, false}, {1}), ShapeError);
    BOOST_TEST(tape.size() == size);
}

BOOST_AUTO_TEST_CASE(masked_reductions) {
    for (const auto& [extents, axes, counted] : patterns)
        for (const Keep keep : {Keep::none, Keep::dims}) {
            const auto x = drawn(extents, 3);
            Array<bool> mask = Array<bool>::from_shape(extents);
            for (std::size_t i = 0; i < mask.size(); ++i)
                mask.data()[i] = i % 3 != 1;
            auto marked = x; // what is masked out is marked, so that the reference can leave it out
            for (std::size_t i = 0; i < mask.size(); ++i)
                if (!mask.data()[i]) marked.data()[i] = 1e9L;
            const auto reference = [&, &counted = counted](auto f) {
                return naive::reduce(marked, counted, keep == Keep::dims, [&](Entries e) {
                    std::erase(e, 1e9L);
                    return f(e);
                });
            };
            const auto total = [](const Entries& e) {
                long double t = 0;
                for (const long double v : e)
                    t += v;
                return t;
            };
            const auto sums = reference(total);
            const auto means = reference([&](const Entries& e) {
                return e.empty() ? 0 : total(e) / static_cast<long double>(e.size());
            });
            const auto largest = reference([](const Entries& e) {
                return e.empty() ? -std::numeric_limits<long double>::infinity()
                                 : *std::ranges::max_element(e);
            });
            const auto test = [&, &axes = axes](const char* what, auto f, const auto& wanted) {
                const auto g = [&](auto v) { return f(v[0], mask, axes, keep); };
                const auto verdict = check::values(g, {x}, wanted, 4);
                BOOST_TEST(verdict.pass,
                           what << " of " << to_string(Extents(x.shape())) << ": " << verdict.why);
                if (xt::all(xt::isfinite(wanted)))
                    check::derivatives(what, [&](auto v) { return square(1.5 + g(v)); }, {x});
            };
            using Masked = Var (*)(const Var&, const Operand&, const Axes&, Keep);
            test("masked_sum", static_cast<Masked>(masked_sum), sums);
            test("masked_mean", static_cast<Masked>(masked_mean), means);
            test("masked_amax", static_cast<Masked>(masked_amax), largest);
            const auto unmasked = [&, &axes = axes](auto v) { return sum(v[0], axes, keep); };
            BOOST_TEST(!check::values(unmasked, {x}, sums, 4).pass); // a forgotten mask is noticed
        }
}

BOOST_AUTO_TEST_CASE(what_is_masked_out_spoils_nothing) {
    Tape tape;
    const Var x =
        tape.variable("x", xt::xarray<double>{{1, not_a_number, 3}, {not_a_number, infinity, not_a_number}});
    const xt::xarray<bool> mask{{true, false, true}, {false, false, false}};
    const auto test = [&](const Var& y, const Array<double>& value, const Array<double>& slope) {
        BOOST_TEST(y.value() == value, boost::test_tools::per_element());
        BOOST_TEST(gradient(sum(y), x).value() == slope, boost::test_tools::per_element());
    };
    test(masked_sum(x, mask, {1}), {4, 0}, {{1, 0, 1}, {0, 0, 0}});
    test(masked_mean(x, mask, {1}), {2, 0}, {{0.5, 0, 0.5}, {0, 0, 0}});
    test(masked_amax(x, mask, {1}), {3, -infinity}, {{0, 0, 1}, {0, 0, 0}});
    BOOST_TEST(masked_mean(x, mask).item() == 2);
    BOOST_TEST(masked_sum(x, check::filled<bool>({2, 1}, {1, 0}), {0}).value()(0) == 1); // broadcast
}
