#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/trigonometric.hpp>

namespace xtape {
namespace {

const Op sin_op = elementwise("xtape::sin")
                      .opaque([](auto x) { return sin(x); })
                      .vjp([](const Pullback& p) { return p.cotangent() * cos(p.input()); })
                      .notation("sin({0})", R"(\sin({0}))")
                      .sampled_on(-6, 6);

const Op cos_op = elementwise("xtape::cos")
                      .opaque([](auto x) { return cos(x); })
                      .vjp([](const Pullback& p) { return -p.cotangent() * sin(p.input()); })
                      .notation("cos({0})", R"(\cos({0}))")
                      .sampled_on(-6, 6);

const Op tan_op = elementwise("xtape::tan")
                      .opaque([](auto x) { return tan(x); })
                      .kink("cos(x) = 0", [](auto x) { return cos(x) > 0; })
                      .vjp([](const Pullback& p) { return p.cotangent() * (1 + square(p.output())); })
                      .notation("tan({0})", R"(\tan({0}))")
                      .sampled_on(-1.4, 1.4);

const Op asin_op =
    elementwise("xtape::asin")
        .opaque([](auto x) { return asin(x); })
        .vjp([](const Pullback& p) { return p.cotangent() / sqrt((1 - p.input()) * (1 + p.input())); })
        .notation("asin({0})", R"(\arcsin({0}))")
        .domain(-1, 1)
        .sampled_on(-0.9, 0.9);

const Op acos_op =
    elementwise("xtape::acos")
        .opaque([](auto x) { return acos(x); })
        .vjp([](const Pullback& p) { return -p.cotangent() / sqrt((1 - p.input()) * (1 + p.input())); })
        .notation("acos({0})", R"(\arccos({0}))")
        .domain(-1, 1)
        .sampled_on(-0.9, 0.9);

const Op atan_op = elementwise("xtape::atan")
                       .opaque([](auto x) { return atan(x); })
                       .vjp([](const Pullback& p) { return p.cotangent() / (1 + square(p.input())); })
                       .notation("atan({0})", R"(\arctan({0}))")
                       .sampled_on(-5, 5);

const Op trigonometric_list[] = {sin_op, cos_op, tan_op, asin_op, acos_op, atan_op};

} // namespace

Var sin(const Var& x) { return record(sin_op, {x}); }
Var cos(const Var& x) { return record(cos_op, {x}); }
Var tan(const Var& x) { return record(tan_op, {x}); }
Var asin(const Var& x) { return record(asin_op, {x}); }
Var acos(const Var& x) { return record(acos_op, {x}); }
Var atan(const Var& x) { return record(atan_op, {x}); }

std::span<const Op> trigonometric_ops() { return trigonometric_list; }

} // namespace xtape
