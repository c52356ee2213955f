// An operation with an attribute: a number that is part of the record, not an operand.

#include "check.hpp"
#include <xtape/autodiff/records.hpp>

#include <boost/test/unit_test.hpp>

using namespace xtape;

namespace {

const Op pinball_op = elementwise("mylib::pinball")
                          .attributes({"quantile"}, {0.9L})
                          .forward([](auto residual, auto quantile) {
                              return where(residual > 0, quantile * residual, (quantile - 1) * residual);
                          })
                          .notation("pinball({0}, {quantile})", R"(\rho_{{quantile}}({0}))")
                          .sampled_on(-4, 4);

/// The loss that a quantile minimises (Koenker, Bassett 1978). Its derivative at 0 is quantile − 1.
Var pinball(const Var& residual, long double quantile) {
    return record(pinball_op, {residual}, {{"quantile", quantile}});
}

} // namespace

BOOST_AUTO_TEST_CASE(values_and_derivatives) {
    const check::Elementwise cases[] = {{"mylib::pinball",
                                         [](auto v) { return pinball(v[0], 0.25L); },
                                         [](auto x) { return x[0] > 0 ? x[0] / 4 : -3 * x[0] / 4; },
                                         {{-2.7, 0.4, 1.9, -0.6, 3.1, -1.2, 2.3}}}};
    check::family(cases, {{pinball_op}});
}

BOOST_AUTO_TEST_CASE(at_the_kink) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>(0));
    BOOST_TEST(gradient(pinball(x, 0.25L), x).item() == -0.75);
}

BOOST_AUTO_TEST_CASE(the_attribute_is_part_of_the_record) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>(1));
    const Var low = pinball(x, 0.25L), high = pinball(x, 0.75L);
    BOOST_TEST(low.item() == 0.25);
    BOOST_TEST(high.item() == 0.75);
    const Records& records = *tape.records();
    BOOST_TEST(records.attributes(records.record_of(low.id())).to_string() == "quantile=0.25");
    BOOST_CHECK_THROW(record(pinball_op, {x}), OpError); // no quantile
    BOOST_CHECK_THROW(record(pinball_op, {x}, {{"quantile", std::int64_t{1}}}), OpError);
}
