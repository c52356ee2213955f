#pragma once

/// Loops over one block of entries: what fused steps are made of.

#include <xtape/autodiff/compile/simd/kernels.hpp>
#include <xtape/autodiff/op.hpp>

namespace xtape::detail {

/// The entries of a block: small enough that a handful of them stays in the first-level cache.
template <std::floating_point T>
inline constexpr std::size_t block_entries = 4096 / sizeof(T);

/// The loop of an elementwise operation of the library; null for one that has none.
template <std::floating_point T>
[[nodiscard]] BlockKernel<T> block_kernel(const Op& op);

} // namespace xtape::detail
