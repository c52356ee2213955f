#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>

namespace xtape {
namespace {

const Op add_op =
    elementwise("xtape::add")
        .opaque([](auto a, auto b) { return a + b; })
        .vjp([](const Pullback& p) { return p.cotangent(); }, [](const Pullback& p) { return p.cotangent(); })
        .notation("{0} + {1}", "{0} + {1}", 10);

const Op subtract_op = elementwise("xtape::subtract")
                           .opaque([](auto a, auto b) { return a - b; })
                           .vjp([](const Pullback& p) { return p.cotangent(); },
                                [](const Pullback& p) { return -p.cotangent(); })
                           .notation("{0} − {1}", "{0} - {1}", 10);

const Op multiply_op = elementwise("xtape::multiply")
                           .opaque([](auto a, auto b) { return a * b; })
                           .vjp([](const Pullback& p) { return p.cotangent() * p.input(1); },
                                [](const Pullback& p) { return p.cotangent() * p.input(0); })
                           .notation("{0} ∘ {1}", R"({0} \circ {1})", 20);

const Op divide_op = elementwise("xtape::divide")
                         .opaque([](auto a, auto b) { return a / b; })
                         .kink("the divisor is 0", [](auto, auto b) { return b > 0; })
                         .vjp([](const Pullback& p) { return p.cotangent() / p.input(1); },
                              [](const Pullback& p) { return -p.cotangent() * p.output() / p.input(1); })
                         .notation("{0} / {1}", R"(\frac{{0}}{{1}})", 20)
                         .sampled_on({{-4, 4}, {0.25, 4}});

const Op negative_op = elementwise("xtape::negative")
                           .opaque([](auto x) { return -x; })
                           .vjp([](const Pullback& p) { return -p.cotangent(); })
                           .notation("−{0}", "-{0}", 25);

const Op square_op = elementwise("xtape::square")
                         .opaque([](auto x) { return square(x); })
                         .vjp([](const Pullback& p) { return p.cotangent() * (2 * p.input()); })
                         .notation("{0}²", "{0}^2", 30);

const Op reciprocal_op = elementwise("xtape::reciprocal")
                             .opaque([](auto x) { return reciprocal(x); })
                             .kink("x = 0", [](auto x) { return x > 0; })
                             .vjp([](const Pullback& p) { return -p.cotangent() * square(p.output()); })
                             .notation("1/{0}", R"(\frac{1}{{0}})", 20)
                             .sampled_on(0.25, 4);

const Op sqrt_op = elementwise("xtape::sqrt")
                       .opaque([](auto x) { return sqrt(x); })
                       .vjp([](const Pullback& p) { return p.cotangent() / (2 * p.output()); })
                       .notation("√{0}", R"(\sqrt{{0}})", 30)
                       .domain(0, std::numeric_limits<double>::infinity())
                       .sampled_on(0.25, 4);

const Op cbrt_op = elementwise("xtape::cbrt")
                       .opaque([](auto x) { return cbrt(x); })
                       .kink("x = 0", [](auto x) { return x > 0; })
                       .vjp([](const Pullback& p) { return p.cotangent() / (3 * square(p.output())); })
                       .notation("∛{0}", R"(\sqrt[3]{{0}})", 30)
                       .sampled_on(0.25, 4);

const Op pow_op = elementwise("xtape::pow")
                      .opaque([](auto a, auto b) { return pow(a, b); })
                      .vjp(
                          [](const Pullback& p) {
                              const Var &a = p.input(0), &b = p.input(1);
                              // Where b is 0, a^(b − 1) may be infinite, and a^b / a is the same.
                              const Var zero = b == 0;
                              const Var slope = where(zero, p.output() * (b / where(a == 0, 1, a)),
                                                      b * pow(where(zero, 1, a), b - 1));
                              return p.cotangent() * slope;
                          },
                          [](const Pullback& p) {
                              const Var& a = p.input(0);
                              return p.cotangent() * where(a == 0, 0, p.output() * log(where(a == 0, 1, a)));
                          })
                      .notation("{0}^{1}", "{0}^{{1}}", 30)
                      .sampled_on({{0.25, 4}, {-3, 3}});

/// x / h, and 0 where both legs are, at every order.
Var leg_share(const Pullback& p, std::size_t k) {
    constexpr long double infinity = std::numeric_limits<long double>::infinity();
    return p.cotangent() * (p.input(k) / where(p.output() == 0, infinity, p.output()));
}

const Op hypot_op = elementwise("xtape::hypot")
                        .opaque([](auto a, auto b) { return hypot(a, b); })
                        .kink("both are 0", [](auto a, auto b) { return (a == 0) & (b == 0); })
                        .vjp([](const Pullback& p) { return leg_share(p, 0); },
                             [](const Pullback& p) { return leg_share(p, 1); })
                        .notation("hypot({0}, {1})", R"(\operatorname{hypot}({0}, {1}))")
                        .sampled_on({{0.25, 4}, {-4, -0.25}});

const Op arithmetic_list[] = {add_op,        subtract_op, multiply_op, divide_op, negative_op, square_op,
                              reciprocal_op, sqrt_op,     cbrt_op,     pow_op,    hypot_op};

} // namespace

Var add(const Operand& a, const Operand& b) { return record(add_op, {a, b}); }
Var subtract(const Operand& a, const Operand& b) { return record(subtract_op, {a, b}); }
Var multiply(const Operand& a, const Operand& b) { return record(multiply_op, {a, b}); }
Var divide(const Operand& a, const Operand& b) { return record(divide_op, {a, b}); }
Var negative(const Var& x) { return record(negative_op, {x}); }
Var square(const Var& x) { return record(square_op, {x}); }
Var reciprocal(const Var& x) { return record(reciprocal_op, {x}); }
Var sqrt(const Var& x) { return record(sqrt_op, {x}); }
Var cbrt(const Var& x) { return record(cbrt_op, {x}); }
Var pow(const Operand& a, const Operand& b) { return record(pow_op, {a, b}); }
Var hypot(const Operand& a, const Operand& b) { return record(hypot_op, {a, b}); }

std::span<const Op> arithmetic_ops() { return arithmetic_list; }

} // namespace xtape
