#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace xtape {
namespace {

/// Where the entries of a slice lie in the whole array.
struct Placement {
    detail::Strides strides;
    std::ptrdiff_t offset;
};

Placement placement(const Extents& whole, const Attributes& attributes) {
    const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
    Placement place{detail::row_major_strides(whole), 0};
    place.offset = place.strides[axis] * attributes.integer("start");
    place.strides[axis] *= attributes.integer("step");
    return place;
}

/// Throws where an axis whose extent came with the arrays is too short for the slice.
void check_fits(const Extents& whole, std::size_t count, const Attributes& attributes) {
    const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
    const std::int64_t last =
        attributes.integer("start") + (static_cast<std::int64_t>(count) - 1) * attributes.integer("step");
    if (count > 0 && last >= static_cast<std::int64_t>(whole[axis]))
        throw ShapeError(fmt::format("slice: position {} is outside axis {} of an array {}.", last, axis,
                                     to_string(whole)));
}

Shape with_dim(const Shape& shape, std::size_t axis, Dim dim) {
    std::vector<Dim> dims = shape.dims();
    dims[axis] = std::move(dim);
    return Shape(std::move(dims));
}

Var place(const Var& part, const Attributes& of_slice, const Shape& whole);

/// A slice with which checks call slice and place.
struct Cut {
    Extents whole;
    std::int64_t axis, start, step, count;

    [[nodiscard]] Attributes attributes() const {
        return {{"axis", axis}, {"start", start}, {"step", step}, {"count", count}};
    }
    [[nodiscard]] Extents part() const {
        Extents extents = whole;
        extents[static_cast<std::size_t>(axis)] = static_cast<std::size_t>(count);
        return extents;
    }
};

const Cut cuts[] = {{{5, 2}, 0, 1, 2, 2}, {{2, 5}, 1, 0, 1, 5}, {{2, 4, 3}, 1, 2, 1, 2},
                    {{1}, 0, 0, 1, 1},    {{2, 5}, 1, 3, 1, 0}, {{0, 3}, 1, 0, 2, 2}};

const Op slice_op =
    operation("xtape::slice")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            return with_dim(s.shape(), static_cast<std::size_t>(s.attributes().integer("axis")),
                            Dim(s.attributes().integer("count")));
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const auto axis = static_cast<std::size_t>(call.attributes().integer("axis"));
            check_fits(x.extents(), call.extents()[axis], call.attributes());
            const auto [strides, offset] = placement(x.extents(), call.attributes());
            const T* from = x.data<T>() + offset;
            T* to = call.allocate();
            detail::for_each_position(call.extents(), strides,
                                      [&](std::size_t i, std::ptrdiff_t at) { to[i] = from[at]; });
        })
        .vjp([](const Pullback& p) { return place(p.cotangent(), p.attributes(), p.input().shape()); })
        .notation("{0}[{start}::{step}]", "{0}_{{start}::{step}}")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const Cut& cut : cuts)
                samples.push_back({{draw.reals(cut.whole)}, cut.attributes()});
            return samples;
        });

/// The adjoint of a slice: zeros of the whole shape with the part put where the slice took it.
const Op place_op =
    operation("xtape::place")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.attributes().shape("shape"); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& part = call.operand(0);
            const auto axis = static_cast<std::size_t>(call.attributes().integer("axis"));
            check_fits(call.extents(), part.extents()[axis], call.attributes());
            const auto [strides, offset] = placement(call.extents(), call.attributes());
            const T* from = part.data<T>();
            T* to = call.allocate() + offset;
            detail::for_each_position(part.extents(), strides,
                                      [&](std::size_t i, std::ptrdiff_t at) { to[at] = from[i]; });
        })
        .vjp([](const Pullback& p) {
            const Attributes& a = p.attributes();
            return record(slice_op, {p.cotangent()},
                          {{"axis", a.integer("axis")},
                           {"start", a.integer("start")},
                           {"step", a.integer("step")},
                           {"count", a.integer("count")}});
        })
        .notation("place({0}, {start}::{step})", R"(\operatorname{place}({0}, {start}::{step}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const Cut& cut : cuts) {
                auto attributes = cut.attributes().entries();
                attributes.emplace_back("shape", Shape(cut.whole));
                samples.push_back({{draw.reals(cut.part())}, Attributes(std::move(attributes))});
            }
            return samples;
        });

Var place(const Var& part, const Attributes& of_slice, const Shape& whole) {
    return record(place_op, {part},
                  {{"axis", of_slice.integer("axis")},
                   {"start", of_slice.integer("start")},
                   {"step", of_slice.integer("step")},
                   {"count", of_slice.integer("count")},
                   {"shape", whole}});
}

