#pragma once

#include <functional>

namespace xtape {

/// A derivative from values alone, and how far it can be trusted.
struct Estimate {
    long double value;
    long double error;
};

/// From which values a derivative is taken: x ± h, or those on one side of x only, x itself excepted.
enum class Side { both, left, right };

/// The derivative of f at x by differences, extrapolated to step zero (Ridders 1982, "Accurate computation of
/// F′(x) and F′(x)F″(x)"): central ones, whose error has even powers of the step only, or the quotients
/// (f(x ± 2h) − f(x ± h)) / ±h of one side, whose error has all. `step` is the first and largest one. The
/// error is 10 times the larger of the extrapolation's own estimate, which alone is too optimistic about half
/// of the time, and the rounding floor 4 ε |f| / h of the smallest step, or 4 · noise / h where f is known to
/// be noisier than ε |f|, as a sum is whose terms cancel. Steps end where the floor is reached.
[[nodiscard]] Estimate derivative(const std::function<long double(long double)>& f, long double x,
                                  long double step, long double noise = 0, Side side = Side::both);

} // namespace xtape
