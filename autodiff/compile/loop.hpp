#pragma once

/// A chain of elementwise operations as one pass over an index space, block by block.

#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/ops/strided.hpp>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

/// Whether what lies with these strides shows the same row at every row of a space.
[[nodiscard]] bool have_one_row(const Strides& strides);

/// Folds n entries into as many others, entry by entry.
template <std::floating_point T>
void fold_into(Fold fold, T* at, const T* entries, std::size_t n);

/// A loop's instructions, with addresses where these have slots: of the block at hand.
template <std::floating_point T>
struct BoundLoop {
    struct Call {
        BlockKernel<T> kernel;
        T* out;
        std::array<const T*, most_operands> in;
    };
    std::vector<T*> slots;
    std::vector<Call> calls;
};

/// One pass over the positions of `space`, in row-major order. A slot holds the entries of one value at the
/// positions of the block at hand: in a register of the workspace, or where the value lies in memory.
template <std::floating_point T>
struct Loop {
    enum class When {
        direct, ///< in place: its entries lie in the order of the space
        row,    ///< in place: a block is a part of one row, and the row is adjacent in memory
        number, ///< in place: one entry for the block, as the kernels that read it know
        once,   ///< every block reads the same entries: copied before the first
        each,   ///< copied for every block
    };
    /// Where a call has the address of a slot: the result, or operand k.
    struct Use {
        static constexpr std::size_t result = static_cast<std::size_t>(-1);
        std::size_t call, operand;
    };
    /// An operand that lies in memory.
    struct Load {
        std::size_t slot, storage;
        Element element;
        Strides strides;
        When when = When::each;
        std::vector<Use> uses = {}; ///< of the slot, where it is in memory
    };
    struct Instruction {
        BlockKernel<T> kernel;
        std::string name;
        std::vector<std::size_t> in;
        std::size_t out;
    };
    /// A value that is needed after the loop. Real numbers are computed in their place where they can be,
    /// masks copied there.
    struct Store {
        std::size_t slot, storage;
        Element element;
        Strides strides;
        When when = When::each;
        std::vector<Use> uses = {};
    };
    /// A sum, maximum or minimum over axes, in place; a stride is 0 along an axis that is folded.
    struct Reduction {
        Fold fold;
        std::size_t slot, storage, entries;
        Strides strides;
        bool across_tiles = false; ///< it goes on from tile to tile
        T scale = 1;               ///< of a sum that folds rows

        /// Whether the entries of a row become one.
        [[nodiscard]] bool folds_rows() const { return strides.empty() || strides.back() == 0; }
    };

    Extents space;                         ///< without axes of extent one
    std::optional<std::size_t> tiled = {}; ///< the axis of the space along which it sees a tile
    std::vector<Load> loads;
    std::vector<Instruction> instructions;
    std::vector<Store> stores;
    std::vector<Reduction> reductions;
    std::size_t slots = 0;

    // What `finish` decides.
    static constexpr std::size_t in_memory = static_cast<std::size_t>(-1);
    std::vector<std::size_t>
        registers; ///< of each slot; `in_memory` for one that is read or written in place
    std::size_t register_count = 0;
    std::size_t rows = 0, columns = 0; ///< of the space, when its leading axes are counted as one
    std::size_t block_rows = 0, block_columns = 0;
    std::size_t register_entries = 0; ///< those of a block, and to the end of the cache line
    std::size_t scratch_at = 0;       ///< where in the workspace its registers lie, in bytes

    /// Merges axes that every operand passes through alike, takes products that are only added up together
    /// with the sum, and gives each slot its place.
    void finish();

    /// Whether what it stores may lie where what it loads lies: entry for entry in the same order, and
    /// nothing reads the one after the other is written.
    [[nodiscard]] bool may_overwrite(std::size_t loaded, std::size_t stored) const;

    /// What the workspace must hold for it, in entries of T.
    [[nodiscard]] std::size_t scratch() const { return register_count * register_entries; }

    /// With its registers from `scratch` on; addresses in memory are given by `place`.
    [[nodiscard]] BoundLoop<T> bound(T* scratch) const;
    /// The first block, to be placed once for many runs where it is the only one. `memory` is where each
    /// storage begins.
    void place(BoundLoop<T>& bound, void* const* memory) const { place(bound, memory, 0, 0); }
    [[nodiscard]] bool is_one_block() const {
        return rows * columns > 0 && rows <= block_rows && columns <= block_columns;
    }

    /// `first` of the tiles. `placed`: its only block is, already.
    void run(void* const* memory, BoundLoop<T>& bound, bool first, bool placed) const;

private:
    void merge_axes();
    void join_multiplications();
    void divide(std::size_t most);                                ///< into blocks of so many entries
    [[nodiscard]] bool is_read_as_number(const Load& load) const; ///< by kernels that know it as one
    [[nodiscard]] bool has_number_for_each_row() const;
    void choose_places(); ///< of loads and stores
    void assign_registers();
    void list_uses();
    void place(BoundLoop<T>& bound, void* const* memory, std::size_t row, std::size_t column) const;
    void run_block(void* const* memory, BoundLoop<T>& bound, std::size_t row, std::size_t column) const;
    [[nodiscard]] std::ptrdiff_t offset(const Strides& strides, std::size_t row) const;
    void fill(const Load& load, const void* from, T* to, std::size_t row, std::size_t rows,
              std::size_t column, std::size_t columns) const;
    void copy(const Store& store, const T* from, void* to, std::size_t row, std::size_t rows,
              std::size_t column, std::size_t columns) const;
    void reduce(const Reduction& reduction, const T* from, T* to, std::size_t row, std::size_t rows,
                std::size_t column, std::size_t columns) const;
};

extern template struct Loop<float>;
extern template struct Loop<double>;

} // namespace xtape::detail
