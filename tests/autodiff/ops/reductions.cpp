#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <numeric>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

using Entries = std::vector<long double>;
constexpr double infinity = std::numeric_limits<double>::infinity();

struct Reduction {
    std::string name;
    Var (*f)(const Var&, const Axes&, Keep);
    Var (*of_all)(const Var&);
    long double (*reference)(const Entries&);
    bool of_nothing; ///< defined over no entries
};

long double total(const Entries& x) { return std::accumulate(x.begin(), x.end(), 0.0L); }

const Reduction reductions[] = {
    {"sum", sum, sum, total, true},
    {"mean", mean, mean, [](const Entries& x) { return total(x) / static_cast<long double>(x.size()); },
     false},
    {"amax", amax, amax, [](const Entries& x) { return *std::ranges::max_element(x); }, false},
    {"amin", amin, amin, [](const Entries& x) { return *std::ranges::min_element(x); }, false},
    {"prod", prod, prod,
     [](const Entries& x) { return std::accumulate(x.begin(), x.end(), 1.0L, std::multiplies<>{}); }, true},
    {"logsumexp", logsumexp, logsumexp,
     [](const Entries& x) {
         long double t = 0;
         for (const long double v : x)
             t += std::exp(v);
         return std::log(t);
     },
     true},
    {"norm", norm, norm,
     [](const Entries& x) { return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0L)); },
     true},
};

struct Along {
    Extents extents;
    Axes axes;
    std::vector<std::size_t> counted; ///< from the front
};

const std::vector<Along> patterns{{{2, 3}, {0}, {0}},       {{2, 3}, {1}, {1}}, {{2, 3}, {-1}, {1}},
                                  {{2, 3}, {0, 1}, {0, 1}}, {{2, 3}, {}, {}},   {{2, 3, 4}, {-3, 2}, {0, 2}},
                                  {{2, 3, 4}, {1}, {1}},    {{5}, {0}, {0}},    {{1, 4}, {0}, {0}},
                                  {{1}, {-1}, {0}},         {{}, {}, {}}};

Var variable(Tape& tape, std::initializer_list<double> entries) {
    xt::xarray<double> x = xt::xarray<double>::from_shape({entries.size()});
    std::copy(entries.begin(), entries.end(), x.begin());
    return tape.variable("x", x);
}

