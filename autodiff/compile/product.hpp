#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A matrix as BLAS takes it: row-major, possibly transposed, its rows `leading` entries apart.
struct Side {
    std::size_t storage = 0;
    bool transposed = false;
    std::size_t leading = 1;

    /// From a row to the next, and from a column.
    [[nodiscard]] std::size_t row_stride() const { return transposed ? 1 : leading; }
    [[nodiscard]] std::size_t column_stride() const { return transposed ? leading : 1; }
};

/// What is added to a product: from a row to the next, and from a column.
struct Addend {
    std::size_t storage = 0, row_stride = 0, column_stride = 0;
};

/// C = scale · A B + D for each pair of offsets, in entries: (rows × inner) times (inner × columns), C
/// contiguous and one after the other; D, if any, where there is one pair.
template <std::floating_point T>
struct Product {
    Side a, b;
    std::optional<Addend> d = {};
    T scale = 1;
    std::size_t c = 0, rows = 0, inner = 0, columns = 0;
    std::vector<std::pair<std::size_t, std::size_t>> offsets;

    bool across_tiles = false; ///< C goes on from tile to tile

    /// A piece of it has some of the matrices, or some rows or columns of C.
    enum class Along { matrices, rows, columns };
    Along along = Along::matrices;
    std::size_t pieces = 1;

    /// That of this machine's instruction set, or null where a BLAS computes it.
    ProductKernel<T> kernel = nullptr;

    /// Chooses who computes it, by extents and strides.
    void choose_kernel();
    [[nodiscard]] double multiplications() const;
    /// Whether that can be D.
    [[nodiscard]] bool takes(const Addend& addend) const;
    /// Into pieces of work, so many at most, by extents.
    void divide(std::size_t most_pieces);
    void run(void* const* memory, bool first, std::size_t piece = 0) const;

    /// Whether a kernel computes it at once and in every run alike, from what `first_of` gives.
    [[nodiscard]] bool is_one_call() const {
        return kernel && pieces == 1 && offsets.size() == 1 && !across_tiles && rows * columns > 0;
    }
    /// With the matrices of the first pair of offsets, by where each storage begins.
    [[nodiscard]] MatrixProduct<T> first_of(void* const* memory) const;

private:
    void compute(const MatrixProduct<T>& p) const;
};

extern template struct Product<float>;
extern template struct Product<double>;

} // namespace xtape::detail
