/// Which axis a plan works through in tiles, how wide these are, and which steps every tile takes.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/plan.hpp>

#include <fmt/format.h>

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

/// Whether tiles keep it in the cache.
bool is_intermediate(const Storage& storage) {
    return storage.carried && (storage.place == Place::memory || storage.place == Place::nowhere);
}

/// Whether it works on a part along the axis though nothing that it reads or writes may be one.
template <class T>
bool sees_a_tile(const PlanStep<T>& step) {
    if (const auto* loop = std::get_if<Loop<T>>(&step.work)) return loop->tiled.has_value();
    const auto* product = std::get_if<Product<T>>(&step.work);
    return product && product->across_tiles;
}

/// The extents of the unsized dimensions of these inputs.
Environment environment_of(const std::vector<std::pair<Shape, std::uint32_t>>& inputs,
                           const std::vector<Extents>& extents) {
    Environment environment;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        for (std::size_t axis = 0; axis < inputs[k].first.rank(); ++axis) {
            const Dim& dim = inputs[k].first[axis];
            if (dim.sized()) continue;
            const auto known = environment.find(dim.name());
            if (known && *known != extents[k][axis])
                throw BindingError(
                    fmt::format("The dimension {} has the extent {} in one input of the program "
                                "and {} in another. Give arrays that agree.",
                                dim.name(), *known, extents[k][axis]));
            if (!known) environment.set(dim.name(), extents[k][axis]);
        }
    return environment;
}

} // namespace

template <std::floating_point T>
std::size_t Plan<T>::worthwhile_width() const {
    if (!tileable_) return 0;
    std::vector<bool> seen(storages_.size(), false);
    std::size_t bytes = 0;
    for (const PlanStep<T>& step : steps_)
        for_each_storage(step, [&](std::size_t s) {
            if (storages_[s].carried && !seen[s]) bytes += storages_[s].bytes();
            seen[s] = true;
        });
    const std::size_t whole = tiling_.axis.extent,
                      width = bytes == 0 ? 0 : cache / std::max<std::size_t>(1, bytes / whole);
    if (width < least_width || whole < 2 * width) return 0;
    // As even as whole cache lines allow; but rows that begin eight of them apart would share the same few
    // places of the first cache.
    const std::size_t count = (whole + width - 1) / width, even = (whole + count - 1) / count;
    const std::size_t lines = (even * sizeof(T) + alignment - 1) / alignment;
    return (lines % 8 == 0 ? lines + 1 : lines) * (alignment / sizeof(T));
}

template <std::floating_point T>
bool Plan<T>::sort_into_phases() {
    enum class Phase { before, within, after };
    std::vector<Phase> made(storages_.size(), Phase::before), phases;
    for (const PlanStep<T>& step : steps_) {
        bool within = sees_a_tile(step), after = false;
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
    // Products of what lies in memory anyway are divided better by themselves.
    const auto gains = [&](const PlanStep<T>& step) {
        const auto* product = std::get_if<Product<T>>(&step.work);
        return !product || is_intermediate(storages_[product->a.storage]) ||
               is_intermediate(storages_[product->b.storage]);
    };
    const auto begin = steps_.begin();
    return tileable_ && std::any_of(begin + static_cast<std::ptrdiff_t>(tiles_begin_),
                                    begin + static_cast<std::ptrdiff_t>(tiles_end_), gains);
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
std::shared_ptr<const Plan<T>>
Plan<T>::make(const std::shared_ptr<Records>& records, const std::vector<std::uint32_t>& outputs,
              const std::vector<std::pair<Shape, std::uint32_t>>& inputs, const std::vector<Extents>& extents,
              const PlanOptions& options) {
    const Environment environment = environment_of(inputs, extents);
    const auto plan = [&](const TileAxis& axis, std::size_t width) {
        return std::shared_ptr<Plan>(new Plan(records, outputs, inputs, extents, environment, {axis, width}));
    };
    const auto tiled = [&](const TileAxis& axis) -> std::shared_ptr<Plan> {
        std::size_t width =
            options.tile_width > 0 ? options.tile_width : plan(axis, axis.extent)->worthwhile_width();
        if (width == 0) return {};
        while (axis.extent % width == 1) // a last tile of a single column would look like a row
            width += 16;
        const auto tiles = plan(axis, width);
        if (!tiles->sort_into_phases()) return {};
        if (const std::size_t last = axis.extent % width; last > 0) {
            const auto rest = plan(axis, last);
            if (!rest->sort_into_phases() || !tiles->take_rest(*rest)) return {};
        }
        return tiles;
    };
    std::shared_ptr<Plan> made;
    const std::size_t least = options.tile_width > 0 ? options.tile_width + 1 : 2 * least_width;
    for (const TileAxis& axis : tile_axes(*records, environment, least))
        if (!made) made = tiled(axis);
    if (!made) made = plan({}, 0);
    made->finish(options.threads);
    return made;
}

template <std::floating_point T>
void Plan<T>::finish(std::size_t threads) {
    divide(threads);
    place();
    describe();
}

template class Plan<float>;
template class Plan<double>;

} // namespace xtape::detail
