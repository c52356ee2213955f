#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace xtape {
namespace {

/// One walk backwards: from an output with its cotangent to the results in `wrt`, through the records from
/// `floor` on. What lies before `floor` counts as a leaf, which is how a traced body is differentiated in
/// place.
class Walk {
public:
    Walk(Records& records, std::unordered_set<std::uint32_t> wrt, std::uint32_t floor)
        : records_(records), wrt_(std::move(wrt)), floor_(floor) {}

    void run(std::uint32_t output, const Var& cotangent) {
        const std::uint32_t last = records_.result(output).record;
        reached_.insert(output);
        adjoints_[output] = cotangent;
        if (last < floor_) return;
        find_path(last);
        for (std::uint32_t r = last + 1; r-- > floor_;)
            if (on_path_[r - floor_]) pull(r);
    }

    /// True where a path leads from the output to this result, whatever the derivative along it.
    [[nodiscard]] bool reached(std::uint32_t id) const { return reached_.contains(id); }

    /// The adjoint; empty for zero.
    [[nodiscard]] Var adjoint(std::uint32_t id) const {
        const auto it = adjoints_.find(id);
        return it == adjoints_.end() ? Var() : it->second;
    }
    [[nodiscard]] const std::unordered_map<std::uint32_t, Var>& adjoints() const { return adjoints_; }

private:
    /// Marks the records that the output is computed from and that are computed from `wrt`.
    void find_path(std::uint32_t last) {
        on_path_.assign(last - floor_ + 1, false);
        on_path_.back() = true;
        for (std::uint32_t r = last + 1; r-- > floor_;) {
            if (!on_path_[r - floor_]) continue;
            for (const std::uint32_t operand : records_.operands(records_.record(r)))
                if (const std::uint32_t source = records_.result(operand).record; source >= floor_)
                    on_path_[source - floor_] = true;
        }
        for (std::uint32_t r = floor_; r <= last; ++r) {
            if (!on_path_[r - floor_]) continue;
            const Record& record = records_.record(r);
            bool depends = false;
            for (std::uint32_t k = 0; k < record.operand_count && !depends; ++k)
                depends = leads_to_wrt(record, k);
            on_path_[r - floor_] = depends;
        }
    }

    /// True where a derivative passes through operand k and the operand is, or depends on, one of `wrt`.
    [[nodiscard]] bool leads_to_wrt(const Record& record, std::uint32_t k) const {
        const std::uint32_t id = records_.operands(record)[k];
        const Definition& definition = records_.definition(record);
        if (records_.result(id).kind != Kind::real || !definition.passes_gradient(k)) return false;
        if (wrt_.contains(id)) return true;
        const std::uint32_t source = records_.result(id).record;
        return source >= floor_ && on_path_[source - floor_];
    }

    /// Adds what one record passes on to the adjoints of its operands.
    void pull(std::uint32_t r) {
        const Record record = records_.record(r);
        std::vector<std::uint32_t> needed;
        for (std::uint32_t k = 0; k < record.operand_count; ++k)
            if (leads_to_wrt(record, k)) needed.push_back(k);

        bool reached = false, any = false;
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            reached |= reached_.contains(record.first_result + k);
            any |= !adjoint(record.first_result + k).empty();
        }
        if (!reached) return;
        const std::vector<std::uint32_t> operands(records_.operands(record).begin(),
                                                  records_.operands(record).end());
        for (const std::uint32_t k : needed)
            reached_.insert(operands[k]);
        if (!any) return;

        std::vector<Var> inputs, outputs, cotangents;
        for (const std::uint32_t id : operands)
            inputs.push_back(records_.var(id));
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            outputs.push_back(records_.var(record.first_result + k));
            Var cotangent = adjoint(outputs.back().id());
            if (cotangent.empty() && outputs.back().kind() == Kind::real)
                cotangent = zeros_like(outputs.back());
            cotangents.push_back(std::move(cotangent));
        }
        const Definition& definition = records_.definition(record);
        if (definition.vjp) {
            const Attributes& attributes = records_.attributes(record);
            const Pullback pullback(std::move(inputs), std::move(outputs), std::move(cotangents), attributes);
            for (const std::uint32_t k : needed)
                add(record, operands[k], definition.vjp(pullback, k));
        } else if (definition.body) {
            pull_body(record, operands, needed, cotangents[0]);
        } else {
            throw GradientError(
                fmt::format("{} has no derivative: give its definition .vjp(rule), a traceable .forward, "
                            "or .without_gradient() where none is meant.",
                            definition.name));
        }
    }

    /// Records the body of an operation and differentiates that.
    void pull_body(const Record& record, const std::vector<std::uint32_t>& operands,
                   const std::vector<std::uint32_t>& needed, const Var& cotangent) {
        const Definition& definition = records_.definition(record);
        const Attributes& attributes = records_.attributes(record);
        const std::uint32_t floor = records_.record_count();
        std::vector<Var> arguments;
        for (const std::uint32_t id : operands)
            arguments.push_back(records_.var(id));
        for (const std::string& name : definition.attributes)
            arguments.push_back(Operand(attributes.real(name)).on(records_.shared_from_this()));
        std::unordered_set<std::uint32_t> leaves;
        for (const std::uint32_t k : needed)
            leaves.insert(operands[k]);
        Var result = definition.body(arguments);
        // A body may ignore an operand that widens the result; its value is then that of the record,
        // broadcast.
        if (!same_extents(result.shape(), cotangent.shape()))
            result = broadcast_to(result, cotangent.shape());
        Walk inner(records_, leaves, floor);
        inner.run(result.id(), cotangent);
        std::unordered_set<std::uint32_t> done;
        for (const std::uint32_t k : needed)
            if (done.insert(operands[k]).second) add(record, operands[k], inner.adjoint(operands[k]));
    }

    /// Adds a contribution to an operand's adjoint, summed over the axes along which the operand was
    /// broadcast.
    void add(const Record& record, std::uint32_t id, const Var& contribution) {
        if (contribution.empty()) return;
        const Shape shape = records_.result(id).shape;
        if (contribution.records().get() != &records_ || contribution.kind() != Kind::real)
            throw GradientError(fmt::format(
                "The rule of {} returned {} for {}, which is {}. A cotangent is real and on the same tape.",
                records_.definition(record).name, contribution.to_string(), records_.describe(id),
                contribution.kind() == Kind::real ? "on another tape" : to_string(contribution.kind())));
        if (!is_broadcast_of(contribution.shape(), shape))
            throw GradientError(
                fmt::format("The rule of {} returned a cotangent {} for {}, which is {}. A cotangent has the "
                            "shape of its operand, or one that the operand broadcasts to.",
                            records_.definition(record).name, contribution.shape().to_string(),
                            records_.describe(id), shape.to_string()));
        const Var fitted = sum_to(contribution, shape);
        const auto [it, first] = adjoints_.try_emplace(id, fitted);
        if (!first) it->second = it->second + fitted;
    }

    Records& records_;
    std::unordered_set<std::uint32_t> wrt_;
    std::uint32_t floor_;
    std::vector<bool> on_path_;
    std::unordered_set<std::uint32_t> reached_;
    std::unordered_map<std::uint32_t, Var> adjoints_;
};

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

