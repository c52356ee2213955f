#include <xtape/autodiff/inside.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/trace.hpp>

#include <fmt/format.h>

namespace xtape::detail {

std::vector<Graph> functions_of(const Records& records, const Record& record) {
    std::vector<Graph> functions;
    for (const auto& [name, value] : records.attributes(record).entries())
        if (const auto* graph = std::get_if<Graph>(&value); graph && !graph->inputs().empty())
            functions.push_back(*graph);
    return functions;
}

std::string name_of_run(const Attributes& attributes, std::size_t number, std::size_t runs) {
    for (const auto& [name, value] : attributes.entries()) {
        if (name == "mapped") return fmt::format("row {}", number);
        if (name == "reversed")
            return fmt::format("step {}", std::get<std::int64_t>(value) != 0 ? runs - 1 - number : number);
    }
    return "";
}

Unfolded::Unfolded(const Graph& graph) {
    for (const std::uint32_t id : graph.inputs()) {
        const Result& input = graph.records().result(id);
        inputs.push_back(tape.input(graph.records().describe(id), input.shape, input.kind));
    }
    outputs = unfold(graph, inputs);
}

template <std::floating_point T>
void observe_runs(const Records& records, const Record& record,
                  const std::function<const AnyArray&(std::uint32_t)>& array,
                  const std::function<void(InnerRun<T>)>& observe) {
    Environment environment;
    const auto take = [&](std::uint32_t id) {
        const Shape& shape = records.result(id).shape;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            if (!shape[axis].sized()) environment.set(shape[axis].name(), array(id).extents()[axis]);
        return array(id);
    };
    std::vector<AnyArray> operands;
    for (const std::uint32_t id : records.operands(record))
        operands.push_back(take(id));
    std::vector<Extents> extents;
    for (std::uint32_t k = 0; k < record.result_count; ++k)
        extents.push_back(take(record.first_result + k).extents());
    const Prepare prepare = [&](const Graph& graph, const std::vector<bool>&) -> Runner {
        const auto unfolded = std::make_shared<Unfolded>(graph);
        return [&, unfolded, number = std::size_t{0}](std::span<const AnyArray> arrays) mutable {
            Evaluation<T> evaluation;
            for (std::size_t k = 0; k < arrays.size(); ++k)
                evaluation.bind(unfolded->inputs[k], arrays[k]);
            observe({number++, *unfolded->tape.records(), unfolded->outputs, evaluation});
            std::vector<AnyArray> outputs;
            for (const Var& output : unfolded->outputs)
                outputs.push_back(evaluation.array(output));
            return outputs;
        };
    };
    Call<T> call(
        records.definition(record).name, operands, records.attributes(record), extents, environment,
        [&](std::size_t k) { return records.describe(records.operands(record)[k]); }, prepare);
    std::get<Kernel<T>>(records.definition(record).forward)(call);
}

template void observe_runs<float>(const Records&, const Record&,
                                  const std::function<const AnyArray&(std::uint32_t)>&,
                                  const std::function<void(InnerRun<float>)>&);
template void observe_runs<double>(const Records&, const Record&,
                                   const std::function<const AnyArray&(std::uint32_t)>&,
                                   const std::function<void(InnerRun<double>)>&);
template void observe_runs<long double>(const Records&, const Record&,
                                        const std::function<const AnyArray&(std::uint32_t)>&,
                                        const std::function<void(InnerRun<long double>)>&);

} // namespace xtape::detail
