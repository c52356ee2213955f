#pragma once

/// LaTeX becomes MathML, which browsers show without a script.

#include <string>
#include <string_view>

namespace xtape {

/// Text as it stands in HTML and XML, in elements and in quoted attributes. Control characters, which no
/// document may hold, and bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string escaped_html(std::string_view text);

/// A formula in the LaTeX that equations are printed in and notations use, as one `<math>` element of
/// MathML Core with the LaTeX as its annotation:
///
/// - groups, `_`, `^`, primes, `\frac`, `\sqrt[n]{…}`, `\left … \right`, accents;
/// - `\text`, `\mathrm`, `\operatorname`, `\mathbf` and their like;
/// - Greek letters, TeX's named functions, signs, relations, arrows, spaces, escaped characters.
///
/// A command that is not known is shown as it was written, and braces that do not match end with the formula:
/// nothing throws.
[[nodiscard]] std::string mathml(std::string_view latex);

} // namespace xtape
