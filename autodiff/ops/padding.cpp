#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/indexing.hpp>
#include <xtape/autodiff/ops/lines.hpp>
#include <xtape/autodiff/ops/padding.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace xtape {
namespace {

/// The remainder that is not negative.
std::int64_t modulo(std::int64_t a, std::int64_t n) { return (a % n + n) % n; }

std::int64_t extent_of(const Var& x, std::size_t axis) {
    return static_cast<std::int64_t>(x.shape()[axis].extent());
}

const Op pad_op =
    operation("xtape::pad")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            const Axes &before = s.attributes().axes("before"), &after = s.attributes().axes("after");
            std::vector<Dim> dims = s.shape().dims();
            for (std::size_t axis = 0; axis < dims.size(); ++axis)
                if (before[axis] > 0 || after[axis] > 0)
                    dims[axis] =
                        Dim(static_cast<std::int64_t>(dims[axis].extent()) + before[axis] + after[axis]);
            return Shape(std::move(dims));
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const Axes& before = call.attributes().axes("before");
            const detail::Strides strides = detail::row_major_strides(call.extents());
            T* to = call.allocate();
            std::fill(to, to + size_of(call.extents()), static_cast<T>(call.attributes().real("value")));
            if (x.size() == 0) return;
            for (std::size_t axis = 0; axis < before.size(); ++axis)
                to += before[axis] * strides[axis];
            const T* from = x.data<T>();
            detail::for_each_position(x.extents(), strides,
                                      [&](std::size_t i, std::ptrdiff_t at) { to[at] = from[i]; });
        })
        .vjp([](const Pullback& p) {
            const Axes &before = p.attributes().axes("before"), &after = p.attributes().axes("after");
            Var inside = p.cotangent();
            for (std::size_t axis = 0; axis < before.size(); ++axis)
                if (before[axis] > 0 || after[axis] > 0)
                    inside = slice(inside, static_cast<std::int64_t>(axis), before[axis],
                                   before[axis] + extent_of(p.input(), axis));
            return inside;
        })
        .notation("pad({0}, {before}, {after})", R"(\operatorname{pad}({0}, {before}, {after}))")
        .samples([](Draw& draw) {
            const auto by = [](Axes before, Axes after, long double value) {
                return Attributes{
                    {"before", std::move(before)}, {"after", std::move(after)}, {"value", value}};
            };
            return std::vector<Sample>{{{draw.reals({5})}, by({2}, {1}, 0)},
                                       {{draw.reals({2, 3})}, by({0, 2}, {1, 0}, 1.5L)},
                                       {{draw.reals({2, 1, 3})}, by({1, 0, 0}, {0, 0, 2}, 0)},
                                       {{draw.reals({1})}, by({0}, {0}, 0)},
                                       {{draw.reals({2, 0})}, by({0, 1}, {0, 2}, -1)},
                                       {{draw.reals({})}, by({}, {}, 0)}};
        });

const Op roll_op =
    operation("xtape::roll")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.shape(); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const detail::Lines lines =
                detail::lines_along(call.extents(), detail::axis_of(call.attributes()));
            const T* const from = call.operand(0).template data<T>();
            T* const to = call.allocate();
            if (lines.extent == 0) return;
            const auto shift = static_cast<std::size_t>(
                modulo(call.attributes().integer("shift"), static_cast<std::int64_t>(lines.extent)));
            detail::for_each_line(lines, [&](std::size_t start, std::size_t stride) {
                for (std::size_t j = 0; j < lines.extent; ++j)
                    to[start + (j + shift) % lines.extent * stride] = from[start + j * stride];
            });
        })
        .vjp([](const Pullback& p) {
            return roll(p.cotangent(), -p.attributes().integer("shift"), p.attributes().integer("axis"));
        })
        .notation("roll({0}, {shift})", R"(\operatorname{roll}({0}, {shift}))")
        .samples([](Draw& draw) {
            const auto by = [](std::int64_t shift, std::int64_t axis) {
                return Attributes{{"shift", shift}, {"axis", axis}};
            };
            return std::vector<Sample>{{{draw.reals({5})}, by(2, 0)},    {{draw.reals({2, 4, 3})}, by(-5, 1)},
                                       {{draw.reals({3, 2})}, by(3, 0)}, {{draw.reals({1})}, by(1, 0)},
                                       {{draw.reals({2, 0})}, by(1, 1)}, {{draw.reals({0, 2})}, by(-1, 1)}};
        });

const Op padding_list[] = {pad_op, roll_op};

/// Throws unless there is one width, none of them negative, for each axis, and the result can be counted.
void check_widths(const Var& x, const std::vector<PadWidth>& widths) {
    if (widths.size() != x.rank())
        throw ArgumentError(
            fmt::format("pad({0}): {1} width{2} for {0}, which is {3}. Give one for each axis: "
                        "{{{{before, after}}, …}}.",
                        x.to_string(), widths.size(), widths.size() == 1 ? "" : "s", x.shape().to_string()));
    for (std::size_t axis = 0; axis < widths.size(); ++axis) {
        const auto [before, after] = widths[axis];
        if (before < 0 || after < 0)
            throw ArgumentError(fmt::format("pad({}): the widths of axis {} are {} and {}, and must not be "
                                            "negative. Use slice() to take entries away.",
                                            x.to_string(), axis, before, after));
        if (before == 0 && after == 0) continue;
        const std::size_t extent = detail::known_extent("pad", x, static_cast<std::int64_t>(axis));
        for (const std::int64_t width : {before, after}) // so that their sum does not overflow
            (void)size_of({std::max<std::size_t>(extent, 1), static_cast<std::size_t>(width)});
    }
}

