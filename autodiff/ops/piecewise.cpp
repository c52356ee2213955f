#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/nan.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

/// The part of the cotangent of a maximum that goes to `larger`: all where it wins, half at a tie, none where
/// it loses, and NaN where one is NaN, so that nothing is hidden.
Var share(const Var& cotangent, const Var& larger, const Var& smaller) {
    return where(larger > smaller, cotangent,
                 where(larger == smaller, 0.5 * cotangent, where(larger < smaller, 0, detail::nan)));
}

const Op abs_op = elementwise("xtape::abs")
                      .opaque([](auto x) { return abs(x); })
                      .kink("x = 0", [](auto x) { return x > 0; })
                      .vjp([](const Pullback& p) { return p.cotangent() * sign(p.input()); })
                      .notation("|{0}|", R"(\left|{0}\right|)");

const Op sign_op = elementwise("xtape::sign")
                       .opaque([](auto x) { return sign(x); })
                       .kink("x = 0", [](auto x) { return sign(x); })
                       .vjp([](const Pullback&) { return Var(); })
                       .notation("sign({0})", R"(\operatorname{sign}({0}))");

const Op maximum_op = elementwise("xtape::maximum")
                          .opaque([](auto a, auto b) { return maximum(a, b); })
                          .kink("the operands tie", [](auto a, auto b) { return a > b; })
                          .vjp([](const Pullback& p) { return share(p.cotangent(), p.input(0), p.input(1)); },
                               [](const Pullback& p) { return share(p.cotangent(), p.input(1), p.input(0)); })
                          .notation("max({0}, {1})", R"(\max({0}, {1}))");

const Op minimum_op = elementwise("xtape::minimum")
                          .opaque([](auto a, auto b) { return minimum(a, b); })
                          .kink("the operands tie", [](auto a, auto b) { return a < b; })
                          .vjp([](const Pullback& p) { return share(p.cotangent(), p.input(1), p.input(0)); },
                               [](const Pullback& p) { return share(p.cotangent(), p.input(0), p.input(1)); })
                          .notation("min({0}, {1})", R"(\min({0}, {1}))");

const Op clip_op =
    elementwise("xtape::clip")
        .attributes({"low", "high"}, {-1, 2})
        .opaque([](auto x, auto low, auto high) { return clip(x, low, high); })
        .kink("x is an end", [](auto x, auto low, auto high) { return sign(x - low) + sign(x - high); })
        .vjp([](const Pullback& p) {
            const Var& x = p.input();
            const auto &low = p.attributes().real("low"), &high = p.attributes().real("high");
            return where((low <= x) & (x <= high), p.cotangent(),
                         where((x < low) | (high < x), 0, detail::nan));
        })
        .notation("clip({0}, {low}, {high})", R"(\operatorname{clip}({0}, {low}, {high}))")
        .sampled_on(-3, 4);

const Op where_op =
    elementwise("xtape::where")
        .opaque<Kind::mask, Kind::real, Kind::real>([](Truth m, auto a, auto b) { return where(m, a, b); })
        .vjp(
            no_gradient, [](const Pullback& p) { return where(p.input(0), p.cotangent(), 0); },
            [](const Pullback& p) { return where(p.input(0), 0, p.cotangent()); })
        .notation("where({0}, {1}, {2})", R"(\operatorname{where}({0}, {1}, {2}))");

const Op atan2_op =
    elementwise("xtape::atan2")
        .opaque([](auto y, auto x) { return atan2(y, x); })
        // No function of the point jumps at the cut alone: this one also does where x passes 0 below it.
        .kink("the point crosses the negative x axis", [](auto y, auto x) { return (x < 0) & (y < 0); })
        .vjp(
            [](const Pullback& p) {
                const Var r = hypot(p.input(0), p.input(1)); // x / r / r, since r² may overflow or be 0
                return p.cotangent() * (p.input(1) / r / r);
            },
            [](const Pullback& p) {
                const Var r = hypot(p.input(0), p.input(1));
                return -p.cotangent() * (p.input(0) / r / r);
            })
        .notation("atan2({0}, {1})", R"(\operatorname{atan2}({0}, {1}))")
        .sampled_on(0.25, 4);

const Op less_op = elementwise("xtape::less")
                       .opaque([](auto a, auto b) { return a < b; })
                       .without_gradient()
                       .notation("{0} < {1}", "{0} < {1}", 5);

const Op less_equal_op = elementwise("xtape::less_equal")
                             .opaque([](auto a, auto b) { return a <= b; })
                             .without_gradient()
                             .notation("{0} ≤ {1}", R"({0} \le {1})", 5);

const Op equal_op = elementwise("xtape::equal")
                        .opaque([](auto a, auto b) { return a == b; })
                        .without_gradient()
                        .notation("{0} = {1}", "{0} = {1}", 5);

const Op not_equal_op = elementwise("xtape::not_equal")
                            .opaque([](auto a, auto b) { return a != b; })
                            .without_gradient()
                            .notation("{0} ≠ {1}", R"({0} \ne {1})", 5);

const Op not_op = elementwise("xtape::not")
                      .opaque<Kind::mask>([](Truth a) { return !a; })
                      .without_gradient()
                      .notation("¬{0}", R"(\neg {0})", 25);

const Op and_op = elementwise("xtape::and")
                      .opaque<Kind::mask, Kind::mask>([](Truth a, Truth b) { return a & b; })
                      .without_gradient()
                      .notation("{0} ∧ {1}", R"({0} \land {1})", 4);

const Op or_op = elementwise("xtape::or")
                     .opaque<Kind::mask, Kind::mask>([](Truth a, Truth b) { return a | b; })
                     .without_gradient()
                     .notation("{0} ∨ {1}", R"({0} \lor {1})", 3);

const Op piecewise_list[] = {abs_op,  sign_op,       maximum_op, minimum_op,   clip_op, where_op, atan2_op,
                             less_op, less_equal_op, equal_op,   not_equal_op, not_op,  and_op,   or_op};

} // namespace

Var abs(const Var& x) { return record(abs_op, {x}); }
Var sign(const Var& x) { return record(sign_op, {x}); }
Var maximum(const Operand& a, const Operand& b) { return record(maximum_op, {a, b}); }
Var minimum(const Operand& a, const Operand& b) { return record(minimum_op, {a, b}); }

Var clip(const Var& x, long double low, long double high) {
    if (!(low <= high))
        throw ArgumentError(fmt::format("clip({}, {}, {}): the low end must not exceed the high end.",
                                        x.to_string(), static_cast<double>(low), static_cast<double>(high)));
    return record(clip_op, {x}, {{"low", low}, {"high", high}});
}

Var where(const Var& mask, const Operand& a, const Operand& b) { return record(where_op, {mask, a, b}); }
Var atan2(const Operand& y, const Operand& x) { return record(atan2_op, {y, x}); }
Var less(const Operand& a, const Operand& b) { return record(less_op, {a, b}); }
Var less_equal(const Operand& a, const Operand& b) { return record(less_equal_op, {a, b}); }
Var equal(const Operand& a, const Operand& b) { return record(equal_op, {a, b}); }
Var not_equal(const Operand& a, const Operand& b) { return record(not_equal_op, {a, b}); }
Var operator!(const Var& mask) { return record(not_op, {mask}); }
Var operator&(const Var& a, const Var& b) { return record(and_op, {a, b}); }
Var operator|(const Var& a, const Var& b) { return record(or_op, {a, b}); }

std::span<const Op> piecewise_ops() { return piecewise_list; }

} // namespace xtape
