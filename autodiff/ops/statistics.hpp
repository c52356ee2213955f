#pragma once

#include <xtape/autodiff/ops/reductions.hpp>

namespace xtape {

/// Σ (x − mean(x))² / (n − ddof) over the given axes, or over all, where n entries fall on one result; `ddof`
/// is 1 for an estimate without bias from a sample. The mean is subtracted before squaring, so that a large
/// one costs no digits. Throws ArgumentError for a negative ddof, and where it is known that n ≤ ddof; where
/// n comes with the arrays and n ≤ ddof, the result is NaN or infinite.
Var variance(const Var& x);
Var variance(const Var& x, const Axes& axes, Keep keep = Keep::none, std::int64_t ddof = 0);

/// Its root; no square overflows on the way. Where all entries are equal its derivative, which there is none,
/// is taken as 0, as that of the norm at 0.
Var stddev(const Var& x);
Var stddev(const Var& x, const Axes& axes, Keep keep = Keep::none, std::int64_t ddof = 0);

/// Reductions of the entries for which the mask, which broadcasts to x, holds. What is masked out may be NaN
/// and has the derivative 0. Over no entries the sum and the mean are 0 and the largest is −∞, all with
/// derivative 0, so that a row of which nothing holds spoils no other.
Var masked_sum(const Var& x, const Operand& mask);
Var masked_sum(const Var& x, const Operand& mask, const Axes& axes, Keep keep = Keep::none);
Var masked_mean(const Var& x, const Operand& mask);
Var masked_mean(const Var& x, const Operand& mask, const Axes& axes, Keep keep = Keep::none);
Var masked_amax(const Var& x, const Operand& mask);
Var masked_amax(const Var& x, const Operand& mask, const Axes& axes, Keep keep = Keep::none);

} // namespace xtape
