/// compile(f): what is recorded once, what is recorded anew, and what it gives.

#include "check.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;
using check::complaint;
using check::filled;
using check::says;

const Array<double> a = filled<double>({2, 3}, {0.5, -1, 2, 0.25, -0.75, 1.5}),
                    b = filled<double>({3, 1}, {1, -2, 0.5});

/// tanh(x y), counting how often it is recorded.
auto counted(std::size_t& calls) {
    return [&calls](const Var& x, const Var& y) {
        ++calls;
        return sum(tanh(matmul(x, y)));
    };
}

/// Whether two arrays are the same up to 100 ε of the largest entry: sums of at most 6 terms, and tanh of
/// them.
template <class T>
bool close(const Array<T>& x, const Array<T>& y) {
    if (x.shape() != y.shape()) return false;
    T most = 0;
    for (const T value : y)
        most = std::max(most, std::fabs(value));
    for (std::size_t i = 0; i < x.size(); ++i)
        if (!(std::fabs(x.data()[i] - y.data()[i]) <= 100 * std::numeric_limits<T>::epsilon() * most))
            return false;
    return x.size() > 0;
}

BOOST_AUTO_TEST_CASE(it_records_once_for_each_set_of_shapes) {
    std::size_t calls = 0;
    const auto f = counted(calls);
    const auto fast = compile(value_and_grad(f));
    const auto [y, gradients] = fast(a, b);
    BOOST_TEST(calls == 1u);
    const auto [expected, slopes] = value_and_grad(f)(a, b);
    BOOST_TEST(close(y, expected));
    BOOST_TEST(close(gradients[0], slopes[0]));
    BOOST_TEST(close(gradients[1], slopes[1]));
    Array<double> wrong = slopes[1];
    wrong(1, 0) *= 1.001;
    BOOST_TEST(!close(gradients[1], wrong));

    calls = 0;
    const Array<double> c = 2 * a;
    BOOST_TEST(close(fast(c, b).second[0], value_and_grad(f)(c, b).second[0]));
    BOOST_TEST(calls == 1u); // the reference's own
    const Array<double> wide = filled<double>({4, 3}, {0.5, -1, 2, 0.25});
    BOOST_TEST(close(fast(wide, b).second[1], value_and_grad(f)(wide, b).second[1]));
    BOOST_TEST(fast.recordings() == 2u);
    (void)fast(a, b);
    BOOST_TEST(fast.recordings() == 2u);
}

BOOST_AUTO_TEST_CASE(float_and_double_are_recorded_apart) {
    const auto fast = compile([](const Var& x) { return exp(x); });
    const Array<float> x = xt::cast<float>(a);
    static_assert(std::same_as<decltype(fast(x)), Array<float>>);
    static_assert(std::same_as<decltype(fast(a)), Array<double>>);
    BOOST_TEST(close(fast(x), Array<float>(xt::exp(x))));
    BOOST_TEST(close(fast(a), Array<double>(xt::exp(a))));
    BOOST_TEST(fast.recordings() == 2u);
    // Integers and what is not row-major are converted.
    const xt::xarray<int, xt::layout_type::column_major> whole{{1, 2}, {3, 4}};
    BOOST_TEST(close(fast(whole), Array<double>(xt::exp(xt::cast<double>(whole)))));
}

BOOST_AUTO_TEST_CASE(the_recordings_that_were_used_last_are_kept) {
    std::size_t calls = 0;
    const auto fast = compile(counted(calls), {.kept = 2});
    const Array<double> wide = filled<double>({4, 3}, {1, 2}), wider = filled<double>({5, 3}, {1, 2});
    (void)fast(a, b);
    (void)fast(wide, b);
    (void)fast(a, b);
    (void)fast(wider, b); // in the place of wide
    BOOST_TEST(calls == 3u);
    (void)fast(a, b);
    BOOST_TEST(calls == 3u);
    (void)fast(wide, b);
    BOOST_TEST(calls == 4u);
}

