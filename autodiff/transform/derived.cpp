#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/transform/derived.hpp>

namespace xtape::detail {
namespace {

Argument argument(const Records& records, std::uint32_t id, const std::string& prefix = {}) {
    const Result& result = records.result(id);
    return {result.shape, result.kind, prefix + records.describe(id)};
}

std::span<const Var> first(std::span<const Var> vars, const Graph& graph) {
    return vars.first(graph.inputs().size());
}

std::vector<Var> rest(std::span<const Var> vars, const Graph& graph) {
    const auto after = vars.subspan(graph.inputs().size());
    return {after.begin(), after.end()};
}

} // namespace

Argument argument_like(const Var& var) { return {var.shape(), var.kind(), var.to_string()}; }

std::vector<Argument> arguments_of(const Graph& graph) {
    std::vector<Argument> arguments;
    for (const std::uint32_t id : graph.inputs())
        arguments.push_back(argument(graph.records(), id));
    return arguments;
}

std::vector<std::size_t> real_outputs(const Graph& graph) {
    std::vector<std::size_t> positions;
    for (std::size_t k = 0; k < graph.outputs().size(); ++k)
        if (graph.records().result(graph.outputs()[k]).kind == Kind::real) positions.push_back(k);
    return positions;
}

std::vector<Argument> cotangents_of(const Graph& graph, std::span<const std::size_t> outputs) {
    std::vector<Argument> arguments;
    for (const std::size_t k : outputs)
        arguments.push_back(argument(graph.records(), graph.outputs()[k], "d"));
    return arguments;
}

Graph pullback_graph(Records& records, const Graph& graph, std::span<const std::size_t> needed) {
    const std::vector<std::size_t> real = real_outputs(graph);
    const auto body = [&](std::span<const Var> given) {
        const std::vector<Var> inputs(first(given, graph).begin(), first(given, graph).end());
        const std::vector<Var> outputs = unfold(graph, inputs);
        return vjp(at(outputs, real), rest(given, graph), at(inputs, needed), Disconnected::zeros);
    };
    return trace("vjp", records, joined(arguments_of(graph), cotangents_of(graph, real)), body).graph;
}

Graph pushforward_graph(Records& records, const Graph& graph, std::span<const std::size_t> moving) {
    std::vector<Argument> tangents;
    for (const std::size_t k : moving)
        tangents.push_back(argument(graph.records(), graph.inputs()[k], "d"));
    const std::vector<std::size_t> real = real_outputs(graph);
    const auto body = [&](std::span<const Var> given) {
        const std::vector<Var> inputs(first(given, graph).begin(), first(given, graph).end());
        const std::vector<Var> outputs = unfold(graph, inputs);
        return jvp(at(outputs, real), at(inputs, moving), rest(given, graph), Disconnected::zeros);
    };
    return trace("jvp", records, joined(arguments_of(graph), tangents), body).graph;
}

} // namespace xtape::detail
