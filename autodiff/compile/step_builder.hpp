#pragma once

/// Steps as they are put together: where values lie, and which loop computes them.

#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>
#include <map>

namespace xtape::detail {

/// What a planner builds a plan's steps with. A value that a loop computes has a slot there, and lies in
/// memory only once something reads it after the loop.
template <std::floating_point T>
class StepBuilder {
public:
    explicit StepBuilder(Plan<T>& plan) : plan_(plan) {}

protected:
    static constexpr std::size_t none = static_cast<std::size_t>(-1);
    static constexpr std::size_t most_instructions =
        64; ///< of one loop: beyond that its blocks leave the cache

    // Storages and views

    /// `producer` is the step that computes it.
    std::size_t add(Storage storage, std::size_t producer = none) {
        plan_.storages_.push_back(storage);
        producers_.push_back(producer);
        slots_.push_back(none);
        return plan_.storages_.size() - 1;
    }
    ArrayView whole(std::size_t storage, const Extents& extents) const {
        return {storage, extents, row_major_strides(extents)};
    }
    Storage constant(const AnyArray& array) {
        plan_.constants_.push_back(array.owned());
        return {Place::constant, plan_.constants_.size() - 1, array.size(), array.element()};
    }
    Loop<T>* loop(std::size_t step) { return std::get_if<Loop<T>>(&plan_.steps_[step].work); }

    bool carries(const std::vector<ArrayView>& views) const {
        return std::ranges::any_of(views, [](const ArrayView& view) { return view.tiled.has_value(); });
    }

    /// An axis, when those of extent one are not counted; of extent one, the first.
    static std::optional<std::size_t> squeezed(std::optional<std::size_t> tiled, const Extents& extents) {
        if (!tiled) return {};
        return static_cast<std::size_t>(std::count_if(extents.begin(),
                                                      extents.begin() + static_cast<std::ptrdiff_t>(*tiled),
                                                      [](std::size_t extent) { return extent != 1; }));
    }
    static Extents squeezed(const Extents& extents) {
        Extents result;
        for (const std::size_t extent : extents)
            if (extent != 1) result.push_back(extent);
        return result;
    }
    /// The strides along the axes that are not of extent one.
    static Strides squeezed(const Strides& strides, const Extents& extents) {
        Strides result;
        for (std::size_t axis = 0; axis < extents.size(); ++axis)
            if (extents[axis] != 1) result.push_back(strides[axis]);
        return result;
    }
    static ArrayView broadcast(const ArrayView& view, const Extents& extents) {
        ArrayView result{view.storage, extents, Strides(extents.size(), 0)};
        const std::size_t before = extents.size() - view.extents.size();
        for (std::size_t axis = 0; axis < view.extents.size(); ++axis)
            if (view.extents[axis] != 1) result.strides[before + axis] = view.strides[axis];
        if (view.tiled) result.tiled = before + *view.tiled;
        return result;
    }

    // Steps

    /// A value that a loop computes lies nowhere until something reads it after the loop.
    void keep(std::size_t storage) {
        if (slots_[storage] == none) return;
        Loop<T>& from = *loop(producers_[storage]);
        Storage& kept = plan_.storages_[storage];
        from.stores.push_back({slots_[storage], storage, kept.element, row_major_strides(from.space)});
        if (kept.place == Place::nowhere) kept.place = Place::memory;
        kept_slots_[storage] = slots_[storage];
        slots_[storage] = none;
    }

    /// The slot with which a loop sees a view, whose extents are those of its space.
    std::size_t load(std::size_t step, const ArrayView& view) {
        Loop<T>& to = *loop(step);
        const Strides strides = squeezed(view.strides, view.extents);
        if (const auto slot = slot_within(step, view)) return *slot;
        for (const auto& load : to.loads)
            if (load.storage == view.storage && load.strides == strides) return load.slot;
        if (producers_[view.storage] != none) keep(view.storage);
        to.loads.push_back({to.slots, view.storage, plan_.storages_[view.storage].element, strides});
        return to.slots++;
    }

    /// The slot of a value that this very loop computes, read entry by entry.
    std::optional<std::size_t> slot_within(std::size_t step, const ArrayView& view) {
        if (producers_[view.storage] != step) return {};
        const Loop<T>* from = loop(step);
        const auto kept = kept_slots_.find(view.storage);
        const std::size_t slot = kept != kept_slots_.end() ? kept->second : slots_[view.storage];
        if (!from || slot == none || squeezed(view.extents) != from->space ||
            squeezed(view.strides, view.extents) != row_major_strides(from->space))
            return {};
        return slot;
    }

    /// The first loop over this space that all operands are there for, or a new one. What lies in memory is
    /// read after the last step that is no loop: computed earlier, the result would have to be kept as well.
    std::size_t loop_for(const Extents& space, const std::vector<ArrayView>& operands) {
        std::size_t first = 0;
        for (const ArrayView& view : operands) {
            const std::size_t producer = producers_[view.storage];
            const bool within = producer != none && slot_within(producer, view);
            if (slots_[view.storage] == none) first = std::max(first, barrier_);
            if (producer != none) first = std::max(first, within ? producer : producer + 1);
        }
        std::optional<std::size_t> tiled;
        for (const ArrayView& view : operands)
            if (view.tiled) tiled = squeezed(view.tiled, view.extents);
        for (std::size_t step = first; step < plan_.steps_.size(); ++step)
            if (const Loop<T>* candidate = loop(step); candidate && candidate->space == space &&
                                                       candidate->tiled == tiled &&
                                                       candidate->instructions.size() < most_instructions)
                return step;
        return new_loop(space, tiled);
    }
    std::size_t new_loop(const Extents& space, std::optional<std::size_t> tiled) {
        Loop<T> made;
        made.space = space;
        made.tiled = tiled;
        plan_.steps_.push_back({std::move(made), {}, 0});
        return plan_.steps_.size() - 1;
    }

