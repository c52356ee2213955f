#include <xtape/autodiff/compile/lower.hpp>
#include <xtape/autodiff/compile/plan.hpp>
#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/decide.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace xtape {
namespace {

constexpr std::size_t most_plans = 8;
constexpr auto unneeded = static_cast<std::uint32_t>(-1);

} // namespace

template <std::floating_point T>
struct Program<T>::State {
    struct Input {
        std::string name;
        Shape shape;
        Element element;
    };
    std::vector<Input> declared;
    Tape tape; ///< simplified
    std::vector<Var> inputs, outputs;
    detail::Expanded lowered; ///< the same, of which plans are made

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
    void guard_by(Records& records, const std::vector<std::uint32_t>& ids, const std::vector<Var>& given) {
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
        conditions = compile<T>(bare.inputs, bare.outputs);
    }

    void require_outcomes(std::span<const AnyArray> arrays) {
        if (!conditions) return;
        const std::lock_guard lock(deciding);
        conditions->run(arrays, to_outcomes);
        for (std::size_t k = 0; k < guards.size(); ++k)
            detail::require_outcome(guards[k].number, guards[k].condition, guards[k].outcome,
                                    outcomes[k].data()[0] != 0);
    }

    std::mutex mutex;
    std::vector<std::shared_ptr<const detail::Plan<T>>> plans; ///< the last used comes first

    void check(std::size_t k, const AnyArray& array) const {
        const auto& [name, shape, element] = declared[k];
        const bool fits = shape.rank() == array.rank() && fits_extents(shape, array.extents());
        if (!fits)
            throw BindingError(
                fmt::format("Program::run: its input {}, {}, is {}, and the array given for it "
                            "is {}. Reshape it, or record with its shape.",
                            k, name, shape.to_string(), xtape::to_string(array.extents())));
        if (array.element() != element)
            throw BindingError(fmt::format(
                "Program::run: the array given for its input {}, {}, has elements of another type than the "
                "program works with. Convert it once, with xt::cast.",
                k, name));
    }

    static bool fits_extents(const Shape& shape, const Extents& extents) {
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            if (shape[axis].sized() && shape[axis].extent() != extents[axis]) return false;
        return true;
    }

    /// The plan for extents of which extents_of(k) are those of input k.
    template <class F>
    std::shared_ptr<const detail::Plan<T>> plan(F extents_of) {
        const auto same = [&](const auto& plan) {
            for (std::size_t k = 0; k < declared.size(); ++k)
                if (plan->input_extents()[k] != extents_of(k)) return false;
            return true;
        };
        const std::lock_guard lock(mutex);
        if (const auto it = std::ranges::find_if(plans, same); it != plans.end()) {
            std::rotate(plans.begin(), it, it + 1);
            return plans.front();
        }
        std::vector<Extents> extents;
        std::vector<std::pair<Shape, std::uint32_t>> shapes;
        std::vector<std::uint32_t> results;
        for (std::size_t k = 0; k < declared.size(); ++k) {
            extents.push_back(extents_of(k));
            const Var& input = lowered.inputs[k];
            shapes.emplace_back(declared[k].shape, input.empty() ? unneeded : input.id());
        }
        for (const Var& output : lowered.outputs)
            results.push_back(output.id());
        plans.insert(plans.begin(), detail::Plan<T>::make(lowered.tape.records(), results, shapes, extents));
        if (plans.size() > most_plans) plans.pop_back();
        return plans.front();
    }

    std::shared_ptr<const detail::Plan<T>> plan_for(std::span<const AnyArray> arrays) {
        if (arrays.size() != declared.size())
            throw ArgumentError(fmt::format("Program::run: it takes {} inputs and was given {}.",
                                            declared.size(), arrays.size()));
        for (std::size_t k = 0; k < arrays.size(); ++k)
            check(k, arrays[k]);
        return plan([&](std::size_t k) -> const Extents& { return arrays[k].extents(); });
    }
};

template <std::floating_point T>
void Program<T>::run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs) const {
    run(inputs, outputs, {});
}

