#include <xtape/autodiff/compile/function.hpp>

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

} // namespace

template <std::floating_point T>
std::shared_ptr<const Recording<T>> Recordings<T>::at(const std::vector<AnyArray>& arrays,
                                                      const Record& record, const CompileOptions& options) {
    std::vector<Extents> extents;
    for (const AnyArray& array : arrays)
        extents.push_back(array.extents());
    const std::lock_guard lock(mutex_);
    const auto found =
        std::ranges::find_if(recordings_, [&](const auto& r) { return r->extents == extents; });
    if (found != recordings_.end()) {
        recordings_.splice(recordings_.begin(), recordings_, found);
        if (!options.check) return recordings_.front();
    }
    Tape tape;
    std::vector<Var> inputs;
    for (const Extents& e : extents)
        inputs.push_back(tape.input(arrays.size() == 1 ? "x" : fmt::format("x{}", inputs.size()), Shape(e)));
    auto [result, outputs] = record(inputs);
    if (outputs.empty())
        throw ArgumentError("compile: the function returns nothing. Let it return what is wanted.");
    Program<T> program = compile<T>(inputs, outputs);
    Graph graph(tape.records(), ids(inputs), ids(outputs));
    if (found != recordings_.end()) {
        if (graph == recordings_.front()->graph) return recordings_.front();
        std::vector<std::string> shapes;
        for (const Extents& e : extents)
            shapes.push_back(xtape::to_string(e));
        throw ArgumentError(fmt::format("compile: for arrays of shape {} the function records something else "
                                        "than before, so that what was "
                                        "compiled is out of date. Pass what changes as an argument instead "
                                        "of capturing it. Before: {} Now: {}",
                                        fmt::join(shapes, ", "), recordings_.front()->graph.to_string(),
                                        graph.to_string()));
    }
    recordings_.push_front(std::make_shared<const Recording<T>>(
        Recording<T>{std::move(extents), std::move(result), std::move(graph), std::move(program)}));
    ++made_;
    if (recordings_.size() > std::max<std::size_t>(options.kept, 1)) recordings_.pop_back();
    return recordings_.front();
}

template <std::floating_point T>
std::size_t Recordings<T>::made() const {
    const std::lock_guard lock(mutex_);
    return made_;
}

template class Recordings<float>;
template class Recordings<double>;

} // namespace xtape::detail
