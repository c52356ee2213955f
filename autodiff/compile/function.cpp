#include <xtape/autodiff/compile/function.hpp>
#include <xtape/autodiff/guards.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xtape::detail {
namespace {

std::vector<std::uint32_t> ids(const std::vector<Var>& vars) {
    std::vector<std::uint32_t> result;
    for (const Var& var : vars)
        result.push_back(var.id());
    return result;
}

std::vector<Var> inputs_for(Tape& tape, const std::vector<Extents>& extents) {
    std::vector<Var> inputs;
    for (const Extents& e : extents)
        inputs.push_back(tape.input(extents.size() == 1 ? "x" : fmt::format("x{}", inputs.size()), Shape(e)));
    return inputs;
}

/// What the outputs are by the reference.
template <std::floating_point T>
std::vector<Array<T>> evaluated(const std::vector<Var>& inputs, const std::vector<AnyArray>& arrays,
                                const std::vector<Var>& outputs) {
    Evaluation<T> evaluation;
    for (std::size_t k = 0; k < arrays.size(); ++k)
        evaluation.bind(inputs[k], arrays[k]);
    std::vector<Array<T>> results;
    for (const Var& output : outputs)
        results.push_back(evaluation.value(output));
    return results;
}

} // namespace

/// The recording of these extents, the last used first, whose decisions come out as they did. It becomes the
/// first; null where there is none.
template <std::floating_point T>
Chosen<T> Recordings<T>::find(const std::vector<Extents>& extents, const std::vector<AnyArray>& arrays) {
    for (auto it = recordings_.begin(); it != recordings_.end(); ++it) {
        if ((*it)->extents != extents) continue;
        Chosen<T> found{*it, {}};
        try {
            if ((*it)->decides) found.outputs = (*it)->program(arrays);
        } catch (const GuardError&) {
            continue;
        }
        recordings_.splice(recordings_.begin(), recordings_, it);
        return found;
    }
    return {};
}

template <std::floating_point T>
Chosen<T> Recordings<T>::at(const std::vector<AnyArray>& arrays, const Record& record,
                            const CompileOptions& options) {
    std::vector<Extents> extents;
    for (const AnyArray& array : arrays)
        extents.push_back(array.extents());
    const std::lock_guard lock(mutex_);
    Chosen<T> found = find(extents, arrays);
    if (found.recording && !options.check) return found;
    Tape tape;
    Records& records = *tape.records();
    const std::vector<Var> inputs = inputs_for(tape, extents);
    auto [result, outputs] = [&] {
        const DecidingOn deciding(records, inputs, arrays);
        return record(inputs);
    }();
    if (outputs.empty())
        throw ArgumentError("compile: the function returns nothing. Let it return what is wanted.");
    const bool decides = last_guard(records) > 0;
    // A result from before a decision does not rest on it; what f returns does, by this one.
    if (decides) outputs.push_back(tape.constant(0));
    Graph graph(tape.records(), ids(inputs), ids(outputs));
    if (found.recording) {
        if (graph == found.recording->graph) return found;
        std::vector<std::string> shapes;
        for (const Extents& e : extents)
            shapes.push_back(xtape::to_string(e));
        throw ArgumentError(fmt::format("compile: for arrays of shape {} the function records something else "
                                        "than before, so that what was "
                                        "compiled is out of date. Pass what changes as an argument instead "
                                        "of capturing it. Before: {} Now: {}",
                                        fmt::join(shapes, ", "), found.recording->graph.to_string(),
                                        graph.to_string()));
    }
    recordings_.push_front(std::make_shared<const Recording<T>>(
        Recording<T>{std::move(extents), std::move(result), std::move(graph),
                     compile<T>(inputs, outputs, {.threads = options.threads}), decides}));
    ++made_;
    if (recordings_.size() > std::max<std::size_t>(options.kept, 1)) recordings_.pop_back();
    Chosen<T> chosen{recordings_.front(), {}};
    if (decides) try {
            chosen.outputs = chosen.recording->program(arrays);
        } catch (const GuardError&) {
            // Rounding decides, and a program's is not that of the decisions, which were the reference's.
            chosen.outputs = evaluated<T>(inputs, arrays, outputs);
        }
    return chosen;
}

template <std::floating_point T>
std::size_t Recordings<T>::made() const {
    const std::lock_guard lock(mutex_);
    return made_;
}

template class Recordings<float>;
template class Recordings<double>;

} // namespace xtape::detail