/// The entry of an axis of extent n that a mode puts at position j, which may lie outside.
std::int64_t source(PadMode mode, std::int64_t j, std::int64_t n) {
    switch (mode) {
    case PadMode::reflect: {
        if (n == 1) return 0;
        const std::int64_t at = modulo(j, 2 * n - 2);
        return std::min(at, 2 * n - 2 - at);
    }
    case PadMode::symmetric: {
        const std::int64_t at = modulo(j, 2 * n);
        return std::min(at, 2 * n - 1 - at);
    }
    case PadMode::wrap:
        return modulo(j, n);
    case PadMode::constant:
    case PadMode::edge:
        break;
    }
    return std::clamp<std::int64_t>(j, 0, n - 1);
}

void require_count(const char* op, const Var& x, std::int64_t count) {
    if (count < 0)
        throw ArgumentError(
            fmt::format("{}({}): a count of {}, and counts must not be negative.", op, x.to_string(), count));
}

/// `count` copies along a new axis, joined with the axis beside it: entries are repeated where the new axis
/// follows the old one, the whole where it precedes it.
Var copies(const char* op, const Var& x, std::int64_t count, std::int64_t axis, std::int64_t new_axis) {
    require_count(op, x, count);
    if (count == 1) return x;
    const std::size_t extent = detail::known_extent(op, x, axis);
    const auto times = static_cast<std::size_t>(count);
    const Dim joined(size_of({extent, times}));
    const Var apart = expand_dims(x, {new_axis});
    const Var copied =
        broadcast_to(apart, detail::with_dim(apart.shape(), static_cast<std::size_t>(new_axis), Dim(times)));
    return reshape(copied, detail::with_dim(x.shape(), static_cast<std::size_t>(axis), joined));
}

} // namespace

Var pad(const Var& x, const std::vector<PadWidth>& widths, long double value) {
    check_widths(x, widths);
    Axes before, after;
    for (const PadWidth& width : widths) {
        before.push_back(width.before);
        after.push_back(width.after);
    }
    return record(pad_op, {x}, {{"before", before}, {"after", after}, {"value", value}});
}

Var pad(const Var& x, const std::vector<PadWidth>& widths, PadMode mode) {
    if (mode == PadMode::constant) return pad(x, widths);
    check_widths(x, widths);
    Transaction transaction(*x.records());
    Var result = x;
    for (std::size_t axis = 0; axis < widths.size(); ++axis) {
        const auto [before, after] = widths[axis];
        if (before == 0 && after == 0) continue;
        const std::int64_t extent = extent_of(x, axis);
        if (extent == 0)
            throw ArgumentError(fmt::format("pad({0}): {0} is {1}, and axis {2} has no entry to repeat. Pad "
                                            "with a value.",
                                            x.to_string(), x.shape().to_string(), axis));
        const auto count = static_cast<std::size_t>(before + extent + after);
        const auto [indices, data] = AnyArray::zeros<std::int64_t>({count});
        for (std::size_t j = 0; j < count; ++j)
            data[j] = source(mode, static_cast<std::int64_t>(j) - before, extent);
        result = gather(result, indices.view<std::int64_t>(), static_cast<std::int64_t>(axis));
    }
    transaction.done();
    return result;
}

Var roll(const Var& x, std::int64_t shift, std::int64_t axis) {
    axis = detail::counted_axes("roll", x, {axis})[0];
    if (shift == std::numeric_limits<std::int64_t>::min())
        throw ArgumentError(
            fmt::format("roll({}, {}): the shift has no opposite. Use a smaller one.", x.to_string(), shift));
    return record(roll_op, {x}, {{"shift", shift}, {"axis", axis}});
}

Var repeat(const Var& x, std::int64_t count, std::int64_t axis) {
    axis = detail::counted_axes("repeat", x, {axis})[0];
    Transaction transaction(*x.records());
    Var result = copies("repeat", x, count, axis, axis + 1);
    transaction.done();
    return result;
}

Var tile(const Var& x, const std::vector<std::int64_t>& counts) {
    Transaction transaction(*x.records());
    Var result = x;
    if (counts.size() > x.rank()) result = expand_dims(x, all_axes(counts.size() - x.rank()));
    const std::size_t skipped = result.rank() - counts.size();
    for (std::size_t k = 0; k < counts.size(); ++k) {
        const auto axis = static_cast<std::int64_t>(skipped + k);
        result = copies("tile", result, counts[k], axis, axis);
    }
    transaction.done();
    return result;
}

std::span<const Op> padding_ops() { return padding_list; }

} // namespace xtape
