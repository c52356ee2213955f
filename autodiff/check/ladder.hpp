#pragma once

/// The ladder that every gradient is checked by. autodiff/check/README.md derives each step and tolerance.

#include <xtape/autodiff/check/tally.hpp>
#include <xtape/autodiff/evaluate.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace xtape::detail {

/// A recorded function at one point.
struct Subject {
    std::vector<std::pair<Var, AnyArray>> bindings; ///< an array for each leaf that it takes
    std::vector<Var> wrt;           ///< the real leaves among them that it is differentiated in
    std::vector<std::string> names; ///< how each of those is called
    std::vector<Var> results;       ///< real
};

enum class Step { deterministic, value, linear, jvp, entries, remainder };

/// How the ladder is climbed and where it writes down what it finds.
struct Climb {
    std::uint64_t seed = 1;
    int orders = 2;          ///< 1: the gradient; 2: also the gradient of the gradient
    int spot = 0;            ///< up to this order the Taylor remainder alone is looked at
    std::size_t entries = 0; ///< at most so many of each array, drawn from the seed; 0: all
    /// By order, the largest scale that gradients had in the climbs before, where several make one check.
    std::map<int, long double>* scales = nullptr;
    /// Whether this entry of this array of `wrt` is to be compared; empty: all are.
    std::function<bool(std::size_t operand, std::size_t entry)> only;
    /// The line of the report that a step writes to; the array of `wrt` counts for `Step::entries` only.
    std::function<Tally&(Step, int order, std::size_t operand)> tally;
    /// What a finding says before `: `, for an entry and for the whole function (an empty position).
    std::function<std::string(std::size_t operand, const Extents& position)> where;
    /// What a failure ends with: how to repeat it.
    std::function<std::string(std::size_t operand, const Extents& position)> repeat;
};

/// Climbs the ladder on a tape to which it appends. What throws, the domain of an operation that is left on
/// the way excepted, is thrown.
void climb(Records& records, const Subject& subject, const Climb& how);

} // namespace xtape::detail
