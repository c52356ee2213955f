#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/indexing.hpp>
#include <xtape/autodiff/ops/lines.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape {
namespace {

using detail::axis_of;
using detail::Lines;
using detail::lines_along;

/// The positions along an axis of an array with these extents that operand k of a call names, counted from
/// the front.
template <class T>
std::vector<std::size_t> positions(const Call<T>& call, std::size_t k, const Extents& extents,
                                   std::size_t axis) {
    const AnyArray& indices = call.operand(k);
    const auto* const index = indices.template data<std::int64_t>();
    const auto extent = static_cast<std::int64_t>(extents[axis]);
    std::vector<std::size_t> result(indices.size());
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (index[i] < -extent || index[i] >= extent)
            call.template fail<IndexError>(
                fmt::format("{}{} = {} is out of range for axis {} of an array {}{}", call.operand_name(k),
                            brackets(position_of(i, indices.extents())), index[i], axis, to_string(extents),
                            extent == 0 ? ", which has no entries."
                                        : fmt::format(". Use {} to {}.", -extent, extent - 1)));
        result[i] = static_cast<std::size_t>(index[i] < 0 ? index[i] + extent : index[i]);
    }
    return result;
}

/// Calls f(entry of the part, entry of the whole) for every entry that `gather` takes: row j of each block of
/// the part is a whole row.
template <class F>
void for_each_gathered(const Lines& whole, const std::vector<std::size_t>& rows, F f) {
    std::size_t part = 0;
    for (std::size_t o = 0; o < whole.outer; ++o)
        for (const std::size_t row : rows)
            for (std::size_t i = 0; i < whole.inner; ++i)
                f(part++, (o * whole.extent + row) * whole.inner + i);
}

/// The same for `take_along_axis`, where each entry of the part has an index of its own.
template <class F>
void for_each_taken(const Lines& whole, const Lines& part, const std::vector<std::size_t>& rows, F f) {
    std::size_t k = 0;
    for (std::size_t o = 0; o < part.outer; ++o)
        for (std::size_t j = 0; j < part.extent; ++j)
            for (std::size_t i = 0; i < part.inner; ++i, ++k)
                f(k, (o * whole.extent + rows[k]) * whole.inner + i);
}

/// The dimensions with those from `axis` on, `count` of them, replaced.
Shape replaced(const Shape& shape, std::size_t axis, std::size_t count, const std::vector<Dim>& by) {
    const auto at = static_cast<std::ptrdiff_t>(axis);
    std::vector<Dim> dims(shape.dims().begin(), shape.dims().begin() + at);
    dims.insert(dims.end(), by.begin(), by.end());
    dims.insert(dims.end(), shape.dims().begin() + at + static_cast<std::ptrdiff_t>(count),
                shape.dims().end());
    return Shape(std::move(dims));
}

Shape scattered_shape(const Signature& s) {
    const Shape updates = s.shape(0), indices = s.shape(1);
    const std::size_t axis = axis_of(s.attributes());
    for (std::size_t a = 0; a < indices.rank(); ++a)
        if (!same_extent(updates[axis + a], indices[a]))
            s.fail(fmt::format("{} ≠ {}: from axis {} on, the updates have the axes of the indices.",
                               updates[axis + a].to_string(), indices[a].to_string(), axis));
    return replaced(updates, axis, indices.rank(), {s.attributes().get<Dim>("extent")});
}

/// Throws where the indices of take_along_axis do not have the extents of x beside the axis.
void check_beside(const Signature& s, const Shape& x, const Shape& indices, std::size_t axis) {
    if (x.rank() != indices.rank()) s.fail("both need the same number of axes. Use gather() for whole rows.");
    for (std::size_t a = 0; a < x.rank(); ++a)
        if (a != axis && !same_extent(x[a], indices[a]))
            s.fail(fmt::format("{} ≠ {} on axis {}, along which nothing is taken.", x[a].to_string(),
                               indices[a].to_string(), a));
}

