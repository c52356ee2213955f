#include <xtape/autodiff/path.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {

Path::Path(const Records& records, std::unordered_set<std::uint32_t> wrt, std::uint32_t floor,
           std::span<const std::uint32_t> outputs)
    : records_(records), wrt_(std::move(wrt)), floor_(floor) {
    std::uint32_t end = floor;
    for (const std::uint32_t id : outputs)
        end = std::max(end, records.result(id).record + 1);
    on_.assign(end - floor, false);
    const auto mark = [&](std::uint32_t id) {
        if (const std::uint32_t source = records.result(id).record; source >= floor)
            on_[source - floor] = true;
    };
    for (const std::uint32_t id : outputs)
        mark(id);
    for (std::uint32_t r = end; r-- > floor;)
        if (on_[r - floor])
            for (const std::uint32_t operand : records.operands(records.record(r)))
                mark(operand);
    for (std::uint32_t r = floor; r < end; ++r) {
        if (!on_[r - floor]) continue;
        const Record& record = records.record(r);
        bool depends = false;
        for (std::uint32_t k = 0; k < record.operand_count && !depends; ++k)
            depends = passes(record, k);
        on_[r - floor] = depends;
    }
}

bool Path::passes(const Record& record, std::uint32_t k) const {
    const std::uint32_t id = records_.operands(record)[k];
    if (records_.result(id).kind != Kind::real || !records_.definition(record).passes_gradient(k))
        return false;
    return wrt_.contains(id) || contains(records_.result(id).record);
}

std::vector<Var> vars(Records& records, std::span<const std::uint32_t> ids) {
    std::vector<Var> result;
    for (const std::uint32_t id : ids)
        result.push_back(records.var(id));
    return result;
}

std::uint32_t first_record(const Records& records, const std::vector<Var>& vars) {
    std::uint32_t first = records.record_count();
    for (const Var& var : vars)
        first = std::min(first, records.result(var.id()).record);
    return first;
}

void throw_no_derivative(const Definition& definition) {
    throw GradientError(fmt::format("{} has no derivative: give its definition .vjp(rule), a traceable "
                                    ".forward, or .without_gradient() where none is meant.",
                                    definition.name));
}

void require_wrt(const char* what, const Var& output, const std::vector<Var>& wrt) {
    for (const Var& w : wrt) {
        if (w.records() != output.records())
            throw VarError(fmt::format("{}({}, {}): they are on two tapes. Record both on one.", what,
                                       output.to_string(), w.to_string()));
        if (w.kind() != Kind::real)
            throw KindError(fmt::format("{}({}, {}): {} is {}, which has no derivative.", what,
                                        output.to_string(), w.to_string(), w.to_string(),
                                        to_string(w.kind())));
    }
}

namespace {

/// Why no path leads from `target` to `output`: the operation that cuts it, or nothing where there is none at
/// all.
std::string cut_by(const Records& records, std::uint32_t target, std::uint32_t output) {
    const std::uint32_t first = records.result(target).record, last = records.result(output).record;
    if (first >= last) return "";
    std::vector<bool> used(last - first + 1, false), from_target(last - first + 1, false);
    used.back() = true;
    for (std::uint32_t r = last; r > first; --r)
        if (used[r - first])
            for (const std::uint32_t operand : records.operands(records.record(r)))
                if (const auto source = records.result(operand).record; source >= first)
                    used[source - first] = true;
    from_target[0] = true;
    std::string cut;
    for (std::uint32_t r = first + 1; r <= last; ++r) {
        if (!used[r - first]) continue;
        const Record& record = records.record(r);
        for (std::uint32_t k = 0; k < record.operand_count; ++k) {
            const std::uint32_t id = records.operands(record)[k];
            const std::uint32_t source = records.result(id).record;
            if (source < first || !from_target[source - first] || (source == first && id != target)) continue;
            from_target[r - first] = true;
            const Definition& definition = records.definition(record);
            const bool passes =
                definition.passes_gradient(k) && records.result(record.first_result).kind == Kind::real;
            if (!passes && cut.empty()) cut = definition.short_name();
        }
    }
    return from_target.back() && !cut.empty() ? fmt::format(" (cut by {})", cut) : "";
}

} // namespace

void throw_disconnected(const char* what, const Var& output, const Var& wrt) {
    throw GradientError(fmt::format(
        "{0}({1}, {2}): no path from {2} to {1}{3}. Pass Disconnected::zeros if zeros are meant.", what,
        output.to_string(), wrt.to_string(), cut_by(*wrt.records(), wrt.id(), output.id())));
}

} // namespace xtape::detail
