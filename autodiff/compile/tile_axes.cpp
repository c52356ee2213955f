#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/compile/tile_axes.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace xtape::detail {
namespace {

constexpr std::size_t most_axes = 4; // that are worth trying

/// All axes of all results, joined where they are one.
class JoinedAxes {
public:
    JoinedAxes(const Records& records, const Environment& environment) : records_(records) {
        std::size_t nodes = 1;
        for (std::uint32_t id = 0; id < records.result_count(); ++id) {
            extents_.push_back(environment.extents(records.result(id).shape));
            first_.push_back(nodes);
            nodes += extents_.back().size();
        }
        parents_.resize(nodes);
        std::iota(parents_.begin(), parents_.end(), std::size_t{0});
        for (std::uint32_t r = 0; r < records.record_count(); ++r)
            take(records.record(r));
    }

    [[nodiscard]] const Extents& extents(std::uint32_t id) const { return extents_[id]; }

    /// What all axes that are one have in common.
    [[nodiscard]] std::size_t root(std::uint32_t id, std::size_t axis) { return root(first_[id] + axis); }
    [[nodiscard]] bool is_fixed(std::size_t root) { return root == this->root(fixed); }

private:
    static constexpr std::size_t fixed = 0; ///< one with each axis of which a part is not enough

    std::size_t root(std::size_t node) {
        while (parents_[node] != node)
            node = parents_[node] = parents_[parents_[node]];
        return node;
    }
    void join(std::uint32_t a, std::size_t axis, std::uint32_t b, std::size_t other) {
        parents_[root(a, axis)] = root(b, other);
    }
    void fix(std::uint32_t id) {
        for (std::size_t axis = 0; axis < extents_[id].size(); ++axis)
            parents_[root(id, axis)] = root(fixed);
    }

    /// An operand that broadcasts to the result, but for so many axes at the end.
    void broadcast(std::uint32_t operand, std::uint32_t id, std::size_t without = 0) {
        const Extents &from = extents_[operand], &to = extents_[id];
        for (std::size_t axis = 0; axis + without < from.size(); ++axis)
            if (from[axis] != 1) join(operand, axis, id, to.size() - from.size() + axis);
    }

    /// Axes of one extent with as many entries before them.
    void reshape(std::uint32_t operand, std::uint32_t id) {
        const Extents &from = extents_[operand], &to = extents_[id];
        std::vector<bool> kept(to.size(), false);
        for (std::size_t axis = 0, entries = 1; axis < from.size(); entries *= from[axis++]) {
            std::size_t other = 0, before = 1;
            while (other < to.size() && (before != entries || to[other] == 1))
                before *= to[other++];
            if (other < to.size() && to[other] == from[axis]) {
                join(operand, axis, id, other);
                kept[other] = true;
            } else if (from[axis] != 1) {
                parents_[root(operand, axis)] = root(fixed);
            }
        }
        for (std::size_t other = 0; other < to.size(); ++other)
            if (!kept[other] && to[other] != 1) parents_[root(id, other)] = root(fixed);
    }

    void reduce(std::uint32_t operand, std::uint32_t id, const Axes& axes) {
        const bool keeps = extents_[operand].size() == extents_[id].size();
        for (std::size_t axis = 0, to = 0; axis < extents_[operand].size(); ++axis) {
            const bool folded = std::ranges::count(axes, static_cast<std::int64_t>(axis)) > 0;
            if (!folded) join(operand, axis, id, to);
            to += !folded || keeps;
        }
    }

    void multiply(std::uint32_t a, std::uint32_t b, std::uint32_t id) {
        const std::size_t left = extents_[a].size(), right = extents_[b].size(), rank = extents_[id].size();
        broadcast(a, id, 2);
        broadcast(b, id, 2);
        join(a, left - 2, id, rank - 2);
        join(b, right - 1, id, rank - 1);
        join(a, left - 1, b, right - 2);
    }

