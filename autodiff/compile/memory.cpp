/// Where a plan's values lie in the workspace.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/layout.hpp>
#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

} // namespace

template <std::floating_point T>
void Plan<T>::place() {
    std::vector<std::size_t> first(storages_.size(), none), last(storages_.size(), none);
    for (std::size_t s = 0; s < steps_.size(); ++s)
        for_each_storage(steps_[s], [&](std::size_t storage) {
            if (first[storage] == none) first[storage] = s;
            last[storage] = s;
            if (storages_[storage].place == Place::nowhere) storages_[storage].place = Place::memory;
        });
    // What belongs to no column is there for every tile.
    for (std::size_t s = tiles_begin_; s < tiles_end_; ++s)
        for_each_storage(steps_[s], [&](std::size_t storage) {
            if (storages_[storage].carried) return;
            first[storage] = std::min(first[storage], tiles_begin_);
            last[storage] = std::max(last[storage], tiles_end_ - 1);
        });
    std::vector<std::vector<std::size_t>> begins(steps_.size());
    for (std::size_t storage = 0; storage < first.size(); ++storage)
        if (first[storage] != none && storages_[storage].place == Place::memory)
            begins[first[storage]].push_back(storage);
    // What belongs to the columns of a tile is there once for each piece that is worked on at the same time.
    std::vector<Buffer> whole, tile;
    std::vector<std::size_t> buffers(storages_.size(), none), scratch(steps_.size(), none);
    const auto within = [&](std::size_t s) { return tiles_begin_ <= s && s < tiles_end_; };
    const auto rest_of = [&](std::size_t s) {
        return tiles_begin_ <= s && s < tiles_begin_ + rest_.size()
                   ? std::get_if<Loop<T>>(&rest_[s - tiles_begin_].work)
                   : nullptr;
    };
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        auto* loop = std::get_if<Loop<T>>(&steps_[s].work);
        auto* rest = rest_of(s);
        if (loop) loop->finish();
        if (rest) rest->finish();
        // A value may take the place of one that its loop reads last.
        std::vector<std::size_t> overwritten;
        const auto instead_of = [&](std::size_t stored) {
            const Storage& to = storages_[stored];
            for (const auto& load : loop->loads) {
                const Storage& from = storages_[load.storage];
                if (from.place == Place::memory && last[load.storage] == s && from.carried == to.carried &&
                    from.element == to.element && from.entries == to.entries &&
                    std::ranges::count(overwritten, load.storage) == 0 &&
                    loop->may_overwrite(load.storage, stored))
                    return load.storage;
            }
            return none;
        };
        for (const std::size_t storage : begins[s]) {
            const Storage& made = storages_[storage];
            std::vector<Buffer>& held = within(s) && made.carried ? tile : whole;
            const std::size_t bytes = aligned(std::max(made.bytes(), least_bytes));
            separate_bytes_ += bytes;
            if (const std::size_t other = loop ? instead_of(storage) : none; other != none) {
                overwritten.push_back(other);
                buffers[storage] = buffers[other];
                held[buffers[storage]].last = last[storage];
            } else {
                buffers[storage] = held.size();
                held.push_back({bytes, s, last[storage]});
                ++buffers_;
            }
        }
        const std::size_t bytes =
            loop ? sizeof(T) * std::max(loop->scratch(), rest ? rest->scratch() : 0) : 0;
        if (bytes == 0) continue;
        std::vector<Buffer>& held = within(s) ? tile : whole;
        scratch[s] = held.size();
        held.push_back({aligned(bytes), s, s});
        scratch_bytes_ = std::max(scratch_bytes_, bytes);
    }
    const auto lines = [](std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; };
    frame_bytes_ = lines(lay_out(tile));
    for (Accumulator& accumulator : accumulators_) {
        accumulator.at = accumulator_bytes_;
        accumulator_bytes_ += lines(storages_[accumulator.storage].bytes());
    }
    const std::size_t frames = whole.size();
    if (tiles_begin_ < tiles_end_)
        for (const std::size_t bytes : {frames_ * frame_bytes_, (pieces_ - 1) * accumulator_bytes_})
            whole.push_back({bytes, tiles_begin_, tiles_end_ - 1});
    memory_bytes_ = lay_out(whole);
    if (tiles_begin_ < tiles_end_) {
        frames_at_ = whole[frames].at;
        accumulators_at_ = whole[frames + 1].at;
    }
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        for (const std::size_t storage : begins[s])
            storages_[storage].at =
                (within(s) && storages_[storage].carried ? tile : whole)[buffers[storage]].at;
        if (scratch[s] == none) continue;
        std::get<Loop<T>>(steps_[s].work).scratch_at = (within(s) ? tile : whole)[scratch[s]].at;
        if (Loop<T>* rest = rest_of(s)) rest->scratch_at = std::get<Loop<T>>(steps_[s].work).scratch_at;
    }
}

template void Plan<float>::place();
template void Plan<double>::place();

} // namespace xtape::detail
