/// A plan's run: the steps before the tiles, the tiles in pieces, the steps after them.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/one_blas_thread.hpp>
#include <xtape/autodiff/compile/plan.hpp>
#include <xtape/autodiff/compile/workers.hpp>
#include <xtape/autodiff/step.hpp>

#include <chrono>
#include <cstring>
#include <numeric>
#include <optional>

namespace xtape::detail {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

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

/// Shares the time that all pieces took among their steps.
template <class T>
void share(const std::vector<Frame<T>>& frames, double seconds, std::vector<double>& steps) {
    double all = 0;
    for (const Frame<T>& frame : frames)
        all = std::accumulate(frame.seconds.begin(), frame.seconds.end(), all);
    for (const Frame<T>& frame : frames)
        for (std::size_t s = 0; s < steps.size() && all > 0; ++s)
            steps[s] += seconds * frame.seconds[s] / all;
}

/// One product, outside of the tiles.
template <class T>
class ProductPieces final : public Pieces {
public:
    ProductPieces(const Product<T>& product, void* const* memory) : product_(product), memory_(memory) {}
    void work(std::size_t piece, std::size_t) override { product_.run(memory_, true, piece); }

private:
    const Product<T>& product_;
    void* const* memory_;
};

} // namespace

template <std::floating_point T>
std::unique_ptr<Workspace<T>> Plan<T>::workspace() const {
    start_workers(threads_ - 1);
    auto made = std::make_unique<Workspace<T>>();
    std::size_t space = bytes() + alignment;
    made->bytes = std::make_unique<std::byte[]>(space);
    void* begin = made->bytes.get();
    std::align(alignment, bytes(), begin, space);
    Frame<T>& whole = made->whole;
    whole.begin = static_cast<std::byte*>(begin);
    made->inputs.assign(input_extents_.size(), nullptr);
    made->variables.assign(variables_.size(), AnyArray::number(0));
    for (const Storage& storage : storages_)
        whole.memory.push_back(
            storage.place == Place::memory ? whole.begin + storage.at
            : storage.place == Place::constant
                ? const_cast<std::byte*>(bytes_of(constants_[storage.at]).begin) // only ever read
                : nullptr);
    if (tiles_begin_ < tiles_end_) made->tiles.assign(frames_, whole);
    const auto bound = [](const PlanStep<T>& step, const Frame<T>& frame) {
        const auto* loop = std::get_if<Loop<T>>(&step.work);
        return BoundStep<T>{loop ? loop->bound(reinterpret_cast<T*>(frame.begin + loop->scratch_at))
                                 : BoundLoop<T>()};
    };
    for (const PlanStep<T>& step : steps_)
        whole.steps.push_back(bound(step, whole));
    for (std::size_t k = 0; k < made->tiles.size(); ++k) {
        Frame<T>& frame = made->tiles[k];
        frame.begin = whole.begin + frames_at_ + k * frame_bytes_;
        for (std::size_t s = 0; s < storages_.size(); ++s)
            if (storages_[s].place == Place::memory && storages_[s].carried)
                frame.memory[s] = frame.begin + storages_[s].at;
        for (std::size_t s = tiles_begin_; s < tiles_end_; ++s)
            frame.steps.push_back(bound(steps_[s], frame));
        for (const PlanStep<T>& step : rest_)
            frame.rest.push_back(bound(step, frame));
    }
    return made;
}

template <std::floating_point T>
void Plan<T>::bind(Workspace<T>& workspace) const {
    for (std::size_t k = 0; k < variables_.size(); ++k)
        workspace.variables[k] = variables_[k]->array();
    const auto bound = [&](const Storage& storage) -> void* {
        if (storage.place == Place::input)
            return const_cast<void*>(workspace.inputs[storage.at]); // only ever read
        if (storage.place == Place::variable)
            return const_cast<std::byte*>(bytes_of(workspace.variables[storage.at]).begin);
        return storage.place == Place::output ? workspace.outputs[storage.at] : nullptr;
    };
    for (std::size_t s = 0; s < storages_.size(); ++s) {
        void* begin = bound(storages_[s]);
        if (!begin) continue;
        workspace.whole.memory[s] = begin;
        for (Frame<T>& frame : workspace.tiles)
            frame.memory[s] = begin;
    }
    void* const* memory = workspace.whole.memory.data();
    for (std::size_t s = 0; s < steps_.size(); ++s) {
        BoundStep<T>& bound = workspace.whole.steps[s];
        const auto* loop = std::get_if<Loop<T>>(&steps_[s].work);
        const auto* product = std::get_if<Product<T>>(&steps_[s].work);
        bound.placed = loop ? loop->is_one_block() : product && product->is_one_call();
        if (bound.placed && loop) loop->place(bound.loop, memory);
        if (bound.placed && product) bound.product = product->first_of(memory);
    }
}

template <std::floating_point T>
bool Plan<T>::reads_variables_of(const Workspace<T>& workspace) const {
    for (std::size_t k = 0; k < variables_.size(); ++k)
        if (variables_[k]->array().address() != workspace.variables[k].address()) return false;
    return true;
}

