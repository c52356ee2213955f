#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/activations.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/nan.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>

namespace xtape {
namespace {

const Op sigmoid_op =
    elementwise("xtape::sigmoid")
        .opaque([](auto x) { return sigmoid(x); })
        .vjp([](const Pullback& p) { return p.cotangent() * (p.output() * (1 - p.output())); })
        .notation("σ({0})", R"(\sigma({0}))")
        .sampled_on(-8, 8)
        .saturation("work from its argument: log_sigmoid(z) is log(sigmoid(z)) without the loss, and a "
                    "loss from logits takes z itself");

const Op softplus_op = elementwise("xtape::softplus")
                           .opaque([](auto x) { return softplus(x); })
                           .vjp([](const Pullback& p) { return p.cotangent() * sigmoid(p.input()); })
                           .notation("softplus({0})", R"(\operatorname{softplus}({0}))")
                           .sampled_on(-8, 8);

const Op relu_op = elementwise("xtape::relu")
                       .opaque([](auto x) { return relu(x); })
                       .kink("x = 0", [](auto x) { return x > 0; })
                       .vjp([](const Pullback& p) {
                           return where(p.input() > 0, p.cotangent(), where(p.input() <= 0, 0, detail::nan));
                       })
                       .notation("relu({0})", R"(\operatorname{relu}({0}))")
                       .sampled_on(-4, 4);

const Op leaky_relu_op =
    elementwise("xtape::leaky_relu")
        .attributes({"slope"}, {0.1L})
        .opaque([](auto x, auto slope) { return leaky_relu(x, slope); })
        .kink("x = 0", [](auto x, auto) { return x > 0; })
        .vjp([](const Pullback& p) {
            const Var& x = p.input();
            const Var scaled = p.attributes().real("slope") * p.cotangent();
            return where(x > 0, p.cotangent(), where(x <= 0, scaled, detail::nan));
        })
        .notation("leaky_relu({0}, {slope})", R"(\operatorname{leaky\_relu}_{{slope}}({0}))")
        .sampled_on(-4, 4);

// The branch that is not taken stays finite: its own derivative would be 0 · ∞ where exp(x) overflows.
const Op elu_op = elementwise("xtape::elu")
                      .attributes({"alpha"}, {1.5L})
                      .opaque([](auto x, auto alpha) { return elu(x, alpha); })
                      .kink("x = 0", [](auto x, auto) { return x > 0; })
                      .vjp([](const Pullback& p) {
                          const long double alpha = p.attributes().real("alpha");
                          const Var& x = p.input();
                          return where(x > 0, p.cotangent(), p.cotangent() * (alpha * exp(minimum(x, 0))));
                      })
                      .notation("elu({0}, {alpha})", R"(\operatorname{elu}_{{alpha}}({0}))")
                      .sampled_on(-4, 4);

const Op erf_op = elementwise("xtape::erf")
                      .opaque([](auto x) { return erf(x); })
                      .vjp([](const Pullback& p) {
                          constexpr long double scale = 2 * std::numbers::inv_sqrtpi_v<long double>;
                          return p.cotangent() * (scale * exp(-square(p.input())));
                      })
                      .notation("erf({0})", R"(\operatorname{erf}({0}))")
                      .sampled_on(-3, 3);

const Op erfc_op = elementwise("xtape::erfc")
                       .opaque([](auto x) { return erfc(x); })
                       .vjp([](const Pullback& p) {
                           constexpr long double scale = 2 * std::numbers::inv_sqrtpi_v<long double>;
                           return p.cotangent() * (-scale * exp(-square(p.input())));
                       })
                       .notation("erfc({0})", R"(\operatorname{erfc}({0}))")
                       .sampled_on(-3, 3);

// By erfc, since 1 + erf loses its digits where x is negative.
const Op gelu_op = elementwise("xtape::gelu")
                       .forward([](auto x) {
                           constexpr long double scale = std::numbers::sqrt2_v<long double> / 2;
                           return x * erfc(-scale * x) / 2;
                       })
                       .notation("gelu({0})", R"(\operatorname{gelu}({0}))")
                       .sampled_on(-4, 4);

const Op silu_op = elementwise("xtape::silu")
                       .forward([](auto x) { return x * sigmoid(x); })
                       .notation("silu({0})", R"(\operatorname{silu}({0}))")
                       .sampled_on(-8, 8);

const Op activation_list[] = {sigmoid_op, softplus_op, relu_op, leaky_relu_op, elu_op,
                              erf_op,     erfc_op,     gelu_op, silu_op};

} // namespace

Var sigmoid(const Var& x) { return record(sigmoid_op, {x}); }
Var log_sigmoid(const Var& x) { return -softplus(-x); }
Var softplus(const Var& x) { return record(softplus_op, {x}); }
Var relu(const Var& x) { return record(relu_op, {x}); }
Var leaky_relu(const Var& x, long double slope) { return record(leaky_relu_op, {x}, {{"slope", slope}}); }
Var elu(const Var& x, long double alpha) { return record(elu_op, {x}, {{"alpha", alpha}}); }
Var gelu(const Var& x) { return record(gelu_op, {x}); }
Var silu(const Var& x) { return record(silu_op, {x}); }
Var erf(const Var& x) { return record(erf_op, {x}); }

Var erfc(const Var& x) { return record(erfc_op, {x}); }

std::span<const Op> activation_ops() { return activation_list; }

} // namespace xtape
