#pragma once

/// All operations on Vars, by family.

#include <xtape/autodiff/ops/activations.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/cumulative.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/einsum.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/hyperbolic.hpp>
#include <xtape/autodiff/ops/indexing.hpp>
#include <xtape/autodiff/ops/linalg/cholesky.hpp>
#include <xtape/autodiff/ops/linalg/determinant.hpp>
#include <xtape/autodiff/ops/linalg/eigen.hpp>
#include <xtape/autodiff/ops/linalg/norms.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>
#include <xtape/autodiff/ops/padding.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/random.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/ops/sorting.hpp>
#include <xtape/autodiff/ops/special.hpp>
#include <xtape/autodiff/ops/statistics.hpp>
#include <xtape/autodiff/ops/trigonometric.hpp>

namespace xtape {

/// The built-in operations: the families' constant lists in one.
[[nodiscard]] std::vector<Op> builtin_ops();

} // namespace xtape