template <std::floating_point T>
void Program<T>::run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs,
                     std::span<double> seconds) const {
    const auto plan = state_->plan_for(inputs);
    if (outputs.size() != plan->output_extents().size())
        throw ArgumentError(fmt::format("Program::run: it has {} outputs and was given {} arrays for them.",
                                        plan->output_extents().size(), outputs.size()));
    // Not on the heap, as a rule.
    xt::svector<const void*, 32> from(inputs.size());
    xt::svector<T*, 32> to(outputs.size());
    for (std::size_t k = 0; k < inputs.size(); ++k)
        from[k] = detail::bytes_of(inputs[k]).begin;
    const auto output_bytes = [&](std::size_t k) {
        const auto* begin = reinterpret_cast<const std::byte*>(outputs[k].data());
        return detail::Bytes{begin, begin + sizeof(T) * size_of(outputs[k].extents())};
    };
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        if (outputs[k].extents() != plan->output_extents()[k])
            throw ShapeError(
                fmt::format("Program::run: its output {}, {}, is {}, and the array given for it is "
                            "{}. Resize it.",
                            k, state_->outputs[k].to_string(), xtape::to_string(plan->output_extents()[k]),
                            xtape::to_string(outputs[k].extents())));
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (overlap(detail::bytes_of(inputs[i]), output_bytes(k)))
                throw ArgumentError(
                    fmt::format("Program::run: the array for output {} overlaps that for input "
                                "{}. Give an array of its own.",
                                k, i));
        for (std::size_t other = 0; other < k; ++other)
            if (overlap(output_bytes(other), output_bytes(k)))
                throw ArgumentError(
                    fmt::format("Program::run: the arrays for outputs {} and {} overlap. Give "
                                "each an array of its own.",
                                other, k));
        if (const auto variable = plan->variable_within(output_bytes(k)))
            throw ArgumentError(fmt::format("Program::run: the array for output {} overlaps the variable {}. "
                                            "Give an array of its own.",
                                            k, *variable));
        to[k] = outputs[k].data();
    }
    state_->require_outcomes(inputs);
    plan->run(std::span(from.begin(), from.size()), std::span(to.begin(), to.size()), seconds);
}

template <std::floating_point T>
std::vector<Array<T>> Program<T>::operator()(std::span<const AnyArray> inputs) const {
    const auto plan = state_->plan_for(inputs);
    std::vector<Array<T>> results;
    for (const Extents& extents : plan->output_extents())
        results.push_back(Array<T>::from_shape(extents));
    std::vector<OutputArray<T>> outputs(results.begin(), results.end());
    run(inputs, outputs);
    return results;
}

template <std::floating_point T>
ProgramPlan Program<T>::plan(const std::vector<Extents>& inputs) const {
    if (inputs.size() != state_->declared.size())
        throw ArgumentError(fmt::format("Program::plan: it takes {} inputs and was given the extents of {}.",
                                        state_->declared.size(), inputs.size()));
    for (std::size_t k = 0; k < inputs.size(); ++k)
        if (const Shape& shape = state_->declared[k].shape;
            shape.rank() != inputs[k].size() || !State::fits_extents(shape, inputs[k]))
            throw ShapeError(
                fmt::format("Program::plan: its input {}, {}, is {}, and was given the extents {}.", k,
                            state_->declared[k].name, shape.to_string(), xtape::to_string(inputs[k])));
    const auto plan = state_->plan([&](std::size_t k) -> const Extents& { return inputs[k]; });
    std::size_t fallbacks = 0;
    std::vector<ProgramStep> steps;
    for (const auto& step : plan->steps()) {
        fallbacks += std::holds_alternative<detail::Fallback>(step.work);
        steps.push_back({step.text, step.flops, step.bytes});
    }
    return {plan->to_string(), std::move(steps), fallbacks, plan->bytes()};
}

template <std::floating_point T>
ProgramPlan Program<T>::plan() const {
    std::vector<Extents> extents;
    for (const auto& input : state_->declared) {
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
Program<T> compile(const std::vector<Var>& inputs, const std::vector<Var>& outputs) {
    if (outputs.empty()) throw ArgumentError("compile: there is no output. Give what is to be computed.");
    auto state = std::make_shared<typename Program<T>::State>();
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
        state->declared.push_back({input.to_string(), input.shape(),
                                   input.kind() == Kind::real   ? element_of<T>
                                   : input.kind() == Kind::mask ? Element::b8
                                                                : Element::i64});
    }
    Records& given = *outputs.front().records();
    std::uint32_t last = 0;
    for (const Var& output : outputs)
        last = std::max(last, given.result(output.id()).record);
    state->guard_by(given, detail::guards_of(given, last), inputs);
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
    state->lowered = detail::lower(state->inputs, state->outputs);
    return Program<T>(std::move(state));
}

template class Program<float>;
template class Program<double>;
template Program<float> compile(const std::vector<Var>&, const std::vector<Var>&);
template Program<double> compile(const std::vector<Var>&, const std::vector<Var>&);

} // namespace xtape