std::vector<Var> walk(const char* what, const Var& output, const Var& cotangent, const std::vector<Var>& wrt,
                      Disconnected disconnected, bool name_adjoints) {
    const std::shared_ptr<Records>& records = output.records();
    std::unordered_set<std::uint32_t> ids;
    std::uint32_t floor = records->record_count();
    for (const Var& w : wrt) {
        if (w.records() != records)
            throw VarError(fmt::format("{}({}, {}): they are on two tapes. Record both on one.", what,
                                       output.to_string(), w.to_string()));
        if (w.kind() != Kind::real)
            throw KindError(fmt::format("{}({}, {}): {} is {}, which has no derivative.", what,
                                        output.to_string(), w.to_string(), w.to_string(),
                                        to_string(w.kind())));
        ids.insert(w.id());
        floor = std::min(floor, records->result(w.id()).record);
    }
    Walk walk(*records, ids, floor);
    walk.run(output.id(), cotangent);
    std::vector<Var> results;
    for (const Var& w : wrt) {
        if (!walk.reached(w.id()) && disconnected == Disconnected::error)
            throw GradientError(
                fmt::format("{0}({1}, {2}): no path from {2} to {1}{3}. Pass Disconnected::zeros if zeros "
                            "are meant.",
                            what, output.to_string(), w.to_string(), cut_by(*records, w.id(), output.id())));
        const Var adjoint = walk.adjoint(w.id());
        results.push_back(adjoint.empty() ? zeros_like(w) : adjoint);
    }
    if (name_adjoints) {
        std::vector<std::pair<std::string, std::uint32_t>> names;
        for (const auto& [id, name] : records->names())
            if (const Var adjoint = walk.adjoint(id); !adjoint.empty() && id != output.id())
                names.emplace_back("d" + name, adjoint.id());
        for (const auto& [name, id] : names)
            if (!records->find(name)) records->name(id, name);
    }
    return results;
}

bool is_one_number(const Shape& shape) { return std::ranges::all_of(shape.dims(), &Dim::is_one); }

} // namespace

std::vector<Var> gradient(const Var& cost, const std::vector<Var>& wrt, Disconnected disconnected) {
    if (!is_one_number(cost.shape()))
        throw GradientError(
            fmt::format("gradient({0}): {0} is {1}, not one number. Use mean({0}) or sum({0}), or "
                        "vjp({0}, v) with v of shape {2}.",
                        cost.to_string(), cost.shape().to_string(), bare_shape(cost.shape())));
    if (cost.kind() != Kind::real)
        throw KindError(fmt::format("gradient({0}): {0} is {1}, which has no derivative.", cost.to_string(),
                                    to_string(cost.kind())));
    Transaction transaction(*cost.records());
    auto results = walk("gradient", cost, ones_like(cost), wrt, disconnected, true);
    transaction.done();
    return results;
}

std::vector<Var> vjp(const Var& output, const Var& cotangent, const std::vector<Var>& wrt,
                     Disconnected disconnected) {
    if (!same_extents(output.shape(), cotangent.shape()))
        throw ShapeError(
            fmt::format("vjp({0}, {1}): {0} is {2}, {1} is {3}. A cotangent has the shape of its output.",
                        output.to_string(), cotangent.to_string(), output.shape().to_string(),
                        cotangent.shape().to_string()));
    if (output.kind() != Kind::real || cotangent.kind() != Kind::real)
        throw KindError(
            fmt::format("vjp({}, {}): both must be real.", output.to_string(), cotangent.to_string()));
    if (output.records() != cotangent.records())
        throw VarError(fmt::format("vjp({}, {}): they are on two tapes. Record both on one.",
                                   output.to_string(), cotangent.to_string()));
    Transaction transaction(*output.records());
    auto results = walk("vjp", output, cotangent, wrt, disconnected, false);
    transaction.done();
    return results;
}

} // namespace xtape
