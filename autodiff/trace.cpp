#include <xtape/autodiff/guards.hpp>
#include <xtape/autodiff/trace.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace xtape::detail {
namespace {

/// Copies records from one list to another, in their order.
class Copy {
public:
    Copy(const Records& from, Records& to) : from_(from), to_(to) {}

    void put(std::uint32_t id, const Var& copy) { copies_.insert_or_assign(id, copy); }
    [[nodiscard]] const Var& of(std::uint32_t id) const { return copies_.at(id); }
    [[nodiscard]] bool has(std::uint32_t id) const { return copies_.contains(id); }

    void record(std::uint32_t index) {
        const Record& record = from_.record(index);
        std::uint32_t id = 0;
        if (const Leaf* leaf = from_.leaf(record.first_result)) {
            const Result& result = from_.result(record.first_result);
            id = to_.append_leaf(from_.op(record), result.shape, result.kind, *leaf);
        } else {
            std::vector<Var> operands;
            for (const std::uint32_t operand : from_.operands(record))
                operands.push_back(of(operand));
            id = to_.append(from_.op(record), operands, from_.attributes(record));
        }
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            put(record.first_result + k, to_.var(id + k));
    }

    /// Gives copies the names of what they are copies of, where these are free.
    void names(std::uint32_t first) {
        const auto& names = from_.names();
        for (auto it = names.lower_bound(first); it != names.end(); ++it)
            if (has(it->first) && !to_.find(it->second)) to_.name(of(it->first).id(), it->second);
    }

private:
    const Records& from_;
    Records& to_;
    std::unordered_map<std::uint32_t, Var> copies_;
};

/// A name that is free: with as many primes as that takes.
std::string free_name(const Records& records, std::string name) {
    while (records.find(name))
        name += "′";
    return name;
}

/// What was recorded from record `floor` on and `outputs` need, as a Graph. Its inputs are the placeholders,
/// which were recorded first, and what the rest uses of the records before.
Traced taken(const std::string& what, Records& records, std::uint32_t floor, std::uint32_t first,
             const std::vector<Var>& placeholders, const std::vector<Var>& outputs) {
    std::vector<bool> needed(records.record_count() - floor, false);
    std::map<std::uint32_t, Var> captured;
    const auto need = [&](std::uint32_t id) {
        if (id < first)
            captured.emplace(id, records.var(id));
        else
            needed[records.result(id).record - floor] = true;
    };
    for (const Var& output : outputs) {
        if (output.records().get() != &records)
            throw VarError(
                fmt::format("{}: its function returned {}, which is on another tape. Record on the "
                            "tape of its arguments.",
                            what, output.to_string()));
        need(output.id());
    }
    for (std::uint32_t r = records.record_count(); r-- > floor;)
        if (needed[r - floor])
            for (const std::uint32_t operand : records.operands(records.record(r)))
                need(operand);

    const auto inner = std::make_shared<Records>();
    Copy copy(records, *inner);
    std::vector<std::uint32_t> inputs;
    const auto add_input = [&](const Var& var) {
        inputs.push_back(inner->append_leaf(input_op(), var.shape(), var.kind(), std::monostate{}));
        inner->name(inputs.back(), free_name(*inner, var.to_string()));
        copy.put(var.id(), inner->var(inputs.back()));
    };
    for (const Var& placeholder : placeholders)
        add_input(placeholder);
    Traced traced{Graph(inner, {}, {}), {}};
    for (const auto& [id, var] : captured) {
        add_input(var);
        traced.captured.push_back(var);
    }
    for (std::uint32_t r = floor; r < records.record_count(); ++r) {
        const std::uint32_t id = records.record(r).first_result;
        if (!needed[r - floor] || copy.has(id)) continue;
        if (const Op& op = records.op(records.record(r)); op == input_op() || op == variable_op())
            throw VarError(
                fmt::format("{}: its function recorded {}, which has no array of its own in there. "
                            "Record it before, and use it inside.",
                            what, records.describe(id)));
        copy.record(r);
    }
    copy.names(first);
    std::vector<std::uint32_t> results;
    for (const Var& output : outputs)
        results.push_back(copy.of(output.id()).id());
    traced.graph = Graph(inner, std::move(inputs), std::move(results));
    return traced;
}

} // namespace

Traced trace(const std::string& what, Records& records, const std::vector<Argument>& arguments,
             const Body& body) {
    std::optional<Traced> traced, decisions;
    {
        const Transaction taken_back(records);
        const std::uint32_t floor = records.record_count(), first = records.result_count();
        std::vector<Var> placeholders, guards;
        for (const Argument& argument : arguments) {
            const std::uint32_t id =
                records.append_leaf(input_op(), argument.shape, argument.kind, std::monostate{});
            records.name(id, free_name(records, argument.name.empty() ? "argument" : argument.name));
            placeholders.push_back(records.var(id));
        }
        const std::vector<Var> outputs = body(placeholders);
        traced = taken(what, records, floor, first, placeholders, outputs);
        for (std::int64_t number = last_guard(records); number > 0; --number) {
            const auto id = guard(records, number);
            if (id && *id < first) break;
            if (id) guards.push_back(records.var(*id));
        }
        std::ranges::reverse(guards);
        if (!guards.empty()) decisions = taken(what, records, floor, first, {}, guards);
    }
    // A decision that the body made rests on captured Vars alone, so it is made once, outside.
    if (decisions && !decisions->captured.empty()) (void)unfold(decisions->graph, decisions->captured);
    return *std::move(traced);
}

std::vector<Var> unfold(const Graph& graph, std::span<const Var> inputs) {
    Records& records = *inputs[0].records();
    Transaction transaction(records);
    Copy copy(graph.records(), records);
    for (std::size_t k = 0; k < graph.inputs().size(); ++k)
        copy.put(graph.inputs()[k], inputs[k]);
    for (std::uint32_t r = 0; r < graph.records().record_count(); ++r)
        if (!copy.has(graph.records().record(r).first_result)) copy.record(r);
    copy.names(0);
    std::vector<Var> outputs;
    for (const std::uint32_t id : graph.outputs())
        outputs.push_back(copy.of(id));
    transaction.done();
    return outputs;
}

} // namespace xtape::detail
