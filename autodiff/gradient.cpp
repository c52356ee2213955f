#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace xtape {
namespace detail {
namespace {

/// One walk backwards: from outputs with their cotangents to the results in `wrt`.
class Walk {
public:
    Walk(Records& records, std::unordered_set<std::uint32_t> wrt, std::uint32_t floor,
         const std::vector<Var>& outputs, const std::vector<Var>& cotangents)
        : records_(records), path_(records, std::move(wrt), floor, ids(outputs)) {
        for (std::size_t k = 0; k < outputs.size(); ++k) {
            reached_.insert(outputs[k].id());
            if (!cotangents[k].empty()) accumulate(outputs[k].id(), cotangents[k]);
        }
        for (std::uint32_t r = path_.end(); r-- > floor;)
            if (path_.contains(r)) pull(r);
    }

    /// True where a path leads from an output to this result, whatever the derivative along it.
    [[nodiscard]] bool reached(std::uint32_t id) const { return reached_.contains(id); }

    /// The adjoint; empty for zero.
    [[nodiscard]] Var adjoint(std::uint32_t id) const {
        const auto it = adjoints_.find(id);
        return it == adjoints_.end() ? Var() : it->second;
    }
    [[nodiscard]] std::unordered_map<std::uint32_t, Var> take_adjoints() { return std::move(adjoints_); }

private:
    static std::vector<std::uint32_t> ids(const std::vector<Var>& vars) {
        std::vector<std::uint32_t> ids;
        for (const Var& var : vars)
            ids.push_back(var.id());
        return ids;
    }

    /// Adds what one record passes on to the adjoints of its operands.
    void pull(std::uint32_t r) {
        const Record record = records_.record(r);
        std::vector<std::size_t> needed;
        for (std::uint32_t k = 0; k < record.operand_count; ++k)
            if (path_.passes(record, k)) needed.push_back(k);

        bool reached = false, any = false;
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            reached |= reached_.contains(record.first_result + k);
            any |= !adjoint(record.first_result + k).empty();
        }
        if (!reached) return;
        const std::vector<std::uint32_t> operands(records_.operands(record).begin(),
                                                  records_.operands(record).end());
        for (const std::size_t k : needed)
            reached_.insert(operands[k]);
        if (!any) return;

        std::vector<Var> outputs, cotangents;
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            outputs.push_back(records_.var(record.first_result + k));
            Var cotangent = adjoint(outputs.back().id());
            if (cotangent.empty() && outputs.back().kind() == Kind::real)
                cotangent = zeros_like(outputs.back());
            cotangents.push_back(std::move(cotangent));
        }
        const Definition& definition = records_.definition(record);
        if (definition.vjp || definition.vjp_all) {
            const Pullback pullback(vars(records_, operands), std::move(outputs), std::move(cotangents),
                                    records_.attributes(record));
            const std::vector<Var> found = contributions(records_, record, pullback, needed);
            for (std::size_t k = 0; k < needed.size(); ++k)
                accumulate(operands[needed[k]], found[k]);
        } else if (definition.body) {
            pull_body(record, operands, needed, cotangents[0]);
        } else {
            throw_no_derivative(definition);
        }
    }

    /// Records the body of an operation and differentiates that.
    void pull_body(const Record& record, const std::vector<std::uint32_t>& operands,
                   const std::vector<std::size_t>& needed, const Var& cotangent) {
        const std::uint32_t floor = records_.record_count();
        const Var result = record_body(records_, record);
        std::vector<std::uint32_t> leaves;
        for (const std::size_t k : needed)
            if (std::ranges::find(leaves, operands[k]) == leaves.end()) leaves.push_back(operands[k]);
        const Walk inner(records_, {leaves.begin(), leaves.end()}, floor, {result}, {cotangent});
        for (const std::uint32_t id : leaves)
            accumulate(id, inner.adjoint(id));
    }

    void accumulate(std::uint32_t id, const Var& contribution) {
        if (contribution.empty()) return;
        const Var fitted = sum_to(contribution, records_.result(id).shape);
        const auto [it, first] = adjoints_.try_emplace(id, fitted);
        if (!first) it->second = it->second + fitted;
    }

    Records& records_;
    Path path_;
    std::unordered_set<std::uint32_t> reached_;
    std::unordered_map<std::uint32_t, Var> adjoints_;
};

/// A cotangent that a rule returned for a result of this tape, summed over the axes along which that was
/// broadcast.
Var fitted(Records& records, const Record& record, std::uint32_t id, const Var& contribution) {
    const Shape shape = records.result(id).shape;
    if (contribution.records().get() != &records || contribution.kind() != Kind::real)
        throw GradientError(fmt::format(
            "The rule of {} returned {} for {}, which is {}. A cotangent is real and on the same tape.",
            records.definition(record).name, contribution.to_string(), records.describe(id),
            contribution.kind() == Kind::real ? "on another tape" : to_string(contribution.kind())));
    if (!is_broadcast_of(contribution.shape(), shape))
        throw GradientError(
            fmt::format("The rule of {} returned a cotangent {} for {}, which is {}. A cotangent has the "
                        "shape of its operand, or one that the operand broadcasts to.",
                        records.definition(record).name, contribution.shape().to_string(),
                        records.describe(id), shape.to_string()));
    return sum_to(contribution, shape);
}

} // namespace

