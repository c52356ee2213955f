#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace xtape;

namespace {

const xt::xarray<double> w{{0.3, -0.7, 1.1}, {-0.2, 0.9, 0.4}}, x{{0.5, -1.5}, {1.25, 0.75}, {-0.25, 2}},
    b{{0.1, 0.2}, {-0.4, 0.6}};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// tanh with a rule of its own.
Var tanh_with(const Var& v, std::function<Var(const Pullback&)> rule) {
    return record(elementwise("test::tanh").opaque([](auto z) { return tanh(z); }).vjp(std::move(rule)), {v});
}
Var right_rule(const Pullback& p) { return p.cotangent() * (1 - square(p.output())); }

/// The report fails, and says this.
void expect(const Report& report, Verdict verdict, const std::string& line, const std::string& part) {
    BOOST_TEST((report.verdict() == verdict), report);
    const Comparison found = report[line];
    BOOST_TEST((found.verdict == verdict), report);
    BOOST_TEST(says(found.finding, part), report);
}

const auto layer = [](Var W, Var X, Var B) { return tanh(matmul(W, X) + B); };

} // namespace

BOOST_AUTO_TEST_CASE(right_gradients_pass) {
    BOOST_TEST(check_gradients([](Var v) { return exp(v); }, x));
    BOOST_TEST(check_gradients(layer, w, x, b));
    BOOST_TEST(check_gradients(layer, {{"W", w}, {"X", x}, {"b", b}}));
    BOOST_TEST(check_gradients(layer, {{"W", w}, {"X", x}, {"b", b}}, {.seed = 7}));
    BOOST_TEST(check_gradients([](Var v) { return softmax(v, 1); }, w));
    BOOST_TEST(check_gradients([](Var v) { return sum(square(log_softmax(v, 0))); }, w));
    BOOST_TEST(check_gradients([](Var u, Var v) { return std::vector<Var>{matmul(u, v), exp(u)}; }, w, x));
    const auto deep = [](Var W, Var X) {
        Var a = X;
        for (int i = 0; i < 12; ++i)
            a = tanh(matmul(W, a));
        return a;
    };
    const xt::xarray<double> square{{0.3, -0.7, 1.1}, {-0.2, 0.9, 0.4}, {1.2, 0.1, -0.8}};
    BOOST_TEST(check_gradients(deep, square, x));
}

BOOST_AUTO_TEST_CASE(badly_scaled_arrays_pass) {
    const auto f = [](Var v) { return log(v) + sqrt(v); };
    BOOST_TEST(check_gradients(f, xt::xarray<double>{1e-12, 1e-3, 1, 1e6, 1e12}));
    BOOST_TEST(check_gradients([](Var v) { return sin(v); }, xt::xarray<double>{1e-9, 1e3, 1e6}));
    BOOST_TEST(check_gradients([](Var v) { return exp(v); }, xt::xarray<double>{1e-12, -30, 40}));
    BOOST_TEST(check_gradients([](Var v) { return tanh(v); }, xt::xarray<double>{1e-200, 9, -12}));
    BOOST_TEST(check_gradients([](Var v) { return sigmoid(v); }, xt::xarray<float>{0.5F, -3, 11}));
    BOOST_TEST(check_gradients([](Var v) { return square(v); }, xt::xarray<long double>{0.1L, 1e-8L}));
}

