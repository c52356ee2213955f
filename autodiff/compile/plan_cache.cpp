#include <xtape/autodiff/compile/plan_cache.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

constexpr std::size_t most_plans = 8;
constexpr auto unneeded = static_cast<std::uint32_t>(-1);

} // namespace

bool fits(const Shape& shape, const Extents& extents) {
    if (shape.rank() != extents.size()) return false;
    for (std::size_t axis = 0; axis < shape.rank(); ++axis)
        if (shape[axis].sized() && shape[axis].extent() != extents[axis]) return false;
    return true;
}

template <std::floating_point T>
void PlanCache<T>::check(std::size_t k, const AnyArray& array) const {
    const auto& [name, shape, element] = inputs_[k];
    if (!detail::fits(shape, array.extents()))
        throw BindingError(fmt::format("Program::run: its input {}, {}, is {}, and the array given for it "
                                       "is {}. Reshape it, or record with its shape.",
                                       k, name, shape.to_string(), xtape::to_string(array.extents())));
    if (array.element() != element)
        throw BindingError(fmt::format(
            "Program::run: the array given for its input {}, {}, has elements of another type than the "
            "program works with. Convert it once, with xt::cast.",
            k, name));
}

template <std::floating_point T>
bool PlanCache<T>::fits(const Plan<T>& plan, std::span<const AnyArray> arrays) const {
    if (arrays.size() != inputs_.size()) return false;
    for (std::size_t k = 0; k < arrays.size(); ++k)
        if (arrays[k].element() != inputs_[k].element || !same(arrays[k].extents(), plan.input_extents()[k]))
            return false;
    return true;
}

template <std::floating_point T>
std::shared_ptr<const Plan<T>> PlanCache<T>::plan(std::span<const Extents* const> extents) {
    const std::lock_guard lock(mutex_);
    const auto it = std::ranges::find_if(plans_, [&](const auto& plan) {
        return std::ranges::equal(plan->input_extents(), extents,
                                  [](const Extents& a, const Extents* b) { return a == *b; });
    });
    if (it != plans_.end()) {
        std::rotate(plans_.begin(), it, it + 1);
        return plans_.front();
    }
    std::vector<Extents> whole;
    std::vector<std::pair<Shape, std::uint32_t>> shapes;
    std::vector<std::uint32_t> results;
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
        whole.push_back(*extents[k]);
        const Var& input = program_.inputs[k];
        shapes.emplace_back(inputs_[k].shape, input.empty() ? unneeded : input.id());
    }
    for (const Var& output : program_.outputs)
        results.push_back(output.id());
    idle_.reserve(most_plans); // so that a run that is put aside allocates nothing
    plans_.insert(plans_.begin(), Plan<T>::make(program_.tape.records(), results, shapes, whole, options_));
    if (plans_.size() > most_plans) {
        std::erase_if(idle_, [&](const auto& run) { return run->plan == plans_.back(); });
        plans_.pop_back();
    }
    return plans_.front();
}

template <std::floating_point T>
std::shared_ptr<const Plan<T>> PlanCache<T>::plan_for(std::span<const AnyArray> arrays) {
    if (arrays.size() != inputs_.size())
        throw ArgumentError(
            fmt::format("Program::run: it takes {} inputs and was given {}.", inputs_.size(), arrays.size()));
    std::vector<const Extents*> extents;
    for (std::size_t k = 0; k < arrays.size(); ++k) {
        check(k, arrays[k]);
        extents.push_back(&arrays[k].extents());
    }
    return plan(extents);
}

template <std::floating_point T>
std::unique_ptr<Run<T>> PlanCache<T>::take(std::span<const AnyArray> arrays) {
    std::unique_ptr<Run<T>> run(last_.exchange(nullptr, std::memory_order_acquire));
    if (run && fits(*run->plan, arrays)) return run;
    {
        const std::lock_guard lock(mutex_);
        put_aside(std::move(run));
        const auto it =
            std::ranges::find_if(idle_, [&](const auto& idle) { return fits(*idle->plan, arrays); });
        if (it != idle_.end()) {
            run = std::move(*it);
            idle_.erase(it);
            const auto plan = std::ranges::find(plans_, run->plan);
            std::rotate(plans_.begin(), plan, plan + 1);
            return run;
        }
    }
    auto plan = plan_for(arrays);
    auto workspace = plan->workspace();
    return std::make_unique<Run<T>>(Run<T>{std::move(plan), std::move(workspace)});
}

template <std::floating_point T>
void PlanCache<T>::give_back(std::unique_ptr<Run<T>> run) {
    run.reset(last_.exchange(run.release(), std::memory_order_acq_rel));
    if (!run) return;
    const std::lock_guard lock(mutex_);
    put_aside(std::move(run));
}

template <std::floating_point T>
void PlanCache<T>::put_aside(std::unique_ptr<Run<T>> run) {
    if (run && std::ranges::count(plans_, run->plan) > 0) idle_.push_back(std::move(run));
}

template class PlanCache<float>;
template class PlanCache<double>;

} // namespace xtape::detail
