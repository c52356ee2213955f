#pragma once

#include <functional>

namespace xtape {

/// A derivative from values alone, and how far it can be trusted.
struct Estimate {
    long double value;
    long double error;
};

/// The derivative of f at x by central differences, extrapolated to step zero (Ridders 1982, "Accurate
/// computation of F′(x) and F′(x)F″(x)"). `step` is the first and largest one. The error is 10 times the
/// larger of the extrapolation's own estimate, which alone is too optimistic about half of the time, and the
/// rounding floor 4 ε |f| / h of the smallest step, or 4 · noise / h where f is known to be noisier than ε
/// |f|, as a sum is whose terms cancel.
[[nodiscard]] Estimate derivative(const std::function<long double(long double)>& f, long double x,
                                  long double step, long double noise = 0);

} // namespace xtape
