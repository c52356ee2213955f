#pragma once

/// The steps that a Program takes for given extents, and where its values lie.

#include <xtape/autodiff/bytes.hpp>
#include <xtape/autodiff/compile/loop.hpp>
#include <xtape/autodiff/compile/product.hpp>
#include <xtape/autodiff/records.hpp>

#include <mutex>
#include <variant>

namespace xtape::detail {

/// Of buffers, in bytes: a cache line, and the widest SIMD register.
inline constexpr std::size_t alignment = 64;

/// Where a value lies.
enum class Place : std::uint8_t { input, variable, constant, memory, output, nowhere };

/// Adjacent entries of one element type.
struct Storage {
    Place place;
    std::size_t at = 0; ///< which input, variable, constant or output; where in the workspace, in bytes
    std::size_t entries = 0;
    Element element = Element::f64;

    [[nodiscard]] std::size_t bytes() const;
};

/// Entries of a storage as an array: transposed and broadcast ones are such views, and cost nothing.
struct ArrayView {
    std::size_t storage = 0;
    Extents extents;
    Strides strides;

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
    double flops = 0;
};

/// What one run works in.
template <std::floating_point T>
struct Workspace {
    std::unique_ptr<std::byte[]> bytes;
    std::vector<void*> memory; ///< where each storage begins
    std::vector<T*> pointers;
    T* scratch = nullptr;
    std::vector<AnyArray> variables; ///< held while the run reads them
};

template <std::floating_point T>
class Plan {
public:
    /// Throws BindingError where inputs give one unsized dimension different extents, or none.
    Plan(std::shared_ptr<Records> records, const std::vector<std::uint32_t>& outputs,
         const std::vector<std::pair<Shape, std::uint32_t>>& inputs, const std::vector<Extents>& extents);

    [[nodiscard]] const std::vector<Extents>& input_extents() const { return input_extents_; }
    [[nodiscard]] const std::vector<Extents>& output_extents() const { return output_extents_; }

    /// Arrays of the right extents and elements that do not overlap.
    void run(std::span<const void* const> inputs, std::span<T* const> outputs) const;

    /// How messages call a variable that these bytes overlap; empty where there is none.
    [[nodiscard]] std::optional<std::string> variable_within(const Bytes& bytes) const;

    /// The bytes of one workspace.
    [[nodiscard]] std::size_t bytes() const { return memory_bytes_ + scratch_bytes_; }
    [[nodiscard]] const std::vector<PlanStep<T>>& steps() const { return steps_; }
    [[nodiscard]] std::string to_string() const;

private:
    template <std::floating_point>
    friend class Planner;

    /// Gives every buffer the first gap that is free from the step that writes it to the last that reads it.
    void place();
    /// Gives every step its text.
    void describe();
    [[nodiscard]] std::unique_ptr<Workspace<T>> workspace() const;
    void run(const Fallback& fallback, const Workspace<T>& workspace) const;

    std::shared_ptr<Records> records_;
    Environment environment_;
    std::vector<Extents> input_extents_, output_extents_;
    std::vector<Storage> storages_;
    std::vector<std::shared_ptr<Cell>> variables_;
    std::vector<std::uint32_t> variable_ids_;
    std::vector<AnyArray> constants_;
    std::vector<PlanStep<T>> steps_;
    std::size_t memory_bytes_ = 0, scratch_bytes_ = 0, pointers_ = 0;
    std::size_t buffers_ = 0, separate_bytes_ = 0; ///< buffers, and what they would take without reuse

    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<Workspace<T>>> idle_;
};

extern template class Plan<float>;
extern template class Plan<double>;

} // namespace xtape::detail
