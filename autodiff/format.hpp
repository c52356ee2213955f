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

// Not of Array<T> alone: with XTENSOR_USE_XSIMD a program's own xt::xarray<T> is another type.
template <class S, xt::layout_type L, class Extents, class Tag>
requires xtape::ArrayElement<typename S::value_type>
struct fmt::formatter<xt::xarray_container<S, L, Extents, Tag>> : xtape::detail::TextFormatter {
    template <class Context>
    auto format(const xt::xarray_container<S, L, Extents, Tag>& array, Context& context) const {
        return write(xtape::AnyArray(array).to_string(), context);
    }
};

FMT_BEGIN_NAMESPACE

// Where a program includes <fmt/ranges.h> too, an array is not a range for it.
template <typename T, typename Char>
struct is_range;
template <class S, xt::layout_type L, class Extents, class Tag>
requires xtape::ArrayElement<typename S::value_type>
struct is_range<xt::xarray_container<S, L, Extents, Tag>, char> {
    static constexpr bool value = false;
};

FMT_END_NAMESPACE
