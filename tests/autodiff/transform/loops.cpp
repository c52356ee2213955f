// call, map and scan against the same computation unrolled, and Jacobians by rows against those by columns.

#include <xtape/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <check.hpp>

using namespace xtape;

namespace {

/// Some tens of operations in double.
constexpr double rounding = 256 * std::numeric_limits<double>::epsilon();

bool close(const Array<double>& a, const Array<double>& b) {
    if (a.shape() != b.shape()) return false;
    double scale = 0;
    for (const double entry : b)
        scale = std::max(scale, std::abs(entry));
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!(std::abs(a.data()[i] - b.data()[i]) <= rounding * scale)) return false;
    return true;
}

const Array<double> xs{{0.3, -1.2}, {0.7, 0.1}, {-0.4, 2.0}};
const Array<double> W{{0.5, -0.3}, {1.1, 0.2}};

/// Var of row i.
Var row(const Var& x, std::int64_t i) { return squeeze(slice(x, 0, i, i + 1), {0}); }

} // namespace

BOOST_AUTO_TEST_CASE(a_checkpoint_is_the_same_to_the_bit) {
    const auto inner = [](const Var& w, const Var& x) { return tanh(matmul(w, x)); };
    const auto plain = [&](const Var& w, const Var& x) { return sum(square(inner(w, inner(w, x)))); };
    const auto held = [&](const Var& w, const Var& x) {
        const auto layer = checkpoint(inner);
        return sum(square(layer(w, layer(w, x))));
    };
    const Array<double> x{0.3, -1.2};
    const auto [a, b] = grad(plain)(W, x);
    const auto [c, d] = grad(held)(W, x);
    BOOST_TEST(a == c, boost::test_tools::per_element());
    BOOST_TEST(b == d, boost::test_tools::per_element());
    const Array<double> u{0.5, 2.0};
    BOOST_TEST(close(hvp([&](const Var& v) { return held(Operand(W).on(v.records()), v); })(x, u),
                     hvp([&](const Var& v) { return plain(Operand(W).on(v.records()), v); })(x, u)));
}

BOOST_AUTO_TEST_CASE(a_call_takes_what_it_uses_from_outside) {
    Tape tape;
    const Var w = tape.variable("w", W), x = tape.variable("x", Array<double>{0.3, -1.2});
    const Var y = call([&](std::span<const Var> v) { return std::vector<Var>{matmul(w, v[0]) * w}; }, {x})[0];
    const Var plain = matmul(w, x) * w;
    BOOST_TEST(close(gradient(sum(y), w).value(), gradient(sum(plain), w).value()));
    BOOST_TEST(close(jvp(y, w, w).value(), jvp(plain, w, w).value()));
}

BOOST_AUTO_TEST_CASE(map_is_the_stack_of_its_function) {
    const auto mapped = [](const Var& w, const Var& x) {
        return sum(square(map([&](const Var& each) { return sin(matmul(w, each)); }, x)) * 0.5);
    };
    const auto unrolled = [](const Var& w, const Var& x) {
        std::vector<Var> rows;
        for (std::int64_t i = 0; i < 3; ++i)
            rows.push_back(sin(matmul(w, row(x, i))));
        return sum(square(stack(rows, 0)) * 0.5);
    };
    const auto [a, b] = grad(mapped)(W, xs);
    const auto [c, d] = grad(unrolled)(W, xs);
    BOOST_TEST(close(a, c));
    BOOST_TEST(close(b, d));
    const auto H = hessian(mapped)(W, xs), I = hessian(unrolled)(W, xs);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 2; ++j)
            BOOST_TEST(close(H[i][j], I[i][j]));
    const auto [e, f] = grad(mapped)(W, Array<double>::from_shape({0, 2}));
    BOOST_TEST(e == xt::zeros<double>({2, 2}), boost::test_tools::per_element());
    BOOST_TEST(f.size() == 0u);
}

BOOST_AUTO_TEST_CASE(map_and_scan_take_unsized_axes) {
    Tape tape;
    const Var x = tape.input("x", {Dim("n"), 2});
    const Var doubled = map([](const Var& each) { return each * 2; }, x);
    const auto [last, all] = scan([](const Var& c, const Var& each) { return c + each; },
                                  tape.constant(Array<double>{0.0, 0.0}), x);
    BOOST_TEST(close(doubled.value({{x, xs}}), Array<double>(2 * xs)));
    BOOST_TEST(close(last.value({{x, xs}}), Array<double>(xt::sum(xs, {0}))));
    BOOST_TEST((all.value({{x, xs}}).shape() == Extents{3, 2}));
}

