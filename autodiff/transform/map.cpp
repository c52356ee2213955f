#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/transform/derived.hpp>
#include <xtape/autodiff/transform/map.hpp>
#include <xtape/autodiff/transform/samples.hpp>
#include <xtape/autodiff/transform/transform.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

std::vector<bool> flags(const Attributes& attributes, const std::string& name) {
    const Axes& values = attributes.axes(name);
    return {values.begin(), values.end()};
}

Axes as_axes(const std::vector<bool>& flags) { return {flags.begin(), flags.end()}; }

/// A map of a Graph: which inputs have the leading axis, which outputs are summed over it rather than
/// stacked.
Attributes map_of(const Graph& graph, const std::vector<bool>& mapped, const std::vector<bool>& summed,
                  const Dim& extent) {
    return {
        {"function", graph}, {"mapped", as_axes(mapped)}, {"summed", as_axes(summed)}, {"extent", extent}};
}

const Dim& extent_of(const Attributes& attributes) { return attributes.get<Dim>("extent"); }

std::vector<ResultType> map_shape(const Signature& s) {
    const Graph& graph = s.attributes().graph("function");
    const std::vector<bool> mapped = flags(s.attributes(), "mapped"),
                            summed = flags(s.attributes(), "summed");
    const Dim& extent = extent_of(s.attributes());
    std::vector<std::optional<Dim>> leading(mapped.size());
    for (std::size_t k = 0; k < mapped.size(); ++k)
        if (mapped[k]) leading[k] = extent;
    detail::require_inputs(s, graph, leading);
    std::vector<ResultType> results;
    for (std::size_t k = 0; k < summed.size(); ++k) {
        const Result& result = graph.records().result(graph.outputs()[k]);
        results.emplace_back(summed[k] ? result.shape : detail::with_leading(extent, result.shape),
                             result.kind);
    }
    return results;
}

template <std::floating_point T>
void run_map(Call<T>& call) {
    const Graph& graph = call.attributes().graph("function");
    const std::vector<bool> mapped = flags(call.attributes(), "mapped"),
                            summed = flags(call.attributes(), "summed");
    std::vector<detail::Rows<T>> rows;
    for (std::size_t k = 0; k < summed.size(); ++k)
        rows.emplace_back(call, k, graph.records().result(graph.outputs()[k]).kind);
    const Runner runner = call.prepare(graph, mapped);
    std::vector<AnyArray> inputs;
    for (std::size_t k = 0; k < call.size(); ++k)
        inputs.push_back(call.operand(k));
    for (std::size_t i = 0, count = call.extent(extent_of(call.attributes())); i < count; ++i) {
        for (std::size_t k = 0; k < call.size(); ++k)
            if (mapped[k]) inputs[k] = call.operand(k).row(i);
        const std::vector<AnyArray> outputs = runner(inputs);
        for (std::size_t k = 0; k < outputs.size(); ++k)
            if (summed[k])
                rows[k].add(outputs[k]);
            else
                rows[k].put(i, outputs[k]);
    }
}

const Op map_op =
    operation("xtape::map")
        .any_operands()
        .shape(map_shape)
        .forward([](auto& call) { run_map(call); })
        .vjp_all([](const Pullback& p, std::span<const std::size_t> needed) {
            const Graph& graph = p.attributes().graph("function");
            const std::vector<bool> summed = flags(p.attributes(), "summed");
            std::vector<bool> mapped = flags(p.attributes(), "mapped"), sums;
            std::vector<Var> operands = p.inputs();
            for (const std::size_t k : needed)
                sums.push_back(!mapped[k]);
            for (const std::size_t k : detail::real_outputs(graph)) {
                mapped.push_back(!summed[k]);
                operands.push_back(p.cotangent(k));
            }
            const Graph derived = detail::pullback_graph(*p.input().records(), graph, needed);
            return record_all(detail::map_op(), operands,
                              map_of(derived, mapped, sums, extent_of(p.attributes())));
        })
        .jvp([](const Pushforward& p) {
            const Graph& graph = p.attributes().graph("function");
            const std::vector<std::size_t> moving = detail::moving(p), real = detail::real_outputs(graph);
            const std::vector<bool> summed = detail::at(flags(p.attributes(), "summed"), real);
            std::vector<bool> mapped = flags(p.attributes(), "mapped");
            std::vector<Var> operands = p.inputs();
            for (const std::size_t k : moving) {
                mapped.push_back(mapped[k]);
                operands.push_back(p.tangent(k));
            }
            const Graph derived = detail::pushforward_graph(*p.input().records(), graph, moving);
            return detail::spread(record_all(detail::map_op(), operands,
                                             map_of(derived, mapped, summed, extent_of(p.attributes()))),
                                  real, graph.outputs().size());
        })
        .samples(detail::map_samples)
        .notation("map({…})", R"(\operatorname{map}({…}))");

} // namespace

const Op& detail::map_op() { return xtape::map_op; }

std::vector<Var> map(const detail::Body& f, const std::vector<Var>& xs) {
    Records& records = detail::records_of("map", xs);
    const Dim extent = detail::leading_extent("map", xs);
    std::vector<detail::Argument> arguments;
    for (const Var& x : xs)
        arguments.push_back(detail::entry_of(x));
    const auto [graph, captured] = detail::trace("map", records, arguments, f);
    std::vector<bool> mapped(xs.size(), true);
    mapped.resize(xs.size() + captured.size(), false);
    return record_all(map_op, detail::joined(xs, captured),
                      map_of(graph, mapped, std::vector<bool>(graph.outputs().size(), false), extent));
}

} // namespace xtape
