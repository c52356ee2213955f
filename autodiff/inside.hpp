#pragma once

/// What happens inside a record whose attribute is a recorded function: each run of the function on a tape of
/// its own, where it can be looked at as any other.

#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/tape.hpp>

#include <functional>

namespace xtape::detail {

/// The run with this number, from 0. The evaluation holds the run's inputs.
template <std::floating_point T>
struct InnerRun {
    std::size_t number;
    Records& records;
    const std::vector<Var>& outputs;
    Evaluation<T>& evaluation;
};

/// The functions that a record calls, maps or scans.
[[nodiscard]] std::vector<Graph> functions_of(const Records& records, const Record& record);

/// How a run out of `runs` is called: `row 2` where the record's attributes say which operands are mapped,
/// `step 2`, the last of which is run first where it is reversed, where they give a direction; else nothing,
/// since there is but one.
[[nodiscard]] std::string name_of_run(const Attributes& attributes, std::size_t number, std::size_t runs);

/// The function on a tape of its own: its inputs, and its outputs.
struct Unfolded {
    explicit Unfolded(const Graph& graph);
    Tape tape;
    std::vector<Var> inputs, outputs;
};

/// Computes a record from its operands' arrays once more, and shows every run of its functions. `array` gives
/// what the operands and the results hold.
template <std::floating_point T>
void observe_runs(const Records& records, const Record& record,
                  const std::function<const AnyArray&(std::uint32_t)>& array,
                  const std::function<void(InnerRun<T>)>& observe);

} // namespace xtape::detail
