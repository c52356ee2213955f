#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/indexing.hpp>
#include <xtape/autodiff/ops/lines.hpp>
#include <xtape/autodiff/ops/sorting.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape {
namespace {

using detail::axis_of;

/// An order of all numbers, in which NaN comes last.
const auto less = [](auto a, auto b) { return std::isnan(b) ? !std::isnan(a) : a < b; };
const auto greater = [](auto a, auto b) { return less(b, a); };

/// Along the axis, the positions of the entries in the order that `before` gives, as many as the result has.
template <class T, class Before>
void order_lines(Call<T>& call, Before before) {
    const AnyArray& x = call.operand(0);
    const std::size_t axis = axis_of(call.attributes()), count = call.extents()[axis];
    const detail::Lines lines = detail::lines_along(x.extents(), axis);
    const T* const from = x.data<T>();
    auto* const to = call.template allocate<std::int64_t>();
    std::vector<std::size_t> order(lines.extent);
    for (std::size_t o = 0; o < lines.outer; ++o)
        for (std::size_t i = 0; i < lines.inner; ++i) {
            const T* const line = from + o * lines.extent * lines.inner + i;
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::ranges::stable_sort(order, before, [&](std::size_t j) { return line[j * lines.inner]; });
            for (std::size_t j = 0; j < count; ++j)
                to[(o * count + j) * lines.inner + i] = static_cast<std::int64_t>(order[j]);
        }
}

/// `x is (2 × 3), and axis 1 has 3 entries. Take 0 to 3 of them.`
std::string too_few(const std::string& x, const std::string& shape, std::size_t axis, std::size_t extent) {
    return fmt::format("{} is {}, and axis {} has {} entries. Take 0 to {} of them.", x, shape, axis, extent,
                       extent);
}

const Op argsort_op =
    operation("xtape::argsort")
        .operands({Kind::real})
        .shape([](const Signature& s) { return ResultType(s.shape(), Kind::index); })
        .forward([](auto& call) { order_lines(call, less); })
        .without_gradient()
        .notation("argsort({0})", R"(\operatorname{argsort}({0}))")
        .samples([](Draw& draw) {
            const auto along = [](std::int64_t axis) { return Attributes{{"axis", axis}}; };
            return std::vector<Sample>{{{draw.reals({7})}, along(0)},    {{draw.reals({2, 5, 3})}, along(1)},
                                       {{draw.reals({2, 3})}, along(0)}, {{draw.reals({3, 1})}, along(1)},
                                       {{draw.reals({2, 0})}, along(1)}, {{draw.reals({0, 2})}, along(1)}};
        });

/// The positions of the `count` largest entries.
const Op top_k_op =
    operation("xtape::top_k")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            return ResultType(
                detail::with_dim(s.shape(), axis_of(s.attributes()), Dim(s.attributes().integer("count"))),
                Kind::index);
        })
        .forward([](auto& call) {
            const Extents& extents = call.operand(0).extents();
            const std::size_t axis = axis_of(call.attributes());
            if (call.extents()[axis] > extents[axis])
                call.template fail<ArgumentError>(
                    fmt::format("{} largest are meant, and {}", call.extents()[axis],
                                too_few(call.operand_name(0), to_string(extents), axis, extents[axis])));
            order_lines(call, greater);
        })
        .without_gradient()
        .notation("top_k({0}, {count})", R"(\operatorname{top\_k}({0}, {count}))")
        .samples([](Draw& draw) {
            const auto of = [](std::int64_t axis, std::int64_t count) {
                return Attributes{{"axis", axis}, {"count", count}};
            };
            return std::vector<Sample>{{{draw.reals({7})}, of(0, 3)},    {{draw.reals({2, 5, 3})}, of(1, 5)},
                                       {{draw.reals({4, 3})}, of(0, 1)}, {{draw.reals({1})}, of(0, 1)},
                                       {{draw.reals({2, 3})}, of(1, 0)}, {{draw.reals({2, 0})}, of(1, 0)},
                                       {{draw.reals({0, 2})}, of(1, 1)}};
        });

const Op sorting_list[] = {argsort_op, top_k_op};

} // namespace

Var argsort(const Var& x, std::int64_t axis) {
    return record(argsort_op, {x}, {{"axis", detail::counted_axes("argsort", x, {axis})[0]}});
}

Var sort(const Var& x, std::int64_t axis) {
    axis = detail::counted_axes("sort", x, {axis})[0];
    Transaction transaction(*x.records());
    Var result = take_along_axis(x, argsort(x, axis), axis);
    transaction.done();
    return result;
}

TopK top_k(const Var& x, std::int64_t k, std::int64_t axis) {
    axis = detail::counted_axes("top_k", x, {axis})[0];
    const Dim& dim = x.shape()[static_cast<std::size_t>(axis)];
    if (k < 0)
        throw ArgumentError(
            fmt::format("top_k({}, {}): a number of entries cannot be negative.", x.to_string(), k));
    if (dim.sized() && static_cast<std::size_t>(k) > dim.extent())
        throw ArgumentError(fmt::format(
            "top_k({}, {}): {}", x.to_string(), k,
            too_few(x.to_string(), x.shape().to_string(), static_cast<std::size_t>(axis), dim.extent())));
    Transaction transaction(*x.records());
    const Var indices = record(top_k_op, {x}, {{"axis", axis}, {"count", k}});
    TopK result{take_along_axis(x, indices, axis), indices};
    transaction.done();
    return result;
}

std::span<const Op> sorting_ops() { return sorting_list; }

} // namespace xtape
