#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/transform/samples.hpp>
#include <xtape/autodiff/transform/scan.hpp>
#include <xtape/autodiff/transform/transform.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace xtape {
namespace {

using detail::Argument;
using detail::at;
using detail::joined;
using Positions = std::vector<std::size_t>;

/// The operands of a scan are carries, then sequences, then what is the same at every step; the results are
/// the last carries, then stacked values. Inputs and outputs of its Graph likewise.
struct Layout {
    std::size_t carries, sequences;
    Dim length;
    bool reversed;

    explicit Layout(const Attributes& a)
        : carries(static_cast<std::size_t>(a.integer("carries"))),
          sequences(static_cast<std::size_t>(a.integer("sequences"))), length(a.get<Dim>("length")),
          reversed(a.integer("reversed") != 0) {}
    Layout(std::size_t c, std::size_t s, Dim n, bool r)
        : carries(c), sequences(s), length(std::move(n)), reversed(r) {}

    [[nodiscard]] Attributes with(const Graph& graph) const {
        return {{"function", graph},
                {"carries", static_cast<std::int64_t>(carries)},
                {"sequences", static_cast<std::int64_t>(sequences)},
                {"length", length},
                {"reversed", std::int64_t{reversed}}};
    }
    [[nodiscard]] bool is_carry(std::size_t k) const { return k < carries; }
    [[nodiscard]] bool is_sequence(std::size_t k) const { return k >= carries && k < carries + sequences; }
    [[nodiscard]] bool is_constant(std::size_t k) const { return k >= carries + sequences; }
};

template <class F>
Positions positions(std::size_t count, F holds) {
    Positions chosen;
    for (std::size_t k = 0; k < count; ++k)
        if (holds(k)) chosen.push_back(k);
    return chosen;
}

/// A list in the order carries, sequences, constants, of two such lists.
template <class T>
std::vector<T> merged(const Layout& first_layout, const std::vector<T>& first, const Layout& layout,
                      const std::vector<T>& second) {
    const auto part = [](const std::vector<T>& list, std::size_t from, std::size_t to) {
        return std::vector<T>(list.begin() + static_cast<std::ptrdiff_t>(from),
                              list.begin() + static_cast<std::ptrdiff_t>(to));
    };
    const std::size_t a = first_layout.carries, b = layout.carries;
    const std::size_t c = a + first_layout.sequences, d = b + layout.sequences;
    std::vector<T> all = joined(part(first, 0, a), part(second, 0, b));
    all = joined(joined(std::move(all), part(first, a, c)), part(second, b, d));
    return joined(joined(std::move(all), part(first, c, first.size())), part(second, d, second.size()));
}

std::vector<ResultType> scan_shape(const Signature& s) {
    const Graph& graph = s.attributes().graph("function");
    const Layout layout(s.attributes());
    std::vector<std::optional<Dim>> leading(s.size());
    for (std::size_t k = 0; k < s.size(); ++k)
        if (layout.is_sequence(k)) leading[k] = layout.length;
    detail::require_inputs(s, graph, leading);
    std::vector<ResultType> results;
    for (std::size_t k = 0; k < graph.outputs().size(); ++k) {
        const Result& result = graph.records().result(graph.outputs()[k]);
        results.emplace_back(layout.is_carry(k) ? result.shape
                                                : detail::with_leading(layout.length, result.shape),
                             result.kind);
    }
    return results;
}

template <std::floating_point T>
void run_scan(Call<T>& call) {
    const Graph& graph = call.attributes().graph("function");
    const Layout layout(call.attributes());
    std::vector<detail::Rows<T>> rows;
    for (std::size_t k = layout.carries; k < graph.outputs().size(); ++k)
        rows.emplace_back(call, k, graph.records().result(graph.outputs()[k]).kind);
    std::vector<bool> varying(call.size(), true);
    std::fill(varying.begin() + static_cast<std::ptrdiff_t>(layout.carries + layout.sequences), varying.end(),
              false);
    const Runner runner = call.prepare(graph, varying);
    std::vector<AnyArray> inputs;
    for (std::size_t k = 0; k < call.size(); ++k)
        inputs.push_back(call.operand(k));
    const std::size_t count = call.extent(layout.length);
    for (std::size_t step = 0; step < count; ++step) {
        const std::size_t i = layout.reversed ? count - 1 - step : step;
        for (std::size_t k = layout.carries; k < layout.carries + layout.sequences; ++k)
            inputs[k] = call.operand(k).row(i);
        const std::vector<AnyArray> outputs = runner(inputs);
        std::copy_n(outputs.begin(), layout.carries, inputs.begin());
        for (std::size_t k = 0; k < rows.size(); ++k)
            rows[k].put(i, outputs[layout.carries + k]);
    }
    for (std::size_t k = 0; k < layout.carries; ++k)
        call.give(k, inputs[k].owned());
}

/// The same loop with other values: the carries as they were before each step.
Graph with_history(Records& records, const Graph& graph, const Layout& layout) {
    return detail::trace("scan", records, detail::arguments_of(graph),
                         [&](std::span<const Var> inputs) {
                             std::vector<Var> outputs = detail::unfold(graph, inputs);
                             outputs.resize(layout.carries);
                             const auto before = inputs.first(layout.carries);
                             return joined(std::move(outputs),
                                           std::vector<Var>(before.begin(), before.end()));
                         })
        .graph;
}

/// The loop backwards. Its carries are the cotangents of the real carries and the sums of those of the needed
/// constants; its sequences are what the loop forwards read and the cotangents of its real values; its values
/// are the cotangents of the needed sequences.
class Backwards {
public:
    Backwards(const Pullback& p, std::span<const std::size_t> needed)
        : p_(p), records_(*p.input().records()), graph_(p.attributes().graph("function")),
          layout_(p.attributes()) {
        const Positions real = detail::real_outputs(graph_);
        for (const std::size_t k : real)
            (layout_.is_carry(k) ? carries_ : values_).push_back(k);
        for (const std::size_t k : needed)
            if (!layout_.is_carry(k)) (layout_.is_sequence(k) ? sequences_ : constants_).push_back(k);
    }

