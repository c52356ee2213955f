#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops/axes.hpp>

#include <fmt/format.h>

namespace xtape::detail {

Axes counted_axes(const std::string& op, const Var& x, const Axes& axes, std::size_t rank) {
    try {
        return normalised(axes, rank, op);
    } catch (const ShapeError&) {
        // Again, for the message: describing x costs more than recording, so it is done only here.
        return normalised(axes, rank, fmt::format("{}({})", op, x.to_string()));
    }
}

std::size_t known_extent(const std::string& op, const Var& x, std::int64_t axis) {
    const Shape shape = x.shape();
    const Dim& dim = shape[static_cast<std::size_t>(axis)];
    if (!dim.sized())
        throw ShapeError(
            fmt::format("{0}({1}): {1} is {2}, and {0} has to know the extent of {3}. Give it one: "
                        "Dim(\"{3}\", 400).",
                        op, x.to_string(), shape.to_string(), dim.name()));
    return dim.extent();
}

} // namespace xtape::detail