    void take(const Record& record) {
        const std::uint32_t id = record.first_result;
        if (records_.leaf(id)) return;
        const std::string& name = records_.op(record).name();
        const auto operands = records_.operands(record);
        if (name == "xtape::matmul") {
            multiply(operands[0], operands[1], id);
        } else if (name == "xtape::transpose") {
            const Axes& axes = records_.attributes(record).axes("axes");
            for (std::size_t axis = 0; axis < axes.size(); ++axis)
                join(id, axis, operands[0], static_cast<std::size_t>(axes[axis]));
        } else if (name == "xtape::reshape") {
            reshape(operands[0], id);
        } else if (name == "xtape::sum" || name == "xtape::amax" || name == "xtape::amin" ||
                   name == "xtape::largest") {
            reduce(operands[0], id, records_.attributes(record).axes("axes"));
        } else if (name == "xtape::broadcast_to" || name == "xtape::stop_gradient" ||
                   block_kernel<double>(records_.op(record))) {
            for (const std::uint32_t operand : operands)
                broadcast(operand, id);
        } else {
            for (const std::uint32_t operand : operands)
                fix(operand);
            for (std::uint32_t k = 0; k < record.result_count; ++k)
                fix(id + k);
        }
    }

    const Records& records_;
    std::vector<Extents> extents_;     // by id
    std::vector<std::size_t> first_;   // by id: the node of its first axis
    std::vector<std::size_t> parents_; // by node
};

} // namespace

std::vector<TileAxis> tile_axes(const Records& records, const Environment& environment, std::size_t least) {
    std::vector<std::pair<std::uint32_t, std::size_t>> long_axes; // of leaves
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const std::uint32_t id = records.record(r).first_result;
        if (!records.leaf(id)) continue;
        const Shape& shape = records.result(id).shape;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            if (environment.extent(shape[axis]) >= least) long_axes.emplace_back(id, axis);
    }
    if (long_axes.empty()) return {};
    JoinedAxes joined(records, environment);
    struct Found {
        TileAxis axis;
        std::size_t root;
        std::optional<std::uint32_t> last = {}; ///< the result that was seen to have it last
        bool twice = false;                     ///< as in X Xᵀ of examples with examples
    };
    std::vector<Found> found;
    std::unordered_map<std::size_t, std::size_t> by_root;
    for (const auto& long_axis : long_axes) {
        const std::size_t root = joined.root(long_axis.first, long_axis.second);
        if (joined.is_fixed(root) || !by_root.emplace(root, found.size()).second) continue;
        const Dim& dim = records.result(long_axis.first).shape[long_axis.second];
        found.push_back({{dim.to_string(), environment.extent(dim), {}, 0}, root});
    }
    const auto for_each_axis = [&](auto f) {
        for (std::uint32_t id = 0; id < records.result_count(); ++id)
            for (std::size_t axis = 0; axis < joined.extents(id).size(); ++axis)
                f(id, axis, joined.root(id, axis));
    };
    for_each_axis([&](std::uint32_t id, std::size_t, std::size_t root) {
        const auto it = by_root.find(root);
        if (it == by_root.end()) return;
        Found& here = found[it->second];
        here.axis.entries += size_of(joined.extents(id));
        here.twice |= here.last == id;
        here.last = id;
    });
    std::erase_if(found, [](const Found& f) { return f.twice; });
    std::ranges::stable_sort(found, std::ranges::greater(), [](const Found& f) { return f.axis.entries; });
    if (found.size() > most_axes) found.resize(most_axes);
    std::vector<TileAxis> result;
    for (Found& f : found) {
        f.axis.axes.resize(records.result_count());
        for_each_axis([&](std::uint32_t id, std::size_t axis, std::size_t root) {
            if (root == f.root) f.axis.axes[id] = axis;
        });
        result.push_back(std::move(f.axis));
    }
    return result;
}

} // namespace xtape::detail
