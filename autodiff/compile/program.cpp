#include <xtape/autodiff/compile/lower.hpp>
#include <xtape/autodiff/compile/plan_cache.hpp>
#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/compile/workers.hpp>
#include <xtape/autodiff/guards.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace xtape {
namespace {

/// Whether a run is bound to these very arrays, so that all that is checked of arrays was checked before.
template <class T>
bool is_bound(const detail::Run<T>& run, std::span<const AnyArray> inputs,
              std::span<const OutputArray<T>> outputs) {
    const detail::Workspace<T>& last = *run.workspace;
    if (outputs.size() != last.outputs.size()) return false;
    for (std::size_t k = 0; k < outputs.size(); ++k)
        if (outputs[k].data() != last.outputs[k] ||
            !detail::same(outputs[k].extents(), run.plan->output_extents()[k]))
            return false;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        if (inputs[k].address() != last.inputs[k]) return false;
    return run.plan->reads_variables_of(last);
}

} // namespace

template <std::floating_point T>
struct Program<T>::State {
    Tape tape; ///< simplified
    std::vector<Var> inputs, outputs;
    std::optional<detail::PlanCache<T>> plans; ///< of the same, lowered

    /// What the outputs rest on: conditions, and how they came out.
    struct Guard {
        std::int64_t number;
        std::string condition;
        bool outcome;
    };
    std::vector<Guard> guards;
    std::optional<Program<T>> conditions; ///< of all guards
    std::vector<Array<T>> outcomes;
    std::vector<OutputArray<T>> to_outcomes;
    std::mutex deciding;

    /// The conditions of these guards as a Program of the same inputs.
    void guard_by(Records& records, const std::vector<std::uint32_t>& ids, const std::vector<Var>& given,
                  const ProgramOptions& options) {
        if (ids.empty()) return;
        std::vector<Var> wanted;
        for (const std::uint32_t id : ids) {
            const Record& guard = records.record_of(id);
            wanted.push_back(records.var(records.operands(guard)[0]));
            guards.push_back({records.attributes(guard).integer("guard"), wanted.back().to_string(),
                              records.attributes(guard).integer("outcome") != 0});
            outcomes.push_back(Array<T>::from_shape(Extents(wanted.back().rank(), 1)));
        }
        to_outcomes.assign(outcomes.begin(), outcomes.end());
        const detail::Expanded bare = detail::expand(given, wanted); // without guards of its own
        conditions = compile<T>(bare.inputs, bare.outputs, options);
    }

    void require_outcomes(std::span<const AnyArray> arrays) {
        if (!conditions) return;
        const std::lock_guard lock(deciding);
        conditions->run(arrays, to_outcomes);
        for (std::size_t k = 0; k < guards.size(); ++k)
            detail::require_outcome(guards[k].number, guards[k].condition, guards[k].outcome,
                                    outcomes[k].data()[0] != 0);
    }

    /// Throws unless outputs have the plan's extents and no array overlaps another that is written.
    void check(const detail::Plan<T>& plan, std::span<const AnyArray> inputs,
               std::span<const OutputArray<T>> to) const {
        if (to.size() != plan.output_extents().size())
            throw ArgumentError(
                fmt::format("Program::run: it has {} outputs and was given {} arrays for them.",
                            plan.output_extents().size(), to.size()));
        // Where each lies; not on the heap, as a rule.
        xt::svector<detail::Bytes, 32> read, variables, written;
        for (const AnyArray& input : inputs)
            read.push_back(detail::bytes_of(input));
        for (std::size_t k = 0; k < plan.variable_count(); ++k)
            variables.push_back(plan.bytes_of_variable(k));
        for (const OutputArray<T>& output : to) {
            const auto* begin = reinterpret_cast<const std::byte*>(output.data());
            written.push_back({begin, begin + sizeof(T) * size_of(output.extents())});
        }
        for (std::size_t k = 0; k < to.size(); ++k) {
            if (to[k].extents() != plan.output_extents()[k])
                throw ShapeError(
                    fmt::format("Program::run: its output {}, {}, is {}, and the array given for it is "
                                "{}. Resize it.",
                                k, outputs[k].to_string(), xtape::to_string(plan.output_extents()[k]),
                                xtape::to_string(to[k].extents())));
            for (std::size_t i = 0; i < read.size(); ++i)
                if (overlap(read[i], written[k]))
                    throw ArgumentError(
                        fmt::format("Program::run: the array for output {} overlaps that for input "
                                    "{}. Give an array of its own.",
                                    k, i));
            for (std::size_t other = 0; other < k; ++other)
                if (overlap(written[other], written[k]))
                    throw ArgumentError(
                        fmt::format("Program::run: the arrays for outputs {} and {} overlap. Give "
                                    "each an array of its own.",
                                    other, k));
            for (std::size_t i = 0; i < variables.size(); ++i)
                if (overlap(variables[i], written[k]))
                    throw ArgumentError(
                        fmt::format("Program::run: the array for output {} overlaps the variable {}. "
                                    "Give an array of its own.",
                                    k, plan.variable(i)));
        }
    }
};

template <std::floating_point T>
void Program<T>::run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs) const {
    run(inputs, outputs, {});
}

template <std::floating_point T>
void Program<T>::run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs,
                     std::span<double> seconds) const {
    auto run = state_->plans->take(inputs);
    if (!is_bound(*run, inputs, outputs)) {
        state_->check(*run->plan, inputs, outputs);
        detail::Workspace<T>& workspace = *run->workspace;
        workspace.outputs.resize(outputs.size());
        for (std::size_t k = 0; k < inputs.size(); ++k)
            workspace.inputs[k] = inputs[k].address();
        for (std::size_t k = 0; k < outputs.size(); ++k)
            workspace.outputs[k] = outputs[k].data();
        run->plan->bind(workspace);
    }
    state_->require_outcomes(inputs);
    run->plan->run(*run->workspace, seconds);
    state_->plans->give_back(std::move(run));
}

