#pragma once

/// The steps that a Program takes for given extents, and where its values lie.

#include <xtape/autodiff/bytes.hpp>
#include <xtape/autodiff/compile/loop.hpp>
#include <xtape/autodiff/compile/product.hpp>
#include <xtape/autodiff/compile/tile_axes.hpp>
#include <xtape/autodiff/records.hpp>

#include <memory>
#include <span>
#include <variant>

namespace xtape::detail {

/// Where a value lies.
enum class Place : std::uint8_t { input, variable, constant, memory, output, nowhere };

/// Adjacent entries of one element type.
struct Storage {
    Place place;
    std::size_t at = 0; ///< which input, variable, constant or output; where in the workspace, in bytes
    std::size_t entries = 0;
    Element element = Element::f64;
    bool carried = false;   ///< it holds what belongs to the columns of one tile
    std::size_t column = 0; ///< bytes from one column to the next, of an input or output that is carried

    [[nodiscard]] std::size_t bytes() const;
};

/// Entries of a storage as an array: transposed and broadcast ones are such views, and cost nothing.
struct ArrayView {
    std::size_t storage = 0;
    Extents extents;
    Strides strides;
    std::optional<std::size_t> tiled = {}; ///< the axis along which a tile is a part

    [[nodiscard]] bool contiguous() const;
};

/// An operation without a kernel of its own: its forward function computes it, and allocates.
struct Fallback {
    std::uint32_t record;
    std::vector<ArrayView> operands; ///< contiguous
    std::vector<std::size_t> results;
    std::vector<Extents> extents;
};

template <std::floating_point T>
struct PlanStep {
    std::variant<Loop<T>, Product<T>, Fallback> work;
    std::string text;
    double flops = 0, bytes = 0; ///< of all tiles
};

/// Calls f(storage) for all that a step reads or writes.
template <class T, class F>
void for_each_storage(const PlanStep<T>& step, F f) {
    if (const auto* loop = std::get_if<Loop<T>>(&step.work)) {
        for (const auto& load : loop->loads)
            f(load.storage);
        for (const auto& store : loop->stores)
            f(store.storage);
        for (const auto& reduction : loop->reductions)
            f(reduction.storage);
    } else if (const auto* product = std::get_if<Product<T>>(&step.work)) {
        f(product->a.storage);
        f(product->b.storage);
        if (product->d) f(product->d->storage);
        f(product->c);
    } else {
        const auto& fallback = std::get<Fallback>(step.work);
        for (const ArrayView& view : fallback.operands)
            f(view.storage);
        for (const std::size_t storage : fallback.results)
            f(storage);
    }
}

/// How a Program works through an axis that is only carried along or summed over: the examples of a network,
/// in parts whose intermediate values stay in the second-level cache, with sums and products over the axis
/// added up from part to part. Parts depend on extents alone.
struct Tiling {
    TileAxis axis;
    std::size_t width = 0; ///< its extent in a tile

    [[nodiscard]] std::size_t tiles() const { return width == 0 ? 0 : (axis.extent + width - 1) / width; }
};

/// A sum, product, maximum or minimum over the axis of the tiles. Every piece has its own, the first where
/// the result lies; these are put together in the order of the pieces.
struct Accumulator {
    Fold fold;
    std::size_t storage;
    std::size_t at = 0; ///< where among those of a piece, in bytes
};

/// A step with the addresses that it works at.
template <std::floating_point T>
struct BoundStep {
    BoundLoop<T> loop;
    MatrixProduct<T> product{};
    bool placed = false; ///< these are the same in every run
};

/// Where steps find every storage.
template <std::floating_point T>
struct Frame {
    std::byte* begin = nullptr;            ///< of what is its own
    std::vector<void*> memory;             ///< where each storage begins
    std::vector<BoundStep<T>> steps, rest; ///< its own, and those of the last tile
    std::vector<double> seconds;           ///< of each step, where they are measured
};

/// What one run works in, and the arrays that it is bound to.
template <std::floating_point T>
struct Workspace {
    std::vector<const void*> inputs;
    std::vector<T*> outputs;
    std::vector<AnyArray> variables; ///< as they were when it was bound
    std::unique_ptr<std::byte[]> bytes;
    Frame<T> whole;              ///< of steps before and after the tiles
    std::vector<Frame<T>> tiles; ///< of each piece that is worked on at the same time
};

struct PlanOptions {
    std::size_t threads = 1;    ///< at most
    std::size_t tile_width = 0; ///< 0 for what the cache holds
};

template <std::floating_point T>
class Plan {
public:
    /// Inputs are their shapes and ids. Tiled where that pays, or as the options say. Throws BindingError
    /// where inputs give one unsized dimension different extents, or none.
    [[nodiscard]] static std::shared_ptr<const Plan>
    make(const std::shared_ptr<Records>& records, const std::vector<std::uint32_t>& outputs,
         const std::vector<std::pair<Shape, std::uint32_t>>& inputs, const std::vector<Extents>& extents,
         const PlanOptions& options);

