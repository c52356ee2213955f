#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/path.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape {
namespace {

using detail::Path;

/// One walk forwards: from the results in `tangents` with their tangents to the outputs.
class Push {
public:
    Push(Records& records, std::unordered_map<std::uint32_t, Var> tangents, std::uint32_t floor,
         const std::vector<std::uint32_t>& outputs)
        : records_(records), path_(records, keys(tangents), floor, outputs), tangents_(std::move(tangents)) {
        for (std::uint32_t r = floor; r < path_.end(); ++r)
            if (path_.contains(r)) push(r);
    }

    /// True where a path leads to this result, whatever the derivative along it.
    [[nodiscard]] bool reached(std::uint32_t id) const {
        return path_.starts_at(id) || path_.contains(records_.result(id).record);
    }

    /// The tangent; empty for zero.
    [[nodiscard]] Var tangent(std::uint32_t id) const {
        const auto it = tangents_.find(id);
        return it == tangents_.end() ? Var() : it->second;
    }

private:
    static std::unordered_set<std::uint32_t> keys(const std::unordered_map<std::uint32_t, Var>& map) {
        std::unordered_set<std::uint32_t> keys;
        for (const auto& [id, tangent] : map)
            keys.insert(id);
        return keys;
    }

    void push(std::uint32_t r) {
        const Record record = records_.record(r);
        std::vector<std::size_t> moving;
        for (std::uint32_t k = 0; k < record.operand_count; ++k)
            if (path_.passes(record, k) && !tangent(records_.operands(record)[k]).empty())
                moving.push_back(k);
        if (moving.empty()) return;
        const Definition& definition = records_.definition(record);
        std::vector<Var> results;
        if (definition.jvp)
            results = by_own_rule(record, moving);
        else if (definition.vjp || definition.vjp_all)
            results = by_transposing_the_vjp(record, moving);
        else if (definition.body)
            results = {by_body(record, moving)};
        else
            detail::throw_no_derivative(definition);
        if (results.size() != record.result_count)
            throw GradientError(
                fmt::format("The forward rule of {} returned {} tangents; it has {} results. Return one for "
                            "each, an empty Var for zero.",
                            definition.name, results.size(), record.result_count));
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            add(record, record.first_result + k, results[k]);
    }

    std::vector<Var> by_own_rule(const Record& record, const std::vector<std::size_t>& moving) {
        const std::vector<Var> inputs = detail::vars(records_, records_.operands(record));
        std::vector<Var> tangents(inputs.size());
        std::vector<bool> moves(inputs.size(), false);
        for (const std::size_t k : moving) {
            tangents[k] = tangent(inputs[k].id());
            moves[k] = true;
        }
        for (std::size_t k = 0; k < inputs.size(); ++k)
            if (tangents[k].empty() && inputs[k].kind() == Kind::real) tangents[k] = zeros_like(inputs[k]);
        return records_.definition(record).jvp(Pushforward(inputs, outputs(record), std::move(tangents),
                                                           std::move(moves), records_.attributes(record)));
    }

    /// The vjp g ↦ Jᵀg is linear in g, so the vjp of that, with respect to g, is u ↦ J u. Nothing in it needs
    /// the value of g, for which an input stands that is never bound.
    std::vector<Var> by_transposing_the_vjp(const Record& record, const std::vector<std::size_t>& moving) {
        const std::uint32_t floor = records_.record_count();
        std::vector<Var> stand_ins, cotangents;
        for (const Var& output : outputs(record)) {
            cotangents.emplace_back();
            if (output.kind() != Kind::real) continue;
            cotangents.back() =
                records_.var(records_.append_leaf(input_op(), output.shape(), Kind::real, std::monostate{}));
            stand_ins.push_back(cotangents.back());
        }
        const Pullback pullback(detail::vars(records_, records_.operands(record)), outputs(record),
                                cotangents, records_.attributes(record));
        const std::vector<Var> found = detail::contributions(records_, record, pullback, moving);
        std::vector<Var> pulled, tangents;
        for (std::size_t k = 0; k < moving.size(); ++k) {
            if (found[k].empty()) continue;
            pulled.push_back(found[k]);
            tangents.push_back(tangent(pullback.input(moving[k]).id()));
        }
        const detail::Adjoints adjoints = detail::pull_back(records_, pulled, tangents, stand_ins, floor);
        const std::vector<bool> needs = depends_on(stand_ins, floor);
        const auto refuse_unless = [&](bool linear) {
            if (!linear)
                throw GradientError(fmt::format(
                    "jvp: no forward rule follows from the vjp of {}, which is not linear in its cotangent. "
                    "Mend it, or give its definition .jvp(rule).",
                    records_.definition(record).name));
        };
        const bool reached = std::ranges::find(adjoints.reached, true) != adjoints.reached.end();
        for (const Var& cotangent : pulled) // one whose path to what it depends on is cut
            if (const std::uint32_t source = records_.result(cotangent.id()).record; source >= floor)
                refuse_unless(reached || !needs[source - floor]);
        std::vector<Var> results(record.result_count);
        std::size_t next = 0;
        for (std::uint32_t k = 0; k < record.result_count; ++k) {
            if (cotangents[k].empty()) continue;
            results[k] = adjoints.adjoints[next++];
            if (!results[k].empty())
                if (const std::uint32_t source = records_.result(results[k].id()).record; source >= floor)
                    refuse_unless(!needs[source - floor]);
        }
        return results;
    }

