#pragma once

/// Vars, shapes, arrays and reports print through fmt: `fmt::print("{}\n", dW.value())`.

#include <xtape/autodiff/any_array.hpp>

#include <fmt/core.h>

#include <string>

namespace xtape {

/// What says itself how it is written.
template <class P>
concept Printable = requires(const P& p) {
    { p.to_string() } -> std::same_as<std::string>;
}
&&requires {
    typename P::printed_by_xtape;
};

} // namespace xtape

template <xtape::Printable P>
struct fmt::formatter<P> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const P& printable, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(printable.to_string(), context);
    }
};

FMT_BEGIN_NAMESPACE

// Where a program includes <fmt/ranges.h> too, an array is not a range for it.
template <typename T, typename Char>
struct is_range;
template <xtape::ArrayElement T>
struct is_range<xtape::Array<T>, char> {
    static constexpr bool value = false;
};

FMT_END_NAMESPACE

template <xtape::ArrayElement T>
struct fmt::formatter<xtape::Array<T>> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const xtape::Array<T>& array, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(xtape::AnyArray(array).to_string(), context);
    }
};
