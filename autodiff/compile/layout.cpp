#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/layout.hpp>

#include <algorithm>
#include <map>

namespace xtape::detail {
namespace {

constexpr std::size_t few = 1000;
constexpr std::size_t unbounded = static_cast<std::size_t>(-1);

/// The first place from here on where a buffer may begin.
std::size_t place_from(std::size_t at, const Buffer& buffer) {
    const std::size_t unit = std::min(buffer.bytes, alignment);
    return (at + unit - 1) / unit * unit;
}

/// The indices of buffers that are not empty, in this order of theirs.
template <class Before>
std::vector<std::size_t> sorted(const std::vector<Buffer>& buffers, Before before) {
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < buffers.size(); ++k)
        if (buffers[k].bytes > 0) order.push_back(k);
    std::ranges::stable_sort(order,
                             [&](std::size_t a, std::size_t b) { return before(buffers[a], buffers[b]); });
    return order;
}

/// Each in the first gap that is free while it is in use.
void place_largest_first(std::vector<Buffer>& buffers) {
    std::vector<const Buffer*> placed; // by where they begin
    for (const std::size_t k :
         sorted(buffers, [](const Buffer&a, const Buffer&b) { return a.bytes > b.bytes; })) {
        Buffer& buffer = buffers[k];
        for (const Buffer* other : placed) {
            if (other->first > buffer.last || buffer.first > other->last) continue;
            if (buffer.at + buffer.bytes <= other->at) break;
            buffer.at = std::max(buffer.at, place_from(other->at + other->bytes, buffer));
        }
        placed.insert(std::ranges::upper_bound(placed, buffer.at, {}, &Buffer::at), &buffer);
    }
}

/// Each in the first gap that is free at its first step. Gaps stay few where buffers are many.
void place_step_by_step(std::vector<Buffer>& buffers) {
    std::map<std::size_t, std::size_t> gaps{{0, unbounded}}; // begin and end, no two adjacent
    std::multimap<std::size_t, const Buffer*> in_use;        // by their last steps
    const auto free = [&](std::size_t begin, std::size_t end) {
        auto next = gaps.lower_bound(end);
        if (next != gaps.begin())
            if (const auto before = std::prev(next); before->second == begin) {
                begin = before->first;
                gaps.erase(before);
            }
        if (next != gaps.end() && next->first == end) {
            end = next->second;
            gaps.erase(next);
        }
        gaps.emplace(begin, end);
    };
    for (const std::size_t k :
         sorted(buffers, [](const Buffer&a, const Buffer&b) { return a.first < b.first; })) {
        Buffer& buffer = buffers[k];
        for (; !in_use.empty() && in_use.begin()->first < buffer.first; in_use.erase(in_use.begin()))
            free(in_use.begin()->second->at, in_use.begin()->second->at + in_use.begin()->second->bytes);
        const auto gap = std::ranges::find_if(gaps, [&](const auto& g) {
            const std::size_t at = place_from(g.first, buffer);
            return at < g.second && g.second - at >= buffer.bytes;
        });
        const auto [begin, end] = *gap;
        buffer.at = place_from(begin, buffer);
        gaps.erase(gap);
        if (begin < buffer.at) gaps.emplace(begin, buffer.at);
        if (buffer.at + buffer.bytes < end) gaps.emplace(buffer.at + buffer.bytes, end);
        in_use.emplace(buffer.last, &buffer);
    }
}

} // namespace

std::size_t lay_out(std::vector<Buffer>& buffers) {
    if (buffers.size() <= few)
        place_largest_first(buffers);
    else
        place_step_by_step(buffers);
    std::size_t bytes = 0;
    for (const Buffer& buffer : buffers)
        bytes = std::max(bytes, buffer.at + buffer.bytes);
    return bytes;
}

} // namespace xtape::detail