BOOST_AUTO_TEST_CASE(a_wrong_entry_is_named_with_both_numbers_and_how_to_repeat) {
    const auto wrong = [](Var v) {
        return tanh_with(v, [](const Pullback& p) { return where(p.input() > 1, 1.001, 1) * right_rule(p); });
    };
    const Report report = check_gradients(wrong, w, {.seed = 7});
    expect(report, Verdict::fail, "dx", "[0,2]: ");
    for (const char* part :
         {" on the tape, ", " by differences, apart by ", " times the differences' own error",
          "check_gradients(f, x, {.seed = 7, .only = {\"x[0,2]\"}})"})
        BOOST_TEST(says(report["dx"].finding, part), report);
    BOOST_TEST((report["dx"].verdict == Verdict::fail));
    BOOST_TEST((report["Taylor remainder"].verdict == Verdict::fail), report);
    BOOST_TEST(check_gradients(wrong, w, {.seed = 7, .only = {"x[0,2]"}})["dx"].compared == 1u);
    BOOST_TEST((check_gradients(wrong, w, {.only = {"x[1,0]"}})["dx"].verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(arrays_with_names_and_what_is_already_recorded) {
    const auto wrong = [](Var W, Var X) {
        return tanh_with(matmul(W, X), [](const Pullback& p) { return 1.001 * right_rule(p); });
    };
    const Report named_ones = check_gradients(wrong, {{"W", w}, {"X", x}}, {.order = 1});
    expect(named_ones, Verdict::fail, "dW", "{\"W[0,0]\"}");
    expect(named_ones, Verdict::fail, "dX", "{\"X[0,0]\"}");
    const NamedArrays at{{"W", w}, {"X", x}};
    BOOST_TEST(
        check_gradients([](std::span<const Var> v) { return tanh(matmul(v[0], v[1])); }, std::span(at)));

    Tape tape;
    const Var W = tape.variable("W", w), X = tape.input("X", {3, Dim("n")});
    const Var J = mean(square(matmul(W, X)));
    const std::size_t size = tape.size();
    const Report report = check_gradients(J, {W}, {{X, x}});
    BOOST_TEST(report);
    BOOST_TEST(report["dW"].compared == 6u);
    BOOST_TEST(tape.size() == size);
    BOOST_TEST(W.value() == w, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_kink_is_inconclusive_where_the_gradient_lies_between_both_slopes) {
    const auto hidden = [](Var W, Var X) { return relu(named("Z", matmul(W, X))); };
    const xt::xarray<double> rows{{0.5, 0.25}, {1, 2}}, columns{{1, 2}, {-2, 1}}; // Z[0,0] = 0
    const Report report = check_gradients(hidden, {{"W", rows}, {"X", columns}});
    expect(report, Verdict::inconclusive, "dW", "[0,:]: relu at Z[0,0] = 0 changes branch within ±");
    expect(report, Verdict::inconclusive, "dW", "lies within. The other 2 entries agree to ");
    BOOST_TEST(report["dW"].reason == "kink");
    BOOST_TEST(says(report.to_string(), "INCONCLUSIVE(kink) dW[0,:]: relu at "), report);

    // Farther away than the smallest step of use, a kink does not matter.
    BOOST_TEST(check_gradients([](Var v) { return relu(v); }, xt::xarray<double>{1e-6, -1e-7, 1}));
    BOOST_TEST(
        check_gradients([](Var v) { return maximum(v, 0.3); }, xt::xarray<double>{0.3 + 1e-8, 1, 0.2}));

    // The branches of a traced body count too, and those of whole arrays.
    const Op body = elementwise("test::hinge").forward([](auto v) { return where(v > 1, v * v, 2 * v); });
    const Report traced = check_gradients([&](Var v) { return record(body, {v}); }, xt::xarray<double>{1, 3});
    BOOST_TEST(traced["dx"].reason == "kink", traced);
    const Report tie = check_gradients([](Var v) { return amax(v); }, xt::xarray<double>{2, 1, 2});
    expect(tie, Verdict::inconclusive, "dx", " at x");

    // And those of functions that are mapped; a smooth one next to it is not watched, and passes.
    const auto bent = [](Var v) { return map([](Var e) { return where(e > 1, e * e, 2 * e); }, v); };
    const Report inside = check_gradients(bent, xt::xarray<double>{1, 3});
    expect(inside, Verdict::inconclusive, "dx", "the function of map at x changes branch");
    BOOST_TEST(inside["dx"].reason == "kink", inside);
    BOOST_TEST(check_gradients(bent, xt::xarray<double>{1.5, 3}));

    // An argument next to a decision: beyond it, f is not what was recorded.
    const auto decided = [](Var v) { return decide(v > 1) ? v * v : 2 * v - 1; };
    BOOST_TEST(check_gradients(decided, xt::xarray<double>(1.5)));
}

BOOST_AUTO_TEST_CASE(a_gradient_outside_both_slopes_of_a_kink_fails) {
    const auto with = [](long double at_zero) {
        return [=](Var v) {
            return record(elementwise("test::relu")
                              .opaque([](auto z) { return relu(z); })
                              .vjp([=](const Pullback& p) {
                                  return where(p.input() > 0, p.cotangent(),
                                               where(p.input() < 0, 0, at_zero * p.cotangent()));
                              })
                              .kink("x = 0", [](auto z) { return z > 0; }),
                          {v});
        };
    };
    const xt::xarray<double> at{0, 1};
    BOOST_TEST((check_gradients(with(0.5L), at)["dx"].verdict == Verdict::inconclusive));
    expect(check_gradients(with(1.5L), at), Verdict::fail, "dx", "is outside");
    expect(check_gradients(with(-0.1L), at), Verdict::fail, "dx", "is outside");
}

BOOST_AUTO_TEST_CASE(the_edge_of_a_domain_is_inconclusive) {
    const Op power = elementwise("test::power")
                         .opaque([](auto z) { return z * sqrt(z); })
                         .vjp([](const Pullback& p) { return 1.5 * p.cotangent() * sqrt(p.input()); })
                         .domain(0, std::numeric_limits<double>::infinity());
    const Report report =
        check_gradients([&](Var v) { return record(power, {v}); }, xt::xarray<double>{0, 1}, {.order = 1});
    BOOST_TEST((report.verdict() == Verdict::inconclusive), report);
    BOOST_TEST(report["dx"].reason == "domain", report);
    expect(report, Verdict::inconclusive, "dx", "power at x[0] = 0 leaves its domain within ±");
    // The same inside functions, also inside one in another.
    const auto of_one = [&](const Var& v) { return record(power, {v}); };
    const auto mapped = [&](Var v) { return map(of_one, v); };
    const auto called = [&](Var v) { return checkpoint(mapped)(v); };
    const auto scanned = [&](Var v) {
        return scan([&](const Var& c, const Var& x) { return c + of_one(x); }, sum(0 * v), v).second;
    };
    for (const auto& f : std::vector<std::function<Var(Var)>>{mapped, called, scanned}) {
        const Report within = check_gradients(f, xt::xarray<double>{0, 1}, {.order = 1});
        BOOST_TEST((within.verdict() == Verdict::inconclusive), within);
        BOOST_TEST(within["dx"].reason == "domain", within);
        BOOST_TEST(says(within.to_string(), "the function of "), within);
        BOOST_TEST(check_gradients(f, xt::xarray<double>{0.5, 1}, {.order = 1}));
    }
    // Close to the edge smaller steps stay inside.
    BOOST_TEST(check_gradients([](Var v) { return log(v); }, xt::xarray<double>{1e-9, 1}));
    // What is not finite is a failure.
    expect(check_gradients([](Var v) { return log(v); }, xt::xarray<double>{0, 1}), Verdict::fail, "value",
           "not finite");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    BOOST_TEST(!check_gradients([](Var v) { return exp(v); }, xt::xarray<double>{nan, 1}));
    const auto hole = [](Var v) {
        return tanh_with(v, [](const Pullback& p) {
            return where(p.input() > 1, 0 / sum(p.input() * 0), 1) * right_rule(p);
        });
    };
    expect(check_gradients(hole, w), Verdict::fail, "dx", "[0,2]: the gradient is NaN");
}

BOOST_AUTO_TEST_CASE(noise_is_inconclusive) {
    const Report saturated = check_gradients([](Var v) { return sigmoid(v) + 1e6; }, xt::xarray<double>{35});
    BOOST_TEST((saturated.verdict() == Verdict::inconclusive), saturated);
    BOOST_TEST(saturated["dx"].reason == "noise", saturated);
    expect(saturated, Verdict::inconclusive, "dx", "differences tell ");
}

BOOST_AUTO_TEST_CASE(a_gradient_of_zero_passes_only_where_declared) {
    const auto ignores = [](Var u, Var) { return exp(u); };
    expect(check_gradients(ignores, w, x), Verdict::fail, "dx1", "the function ignores x1");
    BOOST_TEST(check_gradients(ignores, w, x, {.zero = {"x1"}}));
    expect(check_gradients(ignores, w, x, {.zero = {"x0", "x1"}}), Verdict::fail, "dx0", "declared zero");
    const auto dead = [](Var v) { return relu(v); };
    const xt::xarray<double> negative{-1, -2};
    expect(check_gradients(dead, negative), Verdict::fail, "dx", "zero everywhere");
    BOOST_TEST(check_gradients(dead, negative, {.zero = {"x"}}));
    const auto cut = [](Var v) { return sum(stop_gradient(square(v))); };
    expect(check_gradients(cut, w), Verdict::fail, "dx", "by differences");
    BOOST_TEST(!check_gradients(cut, w, {.zero = {"x"}}));
}

BOOST_AUTO_TEST_CASE(nothing_compared_is_a_failure) {
    const Report report = check_gradients([](Var v) { return exp(v); }, Array<double>::from_shape({0, 3}));
    BOOST_TEST((report.verdict() == Verdict::fail), report);
    BOOST_TEST(says(report.to_string(), "Nothing was compared"), report);
    BOOST_TEST(
        check_gradients([](Var u, Var v) { return sum(u) + sum(v); }, Array<double>::from_shape({0, 3}), x));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_deterministic_is_called_so) {
    int calls = 0;
    const auto counts = [&](Var v) { return v * ++calls; };
    expect(check_gradients(counts, w), Verdict::fail, "deterministic", "of two recordings one gives ");
    const auto grows = [&](Var v) { return ++calls % 2 == 0 ? v : -v; };
    expect(check_gradients(grows, w), Verdict::fail, "deterministic", "records");
    std::uint64_t state = 1;
    const Op noisy = elementwise("test::noisy")
                         .opaque([&state](auto z) {
                             state = state * 6364136223846793005ULL + 1;
                             return z + static_cast<double>(state >> 33) * 1e-18;
                         })
                         .vjp([](const Pullback& p) { return p.cotangent(); });
    expect(check_gradients([&](Var v) { return record(noisy, {v}); }, w), Verdict::fail, "deterministic",
           "two evaluations");
}

BOOST_AUTO_TEST_CASE(rules_that_values_alone_do_not_betray) {
    const auto stopped = [](Var v) {
        return tanh_with(
            v, [](const Pullback& p) { return stop_gradient(p.cotangent()) * (1 - square(p.output())); });
    };
    expect(check_gradients(stopped, w), Verdict::fail, "jvp", "stop_gradient");
    const auto bent = [](Var v) {
        return tanh_with(
            v, [](const Pullback& p) { return right_rule(p) * (1 + 1e-3 * square(p.cotangent())); });
    };
    expect(check_gradients(bent, w), Verdict::fail, "linear in cotangent", "vjp(2.5 v + w)");
    const auto flat = [](Var v) {
        return tanh_with(
            v, [](const Pullback& p) { return p.cotangent() * stop_gradient(1 - square(p.output())); });
    };
    const Report report = check_gradients(flat, w);
    expect(report, Verdict::fail, "ddx", "by differences");
    BOOST_TEST((report["dx"].verdict == Verdict::pass), report);
    BOOST_TEST(check_gradients(flat, w, {.order = 1}));
}

BOOST_AUTO_TEST_CASE(a_sample_of_the_entries_of_a_large_array) {
    const Array<double> large = 0.01 * xt::arange<double>(-150, 151);
    const auto f = [](Var v) { return sum(sin(v)); };
    const Report report = check_gradients(f, large, {.order = 1, .entries = 20});
    BOOST_TEST(report);
    BOOST_TEST(report["dx"].compared == 20u);
    BOOST_TEST(check_gradients(f, large, {.order = 1})["dx"].compared == 301u);
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
    const auto f = [](Var v) { return exp(v); };
    BOOST_CHECK_THROW((void)check_gradients(f, xt::xarray<int>{1, 2}), KindError);
    BOOST_CHECK_THROW((void)check_gradients(f, w, {.order = 3}), ArgumentError);
    BOOST_CHECK_THROW((void)check_gradients(f, w, {.only = {"y"}}), NameError);
    BOOST_CHECK_THROW((void)check_gradients(f, w, {.zero = {"y"}}), NameError);
    BOOST_CHECK_THROW((void)check_gradients([](Var v) { return v > 0; }, w), ArgumentError);
    BOOST_CHECK_THROW((void)check_gradients([](Var u, Var v) { return matmul(u, v); }, w, w), ShapeError);
}