    /// For each record from `floor` on, whether its value needs that of one of these.
    [[nodiscard]] std::vector<bool> depends_on(const std::vector<Var>& leaves, std::uint32_t floor) const {
        std::vector<bool> depends(records_.record_count() - floor, false);
        for (const Var& leaf : leaves)
            depends[records_.result(leaf.id()).record - floor] = true;
        for (std::uint32_t r = floor; r < records_.record_count(); ++r)
            for (const std::uint32_t operand : records_.operands(records_.record(r)))
                if (const std::uint32_t source = records_.result(operand).record; source >= floor)
                    if (depends[source - floor]) depends[r - floor] = true;
        return depends;
    }

    Var by_body(const Record& record, const std::vector<std::size_t>& moving) {
        std::unordered_map<std::uint32_t, Var> tangents;
        for (const std::size_t k : moving) {
            const std::uint32_t id = records_.operands(record)[k];
            tangents.emplace(id, tangent(id));
        }
        const std::uint32_t floor = records_.record_count();
        const Var result = detail::record_body(records_, record);
        return Push(records_, std::move(tangents), floor, {result.id()}).tangent(result.id());
    }

    std::vector<Var> outputs(const Record& record) {
        std::vector<Var> outputs;
        for (std::uint32_t k = 0; k < record.result_count; ++k)
            outputs.push_back(records_.var(record.first_result + k));
        return outputs;
    }

    void add(const Record& record, std::uint32_t id, const Var& tangent) {
        if (tangent.empty()) return;
        const Shape shape = records_.result(id).shape;
        if (tangent.records().get() != &records_ || tangent.kind() != Kind::real ||
            !is_broadcast_of(shape, tangent.shape()))
            throw GradientError(fmt::format(
                "The forward rule of {} returned {}, {} {}, for its result {}. A tangent is real, "
                "on the same tape, and has the shape of its result.",
                records_.definition(record).name, tangent.to_string(), to_string(tangent.kind()),
                tangent.shape().to_string(), shape.to_string()));
        const Var fitted = broadcast_to(tangent, shape);
        const auto [it, first] = tangents_.try_emplace(id, fitted);
        if (!first) it->second = it->second + fitted;
    }

    Records& records_;
    Path path_;
    std::unordered_map<std::uint32_t, Var> tangents_;
};

} // namespace

std::vector<Var> jvp(const std::vector<Var>& outputs, const std::vector<Var>& inputs,
                     const std::vector<Var>& tangents, Disconnected disconnected) {
    if (outputs.empty() || inputs.empty() || inputs.size() != tangents.size())
        throw ArgumentError(fmt::format("jvp: {} outputs, {} inputs, {} tangents. Give at least one output, "
                                        "and one tangent for each input.",
                                        outputs.size(), inputs.size(), tangents.size()));
    const Var& output = outputs[0];
    Records& records = *output.records();
    detail::require_wrt("jvp", output, inputs);
    detail::require_wrt("jvp", output, outputs);
    detail::require_wrt("jvp", output, tangents);
    std::unordered_map<std::uint32_t, Var> given;
    Transaction transaction(records);
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (!same_extents(inputs[k].shape(), tangents[k].shape()))
            throw ShapeError(fmt::format(
                "jvp({0}, {1}, {2}): {1} is {3}, {2} is {4}. A tangent has the shape of its input.",
                output.to_string(), inputs[k].to_string(), tangents[k].to_string(),
                inputs[k].shape().to_string(), tangents[k].shape().to_string()));
        const auto [it, first] = given.emplace(inputs[k].id(), tangents[k]);
        if (!first) it->second = it->second + tangents[k];
    }
    std::vector<std::uint32_t> ids;
    for (const Var& each : outputs)
        ids.push_back(each.id());
    const Push push(records, std::move(given), detail::first_record(records, inputs), ids);
    std::vector<Var> results;
    for (const Var& each : outputs) {
        if (!push.reached(each.id()) && disconnected == Disconnected::error)
            detail::throw_disconnected("jvp", each, inputs[0]);
        const Var tangent = push.tangent(each.id());
        results.push_back(tangent.empty() ? zeros_like(each) : tangent);
    }
    transaction.done();
    return results;
}

Var jvp(const Var& output, const Var& input, const Var& tangent, Disconnected disconnected) {
    return jvp(std::vector<Var>{output}, {input}, {tangent}, disconnected)[0];
}

} // namespace xtape