const Op concatenate_op =
    operation("xtape::concatenate")
        .any_number_of(Kind::real)
        .shape([](const Signature& s) {
            const auto axis = static_cast<std::size_t>(s.attributes().integer("axis"));
            std::size_t total = 0;
            for (std::size_t k = 0; k < s.size(); ++k) {
                if (s.shape(k).rank() != s.shape().rank()) s.fail("all need the same number of axes.");
                for (std::size_t a = 0; a < s.shape().rank(); ++a)
                    if (a != axis && !same_extent(s.shape(k)[a], s.shape()[a]))
                        s.fail(fmt::format("{} ≠ {} on axis {}, along which they are not joined.",
                                           s.shape()[a].to_string(), s.shape(k)[a].to_string(), a));
                if (!s.shape(k)[axis].sized())
                    s.fail(fmt::format("the extents of axis {} must be known to be joined: Dim(\"{}\", 400).",
                                       axis, s.shape(k)[axis].name()));
                total += s.shape(k)[axis].extent();
            }
            return with_dim(s.shape(), axis, Dim(total));
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const auto axis = static_cast<std::size_t>(call.attributes().integer("axis"));
            const detail::Strides strides = detail::row_major_strides(call.extents());
            T* to = call.allocate();
            for (std::size_t k = 0; k < call.size(); ++k) {
                const AnyArray& part = call.operand(k);
                const T* from = part.data<T>();
                detail::for_each_position(part.extents(), strides,
                                          [&](std::size_t i, std::ptrdiff_t at) { to[at] = from[i]; });
                to += strides[axis] * static_cast<std::ptrdiff_t>(part.extents()[axis]);
            }
        })
        .vjp_each([](const Pullback& p, std::size_t k) {
            const std::int64_t axis = p.attributes().integer("axis");
            const auto extent = [&](std::size_t i) {
                return static_cast<std::int64_t>(p.input(i).shape()[static_cast<std::size_t>(axis)].extent());
            };
            std::int64_t start = 0;
            for (std::size_t i = 0; i < k; ++i)
                start += extent(i);
            return slice(p.cotangent(), axis, start, start + extent(k));
        })
        .notation("[{…}]", "[{…}]")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [parts, axis] :
                 std::vector<std::pair<std::vector<Extents>, std::int64_t>>{{{{2, 3}, {2, 1}}, 1},
                                                                            {{{2, 3}, {0, 3}, {1, 3}}, 0},
                                                                            {{{1}}, 0},
                                                                            {{{2, 3, 1}, {2, 2, 1}}, 1},
                                                                            {{{0, 3}, {0, 1}}, 1}}) {
                Sample sample{{}, {{"axis", axis}}};
                for (const Extents& part : parts)
                    sample.operands.emplace_back(draw.reals(part));
                samples.push_back(std::move(sample));
            }
            return samples;
        });

/// One operation and not as many slices, whose adjoints would each fill an array of the whole.
const Op split_op =
    operation("xtape::split")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            std::vector<ResultType> parts;
            for (const std::int64_t extent : s.attributes().axes("extents"))
                parts.emplace_back(with_dim(
                    s.shape(), static_cast<std::size_t>(s.attributes().integer("axis")), Dim(extent)));
            return parts;
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const auto axis = static_cast<std::size_t>(call.attributes().integer("axis"));
            const detail::Strides strides = detail::row_major_strides(x.extents());
            const T* from = x.data<T>();
            for (std::size_t k = 0; k < call.attributes().axes("extents").size(); ++k) {
                T* to = call.allocate(k);
                detail::for_each_position(call.extents(k), strides,
                                          [&](std::size_t i, std::ptrdiff_t at) { to[i] = from[at]; });
                from += strides[axis] * static_cast<std::ptrdiff_t>(call.extents(k)[axis]);
            }
        })
        .vjp([](const Pullback& p) {
            std::vector<Var> parts;
            for (std::size_t k = 0; k < p.attributes().axes("extents").size(); ++k)
                parts.push_back(p.cotangent(k));
            return concatenate(parts, p.attributes().integer("axis"));
        })
        .notation("split({0}, {extents})", R"(\operatorname{split}({0}, {extents}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [extents, axis, parts] : std::vector<std::tuple<Extents, std::int64_t, Axes>>{
                     {{5, 2}, 0, {2, 0, 3}}, {{2, 3, 4}, 2, {1, 3}}, {{1}, 0, {1}}, {{0, 3}, 1, {1, 2}}})
                samples.push_back({{draw.reals(extents)}, {{"axis", axis}, {"extents", parts}}});
            return samples;
        });

