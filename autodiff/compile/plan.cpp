#include <xtape/autodiff/compile/plan.hpp>
#include <xtape/autodiff/step.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>

namespace xtape::detail {
namespace {

/// Entries in a workspace as an array; nothing is copied.
template <class E>
AnyArray referred(const void* data, const Extents& extents) {
    const auto view = xt::adapt(static_cast<const E*>(data), size_of(extents), xt::no_ownership(), extents);
    return AnyArray(view);
}

template <class T>
AnyArray referred(Element element, const void* data, const Extents& extents) {
    return element == Element::b8    ? referred<bool>(data, extents)
           : element == Element::i64 ? referred<std::int64_t>(data, extents)
                                     : referred<T>(data, extents);
}

/// The bytes that a step reads and writes; entries that it broadcasts are read once.
template <class T>
double traffic(const PlanStep<T>& step, const std::vector<Storage>& storages) {
    std::size_t bytes = 0;
    if (const auto* loop = std::get_if<Loop<T>>(&step.work)) {
        for (const auto& load : loop->loads) {
            std::size_t entries = 1;
            for (std::size_t axis = 0; axis < load.strides.size(); ++axis)
                if (load.strides[axis] != 0) entries *= loop->space[axis];
            bytes += entries * entry_size(load.element);
        }
        for (const auto& store : loop->stores)
            bytes += storages[store.storage].bytes();
        for (const auto& reduction : loop->reductions)
            bytes += reduction.entries * sizeof(T);
    } else if (const auto* product = std::get_if<Product<T>>(&step.work)) {
        bytes = product->offsets.size() * sizeof(T) *
                (product->rows * product->inner + product->inner * product->columns +
                 product->rows * product->columns);
    } else {
        for_each_storage(step, [&](std::size_t storage) { bytes += storages[storage].bytes(); });
    }
    return static_cast<double>(bytes);
}

} // namespace

std::size_t Storage::bytes() const { return entries * entry_size(element); }

bool ArrayView::contiguous() const {
    std::ptrdiff_t stride = 1;
    if (size_of(extents) == 0) return true;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        if (extents[axis] != 1 && strides[axis] != stride) return false;
        stride *= static_cast<std::ptrdiff_t>(extents[axis]);
    }
    return true;
}

template <std::floating_point T>
std::optional<std::string> Plan<T>::variable_within(const Bytes& bytes) const {
    for (std::size_t k = 0; k < variables_.size(); ++k)
        if (overlap(bytes_of(variables_[k]->array()), bytes)) return records_->describe(variable_ids_[k]);
    return {};
}

template <std::floating_point T>
std::unique_ptr<Workspace<T>> Plan<T>::workspace() const {
    auto made = std::make_unique<Workspace<T>>();
    std::size_t space = bytes() + alignment;
    made->bytes = std::make_unique<std::byte[]>(space);
    void* begin = made->bytes.get();
    std::align(alignment, bytes(), begin, space);
    made->begin = static_cast<std::byte*>(begin);
    made->pointers.resize(pointers_);
    made->inputs.assign(input_extents_.size(), nullptr);
    made->variables.assign(variables_.size(), AnyArray::number(0));
    for (const Storage& storage : storages_)
        made->memory.push_back(
            storage.place == Place::memory ? made->begin + storage.at
            : storage.place == Place::constant
                ? const_cast<std::byte*>(bytes_of(constants_[storage.at]).begin) // only ever read
                : nullptr);
    return made;
}

template <std::floating_point T>
void Plan<T>::run(const Fallback& fallback, const Workspace<T>& workspace) const {
    std::vector<AnyArray> operands;
    for (const ArrayView& view : fallback.operands)
        operands.push_back(
            referred<T>(storages_[view.storage].element, workspace.memory[view.storage], view.extents));
    const auto results =
        compute<T>(*records_, records_->record(fallback.record), std::move(operands), fallback.extents,
                   environment_, [](const AnyArray& array) { return array; });
    for (std::size_t k = 0; k < results.size(); ++k)
        if (const std::size_t bytes = storages_[fallback.results[k]].bytes(); bytes > 0)
            std::memcpy(workspace.memory[fallback.results[k]], bytes_of(results[k]).begin, bytes);
}

template <std::floating_point T>
void Plan<T>::run(const PlanStep<T>& step, Workspace<T>& workspace, bool first) const {
    if (const auto* loop = std::get_if<Loop<T>>(&step.work))
        loop->run(workspace.memory.data(), reinterpret_cast<T*>(workspace.begin + loop->scratch_at),
                  workspace.pointers.data(), first);
    else if (const auto* product = std::get_if<Product<T>>(&step.work))
        product->run(workspace.memory.data(), first);
    else
        run(std::get<Fallback>(step.work), workspace);
}

template <std::floating_point T>
void Plan<T>::bind(Workspace<T>& workspace) const {
    for (std::size_t k = 0; k < variables_.size(); ++k)
        workspace.variables[k] = variables_[k]->array();
    for (std::size_t s = 0; s < storages_.size(); ++s) {
        const Storage& storage = storages_[s];
        if (storage.place == Place::input)
            workspace.memory[s] = const_cast<void*>(workspace.inputs[storage.at]); // only ever read
        else if (storage.place == Place::variable)
            workspace.memory[s] = const_cast<std::byte*>(bytes_of(workspace.variables[storage.at]).begin);
        else if (storage.place == Place::output)
            workspace.memory[s] = workspace.outputs[storage.at];
    }
}