const Op gather_op =
    operation("xtape::gather")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) {
            return replaced(s.shape(0), axis_of(s.attributes()), 1, s.shape(1).dims());
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const std::size_t axis = axis_of(call.attributes());
            const auto rows = positions(call, 1, x.extents(), axis);
            const T* from = x.data<T>();
            T* to = call.allocate();
            for_each_gathered(lines_along(x.extents(), axis), rows,
                              [&](std::size_t part, std::size_t whole) { to[part] = from[whole]; });
        })
        .vjp(
            [](const Pullback& p) {
                const std::int64_t axis = p.attributes().integer("axis");
                return scatter_add(p.cotangent(), p.input(1), p.input(0).shape()[axis_of(p.attributes())],
                                   axis);
            },
            no_gradient)
        .notation("{0}[{1}]", "{0}_{{1}}")
        .samples([](Draw& draw) {
            const auto along = [](std::int64_t axis) { return Attributes{{"axis", axis}}; };
            return std::vector<Sample>{
                {{draw.reals({4, 3}), draw.indices({5}, 4)}, along(0)},
                {{draw.reals({2, 4, 3}), Array<std::int64_t>{{0, -1}, {2, 2}, {-4, 3}}}, along(1)},
                {{draw.reals({5}), draw.indices({}, 5)}, along(0)},
                {{draw.reals({1}), draw.indices({3}, 1)}, along(0)},
                {{draw.reals({2, 3}), draw.indices({0}, 3)}, along(1)},
                {{draw.reals({0, 3}), draw.indices({2}, 3)}, along(1)}};
        });

const Op scatter_add_op =
    operation("xtape::scatter_add")
        .operands({Kind::real, Kind::index})
        .shape(scattered_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t axis = axis_of(call.attributes());
            const auto rows = positions(call, 1, call.extents(), axis);
            const T* from = call.operand(0).template data<T>();
            T* to = call.allocate();
            for_each_gathered(lines_along(call.extents(), axis), rows,
                              [&](std::size_t part, std::size_t whole) { to[whole] += from[part]; });
        })
        .vjp(
            [](const Pullback& p) {
                return gather(p.cotangent(), p.input(1), p.attributes().integer("axis"));
            },
            no_gradient)
        .notation("scatter_add({0}, {1})", R"(\operatorname{scatter\_add}({0}, {1}))")
        .samples([](Draw& draw) {
            const auto into = [](Dim extent, std::int64_t axis) {
                return Attributes{{"axis", axis}, {"extent", std::move(extent)}};
            };
            return std::vector<Sample>{
                {{draw.reals({5, 3}), draw.indices({5}, 4)}, into(4, 0)},
                {{draw.reals({2, 3, 2, 3}), Array<std::int64_t>{{0, -1}, {2, 2}, {-4, 3}}}, into(4, 1)},
                {{draw.reals({}), draw.indices({}, 5)}, into(5, 0)},
                {{draw.reals({3}), draw.indices({3}, 1)}, into(1, 0)},
                {{draw.reals({2, 0}), draw.indices({0}, 3)}, into(3, 1)},
                {{draw.reals({0, 2}), draw.indices({2}, 3)}, into(3, 1)}};
        });

const Op take_along_axis_op =
    operation("xtape::take_along_axis")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) {
            const std::size_t axis = axis_of(s.attributes());
            check_beside(s, s.shape(0), s.shape(1), axis);
            return detail::with_dim(s.shape(0), axis, s.shape(1)[axis]);
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const std::size_t axis = axis_of(call.attributes());
            const auto rows = positions(call, 1, x.extents(), axis);
            const T* from = x.data<T>();
            T* to = call.allocate();
            for_each_taken(lines_along(x.extents(), axis), lines_along(call.extents(), axis), rows,
                           [&](std::size_t part, std::size_t whole) { to[part] = from[whole]; });
        })
        .vjp(
            [](const Pullback& p) {
                const std::int64_t axis = p.attributes().integer("axis");
                return scatter_add_along_axis(p.cotangent(), p.input(1),
                                              p.input(0).shape()[axis_of(p.attributes())], axis);
            },
            no_gradient)
        .notation("take({0}, {1})", R"(\operatorname{take}({0}, {1}))")
        .samples([](Draw& draw) {
            const auto along = [](std::int64_t axis) { return Attributes{{"axis", axis}}; };
            return std::vector<Sample>{
                {{draw.reals({4, 3}), Array<std::int64_t>{{0, -1, 2}, {3, 0, 0}}}, along(0)},
                {{draw.reals({2, 4, 3}), draw.indices({2, 5, 3}, 4)}, along(1)},
                {{draw.reals({1}), draw.indices({3}, 1)}, along(0)},
                {{draw.reals({2, 3}), draw.indices({2, 0}, 3)}, along(1)},
                {{draw.reals({0, 3}), draw.indices({0, 2}, 3)}, along(1)}};
        });