const Op flip_op =
    operation("xtape::flip")
        .operands({Kind::real})
        .shape([](const Signature& s) { return s.shape(); })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const Extents& extents = call.extents();
            detail::Strides strides = detail::row_major_strides(extents);
            const T* from = call.operand(0).template data<T>();
            T* to = call.allocate();
            if (size_of(extents) == 0) return;
            for (const std::int64_t flipped : call.attributes().axes("axes")) {
                const auto axis = static_cast<std::size_t>(flipped);
                from += strides[axis] * (static_cast<std::ptrdiff_t>(extents[axis]) - 1);
                strides[axis] = -strides[axis];
            }
            detail::for_each_position(extents, strides,
                                      [&](std::size_t i, std::ptrdiff_t at) { to[i] = from[at]; });
        })
        .vjp([](const Pullback& p) { return flip(p.cotangent(), p.attributes().axes("axes")); })
        .notation("flip({0}, {axes})", R"(\operatorname{flip}({0}, {axes}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [extents, axes] : std::vector<std::pair<Extents, Axes>>{{{2, 3}, {1}},
                                                                                     {{2, 3}, {0, 1}},
                                                                                     {{2, 3}, {}},
                                                                                     {{3, 2, 4}, {1}},
                                                                                     {{1}, {0}},
                                                                                     {{0, 3}, {1}}})
                samples.push_back({{draw.reals(extents)}, {{"axes", axes}}});
            return samples;
        });

const Op slicing_list[] = {slice_op, place_op, concatenate_op, split_op, flip_op};

void require_parts(const std::vector<Var>& parts, const char* what) {
    if (parts.empty())
        throw ArgumentError(fmt::format("{}: there is nothing to join. Give at least one Var.", what));
    for (const Var& part : parts)
        if (part.records() != parts[0].records())
            throw VarError(fmt::format("{}({}, {}): they are on two tapes. Record both on one.", what,
                                       parts[0].to_string(), part.to_string()));
}

} // namespace

Var slice(const Var& x, std::int64_t axis, std::int64_t start, std::int64_t stop, std::int64_t step) {
    axis = detail::counted_axes("slice", x, {axis})[0];
    const Dim& dim = x.shape()[static_cast<std::size_t>(axis)];
    const auto fail = [&](const char* why) {
        throw ShapeError(fmt::format("slice({0}, axis {1}, {2}:{3}:{4}): {0} is {5}; {6}", x.to_string(),
                                     axis, start, stop, step, x.shape().to_string(), why));
    };
    if (step <= 0) fail("the step must be positive. Use flip() to go backwards.");
    if (dim.sized()) {
        const auto extent = static_cast<std::int64_t>(dim.extent());
        if (start < -extent || start > extent || stop < -extent || stop > extent)
            fail("a position is outside the axis.");
        if (start < 0) start += extent;
        if (stop < 0) stop += extent;
    } else if (start < 0 || stop < 0) {
        fail("positions cannot count from the end of an axis without an extent.");
    }
    const std::int64_t count = stop <= start ? 0 : (stop - start - 1) / step + 1;
    if (count <= 1) step = 1; // it is never taken, and a huge one would overflow a stride
    return record(slice_op, {x}, {{"axis", axis}, {"start", start}, {"step", step}, {"count", count}});
}

Var concatenate(const std::vector<Var>& parts, std::int64_t axis) {
    require_parts(parts, "concatenate");
    axis = detail::counted_axes("concatenate", parts[0], {axis})[0];
    return record_all(concatenate_op, parts, {{"axis", axis}})[0];
}

Var stack(const std::vector<Var>& parts, std::int64_t axis) {
    require_parts(parts, "stack");
    axis = detail::counted_axes("stack", parts[0], {axis}, parts[0].rank() + 1)[0];
    Transaction transaction(*parts[0].records());
    std::vector<Var> expanded;
    for (const Var& part : parts)
        expanded.push_back(expand_dims(part, {axis}));
    Var result = concatenate(expanded, axis);
    transaction.done();
    return result;
}

std::vector<Var> split(const Var& x, const std::vector<std::size_t>& extents, std::int64_t axis) {
    axis = detail::counted_axes("split", x, {axis})[0];
    const std::size_t whole = detail::known_extent("split", x, axis);
    const std::size_t total = std::accumulate(extents.begin(), extents.end(), std::size_t{0});
    if (total != whole)
        throw ShapeError(
            fmt::format("split({0}): {0} is {1}; the parts have {2} entries along axis {3}, which has {4}.",
                        x.to_string(), x.shape().to_string(), total, axis, whole));
    if (extents.empty()) return {};
    return record_all(split_op, {{x}}, {{"axis", axis}, {"extents", Axes(extents.begin(), extents.end())}});
}

std::vector<Var> split(const Var& x, std::size_t parts, std::int64_t axis) {
    axis = detail::counted_axes("split", x, {axis})[0];
    const std::size_t whole = detail::known_extent("split", x, axis);
    if (parts == 0 || whole % parts != 0)
        throw ShapeError(fmt::format("split({0}): {0} is {1}; axis {2} cannot be cut into {3} equal parts.",
                                     x.to_string(), x.shape().to_string(), axis, parts));
    return split(x, std::vector<std::size_t>(parts, whole / parts), axis);
}

Var flip(const Var& x, const Axes& axes) {
    return record(flip_op, {x}, {{"axes", detail::counted_axes("flip", x, axes)}});
}

std::span<const Op> slicing_ops() { return slicing_list; }

} // namespace xtape