    [[nodiscard]] std::vector<Var> cotangents(std::span<const std::size_t> needed) {
        const std::vector<Var>& inputs = p_.inputs();
        const std::vector<Var> history =
            record_all(detail::scan_op(), inputs, layout_.with(with_history(records_, graph_, layout_)));
        std::vector<Var> operands = at(p_.cotangents(), carries_);
        for (const std::size_t k : constants_)
            operands.push_back(zeros_like(inputs[k]));
        for (std::size_t k = 0; k < layout_.carries; ++k)
            operands.push_back(history[layout_.carries + k]);
        for (std::size_t k = layout_.carries; k < layout_.carries + layout_.sequences; ++k)
            operands.push_back(inputs[k]);
        operands = joined(std::move(operands), at(p_.cotangents(), values_));
        for (std::size_t k = layout_.carries + layout_.sequences; k < inputs.size(); ++k)
            operands.push_back(inputs[k]);

        const Layout backwards(carries_.size() + constants_.size(),
                               layout_.carries + layout_.sequences + values_.size(), layout_.length,
                               !layout_.reversed);
        const std::vector<Var> found = record_all(detail::scan_op(), operands, backwards.with(graph()));
        std::vector<Var> results;
        for (const std::size_t k : needed) {
            const auto place = [&](const Positions& list, std::size_t before) {
                return found[before + static_cast<std::size_t>(std::ranges::find(list, k) - list.begin())];
            };
            results.push_back(layout_.is_carry(k) ? place(carries_, 0)
                              : layout_.is_constant(k)
                                  ? place(constants_, carries_.size())
                                  : place(sequences_, carries_.size() + constants_.size()));
        }
        return results;
    }

private:
    /// One step backwards.
    [[nodiscard]] Graph graph() const {
        const std::vector<Argument> forward = detail::arguments_of(graph_);
        const std::size_t read = layout_.carries + layout_.sequences;
        std::vector<Argument> arguments = detail::cotangents_of(graph_, carries_);
        for (const std::size_t k : constants_)
            arguments.push_back({forward[k].shape, forward[k].kind, "d" + forward[k].name});
        const std::size_t first_input = arguments.size();
        arguments.insert(arguments.end(), forward.begin(),
                         forward.begin() + static_cast<std::ptrdiff_t>(read));
        const std::size_t first_value = arguments.size();
        arguments = joined(std::move(arguments), detail::cotangents_of(graph_, values_));
        const std::size_t first_constant = arguments.size();
        arguments.insert(arguments.end(), forward.begin() + static_cast<std::ptrdiff_t>(read), forward.end());

        const auto body = [&](std::span<const Var> given) {
            const auto list = [&](std::size_t from, std::size_t to) {
                return std::vector<Var>(given.begin() + static_cast<std::ptrdiff_t>(from),
                                        given.begin() + static_cast<std::ptrdiff_t>(to));
            };
            const std::vector<Var> inputs =
                joined(list(first_input, first_value), list(first_constant, given.size()));
            const std::vector<Var> outputs = detail::unfold(graph_, inputs);
            const Positions wrt = joined(joined(carries_, constants_), sequences_);
            std::vector<Var> cotangents =
                vjp(at(outputs, joined(carries_, values_)),
                    joined(list(0, carries_.size()), list(first_value, first_constant)), at(inputs, wrt),
                    Disconnected::zeros);
            for (std::size_t k = carries_.size(); k < first_input; ++k)
                cotangents[k] = given[k] + cotangents[k];
            return cotangents;
        };
        return detail::trace("scan", records_, arguments, body).graph;
    }