    [[nodiscard]] const std::vector<Extents>& input_extents() const { return input_extents_; }
    [[nodiscard]] const std::vector<Extents>& output_extents() const { return output_extents_; }

    [[nodiscard]] std::unique_ptr<Workspace<T>> workspace() const;
    /// To the inputs and outputs that stand in it: arrays of the right extents and elements that do not
    /// overlap. What variables hold now is kept alive until it is bound again.
    void bind(Workspace<T>& workspace) const;
    [[nodiscard]] bool reads_variables_of(const Workspace<T>& workspace) const;

    /// In a workspace that is bound; where it throws, that is of no use any more. Where `seconds` has an
    /// entry for each step, what it takes is added there: of the time of all pieces, the part that its own
    /// times are of those of the pieces' steps.
    void run(Workspace<T>& workspace, std::span<double> seconds = {}) const;

    /// Those that it reads: where each lies now, and how messages call it.
    [[nodiscard]] std::size_t variable_count() const { return variables_.size(); }
    [[nodiscard]] Bytes bytes_of_variable(std::size_t k) const { return bytes_of(variables_[k]->array()); }
    [[nodiscard]] std::string variable(std::size_t k) const { return records_->describe(variable_ids_[k]); }

    /// The bytes of one workspace.
    [[nodiscard]] std::size_t bytes() const { return memory_bytes_; }
    /// How many a run works in at most.
    [[nodiscard]] std::size_t threads() const { return threads_; }
    [[nodiscard]] const std::vector<PlanStep<T>>& steps() const { return steps_; }
    [[nodiscard]] std::string to_string() const;

private:
    template <std::floating_point>
    friend class StepBuilder;
    template <std::floating_point>
    friend class Planner;

    /// In steps of one tile, or of everything where there is no axis or its width is the whole.
    Plan(std::shared_ptr<Records> records, const std::vector<std::uint32_t>& outputs,
         const std::vector<std::pair<Shape, std::uint32_t>>& inputs, const std::vector<Extents>& extents,
         Environment environment, Tiling tiling);

    /// How wide tiles would be, by what one column takes; 0 where they are not worth it.
    [[nodiscard]] std::size_t worthwhile_width() const;
    /// Sorts steps into those before, within and after the tiles; false where that cannot be.
    bool sort_into_phases();
    /// Takes the steps of the last, narrower tile from a plan of it; false where they do not fit.
    bool take_rest(Plan& rest);
    /// Gives steps their pieces, places and texts.
    void finish(std::size_t threads);
    /// Divides tiles, and products outside of them, into pieces for so many threads at most.
    void divide(std::size_t threads);

    class TilePieces;
    /// Where a piece has its own.
    void* at(const Accumulator& accumulator, std::size_t piece, const Frame<T>& whole) const;
    void run(const PlanStep<T>& step, BoundStep<T>& bound, Frame<T>& frame, bool first) const;
    /// Measures the step where the frame has seconds for it.
    void run(std::size_t step, const PlanStep<T>& work, BoundStep<T>& bound, Frame<T>& frame,
             bool first) const;

    /// Gives every buffer a place of its own from the step that writes it to the last that reads it, and
    /// every loop one for its registers.
    void place();
    /// Gives every step its text.
    void describe();
    void run(const Fallback& fallback, const Frame<T>& frame) const;

    std::shared_ptr<Records> records_;
    Environment environment_; ///< of the whole
    std::vector<Extents> input_extents_, output_extents_;
    std::vector<Storage> storages_;
    std::vector<std::shared_ptr<Cell>> variables_;
    std::vector<std::uint32_t> variable_ids_;
    std::vector<AnyArray> constants_;
    std::vector<PlanStep<T>> steps_;
    Tiling tiling_;
    bool tileable_ = true;
    std::size_t tiles_begin_ = 0, tiles_end_ = 0; ///< the steps that every tile takes
    std::vector<PlanStep<T>> rest_;               ///< those steps for the last tile, where it is narrower
    std::size_t pieces_ = 1;                      ///< of consecutive tiles
    std::size_t threads_ = 1;                     ///< that work on pieces at the same time
    std::size_t frames_ = 1;                      ///< for the pieces of tiles among them
    std::vector<Accumulator> accumulators_;
    bool calls_blas_ = false; ///< or may
    std::size_t memory_bytes_ = 0, scratch_bytes_ = 0;
    std::size_t frames_at_ = 0, frame_bytes_ = 0;
    std::size_t accumulators_at_ = 0, accumulator_bytes_ = 0; ///< of the second piece, and of each
    std::size_t buffers_ = 0, separate_bytes_ = 0; ///< buffers, and what they would take without reuse
};

extern template class Plan<float>;
extern template class Plan<double>;

} // namespace xtape::detail
