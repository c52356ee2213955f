#include <xtape/autodiff/compile/plan.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

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
        if (product->d)
            bytes += sizeof(T) * (product->d->row_stride > 0 ? product->rows : 1) *
                     (product->d->column_stride > 0 ? product->columns : 1);
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
void Plan<T>::describe() {
    for (PlanStep<T>& step : steps_)
        step.bytes = traffic(step, storages_);
    for (std::size_t k = tiles_begin_; k < tiles_end_; ++k) {
        const double tiles = static_cast<double>(tiling_.axis.extent) / static_cast<double>(tiling_.width);
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
            step.text = fmt::format(
                "product {}({} × {}{}) ({} × {}{}){}, {} of it{}, by {}",
                product->scale == 1 ? "" : "times a number ", product->rows, product->inner,
                product->a.transposed ? ", transposed" : "", product->inner, product->columns,
                product->b.transposed ? ", transposed" : "", product->d ? " and what is added" : "",
                product->offsets.size(),
                product->pieces == 1 ? std::string() : fmt::format(" in {} pieces", product->pieces),
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
        text += fmt::format(
            "{} tiles of {}, {} wide{}: steps {} to {} for each\n", tiling_.tiles(), tiling_.axis.name,
            tiling_.width,
            pieces_ == 1 ? std::string()
                         : fmt::format(", in {} pieces with {} bytes of sums each, {} at the same time",
                                       pieces_, accumulator_bytes_, frames_),
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
