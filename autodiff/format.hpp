#pragma once

/// Vars, shapes, arrays and reports print through fmt: `fmt::print("{}\n", dW.value())`.

#include <xtape/autodiff/any_array.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <string>

namespace xtape {

/// What says itself how it is written.
template <class P>
concept Printable = requires(const P& p) {
    { p.to_string() } -> std::same_as<std::string>;
}
&&requires { typename P::printed_by_xtape; };

} // namespace xtape

namespace xtape::detail {

/// Writes a text as it is: `{}` takes no options.
struct TextFormatter {
    constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
    template <class Context>
    static auto write(const std::string& text, Context& context) {
        return std::copy(text.begin(), text.end(), context.out());
    }
};

} // namespace xtape::detail

template <xtape::Printable P>
struct fmt::formatter<P> : xtape::detail::TextFormatter {
    template <class Context>
    auto format(const P& printable, Context& context) const {
        return write(printable.to_string(), context);
    }
};

template <xtape::ArrayElement T>
struct fmt::formatter<xtape::Array<T>> : xtape::detail::TextFormatter {
    template <class Context>
    auto format(const xtape::Array<T>& array, Context& context) const {
        return write(xtape::AnyArray(array).to_string(), context);
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