template <std::floating_point T>
bool Plan<T>::reads_variables_of(const Workspace<T>& workspace) const {
    for (std::size_t k = 0; k < variables_.size(); ++k)
        if (address_of(variables_[k]->array()) != address_of(workspace.variables[k])) return false;
    return true;
}

template <std::floating_point T>
void Plan<T>::run(Workspace<T>& workspace, std::span<double> seconds) const {
    using Clock = std::chrono::steady_clock;
    Clock::time_point before = seconds.empty() ? Clock::time_point() : Clock::now();
    const auto take = [&](std::size_t s, const PlanStep<T>& step, bool first) {
        run(step, workspace, first);
        if (seconds.empty()) return;
        const Clock::time_point now = Clock::now();
        seconds[s] += std::chrono::duration<double>(now - before).count();
        before = now;
    };
    for (std::size_t s = 0; s < tiles_begin_; ++s)
        take(s, steps_[s], true);
    const auto move = [&](std::ptrdiff_t columns) {
        for (std::size_t s = 0; s < storages_.size(); ++s)
            if (storages_[s].column > 0)
                workspace.memory[s] = static_cast<std::byte*>(workspace.memory[s]) +
                                      columns * static_cast<std::ptrdiff_t>(storages_[s].column);
    };
    std::size_t column = 0;
    for (; tiles_begin_ < tiles_end_ && column < tiling_.whole; column += tiling_.width) {
        if (column > 0) move(static_cast<std::ptrdiff_t>(tiling_.width));
        const bool narrower = column + tiling_.width > tiling_.whole;
        for (std::size_t s = tiles_begin_; s < tiles_end_; ++s)
            take(s, narrower ? rest_[s - tiles_begin_] : steps_[s], column == 0);
    }
    if (column > 0) move(static_cast<std::ptrdiff_t>(tiling_.width) - static_cast<std::ptrdiff_t>(column));
    for (std::size_t s = tiles_end_; s < steps_.size(); ++s)
        take(s, steps_[s], true);
}

template <std::floating_point T>
void Plan<T>::describe() {
    for (PlanStep<T>& step : steps_)
        step.bytes = traffic(step, storages_);
    for (std::size_t k = tiles_begin_; k < tiles_end_; ++k) {
        const double tiles = static_cast<double>(tiling_.whole) / static_cast<double>(tiling_.width);
        steps_[k].flops *= tiles;
        steps_[k].bytes *= tiles;
    }
    for (PlanStep<T>& step : steps_) {
        if (const auto* loop = std::get_if<Loop<T>>(&step.work)) {
            std::vector<std::string> names;
            for (const auto& instruction : loop->instructions)
                names.push_back(instruction.name);
            for (const auto& reduction : loop->reductions)
                names.emplace_back(reduction.fold == Fold::sum       ? "sum"
                                   : reduction.fold == Fold::maximum ? "maximum of all"
                                                                     : "minimum of all");
            step.text = fmt::format("loop over {} × {}: {}; reads {}, writes {}", loop->rows, loop->columns,
                                    fmt::join(names, ", "), loop->loads.size(),
                                    loop->stores.size() + loop->reductions.size());
        } else if (const auto* product = std::get_if<Product<T>>(&step.work)) {
            step.text =
                fmt::format("product {}({} × {}{}) ({} × {}{}), {} of it, by {}",
                            product->scale == 1 ? "" : "times a number ", product->rows, product->inner,
                            product->a.transposed ? ", transposed" : "", product->inner, product->columns,
                            product->b.transposed ? ", transposed" : "", product->offsets.size(),
                            product->kernel ? instruction_set() : "BLAS");
        } else {
            const auto& fallback = std::get<Fallback>(step.work);
            step.text = fmt::format("{}: its own forward function, which allocates",
                                    records_->call(records_->record(fallback.record)));
        }
    }
}

template <std::floating_point T>
std::string Plan<T>::to_string() const {
    std::string text;
    double flops = 0;
    if (tiles_begin_ < tiles_end_)
        text += fmt::format("{} tiles of {}, {} wide: steps {} to {} for each\n",
                            (tiling_.whole + tiling_.width - 1) / tiling_.width, tiling_.name, tiling_.width,
                            tiles_begin_ + 1, tiles_end_);
    for (std::size_t k = 0; k < steps_.size(); ++k) {
        text += fmt::format("{:>3}  {}  [{:.0f} flop]\n", k + 1, steps_[k].text, steps_[k].flops);
        flops += steps_[k].flops;
    }
    text += fmt::format(
        "{} steps, {:.0f} flop. A run takes {} bytes: buffers ({} of them, {} bytes without reuse) "
        "and at most {} bytes of scratch.\n",
        steps_.size(), flops, bytes(), buffers_, separate_bytes_, scratch_bytes_);
    return text;
}

template class Plan<float>;
template class Plan<double>;

} // namespace xtape::detail
