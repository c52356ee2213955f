#pragma once

/// Graphs that are made from a Graph by differentiating it: what the rules of `call`, `map` and `scan`
/// record.

#include <xtape/autodiff/trace.hpp>

namespace xtape::detail {

/// Arguments like the inputs of a Graph, with their names.
[[nodiscard]] std::vector<Argument> arguments_of(const Graph& graph);

/// An argument of the shape and the kind of a Var.
[[nodiscard]] Argument argument_like(const Var& var);

/// The positions of the outputs that are real, which alone have cotangents and tangents.
[[nodiscard]] std::vector<std::size_t> real_outputs(const Graph& graph);

/// Arguments like these outputs: their cotangents.
[[nodiscard]] std::vector<Argument> cotangents_of(const Graph& graph, std::span<const std::size_t> outputs);

/// The inputs, then a cotangent for each real output ↦ the cotangents of the inputs in `needed`. The forward
/// values are computed anew.
[[nodiscard]] Graph pullback_graph(Records& records, const Graph& graph, std::span<const std::size_t> needed);

/// The inputs, then a tangent for each input in `moving` ↦ the tangents of the real outputs.
[[nodiscard]] Graph pushforward_graph(Records& records, const Graph& graph,
                                      std::span<const std::size_t> moving);

/// Those of a list at these positions.
template <class T>
[[nodiscard]] std::vector<T> at(const std::vector<T>& list, std::span<const std::size_t> positions) {
    std::vector<T> chosen;
    for (const std::size_t k : positions)
        chosen.push_back(list[k]);
    return chosen;
}

template <class T>
[[nodiscard]] std::vector<T> joined(std::vector<T> first, const std::vector<T>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

} // namespace xtape::detail
