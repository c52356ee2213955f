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
Var body_of(const Records& records, const Record& record, std::vector<Var> operands,
            const std::shared_ptr<Records>& to) {
    const Definition& definition = records.definition(record);
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

} // namespace

Expanded expand(const std::vector<Var>& inputs, const std::vector<Var>& outputs) {
    Expanded result;
    const Records& from = *outputs.front().records();
    Records& to = *result.tape.records();
    std::vector<bool> needed = detail::needed(from, outputs);
    for (const Var& input : inputs)
        needed[from.result(input.id()).record] = true;
    std::vector<std::uint32_t> moved(from.result_count(), 0);
    bool more = false; // a body may use operations that have bodies
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
            const std::uint32_t count = to.record_count();
            const bool parts = has_parts(from, record);
            first = parts ? body_of(from, record, std::move(operands), to.shared_from_this()).id()
                          : to.append(from.op(record), operands, from.attributes(record));
            for (std::uint32_t k = count; parts && k < to.record_count(); ++k)
                more |= has_parts(to, to.record(k));
        }
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            moved[record.first_result + k] = first + k;
    }
    for (const auto& [id, name] : from.names())
        if (needed[from.result(id).record] && to.name_of(moved[id]).empty() && !to.find(name))
            to.name(moved[id], name);
    for (const Var& input : inputs)
        result.inputs.push_back(to.var(moved[input.id()]));
    for (const Var& output : outputs)
        result.outputs.push_back(to.var(moved[output.id()]));
    return more ? expand(result.inputs, result.outputs) : std::move(result);
}

} // namespace xtape::detail