    const Pullback& p_;
    Records& records_;
    const Graph& graph_;
    Layout layout_;
    Positions carries_, values_, sequences_, constants_;
};

/// The loop that carries tangents beside the carries.
std::vector<Var> pushforward(const Pushforward& p) {
    Records& records = *p.input().records();
    const Graph& graph = p.attributes().graph("function");
    const Layout layout(p.attributes());
    const Positions real = detail::real_outputs(graph);
    const Positions carries =
        positions(layout.carries, [&](std::size_t k) { return std::ranges::find(real, k) != real.end(); });
    Positions moving = carries;
    for (std::size_t k = layout.carries; k < p.size(); ++k)
        if (p.moves(k)) moving.push_back(k);
    const auto sequences = static_cast<std::size_t>(
        std::ranges::count_if(moving, [&](std::size_t k) { return layout.is_sequence(k); }));
    const Layout tangents(carries.size(), sequences, layout.length, layout.reversed);
    const Layout both(layout.carries + tangents.carries, layout.sequences + tangents.sequences, layout.length,
                      layout.reversed);

    const std::vector<Argument> forward = detail::arguments_of(graph);
    std::vector<Argument> moved;
    std::vector<Var> given;
    for (const std::size_t k : moving) {
        moved.push_back({forward[k].shape, forward[k].kind, "d" + forward[k].name});
        given.push_back(p.tangent(k));
    }
    std::vector<std::size_t> order(forward.size() + moved.size()), own(forward.size()), theirs(moved.size());
    std::iota(own.begin(), own.end(), std::size_t{0});
    std::iota(theirs.begin(), theirs.end(), forward.size());
    order = merged(layout, own, tangents, theirs);
    const auto body = [&](std::span<const Var> arguments) {
        std::vector<Var> all(arguments.size());
        for (std::size_t k = 0; k < order.size(); ++k)
            all[order[k]] = arguments[k];
        const auto middle = all.begin() + static_cast<std::ptrdiff_t>(forward.size());
        const std::vector<Var> inputs(all.begin(), middle), directions(middle, all.end());
        const std::vector<Var> outputs = detail::unfold(graph, inputs);
        const std::vector<Var> pushed =
            jvp(at(outputs, real), at(inputs, moving), directions, Disconnected::zeros);
        std::vector<Var> results(outputs.begin(),
                                 outputs.begin() + static_cast<std::ptrdiff_t>(layout.carries));
        return joined(std::move(results), pushed);
    };
    const Graph derived =
        detail::trace("scan", records, merged(layout, forward, tangents, moved), body).graph;
    std::vector<Var> found =
        record_all(detail::scan_op(), merged(layout, p.inputs(), tangents, given), both.with(derived));
    found.erase(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(layout.carries));
    return detail::spread(found, real, graph.outputs().size());
}

const Op scan_op = operation("xtape::scan")
                       .any_operands()
                       .shape(scan_shape)
                       .forward([](auto& call) { run_scan(call); })
                       .vjp_all([](const Pullback& p, std::span<const std::size_t> needed) {
                           return Backwards(p, needed).cotangents(needed);
                       })
                       .jvp(pushforward)
                       .samples(detail::scan_samples)
                       .notation("scan({…})", R"(\operatorname{scan}({…}))");

ScanStep recorded(const StepFunction& step, const std::vector<Var>& carry, const std::vector<Var>& xs,
                  const Dim& length) {
    const std::vector<Var> given = joined(carry, xs);
    Records& records = detail::records_of("scan", given);
    std::vector<Argument> arguments;
    for (const Var& c : carry)
        arguments.push_back(detail::argument_like(c));
    for (const Var& x : xs)
        arguments.push_back(detail::entry_of(x));
    const auto body = [&](std::span<const Var> vars) {
        const auto middle = vars.begin() + static_cast<std::ptrdiff_t>(carry.size());
        ScanStep next = step({vars.begin(), middle}, {middle, vars.end()});
        if (next.carry.size() != carry.size())
            throw ArgumentError(
                fmt::format("scan: its step takes {} and returns {} in its carry. Return as many.",
                            carry.size(), next.carry.size()));
        for (std::size_t k = 0; k < carry.size(); ++k)
            if (!same_extents(next.carry[k].shape(), carry[k].shape()) ||
                next.carry[k].kind() != carry[k].kind())
                throw ShapeError(
                    fmt::format("scan: its step turns the carry {}, {} {}, into {}, {} {}. A carry "
                                "keeps its shape.",
                                carry[k].to_string(), to_string(carry[k].kind()),
                                carry[k].shape().to_string(), next.carry[k].to_string(),
                                to_string(next.carry[k].kind()), next.carry[k].shape().to_string()));
        return joined(std::move(next.carry), next.values);
    };
    const auto [graph, captured] = detail::trace("scan", records, arguments, body);
    const Layout layout(carry.size(), xs.size(), length, false);
    const std::vector<Var> results = record_all(scan_op, joined(given, captured), layout.with(graph));
    const auto middle = results.begin() + static_cast<std::ptrdiff_t>(carry.size());
    return {{results.begin(), middle}, {middle, results.end()}};
}

} // namespace

const Op& detail::scan_op() { return xtape::scan_op; }

ScanStep scan(const StepFunction& step, const std::vector<Var>& carry, const std::vector<Var>& xs) {
    (void)detail::records_of("scan", xs);
    return recorded(step, carry, xs, detail::leading_extent("scan", xs));
}

ScanStep scan(const StepFunction& step, const std::vector<Var>& carry, const Dim& length) {
    return recorded(step, carry, {}, length);
}

} // namespace xtape