BOOST_AUTO_TEST_CASE(scan_is_the_loop_unrolled) {
    const auto step = [](const Var& w, const Var& h, const Var& x) { return tanh(matmul(w, h) + x * h); };
    const auto scanned = [&](const Var& w, const Var& h, const Var& x) {
        const auto [last, all] = scan([&](const Var& c, const Var& each) { return step(w, c, each); }, h, x);
        return sum(square(last)) + sum(all * all * all);
    };
    const auto unrolled = [&](const Var& w, const Var& h, const Var& x) {
        Var carry = h;
        std::vector<Var> all;
        for (std::int64_t i = 0; i < 3; ++i)
            all.push_back(carry = step(w, carry, row(x, i)));
        const Var stacked = stack(all, 0);
        return sum(square(carry)) + sum(stacked * stacked * stacked);
    };
    const Array<double> h{0.4, -0.9};
    const auto a = grad(scanned)(W, h, xs), b = grad(unrolled)(W, h, xs);
    const auto H = hessian(scanned)(W, h, xs), I = hessian(unrolled)(W, h, xs);
    for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST(close(a[i], b[i]));
        for (std::size_t j = 0; j < 3; ++j)
            BOOST_TEST(close(H[i][j], I[i][j]));
    }
    Array<double> off = b[0];
    off(0, 1) *= 1.001; // the control
    BOOST_TEST(!close(a[0], off));
}

BOOST_AUTO_TEST_CASE(a_recurrence_of_a_thousand_steps) {
    // h ← a h + 1 from 0: h_n = (1 − aⁿ) / (1 − a), with derivatives by hand.
    Tape tape;
    const Var a = tape.variable("a", Array<double>(0.999));
    const std::size_t before = tape.size();
    const ScanStep loop = scan(
        [&](const std::vector<Var>& c, const std::vector<Var>&) {
            return ScanStep{{a * c[0] + 1}, {}};
        },
        {tape.constant(0.0)}, Dim(1000));
    const Var slope = gradient(loop.carry[0], a), second = gradient(slope, a);
    BOOST_TEST(tape.size() - before < 200u);
    const long double x = 0.999, n = 1000, p = std::pow(x, n), q = 1 - x;
    const long double first = (1 - p) / (q * q) - n * std::pow(x, n - 1) / q;
    const long double twice = 2 * (1 - p) / (q * q * q) - 2 * n * std::pow(x, n - 1) / (q * q) -
                              n * (n - 1) * std::pow(x, n - 2) / q;
    // A sum of 1,000 positive terms, each from up to 1,000 products: below 2,000 roundings.
    const double bound = 2000 * std::numeric_limits<double>::epsilon();
    BOOST_TEST(std::abs(slope.item() / static_cast<double>(first) - 1) < bound);
    BOOST_TEST(std::abs(second.item() / static_cast<double>(twice) - 1) < bound);
}

BOOST_AUTO_TEST_CASE(jacobians_by_rows_and_by_columns) {
    Tape tape;
    const Var w = tape.variable("w", W), x = tape.variable("x", xs);
    const Var y = tanh(matmul(x, w)) * sum(x); // (3 × 2)
    const Array<double> rows = jacobian(y, w, Passes::rows).value();
    BOOST_TEST((rows.shape() == Extents{3, 2, 2, 2}));
    BOOST_TEST(close(rows, jacobian(y, w, Passes::columns).value()));
    BOOST_TEST(close(jacobian(y, x, Passes::rows).value(), jacobian(y, x, Passes::columns).value()));
    // An entry by hand: ∂y[1, 0] / ∂w[1, 0] = (1 − tanh²) x[1, 1] Σ x.
    const double z = std::tanh(xs(1, 0) * W(0, 0) + xs(1, 1) * W(1, 0));
    BOOST_TEST(rows(1, 0, 1, 0) == (1 - z * z) * xs(1, 1) * xt::sum(xs)(),
               boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(records_do_not_grow_with_rows) {
    const auto records = [](std::size_t n) {
        Tape tape;
        const Var x = tape.input("x", {n});
        (void)hessian(sum(exp(x) * sin(x)), x);
        return tape.size();
    };
    BOOST_TEST(records(3) == records(300));
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said) {
    Tape tape, other;
    const Var x = tape.input("x", {3, 2}), n = tape.input("n", {Dim("n")}), foreign = other.input("f", {2});
    const std::size_t before = tape.size();
    BOOST_TEST(check::says(check::complaint<ShapeError>([&] { (void)jacobian(n * 2, n); }),
                           "the extent of n must be known"));
    BOOST_TEST(
        check::says(check::complaint<ShapeError>([&] { (void)map([](const Var& v) { return v; }, sum(x)); }),
                    "has no leading axis"));
    BOOST_TEST(check::says(check::complaint<ShapeError>([&] {
                               (void)scan([](const Var& c, const Var&) { return sum(c); },
                                          tape.constant(Array<double>{1.0, 2.0}), x);
                           }),
                           "A carry keeps its shape"));
    BOOST_CHECK_THROW((void)map([&](const Var&) { return foreign; }, x), VarError);
    BOOST_CHECK_THROW((void)jvp(sum(x), x, n), ShapeError);
    BOOST_TEST(tape.size() <= before + 8); // the operands that were recorded for the calls, and nothing else
}
