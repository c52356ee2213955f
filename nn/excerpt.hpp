#pragma once

/// How messages show text that a file brought.

#include <algorithm>
#include <string>
#include <string_view>

namespace xtape::nn {

[[nodiscard]] constexpr bool is_control(unsigned char c) { return c < ' ' || c == 127; }

/// One line of bounded length, with ? in the place of control characters.
[[nodiscard]] inline std::string excerpt(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string shown(text.substr(0, longest));
    std::ranges::replace_if(shown, is_control, '?');
    return text.size() > longest ? shown + "…" : shown;
}

} // namespace xtape::nn
