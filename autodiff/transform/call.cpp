#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/transform/call.hpp>
#include <xtape/autodiff/transform/derived.hpp>
#include <xtape/autodiff/transform/samples.hpp>
#include <xtape/autodiff/transform/transform.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

std::vector<ResultType> call_shape(const Signature& s) {
    const Graph& graph = s.attributes().graph("function");
    detail::require_inputs(s, graph, {});
    std::vector<ResultType> results;
    for (const std::uint32_t id : graph.outputs())
        results.emplace_back(graph.records().result(id).shape, graph.records().result(id).kind);
    return results;
}

const Op call_op =
    operation("xtape::call")
        .any_operands()
        .shape(call_shape)
        .forward([](auto& call) {
            const Graph& graph = call.attributes().graph("function");
            std::vector<AnyArray> inputs;
            for (std::size_t k = 0; k < call.size(); ++k)
                inputs.push_back(call.operand(k));
            auto results = call.prepare(graph, std::vector<bool>(call.size(), true))(inputs);
            for (std::size_t k = 0; k < results.size(); ++k)
                call.give(k, results[k].owned());
        })
        .vjp_all([](const Pullback& p, std::span<const std::size_t> needed) {
            const Graph& graph = p.attributes().graph("function");
            const Graph derived = detail::pullback_graph(*p.input().records(), graph, needed);
            const std::vector<Var> cotangents = detail::at(p.cotangents(), detail::real_outputs(graph));
            return record_all(detail::call_op(), detail::joined(p.inputs(), cotangents),
                              {{"function", derived}});
        })
        .jvp([](const Pushforward& p) {
            const Graph& graph = p.attributes().graph("function");
            const std::vector<std::size_t> moving = detail::moving(p);
            const Graph derived = detail::pushforward_graph(*p.input().records(), graph, moving);
            std::vector<Var> operands = p.inputs();
            for (const std::size_t k : moving)
                operands.push_back(p.tangent(k));
            return detail::spread(record_all(detail::call_op(), operands, {{"function", derived}}),
                                  detail::real_outputs(graph), graph.outputs().size());
        })
        .samples(detail::call_samples)
        .notation("call({…})", R"(\operatorname{call}({…}))");

} // namespace

const Op& detail::call_op() { return xtape::call_op; }

std::vector<Var> call(const detail::Body& f, const std::vector<Var>& inputs) {
    Records& records = detail::records_of("call", inputs);
    std::vector<detail::Argument> arguments;
    for (const Var& input : inputs)
        arguments.push_back(detail::argument_like(input));
    const auto [graph, captured] = detail::trace("call", records, arguments, f);
    return record_all(call_op, detail::joined(inputs, captured), {{"function", graph}});
}

} // namespace xtape
