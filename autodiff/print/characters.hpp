#pragma once

/// What a formula's characters are, whatever the locale.

namespace xtape::detail {

[[nodiscard]] constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

} // namespace xtape::detail
