#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace xtape {
namespace {

Op leaf_op(const char* name) {
    Definition definition;
    definition.name = name;
    definition.shape = [](const Signature&, std::vector<ResultType>&) {};
    return Op(std::move(definition));
}

} // namespace

const Op& input_op() {
    static const Op op = leaf_op("xtape::input");
    return op;
}

const Op& variable_op() {
    static const Op op = leaf_op("xtape::variable");
    return op;
}

const Op& constant_op() {
    static const Op op = leaf_op("xtape::constant");
    return op;
}

const Attributes& Records::attributes(const Record& record) const {
    static const Attributes none;
    return record.attributes ? *record.attributes : none;
}

const Leaf* Records::leaf(std::uint32_t id) const {
    if (record_of(id).operand_count > 0) return nullptr;
    const auto it = std::ranges::lower_bound(leaves_, id, {}, &std::pair<std::uint32_t, Leaf>::first);
    return it != leaves_.end() && it->first == id ? &it->second : nullptr;
}

Var Records::var(std::uint32_t id) { return Var(shared_from_this(), id, record_of(id).serial); }

std::uint32_t Records::op_index(const Op& op) {
    const auto known = op_indices_.find(&op.definition());
    if (known != op_indices_.end()) return known->second;
    const auto index = static_cast<std::uint32_t>(ops_.size());
    if (!op_names_.try_emplace(op.name(), index).second)
        throw NameError(
            fmt::format("Two operations are called {}. Qualify one with its library: \"mylib::{}\"; an "
                        "operation in a header must be an inline const.",
                        op.name(), op.definition().short_name()));
    ops_.push_back(op);
    first_records_.push_back(record_count());
    op_indices_.emplace(&op.definition(), index);
    return index;
}

/// Appends the record with the results of result_types_, or nothing.
std::uint32_t Records::commit(Record record) {
    const std::size_t total = results_.size() + result_types_.size();
    if (total > std::numeric_limits<std::uint32_t>::max())
        throw Error("A tape holds at most 2^32 results. Take marks and rewind in loops.");
    record.first_result = result_count();
    record.result_count = static_cast<std::uint32_t>(result_types_.size());
    record.serial = next_serial_++;
    records_.push_back(std::move(record));
    try {
        for (ResultType& type : result_types_)
            results_.push_back({std::move(type.shape), type.kind, record_count() - 1});
    } catch (...) {
        truncate(record_count() - 1);
        throw;
    }
    return records_.back().first_result;
}

std::uint32_t Records::append(const Op& op, std::span<const Var> operands, Attributes attributes) {
    const Definition& definition = op.definition();
    const Signature signature(definition.name, operands, attributes);
    if (!definition.variadic && operands.size() != definition.operands.size())
        throw ArgumentError(fmt::format("{} takes {} operand{}, and got {}.", definition.name,
                                        definition.operands.size(),
                                        definition.operands.size() == 1 ? "" : "s", operands.size()));
    for (std::size_t k = 0; k < operands.size(); ++k) {
        if (operands[k].records().get() != this)
            throw VarError(fmt::format("{}: {} is on another tape than {}. Record both on one tape.",
                                       signature.call(), operands[k].to_string(), operands[0].to_string()));
        if (!definition.takes_any_kind() && operands[k].kind() != definition.kind_of(k))
            throw KindError(fmt::format(
                "{}: {} is {}, and {} is meant.{}", signature.call(), operands[k].to_string(),
                to_string(operands[k].kind()), to_string(definition.kind_of(k)),
                operands[k].kind() == Kind::mask ? " Use where(mask, a, b) to turn a mask into numbers."
                                                 : ""));
    }
    result_types_.clear();
    definition.shape(signature, result_types_);
    if (result_types_.empty())
        throw OpError(fmt::format("{}: its shape rule gave no result. An operation has at least one.",
                                  definition.name));
    const std::uint32_t op_index = this->op_index(op);
    std::shared_ptr<const Attributes> shared;
    if (!attributes.empty()) shared = std::make_shared<const Attributes>(std::move(attributes));
    const auto first = static_cast<std::uint32_t>(operands_.size());
    try {
        for (const Var& operand : operands)
            operands_.push_back(operand.id());
        return commit(
            {op_index, first, static_cast<std::uint32_t>(operands.size()), 0, 0, 0, std::move(shared)});
    } catch (...) {
        operands_.resize(first);
        throw;
    }
}