template <std::floating_point T>
std::vector<Array<T>> Program<T>::operator()(std::span<const AnyArray> inputs) const {
    const auto plan = state_->plans->plan_for(inputs);
    std::vector<Array<T>> results;
    for (const Extents& extents : plan->output_extents())
        results.push_back(Array<T>::from_shape(extents));
    std::vector<OutputArray<T>> outputs(results.begin(), results.end());
    run(inputs, outputs);
    return results;
}

template <std::floating_point T>
ProgramPlan Program<T>::plan(const std::vector<Extents>& inputs) const {
    if (inputs.size() != state_->plans->inputs().size())
        throw ArgumentError(fmt::format("Program::plan: it takes {} inputs and was given the extents of {}.",
                                        state_->plans->inputs().size(), inputs.size()));
    for (std::size_t k = 0; k < inputs.size(); ++k)
        if (const Shape& shape = state_->plans->inputs()[k].shape; !detail::fits(shape, inputs[k]))
            throw ShapeError(
                fmt::format("Program::plan: its input {}, {}, is {}, and was given the extents {}.", k,
                            state_->plans->inputs()[k].name, shape.to_string(), xtape::to_string(inputs[k])));
    std::vector<const Extents*> extents;
    for (const Extents& each : inputs)
        extents.push_back(&each);
    const auto plan = state_->plans->plan(extents);
    std::size_t fallbacks = 0;
    std::vector<ProgramStep> steps;
    for (const auto& step : plan->steps()) {
        fallbacks += std::holds_alternative<detail::Fallback>(step.work);
        steps.push_back({step.text, step.flops, step.bytes});
    }
    return {plan->to_string(), std::move(steps), fallbacks, plan->bytes(), plan->threads()};
}

template <std::floating_point T>
ProgramPlan Program<T>::plan() const {
    std::vector<Extents> extents;
    for (const auto& input : state_->plans->inputs()) {
        extents.emplace_back();
        for (const Dim& dim : input.shape.dims())
            extents.back().push_back(dim.extent());
    }
    return plan(extents);
}

template <std::floating_point T>
const std::vector<Var>& Program<T>::inputs() const {
    return state_->inputs;
}
template <std::floating_point T>
const std::vector<Var>& Program<T>::outputs() const {
    return state_->outputs;
}

template <std::floating_point T>
Program<T> compile(const std::vector<Var>& inputs, const std::vector<Var>& outputs,
                   const ProgramOptions& options) {
    if (outputs.empty()) throw ArgumentError("compile: there is no output. Give what is to be computed.");
    auto state = std::make_shared<typename Program<T>::State>();
    std::vector<typename detail::PlanCache<T>::Input> declared;
    for (const Var& output : outputs)
        if (output.records() != outputs.front().records())
            throw VarError("compile: the outputs are on two tapes. Record them on one.");
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        const Var& input = inputs[k];
        if (input.records() != outputs.front().records())
            throw VarError(fmt::format("compile: {} is on another tape than the outputs. Record all on one.",
                                       input.to_string()));
        const Leaf* leaf = input.records()->leaf(input.id());
        if (!leaf || std::holds_alternative<long double>(*leaf) || std::holds_alternative<AnyArray>(*leaf))
            throw ArgumentError(
                fmt::format("compile: {} is neither an input nor a variable, so no array can be "
                            "given for it.",
                            input.to_string()));
        for (std::size_t other = 0; other < k; ++other)
            if (inputs[other].same_as(input))
                throw ArgumentError(fmt::format("compile: {} is among the inputs twice.", input.to_string()));
        declared.push_back({input.to_string(), input.shape(),
                            input.kind() == Kind::real   ? element_of<T>
                            : input.kind() == Kind::mask ? Element::b8
                                                         : Element::i64});
    }
    Records& given = *outputs.front().records();
    std::uint32_t last = 0;
    for (const Var& output : outputs)
        last = std::max(last, given.result(output.id()).record);
    state->guard_by(given, detail::guards_of(given, last), inputs, options);
    detail::Expanded expanded = detail::expand(inputs, outputs);
    Simplified simplified = simplify(expanded.outputs, {.goal = Goal::stable});
    for (const Var& input : expanded.inputs)
        state->inputs.push_back(simplified(input));
    for (const Var& output : expanded.outputs)
        state->outputs.push_back(simplified(output));
    state->tape = std::move(simplified.tape);
    Records& records = *state->tape.records();
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const std::uint32_t id = records.record(r).first_result;
        const Leaf* leaf = records.leaf(id);
        const bool given = std::ranges::any_of(
            state->inputs, [&](const Var& input) { return !input.empty() && input.id() == id; });
        if (leaf && std::holds_alternative<std::monostate>(*leaf) && !given)
            throw BindingError(fmt::format("compile: the outputs need the input {}, which is not among the "
                                           "inputs of the program. Add it.",
                                           records.describe(id)));
    }
    state->plans.emplace(std::move(declared), detail::lower(state->inputs, state->outputs),
                         detail::PlanOptions{detail::thread_count(options.threads), options.tile_width});
    return Program<T>(std::move(state));
}

template class Program<float>;
template class Program<double>;
template Program<float> compile(const std::vector<Var>&, const std::vector<Var>&, const ProgramOptions&);
template Program<double> compile(const std::vector<Var>&, const std::vector<Var>&, const ProgramOptions&);

} // namespace xtape
