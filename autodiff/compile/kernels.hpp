#pragma once

/// Loops over one block of entries: what fused steps are made of.

#include <xtape/autodiff/op.hpp>

namespace xtape::detail {

/// Computes n entries from n entries of each operand, all adjacent in memory; masks are numbers, 0 and 1.
/// `out` is none of the operands.
template <std::floating_point T>
using BlockKernel = void (*)(T* out, const T* const* in, std::size_t n);

/// The entries of a block: small enough that a handful of them stays in the first-level cache.
template <std::floating_point T>
inline constexpr std::size_t block_entries = 4096 / sizeof(T);

/// The loop of an elementwise operation of the library; null for one that has none.
template <std::floating_point T>
[[nodiscard]] BlockKernel<T> block_kernel(const Op& op);

/// The loop that copies.
template <std::floating_point T>
[[nodiscard]] BlockKernel<T> copy_kernel();

/// The sum of n adjacent entries, in sixteen partial sums whose number and order depend on n alone.
template <std::floating_point T>
[[nodiscard]] T block_sum(const T* in, std::size_t n);

} // namespace xtape::detail