std::uint32_t Records::append_leaf(const Op& op, Shape shape, Kind kind, Leaf leaf) {
    leaves_.emplace_back(result_count(), std::move(leaf));
    try {
        result_types_.clear();
        result_types_.emplace_back(std::move(shape), kind);
        return commit({op_index(op), static_cast<std::uint32_t>(operands_.size()), 0, 0, 0, 0, nullptr});
    } catch (...) {
        leaves_.pop_back();
        throw;
    }
}

void Records::truncate(std::uint32_t count) {
    if (count >= record_count()) return;
    const std::uint32_t id = records_[count].first_result;
    operands_.resize(records_[count].first_operand);
    while (!leaves_.empty() && leaves_.back().first >= id)
        leaves_.pop_back();
    for (auto it = names_.lower_bound(id); it != names_.end(); it = names_.erase(it)) {
        ids_.erase(it->second);
        rewound_names_[it->first] = {record_of(it->first).serial, std::move(it->second)};
    }
    for (; !ops_.empty() && first_records_.back() >= count; ops_.pop_back(), first_records_.pop_back()) {
        op_indices_.erase(&ops_.back().definition());
        op_names_.erase(ops_.back().name());
    }
    results_.erase(results_.begin() + id, results_.end());
    records_.erase(records_.begin() + count, records_.end());
}

void Records::name(std::uint32_t id, const std::string& name) {
    if (name.empty()) throw NameError("A name cannot be empty.");
    const auto [it, added] = ids_.try_emplace(name, id);
    if (added)
        names_.emplace(id, name);
    else if (it->second != id)
        throw NameError(
            fmt::format("Another Var is called {} on this tape. Names are unique; rewind() frees those that "
                        "were recorded after the mark.",
                        name));
}

std::optional<std::uint32_t> Records::find(const std::string& name) const {
    const auto it = ids_.find(name);
    return it == ids_.end() ? std::nullopt : std::optional(it->second);
}

std::string Records::name_of(std::uint32_t id) const {
    const auto it = names_.lower_bound(id);
    return it != names_.end() && it->first == id ? it->second : std::string{};
}

std::string Records::rewound_name_of(std::uint32_t id, std::uint64_t serial) const {
    const auto it = rewound_names_.find(id);
    return it != rewound_names_.end() && it->second.first == serial ? it->second.second : std::string{};
}

std::string Records::describe(std::uint32_t id, int depth) const {
    if (std::string name = name_of(id); !name.empty()) return name;
    const Record& record = record_of(id);
    if (const Leaf* leaf = this->leaf(id)) {
        const auto* number = std::get_if<long double>(leaf);
        return number ? fmt::format("{}", static_cast<double>(*number)) : "a constant";
    }
    if (definition(record).notation.text == "{0}") return describe(operands(record)[0], depth); // only a copy
    return depth == 0 ? "…" : call(record, depth);
}

std::string Records::call(const Record& record, int depth) const {
    constexpr std::uint32_t most = 8;
    std::string text;
    for (const std::uint32_t operand : operands(record).first(std::min(record.operand_count, most)))
        text += (text.empty() ? "" : ", ") + describe(operand, depth - 1);
    if (record.operand_count > most) text += fmt::format(", … {} in all", record.operand_count);
    if (record.operand_count == 0) text = attributes(record).to_string();
    return definition(record).short_name() + "(" + text + ")";
}

} // namespace xtape
