// An elementwise operation whose body is traced: one line is the reference, the definition and the
// derivative.

#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

namespace {

const Op mish_op = elementwise("mylib::mish")
                       .forward([](auto x) { return x * tanh(softplus(x)); })
                       .notation("mish({0})", R"(\operatorname{mish}({0}))")
                       .sampled_on(-30, 30);

/// x tanh(softplus(x)) (Misra 2019).
Var mish(const Var& x) { return record(mish_op, {x}); }

const std::vector<double> samples{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3};

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
    const check::Elementwise cases[] = {{"mylib::mish",
                                         [](auto v) { return mish(v[0]); },
                                         [](auto x) { return x[0] * std::tanh(std::log1p(std::exp(x[0]))); },
                                         {samples}}};
    check::family(cases, {{mish_op}});
}

BOOST_AUTO_TEST_CASE(at_zero_and_far_out) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{0, 800, -800});
    BOOST_TEST(mish(x).value() == (Array<double>{0, 800, 0}), boost::test_tools::per_element());
    const auto slope = gradient(sum(mish(x)), x).value();
    BOOST_TEST(slope(0) == 0.6, boost::test_tools::tolerance(1e-15)); // tanh(log 2) = 3/5
    BOOST_TEST(slope(1) == 1);
    BOOST_TEST(slope(2) == 0);
}
