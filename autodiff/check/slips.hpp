#pragma once

/// The wrong versions of one equation that are not of its operations alone, but of what they stand for: which
/// examples a sum is taken over, what a penalty is of, what a mask compares, what stands for an activation.

#include <xtape/autodiff/check/edits.hpp>

#include <string>
#include <vector>

namespace xtape::detail {

/// Versions with one such mistake. `examples` is the extent that the cost divides by, the first of `extents`;
/// without one, no sum is taken to be over examples. `named` are the results that have a name,
/// and `activations` the names of the results of functions among them.
[[nodiscard]] std::vector<Edit> slips(const Var& right, const std::vector<Var>& named,
                                      const std::vector<Dim>& extents,
                                      const std::vector<std::string>& activations);

} // namespace xtape::detail
