#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/activations.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/special.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

constexpr std::int64_t highest_order = 100;

// The sign of sin(πx) changes at every pole, which is at 0 or below.
const auto between_poles = [](auto x) { return (x > 0) | (sin(std::numbers::pi_v<long double> * x) > 0); };

const Op lgamma_op = elementwise("xtape::lgamma")
                         .opaque([](auto x) { return lgamma(x); })
                         .kink("x is 0 or a negative integer", between_poles)
                         .vjp([](const Pullback& p) { return p.cotangent() * digamma(p.input()); })
                         .notation("log Γ({0})", R"(\log \Gamma({0}))")
                         .sampled_on(0.25, 8);

const Op digamma_op = elementwise("xtape::digamma")
                          .opaque([](auto x) { return digamma(x); })
                          .kink("x is 0 or a negative integer", between_poles)
                          .vjp([](const Pullback& p) { return p.cotangent() * polygamma(1, p.input()); })
                          .notation("ψ({0})", R"(\psi({0}))")
                          .sampled_on(0.25, 8);

const Op polygamma_op =
    elementwise("xtape::polygamma")
        .attributes({"order"}, {1})
        .opaque([](auto x, auto order) { return polygamma(order, x); })
        .kink("x is 0 or a negative integer", [](auto x, auto) { return between_poles(x); })
        .vjp([](const Pullback& p) {
            const auto order = static_cast<std::int64_t>(p.attributes().real("order"));
            return p.cotangent() * polygamma(order + 1, p.input());
        })
        .notation("ψ^({order})({0})", R"(\psi^{({order})}({0}))")
        .sampled_on(0.5, 8);

const Op erfinv_op = elementwise("xtape::erfinv")
                         .opaque([](auto x) { return erfinv(x); })
                         .vjp([](const Pullback& p) {
                             constexpr long double scale = 0.5L / std::numbers::inv_sqrtpi_v<long double>;
                             return p.cotangent() * (scale * exp(square(p.output())));
                         })
                         .notation("erfinv({0})", R"(\operatorname{erf}^{-1}({0}))")
                         .domain(-1, 1)
                         .sampled_on(-0.9, 0.9);

const Op special_list[] = {lgamma_op, digamma_op, polygamma_op, erfinv_op};

} // namespace

Var lgamma(const Var& x) { return record(lgamma_op, {x}); }
Var digamma(const Var& x) { return record(digamma_op, {x}); }

Var polygamma(std::int64_t order, const Var& x) {
    if (order < 0 || order > highest_order)
        throw ArgumentError(fmt::format("polygamma({}, {}): the order must be from 0 to {}.", order,
                                        x.to_string(), highest_order));
    return order == 0 ? digamma(x) : record(polygamma_op, {x}, {{"order", static_cast<long double>(order)}});
}

Var erfinv(const Var& x) { return record(erfinv_op, {x}); }

Var ndtr(const Var& x) {
    Transaction transaction(*x.records());
    Var result = 0.5L * erfc(x * (-std::numbers::sqrt2_v<long double> / 2));
    transaction.done();
    return result;
}

std::span<const Op> special_ops() { return special_list; }

} // namespace xtape
