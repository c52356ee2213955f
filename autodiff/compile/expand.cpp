#include <xtape/autodiff/compile/expand.hpp>
#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

bool has_parts(const Records& records, const Record& record) {
    const Definition& definition = records.definition(record);
    return definition.elementwise && definition.body && !block_kernel<double>(records.op(record));
}

/// The body of a record, recorded with these operands.
Var body_of(const Records& records, const Record& record, std::vector<Var> operands) {
    const Definition& definition = records.definition(record);
    const auto to = operands.front().records();
    for (const std::string& name : definition.attributes)
        operands.push_back(Operand(records.attributes(record).real(name)).on(to, Kind::real));
    const Var body = definition.body(operands);
    // A body need not read all of its operands, but its result has the shape of all of them.
    return body.kind() == Kind::real ? broadcast_to(body, records.result(record.first_result).shape) : body;
}

/// The records that the outputs need, by index.
std::vector<bool> needed(const Records& records, const std::vector<Var>& outputs) {
    std::vector<bool> needed(records.record_count(), false);
    for (const Var& output : outputs)
        needed[records.result(output.id()).record] = true;
    for (std::uint32_t r = records.record_count(); r-- > 0;)
        if (needed[r])
            for (const std::uint32_t id : records.operands(records.record(r)))
                needed[records.result(id).record] = true;
    return needed;
}

bool has_bodies(const Records& records) {
    for (std::uint32_t r = 0; r < records.record_count(); ++r)
        if (has_parts(records, records.record(r))) return true;
    return false;
}

} // namespace

Expanded rewritten(const std::vector<Var>& inputs, const std::vector<Var>& outputs, const Parts& parts) {
    Expanded result;
    const Records& from = *outputs.front().records();
    Records& to = *result.tape.records();
    std::vector<bool> needed = detail::needed(from, outputs);
    for (const Var& input : inputs)
        if (!input.empty()) needed[from.result(input.id()).record] = true;
    std::vector<std::uint32_t> moved(from.result_count(), 0);
    for (std::uint32_t r = 0; r < from.record_count(); ++r) {
        if (!needed[r]) continue;
        const Record& record = from.record(r);
        std::uint32_t first;
        if (const Leaf* leaf = from.leaf(record.first_result)) {
            const Result& held = from.result(record.first_result);
            first = to.append_leaf(from.op(record), held.shape, held.kind, *leaf);
        } else {
            std::vector<Var> operands;
            for (const std::uint32_t id : from.operands(record))
                operands.push_back(to.var(moved[id]));
            const Var made = parts(from, record, operands);
            first = made.empty() ? to.append(from.op(record), operands, from.attributes(record)) : made.id();
        }
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            moved[record.first_result + k] = first + k;
    }
    for (const auto& [id, name] : from.names())
        if (needed[from.result(id).record] && to.name_of(moved[id]).empty() && !to.find(name))
            to.name(moved[id], name);
    for (const Var& input : inputs)
        result.inputs.push_back(input.empty() ? Var() : to.var(moved[input.id()]));
    for (const Var& output : outputs)
        result.outputs.push_back(to.var(moved[output.id()]));
    return result;
}

Expanded expand(const std::vector<Var>& inputs, const std::vector<Var>& outputs) {
    const Parts bodies = [](const Records& records, const Record& record, const std::vector<Var>& operands) {
        return has_parts(records, record) ? body_of(records, record, operands) : Var();
    };
    Expanded result = rewritten(inputs, outputs, bodies);
    while (has_bodies(*result.tape.records())) // a body may use operations that have bodies
        result = rewritten(result.inputs, result.outputs, bodies);
    return result;
}

} // namespace xtape::detail
