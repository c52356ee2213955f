/// Where a plan's values lie in the workspace.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>
#include <map>
#include <unordered_map>

namespace xtape::detail {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

/// Bytes of the workspace that are in use at the step at hand. Gaps stay few where buffers are many, so that
/// a plan of a million buffers takes seconds.
class Held {
public:
    /// The first gap. In use until a step; that of no buffer is `none`, and frees itself.
    std::size_t take(std::size_t bytes, std::size_t last) {
        const std::size_t unit = std::min(bytes, alignment);
        const auto within = [&](const auto& gap) { return (gap.first + unit - 1) / unit * unit; };
        const auto gap = std::ranges::find_if(
            gaps_, [&](const auto& g) { return within(g) < g.second && g.second - within(g) >= bytes; });
        const std::size_t begin = within(*gap), end = begin + bytes;
        most_ = std::max(most_, end);
        if (last == none) return begin;
        const auto [gap_begin, gap_end] = *gap;
        gaps_.erase(gap);
        if (gap_begin < begin) gaps_.emplace(gap_begin, begin);
        if (end < gap_end) gaps_.emplace(end, gap_end);
        buffers_.emplace(begin, Buffer{end, last});
        expiring_.emplace(last, begin);
        return begin;
    }
    void keep(std::size_t at, std::size_t last) {
        buffers_.at(at).last = last;
        expiring_.emplace(last, at);
    }
    void free_before(std::size_t step) {
        for (auto it = expiring_.begin(); it != expiring_.end() && it->first < step; it = expiring_.erase(it))
            if (const auto buffer = buffers_.find(it->second);
                buffer != buffers_.end() && buffer->second.last == it->first) { // it was not kept longer
                free(buffer->first, buffer->second.end);
                buffers_.erase(buffer);
            }
    }
    [[nodiscard]] std::size_t most() const { return most_; }

private:
    struct Buffer {
        std::size_t end, last;
    };

    void free(std::size_t begin, std::size_t end) {
        auto next = gaps_.lower_bound(end);
        if (next != gaps_.begin())
            if (const auto before = std::prev(next); before->second == begin) {
                begin = before->first;
                gaps_.erase(before);
            }
        if (next != gaps_.end() && next->first == end) {
            end = next->second;
            gaps_.erase(next);
        }
        gaps_.emplace(begin, end);
    }

    std::map<std::size_t, std::size_t> gaps_{{0, none}}; // begin and end, no two adjacent
    std::unordered_map<std::size_t, Buffer> buffers_;    // by where they begin
    std::multimap<std::size_t, std::size_t> expiring_;   // where buffers begin, by their last steps
    std::size_t most_ = 0;
};

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
    Held whole, tile;
    const auto within = [&](std::size_t s) { return tiles_begin_ <= s && s < tiles_end_; };
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        whole.free_before(s);
        tile.free_before(s);
        auto* loop = std::get_if<Loop<T>>(&steps_[s].work);
        auto* rest = tiles_begin_ <= s && s < tiles_begin_ + rest_.size()
                         ? std::get_if<Loop<T>>(&rest_[s - tiles_begin_].work)
                         : nullptr;
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
            Storage& made = storages_[storage];
            const std::size_t bytes = aligned(std::max(made.bytes(), least_bytes));
            Held& held = within(s) && made.carried ? tile : whole;
            separate_bytes_ += bytes;
            if (const std::size_t other = loop ? instead_of(storage) : none; other != none) {
                overwritten.push_back(other);
                made.at = storages_[other].at;
                held.keep(made.at, last[storage]);
                continue;
            }
            made.at = held.take(bytes, last[storage]);
            ++buffers_;
        }
        if (loop) {
            const std::size_t scratch = sizeof(T) * std::max(loop->scratch(), rest ? rest->scratch() : 0);
            loop->scratch_at = scratch == 0 ? 0 : (within(s) ? tile : whole).take(aligned(scratch), none);
            if (rest) rest->scratch_at = loop->scratch_at;
            scratch_bytes_ = std::max(scratch_bytes_, scratch);
        }
        if (s + 1 != tiles_end_) continue;
        const auto lines = [](std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; };
        frame_bytes_ = lines(tile.most());
        if (frame_bytes_ > 0) frames_at_ = whole.take(frames_ * frame_bytes_, s);
        for (Accumulator& accumulator : accumulators_) {
            accumulator.at = accumulator_bytes_;
            accumulator_bytes_ += lines(storages_[accumulator.storage].bytes());
        }
        if (pieces_ > 1 && accumulator_bytes_ > 0)
            accumulators_at_ = whole.take((pieces_ - 1) * accumulator_bytes_, s);
    }
    memory_bytes_ = whole.most();
}

template void Plan<float>::place();
template void Plan<double>::place();

} // namespace xtape::detail
