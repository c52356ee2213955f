/// What a Program says of where its time goes.

#include "layer.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace xtape;
using agreement::Layer;
using check::complaint;
using check::says;

/// Whether a profile's steps are those of the plan and its figures fit together.
void expect_of(const Profile& profile, const ProgramPlan& plan) {
    double shares = 0, seconds = 0;
    BOOST_REQUIRE(profile.steps().size() == plan.steps().size());
    for (std::size_t k = 0; k < plan.steps().size(); ++k) {
        const Profile::Step& step = profile.steps()[k];
        BOOST_TEST(step.text == plan.steps()[k].text);
        BOOST_TEST(step.flops == plan.steps()[k].flops);
        BOOST_TEST(step.bytes == plan.steps()[k].bytes);
        BOOST_TEST(says(profile.to_string(), step.text));
        BOOST_TEST(step.share >= 0);
        BOOST_TEST(std::isfinite(step.gflops() + step.gigabytes()));
        shares += step.share;
        seconds += step.seconds;
    }
    BOOST_TEST(std::fabs(shares - 1) <= 1e-12);
    BOOST_TEST(seconds > 0);
    BOOST_TEST(seconds <= profile.seconds() * (1 + 1e-12));
    BOOST_TEST(profile.peak_bytes() == plan.peak_bytes());
}

BOOST_AUTO_TEST_CASE(a_profile_has_the_steps_of_the_plan) {
    Layer layer;
    const auto program = layer.program();
    Draw draw(8);
    const Array<double> W = draw.reals({2, 3}), b = draw.reals({2, 1});
    for (const std::size_t n : {0u, 1u, 700u, 20'011u}) { // the last in tiles
        const Profile profile = program.profile({draw.reals({3, n}), W, b}, 3);
        expect_of(profile, program.plan({{3, n}, {2, 3}, {2, 1}}));
        BOOST_TEST(profile.runs() == 3u);
        const double scale = static_cast<double>(n) * sizeof(double); // W X + b, with W and b in each tile
        BOOST_TEST(profile.steps()[0].flops == 14.0 * static_cast<double>(n));
        BOOST_TEST(profile.steps()[0].bytes >= 5 * scale + 64);
        BOOST_TEST(profile.steps()[0].bytes <= 5.1 * scale + 64);
    }
    BOOST_TEST(says(complaint<ArgumentError>([&] { (void)program.profile({W, W, b}, 0); }), "at least one"));
    BOOST_TEST(says(complaint<BindingError>([&] { (void)program.profile({W, b, b}); }), "X"));
}

BOOST_AUTO_TEST_CASE(a_profile_tells_what_takes_the_time) {
    Tape tape;
    const Var A = tape.input("A", {150, 150}), x = tape.input("x", {7}), y = exp(x);
    const auto program = compile<double>({A, x}, {y * sort(x), matmul(A, A)});
    const Profile profile = program.profile({Draw(9).reals({150, 150}), Draw(10).reals({7})});
    expect_of(profile, program.plan());
    double others = 0, product = 0;
    for (const Profile::Step& step : profile.steps())
        (step.text.starts_with("product") ? product : others) += step.share;
    BOOST_TEST(product > others); // 7·10⁶ operations beside some twenty
    BOOST_TEST(says(profile.to_string(), "sort"));

    const auto fast = compile([](const Var& v) { return exp(v); });
    const Array<double> v = Draw(11).reals({37, 3});
    expect_of(fast.profile(v), fast.plan(v));
    BOOST_TEST(fast.plan(v).steps()[0].bytes == 2.0 * 37 * 3 * sizeof(double));
    BOOST_TEST(fast.recordings() == 1u);
}

} // namespace