std::vector<Var> contributions(Records& records, const Record& record, const Pullback& pullback,
                               const std::vector<std::size_t>& needed) {
    const Definition& definition = records.definition(record);
    std::vector<Var> found;
    if (definition.vjp_all) {
        found = definition.vjp_all(pullback, needed);
        if (found.size() != needed.size())
            throw GradientError(
                fmt::format("The rule of {} returned {} cotangents where {} were asked for. Return one for "
                            "each position in `needed`, an empty Var for zero.",
                            definition.name, found.size(), needed.size()));
    } else {
        for (const std::size_t k : needed)
            found.push_back(definition.vjp(pullback, k));
    }
    for (std::size_t k = 0; k < needed.size(); ++k)
        if (!found[k].empty()) found[k] = fitted(records, record, pullback.input(needed[k]).id(), found[k]);
    return found;
}

Var record_body(Records& records, const Record& record) {
    const Definition& definition = records.definition(record);
    const Attributes& attributes = records.attributes(record);
    const Shape shape = records.result(record.first_result).shape;
    std::vector<Var> arguments = vars(records, records.operands(record));
    for (const std::string& name : definition.attributes)
        arguments.push_back(Operand(attributes.real(name)).on(records.shared_from_this()));
    // A body may ignore an operand that widens the result; its value is then that of the record, broadcast.
    return broadcast_to(definition.body(arguments), shape);
}

Adjoints pull_back(Records& records, const std::vector<Var>& outputs, const std::vector<Var>& cotangents,
                   const std::vector<Var>& wrt, std::uint32_t floor) {
    std::unordered_set<std::uint32_t> ids;
    for (const Var& w : wrt)
        ids.insert(w.id());
    Walk walk(records, std::move(ids), floor, outputs, cotangents);
    Adjoints result;
    for (const Var& w : wrt) {
        result.adjoints.push_back(walk.adjoint(w.id()));
        result.reached.push_back(walk.reached(w.id()));
    }
    result.all = walk.take_adjoints();
    return result;
}

} // namespace detail

namespace {

std::vector<Var> pulled(const char* what, const std::vector<Var>& outputs, const std::vector<Var>& cotangents,
                        const std::vector<Var>& wrt, Disconnected disconnected, bool name_adjoints) {
    Records& records = *outputs[0].records();
    detail::require_wrt(what, outputs[0], wrt);
    const detail::Adjoints found =
        detail::pull_back(records, outputs, cotangents, wrt, detail::first_record(records, wrt));
    std::vector<Var> results;
    for (std::size_t k = 0; k < wrt.size(); ++k) {
        if (!found.reached[k] && disconnected == Disconnected::error)
            detail::throw_disconnected(what, outputs[0], wrt[k]);
        results.push_back(found.adjoints[k].empty() ? zeros_like(wrt[k]) : found.adjoints[k]);
    }
    if (name_adjoints) {
        std::vector<std::pair<std::string, std::uint32_t>> names;
        for (const auto& [id, name] : records.names())
            if (const auto it = found.all.find(id); it != found.all.end() && id != outputs[0].id())
                names.emplace_back("d" + name, it->second.id());
        for (const auto& [name, id] : names)
            if (!records.find(name)) records.name(id, name);
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
    auto results = pulled("gradient", {cost}, {ones_like(cost)}, wrt, disconnected, true);
    transaction.done();
    return results;
}

std::vector<Var> vjp(const std::vector<Var>& outputs, const std::vector<Var>& cotangents,
                     const std::vector<Var>& wrt, Disconnected disconnected) {
    if (outputs.empty() || outputs.size() != cotangents.size())
        throw ArgumentError(fmt::format("vjp: {} outputs with {} cotangents. Give one for each.",
                                        outputs.size(), cotangents.size()));
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        const Var &output = outputs[k], &cotangent = cotangents[k];
        if (!same_extents(output.shape(), cotangent.shape()))
            throw ShapeError(
                fmt::format("vjp({0}, {1}): {0} is {2}, {1} is {3}. A cotangent has the shape of its output.",
                            output.to_string(), cotangent.to_string(), output.shape().to_string(),
                            cotangent.shape().to_string()));
        if (output.kind() != Kind::real || cotangent.kind() != Kind::real)
            throw KindError(
                fmt::format("vjp({}, {}): both must be real.", output.to_string(), cotangent.to_string()));
        for (const Var& other : {output, cotangent})
            if (other.records() != outputs[0].records())
                throw VarError(fmt::format("vjp({}, {}): they are on two tapes. Record both on one.",
                                           outputs[0].to_string(), other.to_string()));
    }
    Transaction transaction(*outputs[0].records());
    auto results = pulled("vjp", outputs, cotangents, wrt, disconnected, false);
    transaction.done();
    return results;
}

std::vector<Var> vjp(const Var& output, const Var& cotangent, const std::vector<Var>& wrt,
                     Disconnected disconnected) {
    return vjp(std::vector<Var>{output}, std::vector<Var>{cotangent}, wrt, disconnected);
}

} // namespace xtape
