#include <xtape/autodiff/bytes.hpp>
#include <xtape/autodiff/graph.hpp>
#include <xtape/autodiff/hash.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace xtape {
namespace {

bool equal(const AnyArray& a, const AnyArray& b) {
    if (a.element() != b.element() || a.extents() != b.extents()) return false;
    if (a.element() == Element::f80) // has padding
        return std::equal(a.data<long double>(), a.data<long double>() + a.size(), b.data<long double>());
    const detail::Bytes x = detail::bytes_of(a), y = detail::bytes_of(b);
    return std::memcmp(x.begin, y.begin, x.size()) == 0;
}

bool equal(const Leaf* a, const Leaf* b) {
    if (!a || !b) return a == b;
    if (a->index() != b->index()) return false;
    if (const auto* number = std::get_if<long double>(a)) return *number == std::get<long double>(*b);
    if (const auto* array = std::get_if<AnyArray>(a)) return equal(*array, std::get<AnyArray>(*b));
    if (const auto* cell = std::get_if<std::shared_ptr<Cell>>(a))
        return *cell == std::get<std::shared_ptr<Cell>>(*b);
    return true;
}

} // namespace

Graph::Graph(std::shared_ptr<Records> records, std::vector<std::uint32_t> inputs,
             std::vector<std::uint32_t> outputs)
    : records_(std::move(records)), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {
    detail::mix(hash_, inputs_.size());
    for (std::uint32_t r = 0; r < records_->record_count(); ++r) {
        const Record& record = records_->record(r);
        detail::mix(hash_, std::hash<std::string>{}(records_->op(record).name()));
        detail::mix(hash_, records_->attributes(record).hash());
        for (const std::uint32_t id : records_->operands(record))
            detail::mix(hash_, id);
    }
    for (const std::uint32_t id : outputs_)
        detail::mix(hash_, id);
}

bool Graph::operator==(const Graph& other) const {
    if (inputs_ != other.inputs_ || outputs_ != other.outputs_) return false;
    if (records_ == other.records_) return true;
    if (hash_ != other.hash_ || records_->record_count() != other.records_->record_count()) return false;
    for (std::uint32_t r = 0; r < records_->record_count(); ++r) {
        const Record &a = records_->record(r), &b = other.records_->record(r);
        if (records_->op(a) != other.records_->op(b) || a.result_count != b.result_count ||
            !std::ranges::equal(records_->operands(a), other.records_->operands(b)) ||
            records_->attributes(a) != other.records_->attributes(b) ||
            !equal(records_->leaf(a.first_result), other.records_->leaf(b.first_result)))
            return false;
        for (std::uint32_t id = a.first_result; id < a.first_result + a.result_count; ++id)
            if (records_->result(id).shape != other.records_->result(id).shape ||
                records_->result(id).kind != other.records_->result(id).kind)
                return false;
    }
    return true;
}

std::string Graph::to_string() const {
    const auto list = [&](const std::vector<std::uint32_t>& ids, int depth) {
        std::string text;
        for (const std::uint32_t id : ids)
            text += (text.empty() ? "" : ", ") + records_->describe(id, depth);
        return text;
    };
    const std::string results = list(outputs_, 3);
    return fmt::format("({}) ↦ {}", list(inputs_, 0), outputs_.size() == 1 ? results : "(" + results + ")");
}

} // namespace xtape
