#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace xtape {
namespace {

/// The product of the known extents, and the names of the unknown ones in order.
std::pair<std::size_t, std::vector<std::string>> factors(const Shape& shape) {
    Extents known;
    std::vector<std::string> unknown;
    for (const Dim& dim : shape.dims()) {
        if (dim.sized())
            known.push_back(dim.extent());
        else
            unknown.push_back(dim.name());
    }
    std::ranges::sort(unknown);
    return {size_of(known), unknown};
}

Shape attribute_shape(const Signature& s) { return s.attributes().shape("shape"); }

/// Arrays of the first extents, each with the shape that it is to take.
std::vector<Sample> to_shapes(Draw& draw, const std::vector<std::pair<Extents, Shape>>& pairs) {
    std::vector<Sample> samples;
    for (const auto& [extents, shape] : pairs)
        samples.push_back({{draw.reals(extents)}, {{"shape", shape}}});
    return samples;
}

const auto keep_operand = [](auto& call) { call.give(0, call.operand(0)); };

const Op reshape_op =
    operation("xtape::reshape")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            const Shape shape = attribute_shape(s);
            if (factors(s.shape()) != factors(shape))
                s.fail(fmt::format("it cannot take the shape {}, which has another number of entries.",
                                   shape.to_string()));
            return shape;
        })
        .forward([](auto& call) { call.give(0, call.operand(0).reshaped(call.extents())); })
        .vjp([](const Pullback& p) { return reshape(p.cotangent(), p.input().shape()); })
        .notation("reshape({0}, {shape})", R"(\operatorname{reshape}({0}, {shape}))")
        .samples([](Draw& draw) {
            return to_shapes(
                draw,
                {{{2, 3}, {3, 2}}, {{6}, {2, 1, 3}}, {{2, 3, 2}, {12}}, {{1, 1}, {}}, {{0, 3}, {2, 0}}});
        });

const Op broadcast_to_op =
    operation("xtape::broadcast_to")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            const Shape shape = attribute_shape(s);
            if (!is_broadcast_of(shape, s.shape()))
                s.fail(fmt::format("it does not broadcast to {}.", shape.to_string()));
            return shape;
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const T* from = x.data<T>();
            T* to = call.allocate();
            detail::for_each_position(call.extents(), detail::broadcast_strides(x.extents(), call.extents()),
                                      [&](std::size_t i, std::ptrdiff_t at) { to[i] = from[at]; });
        })
        .vjp([](const Pullback& p) { return p.cotangent(); })
        .notation("broadcast({0}, {shape})", R"(\operatorname{broadcast}({0}, {shape}))")
        .samples([](Draw& draw) {
            return to_shapes(draw, {{{}, {2, 3}},
                                    {{3}, {2, 3}},
                                    {{2, 1}, {2, 3}},
                                    {{2, 1, 3}, {4, 2, 5, 3}},
                                    {{1}, {1, 1}},
                                    {{1, 3}, {0, 3}}});
        });

Axes inverse(const Axes& order) {
    Axes inverse(order.size());
    for (std::size_t axis = 0; axis < order.size(); ++axis)
        inverse[static_cast<std::size_t>(order[axis])] = static_cast<std::int64_t>(axis);
    return inverse;
}

const Op transpose_op =
    operation("xtape::transpose")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            std::vector<Dim> dims;
            for (const std::int64_t axis : s.attributes().axes("axes"))
                dims.push_back(s.shape()[static_cast<std::size_t>(axis)]);
            return Shape(std::move(dims));
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const detail::Strides own = detail::row_major_strides(x.extents());
            detail::Strides strides;
            for (const std::int64_t axis : call.attributes().axes("axes"))
                strides.push_back(own[static_cast<std::size_t>(axis)]);
            const T* from = x.data<T>();
            T* to = call.allocate();
            detail::for_each_position(call.extents(), strides,
                                      [&](std::size_t i, std::ptrdiff_t at) { to[i] = from[at]; });
        })
        .vjp([](const Pullback& p) { return transpose(p.cotangent(), inverse(p.attributes().axes("axes"))); })
        .notation("{0}ᵀ", R"({0}^\top)", 40)
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [extents, axes] : std::vector<std::pair<Extents, Axes>>{{{2, 3}, {1, 0}},
                                                                                     {{2, 3, 4}, {2, 0, 1}},
                                                                                     {{2, 3, 4}, {0, 2, 1}},
                                                                                     {{1, 1}, {1, 0}},
                                                                                     {{0, 3}, {1, 0}}})
                samples.push_back({{draw.reals(extents)}, {{"axes", axes}}});
            return samples;
        });

const Op extent_op =
    operation("xtape::extent")
        .operands({})
        .shape([](const Signature&) { return Shape(); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            *call.allocate() = static_cast<T>(call.extent(call.attributes().template get<Dim>("dim")));
        })
        .without_gradient()
        .notation("{dim}", "{dim}")
        .samples([](Draw&) {
            return std::vector<Sample>{{{}, {{"dim", Dim("n", 3)}}}, {{}, {{"dim", Dim(0)}}}};
        });

std::vector<Sample> any_reals(Draw& draw) {
    std::vector<Sample> samples;
    for (const Extents& extents : {Extents{2, 3}, Extents{}, Extents{1}, Extents{0, 3}})
        samples.push_back({{draw.reals(extents)}, {}});
    return samples;
}

