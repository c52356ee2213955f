#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/cumulative.hpp>
#include <xtape/autodiff/ops/lines.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/records.hpp>

namespace xtape {
namespace {

bool is_reverse(const Attributes& attributes) { return attributes.integer("reverse") != 0; }

const Op cumsum_op =
    operation("xtape::cumsum")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.shape(); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const detail::Lines lines =
                detail::lines_along(call.extents(), detail::axis_of(call.attributes()));
            const bool reverse = is_reverse(call.attributes());
            const T* const from = call.operand(0).template data<T>();
            T* const to = call.allocate();
            detail::for_each_line(lines, [&](std::size_t start, std::size_t stride) {
                T total = 0;
                for (std::size_t j = 0; j < lines.extent; ++j) {
                    const std::size_t at = start + (reverse ? lines.extent - 1 - j : j) * stride;
                    to[at] = total += from[at];
                }
            });
        })
        .vjp([](const Pullback& p) {
            return cumsum(p.cotangent(), p.attributes().integer("axis"),
                          is_reverse(p.attributes()) ? Direction::forward : Direction::reverse);
        })
        .notation("cumsum({0}, {reverse})", R"(\operatorname{cumsum}({0}, {reverse}))")
        .samples([](Draw& draw) {
            const auto along = [](std::int64_t axis, std::int64_t reverse) {
                return Attributes{{"axis", axis}, {"reverse", reverse}};
            };
            return std::vector<Sample>{
                {{draw.reals({7})}, along(0, 0)},    {{draw.reals({2, 5, 3})}, along(1, 1)},
                {{draw.reals({4, 3})}, along(0, 0)}, {{draw.reals({1, 2})}, along(0, 1)},
                {{draw.reals({2, 0})}, along(1, 0)}, {{draw.reals({0, 2})}, along(1, 1)}};
        });

const Op cumulative_list[] = {cumsum_op};

} // namespace

Var cumsum(const Var& x, std::int64_t axis, Direction direction) {
    return record(cumsum_op, {x},
                  {{"axis", detail::counted_axes("cumsum", x, {axis})[0]},
                   {"reverse", std::int64_t{direction == Direction::reverse}}});
}

// Every entry takes in what lies 1, 2, 4, … before it (Hillis and Steele 1986): no division, so no 0/0.
Var cumprod(const Var& x, std::int64_t axis, Direction direction) {
    axis = detail::counted_axes("cumprod", x, {axis})[0];
    const auto extent = static_cast<std::int64_t>(detail::known_extent("cumprod", x, axis));
    Transaction transaction(*x.records());
    Var y = direction == Direction::reverse ? flip(x, {axis}) : x;
    for (std::int64_t step = 1; step < extent; step *= 2)
        y = concatenate(
            {slice(y, axis, 0, step), slice(y, axis, step, extent) * slice(y, axis, 0, extent - step)}, axis);
    if (direction == Direction::reverse) y = flip(y, {axis});
    transaction.done();
    return y;
}

std::span<const Op> cumulative_ops() { return cumulative_list; }

} // namespace xtape