/// f of a vector with these entries, and its gradient.
std::pair<double, Array<double>> at(std::initializer_list<double> entries, Var (*f)(const Var&)) {
    Tape tape;
    const Var x = variable(tape, entries), y = f(x);
    return {y.item(), gradient(y, x).value()};
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : reduction_ops())
        names.push_back(op.name());
    BOOST_TEST(names ==
                   (std::vector<std::string>{"xtape::sum", "xtape::amax", "xtape::amin", "xtape::logsumexp",
                                             "xtape::norm", "xtape::softmax", "xtape::log_softmax"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
    for (const Reduction& r : reductions)
        for (const Along& along : patterns)
            for (const Keep keep : {Keep::none, Keep::dims}) {
                const auto x = drawn(along.extents, 3);
                const auto f = [&](auto v) { return r.f(v[0], along.axes, keep); };
                const std::string what = r.name + " of " + to_string(along.extents);
                // Up to 8 entries of magnitude up to 2 are added: rounding is that of their sum.
                const auto verdict = check::values(
                    f, {x}, naive::reduce(x, along.counted, keep == Keep::dims, r.reference), 16);
                BOOST_TEST(verdict.pass, what << ": " << verdict.why);
                check::derivatives(what, f, {x});
            }
    for (const Reduction& r : reductions) {
        const auto x = drawn({2, 3}, 5);
        const auto verdict = check::values([&](auto v) { return r.of_all(v[0]); }, {x},
                                           naive::reduce(x, {0, 1}, false, r.reference), 16);
        BOOST_TEST(verdict.pass, r.name << ": " << verdict.why);
    }
}

BOOST_AUTO_TEST_CASE(negative_control) {
    const auto x = drawn({2, 3}, 3);
    for (const Op& op : reduction_ops()) {
        const Op wrong = check::wrong_derivative(op);
        const auto f = [&](auto v) {
            return record(wrong, {v[0]}, {{"axes", Axes{1}}, {"keep", std::int64_t{0}}});
        };
        BOOST_TEST(!check::first_derivative(f, {x}).pass, op.name());
    }
}

BOOST_AUTO_TEST_CASE(over_no_entries) {
    for (const Reduction& r : reductions) {
        const auto f = [&](auto v) { return r.f(v[0], {0}, Keep::none); };
        const auto nothing = drawn({0, 3}, 1), none = drawn({2, 0}, 1);
        if (r.of_nothing) {
            const auto verdict = check::values(f, {nothing}, naive::reduce(nothing, {0}, false, r.reference));
            BOOST_TEST(verdict.pass, r.name << ": " << verdict.why);
        }
        const auto verdict =
            check::values(f, {none}, Array<long double>::from_shape({0})); // nothing to reduce to
        BOOST_TEST(verdict.pass, r.name << ": " << verdict.why);
        const auto derivative = check::first_derivative(f, {none});
        BOOST_TEST(derivative.pass, r.name << ": " << derivative.why);
    }
    Tape tape;
    const Var empty = tape.constant(xt::xarray<double>::from_shape({0}));
    BOOST_TEST(std::isnan(mean(empty).item()));
    BOOST_CHECK_THROW((void)amax(empty).item(), ArgumentError);
    BOOST_CHECK_THROW((void)amin(empty).item(), ArgumentError);
}

BOOST_AUTO_TEST_CASE(axes_that_there_are_not) {
    Tape tape;
    const Var x = tape.input("x", {2, 3});
    BOOST_TEST(says(complaint<ShapeError>([&] { sum(x, {0, -2}); }), "sum(x): an axis is given twice"));
    for (const Reduction& r : reductions)
        BOOST_TEST(says(complaint<ShapeError>([&] { r.f(x, {2}, Keep::none); }), "axis 2 is out of range"),
                   r.name);
    BOOST_CHECK_THROW(softmax(x, -3), ShapeError);
}

BOOST_AUTO_TEST_CASE(ties_share_the_derivative) {
    BOOST_TEST(at({3, 1, 3, 2}, amax).second == (Array<double>{0.5, 0, 0.5, 0}),
               boost::test_tools::per_element());
    BOOST_TEST(at({1, 1, 3, 1}, amin).second == (Array<double>{1.0 / 3, 1.0 / 3, 0, 1.0 / 3}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_nan_is_the_largest_and_the_smallest) {
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    for (const Reduction& r : reductions)
        for (const auto& entries : {std::initializer_list<double>{not_a_number, 1, 2},
                                    {1, not_a_number, 2},
                                    {1, 2, not_a_number}}) {
            Tape tape;
            BOOST_TEST(std::isnan(r.of_all(variable(tape, entries)).item()), r.name);
        }
}

BOOST_AUTO_TEST_CASE(products_with_zeros) {
    BOOST_TEST(at({2, 0, 5}, prod).second == (Array<double>{0, 10, 0}), boost::test_tools::per_element());
    BOOST_TEST(at({0, 3, 0}, prod).second == (Array<double>{0, 0, 0}), boost::test_tools::per_element());
    Tape tape;
    const Var x = variable(tape, {0, 3, 0, 7});
    const Var first = gradient(prod(x), x);
    // ∂²(abcd)/∂a∂c = bd where a and c are the zeros.
    BOOST_TEST(gradient(sum(first * xt::xarray<double>{1, 0, 0, 0}), x).value() ==
                   (Array<double>{0, 0, 21, 0}),
               boost::test_tools::per_element());
    for (const std::vector<double>& entries :
         {std::vector<double>{2, 0, 5, -1, 3}, {0, 3, 0, 7, 1}, {2, 3, 5, 7, 0.5}}) {
        const auto f = [](auto v) { return prod(v[0]); };
        const auto once = check::first_derivative(f, {check::filled({5}, entries)});
        const auto twice = check::second_derivative(f, {check::filled({5}, entries)});
        BOOST_TEST(once.pass, once.why);
        BOOST_TEST(twice.pass, twice.why);
        BOOST_TEST(twice.nonzero > 0u);
    }
}

BOOST_AUTO_TEST_CASE(nothing_overflows) {
    BOOST_TEST(at({1e4, 1e4}, logsumexp).first == 1e4 + std::log(2.0));
    BOOST_TEST(at({-1e4, -1e4}, logsumexp).first == -1e4 + std::log(2.0));
    BOOST_TEST(at({1e4, -1e4}, logsumexp).second == (Array<double>{1, 0}), boost::test_tools::per_element());
    BOOST_TEST(at({-infinity, -infinity}, logsumexp).first == -infinity);
    BOOST_TEST(at({infinity, 0}, logsumexp).first == infinity);
    BOOST_TEST(at({3e200, -4e200}, norm).first == 5e200, boost::test_tools::tolerance(4e-16));
    BOOST_TEST(at({3e-200, 4e-200}, norm).first == 5e-200, boost::test_tools::tolerance(4e-16));
    BOOST_TEST(at({3e200, -4e200}, norm).second(1) == -0.8, boost::test_tools::tolerance(4e-16));
    BOOST_TEST(at({infinity, 1}, norm).first == infinity);
}

BOOST_AUTO_TEST_CASE(the_norm_at_zero) {
    BOOST_TEST(at({0, 0}, norm).first == 0);
    BOOST_TEST(at({0, 0}, norm).second == (Array<double>{0, 0}), boost::test_tools::per_element());
    Tape tape;
    const Var x = variable(tape, {0, 0});
    const Var second = gradient(sum(gradient(norm(x), x)), x);
    BOOST_TEST(second.value() == (Array<double>{0, 0}), boost::test_tools::per_element());
    BOOST_TEST(gradient(sum(second), x, Disconnected::zeros).value() == (Array<double>{0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(logsumexp_of_what_is_minus_infinity) {
    BOOST_TEST(at({-infinity, -infinity}, logsumexp).second == (Array<double>{0, 0}),
               boost::test_tools::per_element());
    BOOST_TEST(at({-infinity, 3}, logsumexp).second == (Array<double>{0, 1}),
               boost::test_tools::per_element());
    BOOST_TEST(std::isnan(at({std::nan(""), -infinity}, logsumexp).second(0)));
    Tape tape;
    const Var x = variable(tape, {-infinity, -infinity});
    BOOST_TEST(gradient(sum(gradient(logsumexp(x), x)), x).value() == (Array<double>{0, 0}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(softmax_and_its_logarithm) {
    for (const auto& [extents, axis] : std::vector<std::pair<Extents, std::int64_t>>{
             {{2, 3}, 0}, {{2, 3}, -1}, {{4}, 0}, {{2, 3, 2}, 1}, {{1, 3}, 0}}) {
        const auto x = drawn(extents, 7);
        const std::size_t counted = axis < 0 ? extents.size() - 1 : static_cast<std::size_t>(axis);
        const auto sums = naive::reduce(x, {counted}, true, [](const Entries& e) {
            long double t = 0;
            for (const long double v : e)
                t += std::exp(v);
            return t;
        });
        const auto share = naive::build(extents, [&](naive::Position p) {
            const long double e = std::exp(naive::at(x, p));
            p[counted] = 0;
            return e / naive::at(sums, p);
        });
        const auto soft = [axis = axis](auto v) { return softmax(v[0], axis); };
        const auto logarithm = [axis = axis](auto v) { return log_softmax(v[0], axis); };
        const auto a = check::values(soft, {x}, share, 1),
                   b = check::values(logarithm, {x}, xt::log(share), 4);
        BOOST_TEST(a.pass, a.why);
        BOOST_TEST(b.pass, b.why);
        if (extents[counted] == 1) continue; // softmax of one is 1, whatever it is of
        check::derivatives("softmax", soft, {x});
        check::derivatives("log_softmax", logarithm, {x});
    }
}

BOOST_AUTO_TEST_CASE(softmax_of_large_entries) {
    Tape tape;
    const Var x = variable(tape, {1000, 1000, -1000});
    BOOST_TEST(softmax(x, 0).value() == (Array<double>{0.5, 0.5, 0}), boost::test_tools::per_element());
    BOOST_TEST(log_softmax(x, 0).value() ==
                   (Array<double>{-std::log(2.0), -std::log(2.0), -2000 - std::log(2.0)}),
               boost::test_tools::per_element());
    const Var none = tape.constant(xt::xarray<double>::from_shape({0, 3}));
    BOOST_TEST(softmax(none, 0).value().size() == 0u);
    BOOST_TEST(softmax(none, 1).value().size() == 0u);
}
