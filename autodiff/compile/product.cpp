#include <xtape/autodiff/array.hpp>
#include <xtape/autodiff/compile/product.hpp>
#include <xtape/autodiff/compile/simd/kernels.hpp>

#include <xtensor-blas/xblas.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

void gemm(CBLAS_TRANSPOSE a_op, CBLAS_TRANSPOSE b_op, int m, int n, int k, float scale, const float* a,
          int lda, const float* b, int ldb, float keep, float* c, int ldc) {
    cblas_sgemm(CblasRowMajor, a_op, b_op, m, n, k, scale, a, lda, b, ldb, keep, c, ldc);
}
void gemm(CBLAS_TRANSPOSE a_op, CBLAS_TRANSPOSE b_op, int m, int n, int k, double scale, const double* a,
          int lda, const double* b, int ldb, double keep, double* c, int ldc) {
    cblas_dgemm(CblasRowMajor, a_op, b_op, m, n, k, scale, a, lda, b, ldb, keep, c, ldc);
}

/// Rows or columns of C that stay together: as many as the widest kernel takes at a time.
constexpr std::size_t unit = 64;

struct Range {
    std::size_t begin, end;
    [[nodiscard]] std::size_t size() const { return end - begin; }
};

CBLAS_TRANSPOSE op(const Side& side) { return side.transposed ? CblasTrans : CblasNoTrans; }

} // namespace

template <std::floating_point T>
double Product<T>::multiplications() const {
    return static_cast<double>(offsets.size()) * static_cast<double>(rows) * static_cast<double>(inner) *
           static_cast<double>(columns);
}

template <std::floating_point T>
void Product<T>::choose_kernel() {
    const double each = static_cast<double>(rows) * static_cast<double>(inner) * static_cast<double>(columns);
    const BlockKernels<T>& kernels = block_kernels<T>();
    if (each > kernels.most_multiplications) return;
    kernel = kernels.product_kernel({nullptr, nullptr, nullptr, rows, inner, columns, a.row_stride(),
                                     a.column_stride(), b.row_stride(), b.column_stride(), columns, scale});
}

template <std::floating_point T>
bool Product<T>::takes(const Addend& addend) const {
    // Every piece of the tiles would add it once.
    return !across_tiles && offsets.size() == 1 && !d && addend.column_stride <= 1 &&
           (columns > 1 || addend.row_stride <= 1);
}

template <std::floating_point T>
void Product<T>::divide(std::size_t most_pieces) {
    along = offsets.size() > 1 ? Along::matrices : columns < rows ? Along::rows : Along::columns;
    const std::size_t units =
        along == Along::matrices ? offsets.size() : (std::max(rows, columns) + unit - 1) / unit;
    pieces = std::clamp<std::size_t>(units, 1, most_pieces);
}

template <std::floating_point T>
void Product<T>::run(void* const* memory, bool first, std::size_t piece) const {
    if (rows * columns == 0) return;
    const auto mine = [&](Along divided, std::size_t extent, std::size_t together) {
        if (pieces == 1 || along != divided) return Range{0, extent};
        const std::size_t units = (extent + together - 1) / together;
        return Range{piece * units / pieces * together,
                     std::min(extent, (piece + 1) * units / pieces * together)};
    };
    const Range matrix = mine(Along::matrices, offsets.size(), 1), row = mine(Along::rows, rows, unit),
                column = mine(Along::columns, columns, unit);
    const T* left = static_cast<const T*>(memory[a.storage]) + row.begin * a.row_stride();
    const T* right = static_cast<const T*>(memory[b.storage]) + column.begin * b.column_stride();
    T* to = static_cast<T*>(memory[c]) + (matrix.begin * rows + row.begin) * columns + column.begin;
    const T* added = nullptr;
    std::size_t added_rows = 0, added_columns = 0;
    if (across_tiles && !first) {
        added = to;
        added_rows = columns;
        added_columns = 1;
    } else if (d) {
        added_rows = d->row_stride;
        added_columns = d->column_stride;
        added = static_cast<const T*>(memory[d->storage]) + row.begin * added_rows +
                column.begin * added_columns;
    }
    for (std::size_t k = matrix.begin; k < matrix.end; ++k, to += rows * columns) {
        const auto [left_at, right_at] = offsets[k];
        if (kernel) {
            kernel({left + left_at, right + right_at, to, row.size(), inner, column.size(), a.row_stride(),
                    a.column_stride(), b.row_stride(), b.column_stride(), columns, scale, added, added_rows,
                    added_columns});
        } else {
            if (added && added != to)
                for (std::size_t i = 0; i < row.size(); ++i)
                    block_kernels<T>().spread(to + i * columns, added + i * added_rows, 0, added_columns == 0,
                                              1, column.size());
            gemm(op(a), op(b), static_cast<int>(row.size()), static_cast<int>(column.size()),
                 static_cast<int>(inner), scale, left + left_at, static_cast<int>(a.leading),
                 right + right_at, static_cast<int>(b.leading), added ? T{1} : T{0}, to,
                 static_cast<int>(columns));
        }
        if (across_tiles && !first) added += rows * columns;
    }
}

template struct Product<float>;
template struct Product<double>;

} // namespace xtape::detail
