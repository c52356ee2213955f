#pragma once

#include <xtape/autodiff/op.hpp>

#include <string>
#include <vector>

namespace xtape::detail {

/// What is wrong with how an operation is written: a text or a LaTeX that is missing, braces that do not
/// match, an operand left out, a placeholder for an operand or an attribute that there is not. `attributes`
/// are the names of those that it is recorded with; empty where that is not known.
[[nodiscard]] std::vector<std::string> notation_faults(const Definition& definition,
                                                       const std::vector<std::string>& attributes);

} // namespace xtape::detail
