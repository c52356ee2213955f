/// Which axis a plan works through in tiles, how wide these are, and which steps every tile takes.

#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

constexpr std::size_t cache =
    256 * 1024; // half of a small second-level cache: the rest is for what is no column's
constexpr std::size_t least_width = 128; // narrower ones would give the products too little to do

/// Calls f(storage) for all that a step writes.
template <class T, class F>
void for_each_result(const PlanStep<T>& step, F f) {
    if (const auto* loop = std::get_if<Loop<T>>(&step.work)) {
        for (const auto& store : loop->stores)
            f(store.storage);
        for (const auto& reduction : loop->reductions)
            f(reduction.storage);
    } else if (const auto* product = std::get_if<Product<T>>(&step.work)) {
        f(product->c);
    } else {
        for (const std::size_t storage : std::get<Fallback>(step.work).results)
            f(storage);
    }
}

} // namespace

template <std::floating_point T>
std::optional<Tiling> Plan<T>::worthwhile() const {
    if (!tileable_) return {};
    std::vector<bool> seen(storages_.size(), false);
    std::size_t bytes = 0;
    for (const PlanStep<T>& step : steps_)
        for_each_storage(step, [&](std::size_t s) {
            if (storages_[s].carried && !seen[s]) bytes += storages_[s].bytes();
            seen[s] = true;
        });
    const std::size_t width = bytes == 0 ? 0 : cache / std::max<std::size_t>(1, bytes / tiling_.whole);
    if (width < least_width || tiling_.whole < 2 * width) return {};
    // As even as whole cache lines allow, and no last one of a single column, which would look like a row.
    const std::size_t count = (tiling_.whole + width - 1) / width;
    std::size_t even = ((tiling_.whole + count - 1) / count + 15) / 16 * 16;
    while (tiling_.whole % even == 1)
        even += 16; // more than the whole in the end, which no remainder is
    return Tiling{tiling_.name, tiling_.whole, even};
}

template <std::floating_point T>
bool Plan<T>::sort_into_phases() {
    enum class Phase { before, within, after };
    std::vector<Phase> made(storages_.size(), Phase::before), phases;
    for (const PlanStep<T>& step : steps_) {
        bool within = false, after = false;
        std::vector<std::size_t> results;
        for_each_result(step, [&](std::size_t s) { results.push_back(s); });
        for_each_storage(step, [&](std::size_t s) {
            within |= storages_[s].carried;
            if (std::ranges::count(results, s)) return;
            after |= made[s] == Phase::after || (made[s] == Phase::within && !storages_[s].carried);
        });
        if (within && after) return false; // a column needs a sum over all
        phases.push_back(within ? Phase::within : after ? Phase::after : Phase::before);
        for (const std::size_t s : results)
            made[s] = phases.back();
    }
    std::vector<PlanStep<T>> sorted;
    for (const Phase phase : {Phase::before, Phase::within, Phase::after}) {
        if (phase == Phase::within) tiles_begin_ = sorted.size();
        for (std::size_t k = 0; k < steps_.size(); ++k)
            if (phases[k] == phase) sorted.push_back(std::move(steps_[k]));
        if (phase == Phase::within) tiles_end_ = sorted.size();
    }
    steps_ = std::move(sorted);
    return tileable_ && tiles_begin_ < tiles_end_;
}

template <std::floating_point T>
bool Plan<T>::take_rest(Plan& rest) {
    const auto alike = [](const Storage& a, const Storage& b) {
        return a.place == b.place && a.element == b.element && a.carried == b.carried;
    };
    const auto kind = [](const PlanStep<T>& a, const PlanStep<T>& b) {
        return a.work.index() == b.work.index();
    };
    if (tiles_begin_ != rest.tiles_begin_ || tiles_end_ != rest.tiles_end_ ||
        !std::ranges::equal(storages_, rest.storages_, alike) ||
        !std::ranges::equal(steps_, rest.steps_, kind))
        return false;
    const auto begin = rest.steps_.begin();
    rest_.assign(std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(tiles_begin_)),
                 std::make_move_iterator(begin + static_cast<std::ptrdiff_t>(tiles_end_)));
    return true;
}

template <std::floating_point T>
std::shared_ptr<const Plan<T>> Plan<T>::make(const std::shared_ptr<Records>& records,
                                             const std::vector<std::uint32_t>& outputs,
                                             const std::vector<std::pair<Shape, std::uint32_t>>& inputs,
                                             const std::vector<Extents>& extents, std::size_t threads) {
    const auto plan = [&](const Tiling& tiling) {
        return std::shared_ptr<Plan>(new Plan(records, outputs, inputs, extents, tiling));
    };
    Tiling longest;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        for (std::size_t axis = 0; axis < inputs[k].first.rank(); ++axis)
            if (const Dim& dim = inputs[k].first[axis]; !dim.sized() && extents[k][axis] > longest.whole)
                longest = {dim.name(), extents[k][axis], extents[k][axis]};
    const auto whole = plan(longest);
    if (const auto tiling = whole->worthwhile()) {
        const auto tiled = plan(*tiling);
        bool fits = tiled->sort_into_phases();
        if (const std::size_t last = tiling->whole % tiling->width; fits && last > 0) {
            const auto rest = plan({tiling->name, tiling->whole, last});
            fits = rest->sort_into_phases() && tiled->take_rest(*rest);
        }
        if (fits) {
            tiled->divide(threads);
            tiled->place();
            tiled->describe();
            return tiled;
        }
    }
    whole->divide(threads);
    whole->place();
    whole->describe();
    return whole;
}

template class Plan<float>;
template class Plan<double>;

} // namespace xtape::detail
