#pragma once

#include <xtape/autodiff/compile/expand.hpp>

namespace xtape::detail {

/// Whole powers as products, contractions of two arrays as matrix products, and softmax, log_softmax and
/// logsumexp as what loops are made of: a largest entry, exponentials, sums. Sums leave one largest entry out
/// and the logarithm is log1p, so that nothing is lost that the operations themselves keep. This comes after
/// simplification, whose rules know these operations by name.
[[nodiscard]] Expanded lower(const std::vector<Var>& inputs, const std::vector<Var>& outputs);

/// The largest entry along axes, which stay with extent one; −∞ of none.
[[nodiscard]] const Op& largest_op();

} // namespace xtape::detail