BOOST_AUTO_TEST_CASE(what_is_captured_is_frozen_and_a_check_says_so) {
    double factor = 2;
    const auto f = [&](const Var& x) { return factor * x; };
    const auto fast = compile(f), checked = compile(f, {.check = true});
    const Array<double> twice = 2 * a;
    BOOST_TEST(close(fast(a), twice));
    BOOST_TEST(close(checked(a), twice));
    BOOST_TEST(close(checked(a), twice));
    factor = 3;
    BOOST_TEST(close(fast(a), twice));
    const std::string message = complaint<ArgumentError>([&] { (void)checked(a); });
    BOOST_TEST(says(message, "(2 × 3)"));
    BOOST_TEST(says(message, "Pass what changes as an argument"));
    BOOST_TEST(checked.recordings() == 1u);
}

BOOST_AUTO_TEST_CASE(it_decides_on_its_arguments_and_keeps_each_branch) {
    std::size_t calls = 0;
    const auto f = [&calls](const Var& x) {
        ++calls;
        return decide(sum(x) > 0) ? x : decide(amin(x) < -10) ? -2 * x : -x;
    };
    const auto fast = compile(f, {.kept = 2}), checked = compile(f, {.check = true});
    const Array<double> up{1, 2}, down{-1, -2}, low{-20, -2};
    for (int k = 0; k < 3; ++k) {
        BOOST_TEST(close(fast(up), up)); // which was recorded before the decision, and rests on it here
        BOOST_TEST(close(fast(down), Array<double>(-down)));
        BOOST_TEST(calls == 2u);
        BOOST_TEST(close(checked(up), up));
        BOOST_TEST(close(checked(low), Array<double>(-2 * low)));
        calls = 2;
    }
    BOOST_TEST(fast.recordings() == 2u);
    BOOST_TEST(checked.recordings() == 2u);
    BOOST_TEST(close(fast(low), Array<double>(-2 * low))); // in the place of the branch of up
    BOOST_TEST(close(fast(down), Array<double>(-down)));
    BOOST_TEST(fast.recordings() == 3u);
    BOOST_TEST(close(fast(up), up));
    BOOST_TEST(fast.recordings() == 4u);
    BOOST_TEST(close(compile(grad([&](const Var& x) { return sum(f(x)); }))(low),
                     Array<double>(-2 * xt::ones_like(low))));
    // Newton's method for √x: as many recordings as there are numbers of steps, and in float as well.
    const auto root = compile([](const Var& x) {
        Var r = x + 1;
        while (decide(abs(r * r - x) > 1e-5L * x))
            r = (r + x / r) / 2;
        return r;
    });
    for (int k = 0; k < 2; ++k)
        for (const double at : {0.25, 0.3, 2.0, 1000.0}) {
            BOOST_TEST(std::abs(root(Array<double>(at))() / std::sqrt(at) - 1) < 1e-5);
            BOOST_TEST(std::abs(root(Array<float>(static_cast<float>(at)))() / std::sqrt(at) - 1) < 1.1e-5);
        }
    BOOST_TEST(root.recordings() <= 8u);
    BOOST_TEST(root.plan(Array<double>(2.0)).to_string() == root.plan(Array<double>(2.1)).to_string());
}

BOOST_AUTO_TEST_CASE(it_can_be_differentiated) {
    const auto f = [](const Var& x) { return sum(x * x * x); };
    BOOST_TEST(close(grad(compile(f))(a), Array<double>(3 * a * a)));
    BOOST_TEST(close(compile(grad(compile(f)))(a), Array<double>(3 * a * a)));
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_of_what_fails) {
    const auto fast = compile([](const Var& x, const Var& y) { return matmul(x, y); });
    BOOST_CHECK_THROW((void)fast(a, a), ShapeError);
    BOOST_TEST(fast.recordings() == 0u);
    const auto none = compile([](const Var&) { return std::vector<Var>(); });
    BOOST_TEST(says(complaint<ArgumentError>([&] { (void)none(a); }), "returns nothing"));
    const Array<double> empty = Array<double>::from_shape({0, 3});
    BOOST_TEST((fast(empty, b).shape() == Array<double>::from_shape({0, 1}).shape()));
    BOOST_TEST(says(fast.plan(a, b).to_string(), "product (2 × 3) (3 × 1)"));
}

} // namespace
