#include "check.hpp"
#include "naive.hpp"

#include <boost/test/unit_test.hpp>

using namespace xtape;
using check::complaint;
using check::drawn;
using check::says;

namespace {

const std::vector<Extents> matrices{{3, 3},       {2, 4}, {4, 2}, {1, 1},   {2, 3, 4},
                                    {2, 1, 4, 3}, {0, 3}, {3, 0}, {0, 2, 2}};

std::int64_t rows(const Extents& e) { return static_cast<std::int64_t>(e[e.size() - 2]); }
std::int64_t columns(const Extents& e) { return static_cast<std::int64_t>(e[e.size() - 1]); }

/// Column less row of an entry: the diagonal that it is on.
std::int64_t diagonal_of(const naive::Position& p) {
    return static_cast<std::int64_t>(p[p.size() - 1]) - static_cast<std::int64_t>(p[p.size() - 2]);
}

/// Calls f(x, k) for matrices of all shapes and each of their diagonals.
template <class F>
void for_each_case(F f) {
    for (const Extents& extents : matrices)
        for (std::int64_t k = -rows(extents); k <= columns(extents); ++k)
            f(drawn(extents, 3), k);
}

/// The entries of x that lie on diagonal k, found by looking at every entry.
Array<long double> entries_on(const Array<long double>& x, std::int64_t k) {
    const Extents extents(x.shape());
    std::vector<long double> found;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (diagonal_of(naive::position(i, extents)) == k) found.push_back(x.data()[i]);
    std::size_t count = 0;
    for (std::int64_t i = 0; i < rows(extents); ++i)
        if (i + k >= 0 && i + k < columns(extents)) ++count;
    Extents result(extents.begin(), extents.end() - 2);
    result.push_back(count);
    auto array = Array<long double>::from_shape(result);
    std::copy(found.begin(), found.end(), array.begin());
    return array;
}

void linear(const std::string& what, const check::Function& f, const Array<long double>& x,
            const Array<long double>& reference) {
    const auto verdict = check::values(f, {x}, reference, 16);
    BOOST_TEST(verdict.pass, what << ": " << verdict.why);
    const check::Function squared = [&](auto v) { return square(f(v)); };
    const auto first = check::first_derivative(squared, {x}), second = check::second_derivative(squared, {x});
    BOOST_TEST(first.pass, what << ": " << first.why);
    BOOST_TEST(second.pass, what << ": " << second.why);
    BOOST_TEST((first.nonzero > 0 || AnyArray(reference).size() == 0 || xt::amax(xt::abs(reference))() == 0),
               what);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_operation_of_the_family_is_tested_here) {
    std::vector<std::string> names;
    for (const Op& op : diagonal_ops())
        names.push_back(op.name());
    BOOST_TEST(names == (std::vector<std::string>{"xtape::diagonal", "xtape::place_diagonal", "xtape::tril",
                                                  "xtape::triu"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(diagonals_of_every_shape) {
    for_each_case([](const Array<long double>& x, std::int64_t k) {
        linear(
            "diagonal", [k](auto v) { return diagonal(v[0], k); }, x, entries_on(x, k));
        const auto on = entries_on(x, k);
        const auto sums = naive::reduce(on, {on.dimension() - 1}, false, [](const auto& entries) {
            long double total = 0;
            for (const long double entry : entries)
                total += entry;
            return total;
        });
        linear(
            "trace", [k](auto v) { return trace(v[0], k); }, x, sums);
    });
}

BOOST_AUTO_TEST_CASE(triangles) {
    for_each_case([](const Array<long double>& x, std::int64_t k) {
        const Extents extents(x.shape());
        linear(
            "tril", [k](auto v) { return tril(v[0], k); }, x,
            naive::build(extents, [&](const auto& p) { return diagonal_of(p) <= k ? naive::at(x, p) : 0; }));
        linear(
            "triu", [k](auto v) { return triu(v[0], k); }, x,
            naive::build(extents, [&](const auto& p) { return diagonal_of(p) >= k ? naive::at(x, p) : 0; }));
    });
    Tape tape;
    const Var x = tape.constant(xt::xarray<double>{{1, 2}, {3, std::numeric_limits<double>::infinity()}});
    BOOST_TEST(triu(x, 5).value() == (Array<double>{{0, 0}, {0, 0}}), boost::test_tools::per_element());
    BOOST_TEST(tril(x, 5).value() == x.value(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(matrices_of_vectors) {
    for (const Extents& extents : {Extents{3}, Extents{1}, Extents{0}, Extents{2, 3}, Extents{3, 0}})
        for (const std::int64_t k : {0, 1, -2}) {
            const auto x = drawn(extents, 5);
            Extents result = extents;
            result.back() += static_cast<std::size_t>(std::abs(k));
            result.push_back(result.back());
            const auto placed = naive::build(result, [&](naive::Position p) {
                if (diagonal_of(p) != k) return 0.0L;
                const std::size_t i = std::min(p[p.size() - 2], p[p.size() - 1]);
                p.pop_back();
                p.back() = i;
                return naive::at(x, p);
            });
            linear(
                "diag", [k](auto v) { return diag(v[0], k); }, x, placed);
            const auto back = check::values([k](auto v) { return diagonal(diag(v[0], k), k); }, {x}, x);
            BOOST_TEST(back.pass, back.why);
        }
}

BOOST_AUTO_TEST_CASE(the_derivative_of_a_trace_of_a_product) {
    // ∂ tr(A B) / ∂A = Bᵀ.
    Tape tape;
    const xt::xarray<double> b{{1, 2}, {3, 4}, {5, 6}};
    const Var A = tape.variable("A", xt::xarray<double>::from_shape({2, 3})), B = tape.constant(b);
    const Var slope = gradient(trace(matmul(A, B)), A);
    BOOST_TEST(slope.value() == (Array<double>{{1, 3, 5}, {2, 4, 6}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(negative_control) {
    for (const Op& op : diagonal_ops()) {
        const Op wrong = check::wrong_derivative(op);
        const bool places = op.name() == "xtape::place_diagonal";
        const auto f = [&](auto v) {
            return places ? record(wrong, {v[0]}, {{"k", std::int64_t{1}}, {"shape", Shape{2, 3}}})
                          : record(wrong, {v[0]}, {{"k", std::int64_t{1}}});
        };
        const auto x = drawn(places ? Extents{2} : Extents{2, 3}, 3);
        BOOST_TEST(!check::first_derivative(f, {x}).pass, op.name());
    }
}

BOOST_AUTO_TEST_CASE(identities) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}}),
              n = tape.input("n", {Dim("n"), Dim("n")});
    BOOST_TEST(eye_like(x).value() == (Array<double>{{1, 0, 0}, {0, 1, 0}}),
               boost::test_tools::per_element());
    BOOST_CHECK_THROW(gradient(sum(eye_like(x)), x), GradientError);
    const xt::xarray<double> square{{7, 8}, {9, 10}};
    BOOST_TEST(eye_like(n).value({{n, square}}) == (Array<double>{{1, 0}, {0, 1}}),
               boost::test_tools::per_element());
    BOOST_TEST(diagonal(n).shape().to_string() == "(n)");
    BOOST_TEST(diag(diagonal(n)).value({{n, square}}) == (Array<double>{{7, 0}, {0, 10}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_input) {
    Tape tape;
    const Var X = tape.input("X", {2, 3}), v = tape.input("v", {3}),
              N = tape.input("N", {Dim("n"), Dim("n")}), M = tape.input("M", {Dim("m"), Dim("n")}),
              u = tape.input("u", {Dim("n")}), one = tape.input("one", {});
    BOOST_TEST(says(complaint<ShapeError>([&] { diagonal(X, 4); }),
                    "diagonal(X): X is (2 × 3): there is no diagonal 4 in 2 × 3; they go from -2 to 3."));
    BOOST_CHECK_THROW(diagonal(X, -3), ShapeError);
    BOOST_CHECK_THROW(trace(X, -3), ShapeError);
    BOOST_TEST(says(complaint<ShapeError>([&] { trace(v); }), "it must be a matrix"));
    BOOST_CHECK_THROW(tril(v), ShapeError);
    BOOST_CHECK_THROW(triu(one), ShapeError);
    BOOST_CHECK_THROW(eye_like(v), ShapeError);
    BOOST_TEST(says(complaint<ShapeError>([&] { diag(one); }), "its last axis must hold the entries"));
    BOOST_TEST(says(complaint<ShapeError>([&] { diag(u, 1); }), "the extent of n must be known"));
    BOOST_TEST(says(complaint<ShapeError>([&] { diagonal(N, 1); }), "an extent that is not known"));
    BOOST_CHECK_THROW(diagonal(M), ShapeError);
    const std::size_t size = tape.size();
    BOOST_CHECK_THROW(trace(X, 9), ShapeError);
    BOOST_TEST(tape.size() == size);
}
