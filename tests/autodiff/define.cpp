#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <type_traits>

using namespace xtape;

namespace {

const Op variadic_op =
    operation("test::total")
        .any_number_of(Kind::real)
        .shape([](const Signature& s) { return s.broadcast(); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            T* const to = call.allocate();
            for (std::size_t k = 0; k < call.size(); ++k)
                *to += *call.operand(k).template data<T>();
        })
        .vjp_each([](const Pullback& p, std::size_t k) {
            return p.cotangent() * static_cast<int>(k + 1); // wrong on purpose: shows which k
        });

} // namespace

BOOST_AUTO_TEST_CASE(numbers_in_a_body_are_never_integers) {
    const Real<double> half = 0.5;
    BOOST_TEST((half / 2 + 1).value == 1.25);
    BOOST_TEST((1 / (2 * half + 1)).value == 0.5);      // not 1 / 2 of integers
    BOOST_TEST(abs(Real<double>(-0.75)).value == 0.75); // not ::abs(int)
    BOOST_TEST(exp(Real<float>(0.5)).value == std::exp(0.5f));
    static_assert(std::is_same_v<decltype(exp(Real<long double>(1)).value), long double>);
    BOOST_TEST(exp(Real<long double>(1)).value == std::exp(1.0L)); // not ::exp(double)
}

BOOST_AUTO_TEST_CASE(comparisons_in_a_body_are_masks) {
    const Real<double> a = 1, b = 2, none = std::numeric_limits<double>::quiet_NaN();
    static_assert(std::is_same_v<decltype(a < b), Truth>);
    static_assert(!std::is_convertible_v<Truth, bool>);
    BOOST_TEST((a < b).value());
    BOOST_TEST(!(a > b).value());
    BOOST_TEST(((a < b) & !(a == b)).value());
    BOOST_TEST(((a > b) | (a <= b)).value());
    BOOST_TEST((!(none == none)).value());
    BOOST_TEST(where(a < b, a, b).value == 1);
    BOOST_TEST(std::isnan(maximum(none, a).value));
    BOOST_TEST(std::isnan(maximum(a, none).value));
    BOOST_TEST(std::isnan(minimum(a, none).value));
    BOOST_TEST(std::isnan(relu(none).value));
    BOOST_TEST(std::isnan(sign(none).value));
    BOOST_TEST(std::isnan(clip(none, a, b).value));
}

BOOST_AUTO_TEST_CASE(what_a_body_takes_is_what_the_operation_takes) {
    const Op three = elementwise("test::fma").forward([](auto a, auto b, auto c) { return a * b + c; });
    BOOST_TEST(three.definition().operands.size() == 3u);
    BOOST_TEST(three.definition().elementwise);
    const Op with_attribute =
        elementwise("test::scaled").attributes({"factor"}, {2}).forward([](auto x, auto factor) {
            return factor * x;
        });
    BOOST_TEST(with_attribute.definition().operands.size() == 1u);
    const Op chosen = elementwise("test::chosen").forward<Kind::mask, Kind::real>([](auto m, auto x) {
        return where(m, x, 0);
    });
    BOOST_TEST((chosen.definition().operands == std::vector<Kind>{Kind::mask, Kind::real}));
    BOOST_TEST(three.definition().short_name() == "fma");
    BOOST_TEST((three == Op(three)));
    BOOST_TEST((three != with_attribute));

    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, -2, 3});
    BOOST_TEST(record(three, {x, 2, x}).value() == (Array<double>{3, -6, 9}),
               boost::test_tools::per_element());
    BOOST_TEST(record(chosen, {x > 0, x}).value() == (Array<double>{1, 0, 3}),
               boost::test_tools::per_element());
    check::derivatives("three operands",
                       [&](auto v) {
                           return record(three, {v[0], v[1], v[2]});
                       },
                       {check::drawn({2, 3}, 1), check::drawn({3}, 2), check::drawn({2, 1}, 3)});
    check::derivatives("a mask",
                       [&](auto v) {
                           return record(chosen, {v[0] > 0, square(v[0])});
                       },
                       {check::drawn({5}, 4)});
}

BOOST_AUTO_TEST_CASE(a_body_may_give_a_mask) {
    const Op small =
        elementwise("test::small").opaque([](auto x, auto y) { return abs(x) < y; }).without_gradient();
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{{0.5, -2}, {1, 0}}),
              y = tape.variable("y", xt::xarray<double>{1, 3});
    const Var mask = record(small, {x, y});
    BOOST_TEST((mask.kind() == Kind::mask));
    BOOST_TEST(mask.value() == (Array<double>{{1, 1}, {0, 1}}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(any_number_of_operands) {
    Tape tape;
    const Var a = tape.variable("a", xt::xarray<double>(2)), b = tape.variable("b", xt::xarray<double>(3));
    const Var y = record(variadic_op, {a, b, a, 10});
    BOOST_TEST(y.item() == 17);
    const auto [da, db] = gradient(y, a, b);
    BOOST_TEST(da.item() == 1 + 3); // positions 0 and 2
    BOOST_TEST(db.item() == 2);
}

BOOST_AUTO_TEST_CASE(integers_among_real_operands_are_real) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1, 2});
    BOOST_TEST((x * xt::xarray<int>{3, 4}).value() == (Array<double>{3, 8}),
               boost::test_tools::per_element());
    BOOST_TEST((tape.constant(xt::xarray<int>{3, 4}).kind() == Kind::index));
}

BOOST_AUTO_TEST_CASE(what_checks_are_told) {
    const Op op = elementwise("test::told")
                      .forward([](auto x) { return log(x); })
                      .domain(0, 100)
                      .sampled_on(1, 2)
                      .notation("told({0})", R"(\told({0}))", 30)
                      .saturation("use another");
    const Definition& d = op.definition();
    BOOST_TEST((d.domain.size() == 1 && d.domain[0].high == 100));
    BOOST_TEST((d.sampled_on.size() == 1 && d.sampled_on[0].low == 1));
    BOOST_TEST(d.notation.text == "told({0})");
    BOOST_TEST(d.notation.latex == R"(\told({0}))");
    BOOST_TEST(d.notation.precedence == 30);
    BOOST_TEST(d.saturation == "use another");
}
