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
                                     a.column_stride(), b.row_stride(), b.column_stride(), columns, scale,
                                     across_tiles});
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
    const bool accumulate = across_tiles && !first;
    for (std::size_t k = matrix.begin; k < matrix.end; ++k) {
        const auto [left_at, right_at] = offsets[k];
        if (kernel)
            kernel({left + left_at, right + right_at, to, row.size(), inner, column.size(), a.row_stride(),
                    a.column_stride(), b.row_stride(), b.column_stride(), columns, scale, accumulate});
        else
            gemm(op(a), op(b), static_cast<int>(row.size()), static_cast<int>(column.size()),
                 static_cast<int>(inner), scale, left + left_at, static_cast<int>(a.leading),
                 right + right_at, static_cast<int>(b.leading), accumulate ? T{1} : T{0}, to,
                 static_cast<int>(columns));
        to += rows * columns;
    }
}

template struct Product<float>;
template struct Product<double>;

} // namespace xtape::detail