    /// Appends an elementwise operation to a loop; its result lies nowhere yet.
    ArrayView compute_in_loop(BlockKernel<T> kernel, const std::string& name,
                              const std::vector<ArrayView>& operands, const Extents& extents,
                              Element element) {
        std::vector<ArrayView> spread;
        for (const ArrayView& view : operands)
            spread.push_back(broadcast(view, extents));
        const std::size_t step = loop_for(squeezed(extents), spread);
        std::vector<std::size_t> in;
        for (const ArrayView& view : spread)
            in.push_back(load(step, view));
        Loop<T>& to = *loop(step);
        const std::size_t out = to.slots++;
        to.instructions.push_back({kernel, name, std::move(in), out});
        plan_.steps_[step].flops += static_cast<double>(size_of(extents));
        const std::size_t storage =
            add({Place::nowhere, 0, size_of(extents), element, to.tiled.has_value()}, step);
        slots_[storage] = out;
        ArrayView result = whole(storage, extents);
        for (const ArrayView& view : spread)
            if (view.tiled) result.tiled = view.tiled;
        return result;
    }

    /// The same entries, adjacent and in row-major order.
    ArrayView adjacent(const ArrayView& view) {
        return view.contiguous()
                   ? ArrayView{view.storage, view.extents, row_major_strides(view.extents), view.tiled}
                   : compute_in_loop(block_kernels<T>()[Primitive::copy], "copy", {view}, view.extents,
                                     plan_.storages_[view.storage].element);
    }

    /// One side of a product; rows or columns that are not adjacent are copied.
    Side side(ArrayView& view) {
        const std::size_t rank = view.extents.size();
        const auto fits = [&](std::size_t along, std::size_t across) {
            const auto least = static_cast<std::ptrdiff_t>(view.extents[along]);
            return (view.extents[along] == 1 || view.strides[along] == 1) &&
                   (view.extents[across] == 1 || view.strides[across] >= std::max<std::ptrdiff_t>(1, least));
        };
        const auto leading = [&](std::size_t along, std::size_t across) {
            return std::max<std::size_t>(
                {1, view.extents[along],
                 view.extents[across] == 1 ? 1 : static_cast<std::size_t>(view.strides[across])});
        };
        if (!fits(rank - 1, rank - 2)) {
            if (fits(rank - 2, rank - 1)) return {view.storage, true, leading(rank - 2, rank - 1)};
            view = adjacent(view);
        }
        return {view.storage, false, leading(rank - 1, rank - 2)};
    }

    /// Appends the step that multiplies matrices, the last two axes of both; `carried` from tile to tile,
    /// else it goes on from one to the next where its operands are.
    ArrayView multiply(std::vector<ArrayView> in, const Extents& extents, bool carried) {
        const std::size_t rank = extents.size();
        Product<T> product;
        product.rows = extents[rank - 2];
        product.columns = extents[rank - 1];
        product.inner = in[0].extents.back();
        product.a = side(in[0]);
        product.b = side(in[1]);
        product.across_tiles = carries(in) && !carried;
        product.choose_kernel();
        plan_.calls_blas_ |= !product.kernel;
        for (const ArrayView& view : in)
            read(view);
        const Extents leading(extents.begin(), extents.end() - 2);
        const auto strides = [&](const ArrayView& view) {
            Strides result(rank - 2, 0);
            const std::size_t before = rank - view.extents.size();
            for (std::size_t axis = 0; axis + 2 < view.extents.size(); ++axis)
                if (view.extents[axis] != 1) result[before + axis] = view.strides[axis];
            return result;
        };
        for_each_position(leading, strides(in[0]), [&](std::size_t, std::ptrdiff_t at) {
            product.offsets.emplace_back(static_cast<std::size_t>(at), 0);
        });
        for_each_position(leading, strides(in[1]), [&](std::size_t k, std::ptrdiff_t at) {
            product.offsets[k].second = static_cast<std::size_t>(at);
        });
        product.c = add({Place::nowhere, 0, size_of(extents), element_of<T>, carried}, plan_.steps_.size());
        const std::size_t c = product.c;
        const double flops = 2 * static_cast<double>(size_of(extents)) * static_cast<double>(product.inner);
        plan_.steps_.push_back({std::move(product), {}, flops});
        barrier_ = plan_.steps_.size();
        return whole(c, extents);
    }

    /// For a step that is no loop: its operand lies in memory.
    void read(const ArrayView& view) { keep(view.storage); }

    Plan<T>& plan_;
    std::size_t barrier_ = 0;                       ///< the step after the last that is no loop
    std::vector<std::size_t> producers_;            ///< by storage: the step that computes it
    std::vector<std::size_t> slots_;                ///< by storage: its slot in a loop, while it lies nowhere
    std::map<std::size_t, std::size_t> kept_slots_; ///< by storage: its slot in the loop that stores it
};

} // namespace xtape::detail
