/// Where a plan's values lie in the workspace.

#include <xtape/autodiff/compile/plan.hpp>

#include <algorithm>
#include <map>

namespace xtape::detail {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

std::size_t aligned(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

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
    std::map<std::size_t, std::pair<std::size_t, std::size_t>> held; // begin: end and last step
    std::vector<std::vector<std::size_t>> begins(steps_.size());
    for (std::size_t storage = 0; storage < first.size(); ++storage)
        if (first[storage] != none && storages_[storage].place == Place::memory)
            begins[first[storage]].push_back(storage);
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        std::erase_if(held, [&](const auto& buffer) { return buffer.second.second < s; });
        for (const std::size_t storage : begins[s]) {
            const std::size_t bytes = std::max(alignment, aligned(storages_[storage].bytes()));
            std::size_t begin = 0;
            for (const auto& [at, buffer] : held) {
                if (begin + bytes <= at) break;
                begin = std::max(begin, buffer.first);
            }
            storages_[storage].at = begin;
            held.emplace(begin, std::pair(begin + bytes, last[storage]));
            memory_bytes_ = std::max(memory_bytes_, begin + bytes);
            separate_bytes_ += bytes;
            ++buffers_;
        }
    }
    std::size_t scratch = 0;
    for (PlanStep<T>& step : steps_)
        if (auto* loop = std::get_if<Loop<T>>(&step.work)) {
            loop->finish();
            scratch = std::max(scratch, loop->scratch());
            pointers_ = std::max(pointers_, loop->slots);
        }
    scratch_bytes_ = scratch * sizeof(T);
}

template void Plan<float>::place();
template void Plan<double>::place();

} // namespace xtape::detail
