#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace xtape {

Dim::Dim(std::string name) : name_(std::move(name)), extent_(unsized) {
    if (name_.empty()) throw ShapeError("Dim: a dimension needs a name, an extent, or both.");
}

std::size_t Dim::extent() const {
    if (!sized())
        throw ShapeError(fmt::format("{0} has no extent yet. Give it one: Dim(\"{0}\", 400).", name_));
    return extent_;
}

std::string Dim::to_string() const {
    if (!sized()) return name_;
    return name_.empty() ? fmt::to_string(extent_) : fmt::format("{}={}", name_, extent_);
}

void Dim::throw_negative(long long extent) {
    throw ShapeError(fmt::format("Dim: an extent cannot be negative, and {} is.", extent));
}

bool same_extent(const Dim& a, const Dim& b) {
    if (a.sized() != b.sized()) return false;
    return a.sized() ? a.extent() == b.extent() : a.name() == b.name();
}

Shape::Shape(std::vector<Dim> dims) {
    if (!dims.empty()) dims_ = std::make_shared<const std::vector<Dim>>(std::move(dims));
}

Shape::Shape(const Extents& extents) : Shape(std::vector<Dim>(extents.begin(), extents.end())) {}

const std::vector<Dim>& Shape::dims() const {
    static const std::vector<Dim> none;
    return dims_ ? *dims_ : none;
}

bool Shape::sized() const { return std::ranges::all_of(dims(), &Dim::sized); }

std::size_t Shape::size() const {
    Extents extents;
    for (const Dim& dim : dims())
        extents.push_back(dim.extent());
    return size_of(extents);
}

std::string Shape::to_string() const {
    std::string text;
    for (const Dim& dim : dims())
        text += (text.empty() ? "" : " × ") + dim.to_string();
    return "(" + text + ")";
}

bool same_extents(const Shape& a, const Shape& b) {
    return a.identical(b) || std::ranges::equal(a.dims(), b.dims(), same_extent);
}

namespace {

/// The dimension that two aligned ones broadcast to; empty where they do not fit.
std::optional<Dim> broadcast(const Dim& a, const Dim& b) {
    if (same_extent(a, b)) return a.name().empty() ? b : a;
    if (a.is_one()) return b;
    if (b.is_one()) return a;
    return std::nullopt;
}

} // namespace

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
    if (a.identical(b) || b.rank() == 0) return a;
    if (a.rank() == 0) return b;
    const Shape& longer = a.rank() >= b.rank() ? a : b;
    const Shape& shorter = a.rank() >= b.rank() ? b : a;
    std::vector<Dim> dims = longer.dims();
    const std::size_t offset = longer.rank() - shorter.rank();
    for (std::size_t axis = 0; axis < shorter.rank(); ++axis) {
        const auto dim = broadcast(a[a.rank() - shorter.rank() + axis], b[b.rank() - shorter.rank() + axis]);
        if (!dim) return std::nullopt;
        dims[offset + axis] = *dim;
    }
    if (dims == a.dims()) return a;
    if (dims == b.dims()) return b;
    return Shape(std::move(dims));
}

bool is_broadcast_of(const Shape& wide, const Shape& narrow) {
    if (narrow.rank() > wide.rank()) return false;
    const auto result = broadcast(wide, narrow);
    return result && same_extents(*result, wide);
}

std::string bare_shape(const Shape& shape) {
    std::vector<std::string> dims;
    for (const Dim& dim : shape.dims())
        dims.push_back(dim.sized() ? fmt::to_string(dim.extent()) : dim.name());
    return fmt::format("({})", fmt::join(dims, " × "));
}

std::string why_not_broadcast(const Shape& a, const Shape& b) {
    const std::size_t common = std::min(a.rank(), b.rank());
    for (std::size_t back = 1; back <= common; ++back) {
        const Dim &p = a[a.rank() - back], &q = b[b.rank() - back];
        if (broadcast(p, q)) continue;
        if (p.sized() && q.sized()) return fmt::format("{} ≠ {}", p.extent(), q.extent());
        const Dim& unsized = p.sized() ? q : p;
        return fmt::format(
            "{} against {}: {} has no extent yet. Give it one, Dim(\"{}\", 400), or one name to both",
            p.to_string(), q.to_string(), unsized.name(), unsized.name());
    }
    return "they broadcast";
}

Axes normalised(const Axes& axes, std::size_t rank, const std::string& what) {
    Axes result;
    const auto end = static_cast<std::int64_t>(rank);
    for (const std::int64_t axis : axes) {
        if (axis < -end || axis >= end)
            throw ShapeError(fmt::format("{}: axis {} is out of range for {} axes. Use {} to {}.", what, axis,
                                         rank, -end, end - 1));
        result.push_back(axis < 0 ? axis + end : axis);
    }
    std::ranges::sort(result);
    if (std::ranges::adjacent_find(result) != result.end())
        throw ShapeError(fmt::format("{}: an axis is given twice. Name each axis once.", what));
    return result;
}

Axes all_axes(std::size_t rank) {
    Axes axes(rank);
    std::iota(axes.begin(), axes.end(), std::int64_t{0});
    return axes;
}

std::size_t size_of(const Extents& extents) {
    // Entries are counted with a sign in strides, and none is larger than 16 bytes.
    constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max() / 16;
    std::size_t size = 1;
    bool none = false;
    for (const std::size_t extent : extents) {
        none = none || extent == 0;
        if (__builtin_mul_overflow(size, std::max<std::size_t>(extent, 1), &size) || size > most)
            throw ShapeError(
                fmt::format("An array {} has more entries than memory can hold.", to_string(extents)));
    }
    return none ? 0 : size;
}

std::string to_string(const Extents& extents) { return fmt::format("({})", fmt::join(extents, " × ")); }

Extents position_of(std::size_t index, const Extents& extents) {
    Extents position(extents.size());
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        position[axis] = index % extents[axis];
        index /= extents[axis];
    }
    return position;
}

std::string brackets(const Extents& position) {
    return position.empty() ? "" : fmt::format("[{}]", fmt::join(position, ","));
}

} // namespace xtape
