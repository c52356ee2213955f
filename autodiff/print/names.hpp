#pragma once

/// Names and numbers as they are written in text and in LaTeX.

#include <string>

namespace xtape {

enum class Markup { text, latex };

/// A person's name for something, safe in LaTeX: W1 is W_1, dZ2 is dZ_2, x_max is x_{\mathrm{max}}, λ is
/// \lambda, `loss` is \mathrm{loss}. As text it is what it is.
[[nodiscard]] std::string written_name(const std::string& name, Markup markup);

/// The shortest decimal that is the same double: 0.1, 1e-05, in LaTeX 10^{-5}. It is not negative.
[[nodiscard]] std::string written_number(long double number, Markup markup);

} // namespace xtape
