#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/statistics.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <limits>

namespace xtape {
namespace {

/// n − ddof, where n entries fall on one result.
Var degrees_of_freedom(const char* what, const Var& x, const Axes& axes, std::int64_t ddof) {
    const auto fail = [&](const std::string& why) {
        throw ArgumentError(fmt::format("{}({}): ddof is {}; {}", what, x.to_string(), ddof, why));
    };
    if (ddof < 0) fail("it must not be negative.");
    std::size_t known = 1;
    bool sized = true;
    Var count = Operand(1).on(x.records());
    for (const std::int64_t axis : axes) {
        const Dim& dim = x.shape()[static_cast<std::size_t>(axis)];
        sized = sized && dim.sized();
        if (dim.sized()) known *= dim.extent();
        if (!dim.is_one()) count = count * extent(x, axis);
    }
    if (ddof == 0) return count;
    if (sized && known <= static_cast<std::size_t>(ddof))
        fail(fmt::format("only {} entries fall on one result. Take a smaller one.", known));
    return sized ? count - ddof : maximum(count - ddof, 0);
}

/// The mask on x's tape. Throws KindError where it is none, ShapeError where it does not broadcast to x.
Var mask_on(const char* what, const Var& x, const Operand& mask) {
    Var result = mask.on(x.records(), Kind::mask);
    if (result.kind() != Kind::mask)
        throw KindError(fmt::format("{0}({1}, {2}): {2} is {3}, and must be a mask. Compare it: {2} > 0.",
                                    what, x.to_string(), result.to_string(), to_string(result.kind())));
    if (!is_broadcast_of(x.shape(), result.shape()))
        throw ShapeError(fmt::format("{0}({1}, {2}): {1} is {3}, {2} is {4}, and must broadcast to it.", what,
                                     x.to_string(), result.to_string(), x.shape().to_string(),
                                     result.shape().to_string()));
    return result;
}

} // namespace

Var variance(const Var& x) { return variance(x, all_axes(x.rank())); }
Var variance(const Var& x, const Axes& axes, Keep keep, std::int64_t ddof) {
    const Axes counted = detail::counted_axes("variance", x, axes);
    Transaction transaction(*x.records());
    const Var count = degrees_of_freedom("variance", x, counted, ddof);
    Var result = sum(square(x - mean(x, counted, Keep::dims)), counted, keep) / count;
    transaction.done();
    return result;
}

Var stddev(const Var& x) { return stddev(x, all_axes(x.rank())); }
Var stddev(const Var& x, const Axes& axes, Keep keep, std::int64_t ddof) {
    const Axes counted = detail::counted_axes("stddev", x, axes);
    Transaction transaction(*x.records());
    const Var count = degrees_of_freedom("stddev", x, counted, ddof);
    Var result = norm(x - mean(x, counted, Keep::dims), counted, keep) / sqrt(count);
    transaction.done();
    return result;
}

Var masked_sum(const Var& x, const Operand& mask) { return masked_sum(x, mask, all_axes(x.rank())); }
Var masked_sum(const Var& x, const Operand& mask, const Axes& axes, Keep keep) {
    Transaction transaction(*x.records());
    Var result = sum(where(mask_on("masked_sum", x, mask), x, 0), axes, keep);
    transaction.done();
    return result;
}

Var masked_mean(const Var& x, const Operand& mask) { return masked_mean(x, mask, all_axes(x.rank())); }
Var masked_mean(const Var& x, const Operand& mask, const Axes& axes, Keep keep) {
    Transaction transaction(*x.records());
    const Var held = mask_on("masked_mean", x, mask);
    const Var count = sum(where(held, ones_like(x), 0), axes, keep);
    Var result = sum(where(held, x, 0), axes, keep) / maximum(count, 1);
    transaction.done();
    return result;
}

Var masked_amax(const Var& x, const Operand& mask) { return masked_amax(x, mask, all_axes(x.rank())); }
Var masked_amax(const Var& x, const Operand& mask, const Axes& axes, Keep keep) {
    constexpr long double none = -std::numeric_limits<long double>::infinity();
    Transaction transaction(*x.records());
    Var result = amax(where(mask_on("masked_amax", x, mask), x, none), axes, keep);
    transaction.done();
    return result;
}

} // namespace xtape
