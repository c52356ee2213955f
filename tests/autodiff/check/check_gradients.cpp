#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

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
    fmt::print("{}\n", check_gradients(layer, w, x, b));
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
    for (const char* part : {" on the tape, ", " by differences, apart by ",
                             " times the differences' own error", "{.seed = 7, .only = {\"x[0,2]\"}}"})
        BOOST_TEST(says(report["dx"].finding, part), report);
    BOOST_TEST((report["dx"].verdict == Verdict::fail));
    BOOST_TEST((report["Taylor remainder"].verdict == Verdict::fail), report);
    BOOST_TEST(check_gradients(wrong, w, {.seed = 7, .only = {"x[0,2]"}})["dx"].compared == 1u);
    BOOST_TEST((check_gradients(wrong, w, {.only = {"x[1,0]"}})["dx"].verdict == Verdict::pass));
    fmt::print("{}\n", report);
}
