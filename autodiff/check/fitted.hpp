#pragma once

/// The wrong versions of one equation in which there is a number that only the person knows.

#include <xtape/autodiff/check/comparer.hpp>
#include <xtape/autodiff/check/edits.hpp>

#include <vector>

namespace xtape::detail {

/// The step with one unknown number in it that the person's array tells: another term c V, perhaps of a step
/// that is scaled as well; parameters that have moved by c dV already; or a factor c. The number is that of
/// the fewest digits that gives the array: c itself or c n by n, as in λ/n, or both where they are equally
/// short.
[[nodiscard]] std::vector<Edit> fitted(const HandStep& step, Comparer& comparer,
                                       const Array<long double>& yours);

} // namespace xtape::detail
