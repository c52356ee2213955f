#include <xtape/autodiff/step.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

template <class T>
Element element_of_kind(Kind kind) {
    return kind == Kind::real ? element_of<T> : kind == Kind::mask ? Element::b8 : Element::i64;
}

} // namespace

template <std::floating_point T>
AnyArray constant(const Records& records, std::uint32_t id) {
    const Leaf& leaf = *records.leaf(id);
    if (const auto* number = std::get_if<long double>(&leaf)) {
        auto [array, data] = AnyArray::zeros<T>({});
        *data = static_cast<T>(*number);
        return array;
    }
    const AnyArray& array = std::get<AnyArray>(leaf);
    switch (records.result(id).kind) {
    case Kind::real:
        return array.as<T>();
    case Kind::mask:
        return array.as<bool>();
    case Kind::index:
        break;
    }
    return array.as<std::int64_t>();
}

template <std::floating_point T>
std::vector<AnyArray> compute(const Records& records, const Record& record, std::vector<AnyArray> operands,
                              std::span<const Extents> extents, const Environment& environment,
                              const Perturb& perturb) {
    const Definition& definition = records.definition(record);
    const auto& kernel = std::get<Kernel<T>>(definition.forward);
    if (!kernel)
        throw OpError(
            fmt::format("{} has no forward function. Add .forward(…) to its definition.", definition.name));
    for (AnyArray& operand : operands)
        operand = perturb(operand);
    const auto prepare = [&](const Graph& graph, const std::vector<bool>& varying) -> Runner {
        const auto run = std::make_shared<GraphRun<T>>(graph, varying, environment, perturb);
        return [run](std::span<const AnyArray> inputs) { return (*run)(inputs); };
    };
    Call<T> call(
        definition.name, operands, records.attributes(record), extents, environment,
        [&](std::size_t k) { return records.describe(records.operands(record)[k]); }, prepare);
    kernel(call);
    std::vector<AnyArray> results;
    results.reserve(record.result_count);
    for (std::uint32_t k = 0; k < record.result_count; ++k) {
        auto& result = call.results()[k];
        if (!result)
            throw OpError(fmt::format("{}: its forward function gave no result {}.", definition.name, k));
        if (result->extents() != extents[k])
            throw OpError(fmt::format(
                "{}: its forward function gave an array {} where its shape rule says {}.",
                records.describe(record.first_result), to_string(result->extents()), to_string(extents[k])));
        const Kind kind = records.result(record.first_result + k).kind;
        if (result->element() != element_of_kind<T>(kind))
            throw OpError(fmt::format(
                "{}: its forward function gave elements of another type than its shape rule says, "
                "which is {}.",
                records.describe(record.first_result), to_string(kind)));
        results.push_back(std::move(*result));
    }
    return results;
}

template <std::floating_point T>
GraphRun<T>::GraphRun(Graph graph, const std::vector<bool>& varying, const Environment& environment,
                      const Perturb& perturb)
    : graph_(std::move(graph)), environment_(environment), perturb_(perturb) {
    const Records& records = graph_.records();
    values_.resize(records.result_count());
    std::vector<bool> moves(records.result_count(), false), read_by_varying(records.result_count(), false);
    std::vector<bool> given(records.result_count(), false);
    for (std::size_t k = 0; k < graph_.inputs().size(); ++k) {
        given[graph_.inputs()[k]] = true;
        moves[graph_.inputs()[k]] = varying[k];
    }
    constexpr auto never = static_cast<std::size_t>(-1);
    std::vector<std::size_t> last_use(records.result_count(), never);
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const Record& record = records.record(r);
        if (given[record.first_result]) continue;
        const auto operands = records.operands(record);
        Step step{r, std::ranges::any_of(operands, [&](std::uint32_t id) { return moves[id]; }), {}, {}};
        for (const std::uint32_t id : operands) {
            last_use[id] = steps_.size();
            if (step.varying) read_by_varying[id] = true;
        }
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            const std::uint32_t id = record.first_result + k;
            moves[id] = step.varying;
            last_use[id] = steps_.size(); // until something reads it
            step.extents.push_back(environment.extents(records.result(id).shape));
        }
        steps_.push_back(std::move(step));
    }
    for (const std::uint32_t id : graph_.outputs())
        last_use[id] = never;
    for (std::uint32_t id = 0; id < records.result_count(); ++id)
        if (last_use[id] != never && (moves[id] || !read_by_varying[id]))
            steps_[last_use[id]].dropped.push_back(id);
}

template <std::floating_point T>
std::vector<AnyArray> GraphRun<T>::operator()(std::span<const AnyArray> inputs) {
    const Records& records = graph_.records();
    for (std::size_t k = 0; k < inputs.size(); ++k)
        values_[graph_.inputs()[k]] = inputs[k];
    for (const Step& step : steps_) {
        if (!step.varying && !first_) continue;
        const Record& record = records.record(step.record);
        if (records.leaf(record.first_result)) {
            values_[record.first_result] = constant<T>(records, record.first_result);
        } else {
            std::vector<AnyArray> operands;
            operands.reserve(record.operand_count);
            for (const std::uint32_t id : records.operands(record))
                operands.push_back(*values_[id]);
            auto results =
                compute<T>(records, record, std::move(operands), step.extents, environment_, perturb_);
            for (std::uint32_t k = 0; k < record.result_count; ++k)
                values_[record.first_result + k] = std::move(results[k]);
        }
        for (const std::uint32_t id : step.dropped)
            values_[id].reset();
    }
    first_ = false;
    std::vector<AnyArray> outputs;
    outputs.reserve(graph_.outputs().size());
    for (const std::uint32_t id : graph_.outputs())
        outputs.push_back(*values_[id]);
    for (const std::uint32_t id : graph_.inputs())
        values_[id].reset();
    return outputs;
}

template AnyArray constant<float>(const Records&, std::uint32_t);
template AnyArray constant<double>(const Records&, std::uint32_t);
template AnyArray constant<long double>(const Records&, std::uint32_t);
template std::vector<AnyArray> compute<float>(const Records&, const Record&, std::vector<AnyArray>,
                                              std::span<const Extents>, const Environment&, const Perturb&);
template std::vector<AnyArray> compute<double>(const Records&, const Record&, std::vector<AnyArray>,
                                               std::span<const Extents>, const Environment&, const Perturb&);
template std::vector<AnyArray> compute<long double>(const Records&, const Record&, std::vector<AnyArray>,
                                                    std::span<const Extents>, const Environment&,
                                                    const Perturb&);
template class GraphRun<float>;
template class GraphRun<double>;
template class GraphRun<long double>;

} // namespace xtape::detail