const Op copy_op = operation("xtape::copy")
                       .operands({Kind::real})
                       .shape([](const Signature& s) { return s.shape(); })
                       .forward(keep_operand)
                       .vjp([](const Pullback& p) { return p.cotangent(); })
                       .notation("{0}", "{0}")
                       .samples(any_reals);

const Op stop_gradient_op = operation("xtape::stop_gradient")
                                .operands({Kind::real})
                                .shape([](const Signature& s) { return s.shape(); })
                                .forward(keep_operand)
                                .without_gradient()
                                .notation("stop({0})", R"(\operatorname{stop}({0}))")
                                .samples(any_reals);

const Op shaping_list[] = {reshape_op, broadcast_to_op, transpose_op, extent_op, copy_op, stop_gradient_op};

Var filled_like(const Var& x, long double value) {
    const Var number = Operand(value).on(x.records());
    return x.rank() == 0 ? number : broadcast_to(number, x.shape());
}

} // namespace

Var reshape(const Var& x, const Shape& shape) {
    return same_extents(x.shape(), shape) ? x : record(reshape_op, {x}, {{"shape", shape}});
}

Var flatten(const Var& x) {
    std::size_t size = 1;
    for (const std::int64_t axis : all_axes(x.rank()))
        size *= detail::known_extent("flatten", x, axis);
    return reshape(x, {size});
}

Var broadcast_to(const Var& x, const Shape& shape) {
    return same_extents(x.shape(), shape) ? x : record(broadcast_to_op, {x}, {{"shape", shape}});
}

Var sum_to(const Var& x, const Shape& shape) {
    const Shape& wide = x.shape();
    if (same_extents(wide, shape)) return x;
    if (!is_broadcast_of(wide, shape))
        throw ShapeError(fmt::format("sum_to({0}, {1}): {0} is {2}, and {1} does not broadcast to it.",
                                     x.to_string(), shape.to_string(), wide.to_string()));
    const std::size_t extra = wide.rank() - shape.rank();
    Axes leading = all_axes(extra), ones;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        if (!same_extent(shape[axis], wide[extra + axis])) ones.push_back(static_cast<std::int64_t>(axis));
    Var result = leading.empty() ? x : sum(x, leading);
    return ones.empty() ? result : sum(result, ones, Keep::dims);
}

Var squeeze(const Var& x, const Axes& axes) {
    const Axes gone = detail::counted_axes("squeeze", x, axes);
    std::vector<Dim> dims;
    for (std::size_t axis = 0; axis < x.rank(); ++axis) {
        if (!std::ranges::binary_search(gone, static_cast<std::int64_t>(axis)))
            dims.push_back(x.shape()[axis]);
        else if (!x.shape()[axis].is_one())
            throw ShapeError(fmt::format("squeeze({0}): {0} is {1}; axis {2} has extent {3}, not 1.",
                                         x.to_string(), x.shape().to_string(), axis,
                                         x.shape()[axis].to_string()));
    }
    return reshape(x, Shape(std::move(dims)));
}

Var squeeze(const Var& x) {
    Axes ones;
    for (std::size_t axis = 0; axis < x.rank(); ++axis)
        if (x.shape()[axis].is_one()) ones.push_back(static_cast<std::int64_t>(axis));
    return squeeze(x, ones);
}

Var expand_dims(const Var& x, const Axes& axes) {
    const std::size_t rank = x.rank() + axes.size();
    const Axes added = detail::counted_axes("expand_dims", x, axes, rank);
    std::vector<Dim> dims;
    for (std::size_t axis = 0, own = 0; axis < rank; ++axis)
        dims.push_back(std::ranges::binary_search(added, static_cast<std::int64_t>(axis)) ? Dim(1)
                                                                                          : x.shape()[own++]);
    return reshape(x, Shape(std::move(dims)));
}

Var transpose(const Var& x) {
    Axes order = all_axes(x.rank());
    std::ranges::reverse(order);
    return transpose(x, order);
}

Var transpose(const Var& x, const Axes& order) {
    if (detail::counted_axes("transpose", x, order).size() != x.rank())
        throw ShapeError(fmt::format("transpose({0}): {1} axes for {2}. Name each axis once.", x.to_string(),
                                     order.size(), x.shape().to_string()));
    Axes counted;
    for (const std::int64_t axis : order)
        counted.push_back(axis < 0 ? axis + static_cast<std::int64_t>(x.rank()) : axis);
    return x.rank() < 2 ? x : record(transpose_op, {x}, {{"axes", counted}});
}

Var zeros_like(const Var& x) { return filled_like(x, 0); }
Var ones_like(const Var& x) { return filled_like(x, 1); }

Var extent(const Var& x, std::int64_t axis) {
    const Axes one = detail::counted_axes("extent", x, {axis});
    const std::shared_ptr<Records>& records = x.records();
    return records->var(
        records->append(extent_op, {}, {{"dim", x.shape()[static_cast<std::size_t>(one[0])]}}));
}

bool is_extent(const Op& op) { return op == extent_op; }

Var detail::copy_of(const Var& x) { return record(copy_op, {x}); }

Var stop_gradient(const Var& x) { return record(stop_gradient_op, {x}); }

std::span<const Op> shaping_ops() { return shaping_list; }

} // namespace xtape