const Op scatter_add_along_axis_op =
    operation("xtape::scatter_add_along_axis")
        .operands({Kind::real, Kind::index})
        .shape([](const Signature& s) {
            if (!same_extents(s.shape(0), s.shape(1))) s.fail("both must have one shape.");
            return detail::with_dim(s.shape(0), axis_of(s.attributes()), s.attributes().get<Dim>("extent"));
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& updates = call.operand(0);
            const std::size_t axis = axis_of(call.attributes());
            const auto rows = positions(call, 1, call.extents(), axis);
            const T* from = updates.data<T>();
            T* to = call.allocate();
            for_each_taken(lines_along(call.extents(), axis), lines_along(updates.extents(), axis), rows,
                           [&](std::size_t part, std::size_t whole) { to[whole] += from[part]; });
        })
        .vjp(
            [](const Pullback& p) {
                return take_along_axis(p.cotangent(), p.input(1), p.attributes().integer("axis"));
            },
            no_gradient)
        .notation("scatter_add_along({0}, {1})", R"(\operatorname{scatter\_add\_along}({0}, {1}))")
        .samples([](Draw& draw) {
            const auto into = [](Dim extent, std::int64_t axis) {
                return Attributes{{"axis", axis}, {"extent", std::move(extent)}};
            };
            return std::vector<Sample>{
                {{draw.reals({2, 3}), Array<std::int64_t>{{0, -1, 2}, {3, 0, 2}}}, into(4, 0)},
                {{draw.reals({2, 5, 3}), draw.indices({2, 5, 3}, 4)}, into(4, 1)},
                {{draw.reals({3}), draw.indices({3}, 1)}, into(1, 0)},
                {{draw.reals({2, 0}), draw.indices({2, 0}, 3)}, into(3, 1)},
                {{draw.reals({0, 2}), draw.indices({0, 2}, 3)}, into(3, 1)}};
        });

const Op one_hot_op =
    operation("xtape::one_hot")
        .operands({Kind::index})
        .shape([](const Signature& s) {
            return replaced(s.shape(), axis_of(s.attributes()), 0, {s.attributes().get<Dim>("extent")});
        })
        .forward([](auto& call) {
            const std::size_t axis = axis_of(call.attributes());
            const auto rows = positions(call, 0, call.extents(), axis);
            const Lines whole = lines_along(call.extents(), axis);
            auto* to = call.allocate();
            for_each_taken(whole, {whole.outer, 1, whole.inner}, rows,
                           [&](std::size_t, std::size_t at) { to[at] = 1; });
        })
        .without_gradient()
        .notation("one_hot({0}, {extent})", R"(\operatorname{one\_hot}({0}, {extent}))")
        .samples([](Draw& draw) {
            const auto into = [](Dim extent, std::int64_t axis) {
                return Attributes{{"axis", axis}, {"extent", std::move(extent)}};
            };
            return std::vector<Sample>{{{draw.indices({5}, 3)}, into(3, 1)},
                                       {{draw.indices({2, 3}, 4)}, into(4, 0)},
                                       {{draw.indices({}, 4)}, into(4, 0)},
                                       {{draw.indices({1}, 1)}, into(1, 1)},
                                       {{draw.indices({0}, 3)}, into(3, 1)}};
        });

const Op indexing_list[] = {gather_op, scatter_add_op, take_along_axis_op, scatter_add_along_axis_op,
                            one_hot_op};

} // namespace

Var gather(const Var& x, const Operand& indices, std::int64_t axis) {
    return record(gather_op, {x, indices}, {{"axis", detail::counted_axes("gather", x, {axis})[0]}});
}

Var scatter_add(const Var& updates, const Operand& indices, const Dim& extent, std::int64_t axis) {
    Transaction transaction(*updates.records());
    const Var index = indices.on(updates.records());
    if (index.rank() > updates.rank())
        throw ShapeError(fmt::format(
            "scatter_add({0}, {1}): {0} is {2}, {1} is {3}: the updates have all axes "
            "of the indices.",
            updates.to_string(), index.to_string(), updates.shape().to_string(), index.shape().to_string()));
    const std::size_t rank = updates.rank() - index.rank() + 1;
    Var result =
        record(scatter_add_op, {updates, index},
               {{"axis", detail::counted_axes("scatter_add", updates, {axis}, rank)[0]}, {"extent", extent}});
    transaction.done();
    return result;
}

Var take_along_axis(const Var& x, const Operand& indices, std::int64_t axis) {
    return record(take_along_axis_op, {x, indices},
                  {{"axis", detail::counted_axes("take_along_axis", x, {axis})[0]}});
}

Var scatter_add_along_axis(const Var& updates, const Operand& indices, const Dim& extent, std::int64_t axis) {
    return record(
        scatter_add_along_axis_op, {updates, indices},
        {{"axis", detail::counted_axes("scatter_add_along_axis", updates, {axis})[0]}, {"extent", extent}});
}

Var one_hot(const Var& indices, const Dim& extent, std::int64_t axis) {
    return record(one_hot_op, {indices},
                  {{"axis", detail::counted_axes("one_hot", indices, {axis}, indices.rank() + 1)[0]},
                   {"extent", extent}});
}

std::span<const Op> indexing_ops() { return indexing_list; }

} // namespace xtape