template <std::floating_point T>
void Plan<T>::run(const Fallback& fallback, const Frame<T>& frame) const {
    std::vector<AnyArray> operands;
    for (const ArrayView& view : fallback.operands)
        operands.push_back(
            referred<T>(storages_[view.storage].element, frame.memory[view.storage], view.extents));
    const auto results =
        compute<T>(*records_, records_->record(fallback.record), std::move(operands), fallback.extents,
                   environment_, [](const AnyArray& array) { return array; });
    for (std::size_t k = 0; k < results.size(); ++k)
        if (const std::size_t bytes = storages_[fallback.results[k]].bytes(); bytes > 0)
            std::memcpy(frame.memory[fallback.results[k]], bytes_of(results[k]).begin, bytes);
}

template <std::floating_point T>
void Plan<T>::run(const PlanStep<T>& step, BoundStep<T>& bound, Frame<T>& frame, bool first) const {
    if (const auto* loop = std::get_if<Loop<T>>(&step.work))
        loop->run(frame.memory.data(), bound.loop, first, bound.placed);
    else if (const auto* product = std::get_if<Product<T>>(&step.work))
        if (bound.placed) {
            product->kernel(bound.product);
        } else if (product->pieces == 1) {
            product->run(frame.memory.data(), first);
        } else {
            ProductPieces<T> pieces(*product, frame.memory.data());
            work_through(pieces, product->pieces, threads_);
        }
    else
        run(std::get<Fallback>(step.work), frame);
}

template <std::floating_point T>
void Plan<T>::run(std::size_t step, const PlanStep<T>& work, BoundStep<T>& bound, Frame<T>& frame,
                  bool first) const {
    if (frame.seconds.empty()) return run(work, bound, frame, first);
    const Clock::time_point begin = Clock::now();
    run(work, bound, frame, first);
    frame.seconds[step] += seconds_since(begin);
}

template <std::floating_point T>
void* Plan<T>::at(const Accumulator& accumulator, std::size_t piece, const Frame<T>& whole) const {
    return piece == 0 ? whole.memory[accumulator.storage]
                      : whole.begin + accumulators_at_ + (piece - 1) * accumulator_bytes_ + accumulator.at;
}

/// All tiles of one run.
template <std::floating_point T>
class Plan<T>::TilePieces final : public Pieces {
public:
    TilePieces(const Plan& plan, Workspace<T>& workspace) : plan_(plan), workspace_(workspace) {}

    void work(std::size_t piece, std::size_t lane) override {
        Frame<T>& frame = workspace_.tiles[lane];
        const Frame<T>& whole = workspace_.whole;
        for (const Accumulator& accumulator : plan_.accumulators_)
            frame.memory[accumulator.storage] = plan_.at(accumulator, piece, whole);
        const Tiling& tiling = plan_.tiling_;
        const std::size_t begin = piece * tiling.tiles() / plan_.pieces_,
                          end = (piece + 1) * tiling.tiles() / plan_.pieces_;
        for (std::size_t tile = begin; tile < end; ++tile) {
            for (std::size_t s = 0; s < plan_.storages_.size(); ++s)
                if (const std::size_t column = plan_.storages_[s].column; column > 0)
                    frame.memory[s] = static_cast<std::byte*>(whole.memory[s]) + tile * tiling.width * column;
            const bool narrower = (tile + 1) * tiling.width > tiling.axis.extent;
            for (std::size_t s = plan_.tiles_begin_; s < plan_.tiles_end_; ++s) {
                const std::size_t k = s - plan_.tiles_begin_;
                plan_.run(s, narrower ? plan_.rest_[k] : plan_.steps_[s],
                          narrower ? frame.rest[k] : frame.steps[k], frame, tile == begin);
            }
        }
    }

private:
    const Plan& plan_;
    Workspace<T>& workspace_;
};

template <std::floating_point T>
void Plan<T>::run(Workspace<T>& workspace, std::span<double> seconds) const {
    std::optional<OneBlasThread> one_blas_thread;
    if (calls_blas_) one_blas_thread.emplace();
    Frame<T>& whole = workspace.whole;
    if (!seconds.empty()) {
        whole.seconds.assign(seconds.size(), 0);
        for (Frame<T>& frame : workspace.tiles)
            frame.seconds.assign(seconds.size(), 0);
    }
    for (std::size_t s = 0; s < tiles_begin_; ++s)
        run(s, steps_[s], whole.steps[s], whole, true);
    if (tiles_begin_ < tiles_end_) {
        const Clock::time_point begin = seconds.empty() ? Clock::time_point() : Clock::now();
        TilePieces pieces(*this, workspace);
        work_through(pieces, pieces_, frames_);
        for (std::size_t piece = 1; piece < pieces_; ++piece)
            for (const Accumulator& accumulator : accumulators_)
                fold_into(accumulator.fold, static_cast<T*>(at(accumulator, 0, whole)),
                          static_cast<const T*>(at(accumulator, piece, whole)),
                          storages_[accumulator.storage].entries);
        if (!seconds.empty()) share(workspace.tiles, seconds_since(begin), whole.seconds);
    }
    for (std::size_t s = tiles_end_; s < steps_.size(); ++s)
        run(s, steps_[s], whole.steps[s], whole, true);
    if (seconds.empty()) return;
    for (std::size_t s = 0; s < seconds.size(); ++s)
        seconds[s] += whole.seconds[s];
    whole.seconds.clear();
    for (Frame<T>& frame : workspace.tiles)
        frame.seconds.clear();
}

template class Plan<float>;
template class Plan<double>;

} // namespace xtape::detail
