#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/hyperbolic.hpp>

namespace xtape {
namespace {

const Op sinh_op = elementwise("xtape::sinh")
                       .opaque([](auto x) { return sinh(x); })
                       .vjp([](const Pullback& p) { return p.cotangent() * cosh(p.input()); })
                       .notation("sinh({0})", R"(\sinh({0}))")
                       .sampled_on(-4, 4);

const Op cosh_op = elementwise("xtape::cosh")
                       .opaque([](auto x) { return cosh(x); })
                       .vjp([](const Pullback& p) { return p.cotangent() * sinh(p.input()); })
                       .notation("cosh({0})", R"(\cosh({0}))")
                       .sampled_on(-4, 4);

const Op tanh_op = elementwise("xtape::tanh")
                       .opaque([](auto x) { return tanh(x); })
                       .vjp([](const Pullback& p) { return p.cotangent() * (1 - square(p.output())); })
                       .notation("tanh({0})", R"(\tanh({0}))")
                       .sampled_on(-5, 5);

const Op asinh_op = elementwise("xtape::asinh")
                        .opaque([](auto x) { return asinh(x); })
                        .vjp([](const Pullback& p) { return p.cotangent() / hypot(1, p.input()); })
                        .notation("asinh({0})", R"(\operatorname{arsinh}({0}))")
                        .sampled_on(-5, 5);

const Op acosh_op = elementwise("xtape::acosh")
                        .opaque([](auto x) { return acosh(x); })
                        .vjp([](const Pullback& p) {
                            // Two roots, since the product under one may overflow.
                            return p.cotangent() / (sqrt(p.input() - 1) * sqrt(p.input() + 1));
                        })
                        .notation("acosh({0})", R"(\operatorname{arcosh}({0}))")
                        .domain(1, std::numeric_limits<double>::infinity())
                        .sampled_on(1.1, 5);

const Op atanh_op =
    elementwise("xtape::atanh")
        .opaque([](auto x) { return atanh(x); })
        .vjp([](const Pullback& p) { return p.cotangent() / ((1 - p.input()) * (1 + p.input())); })
        .notation("atanh({0})", R"(\operatorname{artanh}({0}))")
        .domain(-1, 1)
        .sampled_on(-0.9, 0.9);

const Op hyperbolic_list[] = {sinh_op, cosh_op, tanh_op, asinh_op, acosh_op, atanh_op};

} // namespace

Var sinh(const Var& x) { return record(sinh_op, {x}); }
Var cosh(const Var& x) { return record(cosh_op, {x}); }
Var tanh(const Var& x) { return record(tanh_op, {x}); }
Var asinh(const Var& x) { return record(asinh_op, {x}); }
Var acosh(const Var& x) { return record(acosh_op, {x}); }
Var atanh(const Var& x) { return record(atanh_op, {x}); }

std::span<const Op> hyperbolic_ops() { return hyperbolic_list; }

} // namespace xtape
