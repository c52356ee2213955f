#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/activations.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>

namespace xtape {
namespace {

const Op exp_op = elementwise("xtape::exp")
                      .opaque([](auto x) { return exp(x); })
                      .vjp([](const Pullback& p) { return p.cotangent() * p.output(); })
                      .notation("e^{0}", "e^{{0}}", 30)
                      .sampled_on(-5, 5);

const Op exp2_op = elementwise("xtape::exp2")
                       .opaque([](auto x) { return exp2(x); })
                       .vjp([](const Pullback& p) {
                           return p.cotangent() * (std::numbers::ln2_v<long double> * p.output());
                       })
                       .notation("2^{0}", R"(2^{{0}})", 30)
                       .sampled_on(-5, 5);

const Op expm1_op = elementwise("xtape::expm1")
                        .opaque([](auto x) { return expm1(x); })
                        .vjp([](const Pullback& p) { return p.cotangent() * exp(p.input()); })
                        .notation("expm1({0})", R"(\operatorname{expm1}({0}))")
                        .sampled_on(-5, 5);

const Op log_op = elementwise("xtape::log")
                      .opaque([](auto x) { return log(x); })
                      .vjp([](const Pullback& p) { return p.cotangent() / p.input(); })
                      .notation("log({0})", R"(\log({0}))")
                      .domain(0, std::numeric_limits<double>::infinity())
                      .sampled_on(0.1, 10);

const Op log2_op =
    elementwise("xtape::log2")
        .opaque([](auto x) { return log2(x); })
        .vjp([](const Pullback& p) { return p.cotangent() / (std::numbers::ln2_v<long double> * p.input()); })
        .notation("log2({0})", R"(\log_2({0}))")
        .domain(0, std::numeric_limits<double>::infinity())
        .sampled_on(0.1, 10);

const Op log10_op = elementwise("xtape::log10")
                        .opaque([](auto x) { return log10(x); })
                        .vjp([](const Pullback& p) {
                            return p.cotangent() / (std::numbers::ln10_v<long double> * p.input());
                        })
                        .notation("log10({0})", R"(\log_{10}({0}))")
                        .domain(0, std::numeric_limits<double>::infinity())
                        .sampled_on(0.1, 10);

const Op log1p_op = elementwise("xtape::log1p")
                        .opaque([](auto x) { return log1p(x); })
                        .vjp([](const Pullback& p) { return p.cotangent() / (1 + p.input()); })
                        .notation("log1p({0})", R"(\log(1 + {0}))")
                        .domain(-1, std::numeric_limits<double>::infinity())
                        .sampled_on(-0.9, 9);

/// The share of `mine` in exp(mine) + exp(other). Where both are −∞ it is 0: no finite change of either
/// changes the sum.
Var exp_share(const Pullback& p, const Var& mine, const Var& other) {
    constexpr long double infinity = std::numeric_limits<long double>::infinity();
    return p.cotangent() * sigmoid(mine - where(p.output() == -infinity, 0, other));
}

const Op logaddexp_op = elementwise("xtape::logaddexp")
                            .opaque([](auto a, auto b) { return logaddexp(a, b); })
                            .vjp([](const Pullback& p) { return exp_share(p, p.input(0), p.input(1)); },
                                 [](const Pullback& p) { return exp_share(p, p.input(1), p.input(0)); })
                            .notation("logaddexp({0}, {1})", R"(\log(\exp({0}) + \exp({1})))")
                            .sampled_on(-5, 5);

const Op exponential_list[] = {exp_op, exp2_op, expm1_op, log_op, log2_op, log10_op, log1p_op, logaddexp_op};

} // namespace

Var exp(const Var& x) { return record(exp_op, {x}); }
Var exp2(const Var& x) { return record(exp2_op, {x}); }
Var expm1(const Var& x) { return record(expm1_op, {x}); }
Var log(const Var& x) { return record(log_op, {x}); }
Var log2(const Var& x) { return record(log2_op, {x}); }
Var log10(const Var& x) { return record(log10_op, {x}); }
Var log1p(const Var& x) { return record(log1p_op, {x}); }
Var logaddexp(const Operand& a, const Operand& b) { return record(logaddexp_op, {a, b}); }

std::span<const Op> exponential_ops() { return exponential_list; }

} // namespace xtape
