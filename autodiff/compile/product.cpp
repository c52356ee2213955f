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
    // Every piece of the tiles would add it to its own sum.
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
MatrixProduct<T> Product<T>::first_of(void* const* memory) const {
    MatrixProduct<T> p{static_cast<const T*>(memory[a.storage]) + offsets[0].first,
                       static_cast<const T*>(memory[b.storage]) + offsets[0].second,
                       static_cast<T*>(memory[c]),
                       rows,
                       inner,
                       columns,
                       a.row_stride(),
                       a.column_stride(),
                       b.row_stride(),
                       b.column_stride(),
                       columns,
                       scale};
    if (d) {
        p.d = static_cast<const T*>(memory[d->storage]);
        p.d_rows = d->row_stride;
        p.d_columns = d->column_stride;
    }
    return p;
}

template <std::floating_point T>
void Product<T>::compute(const MatrixProduct<T>& p) const {
    if (kernel) return kernel(p);
    if (p.d && p.d != p.c)
        for (std::size_t i = 0; i < p.rows; ++i)
            block_kernels<T>().spread(p.c + i * p.c_rows, p.d + i * p.d_rows, 0, p.d_columns == 0, 1,
                                      p.columns);
    gemm(op(a), op(b), static_cast<int>(p.rows), static_cast<int>(p.columns), static_cast<int>(inner), scale,
         p.a, static_cast<int>(a.leading), p.b, static_cast<int>(b.leading), p.d ? T{1} : T{0}, p.c,
         static_cast<int>(p.c_rows));
}

template <std::floating_point T>
void Product<T>::run(void* const* memory, bool first, std::size_t piece) const {
    if (rows * columns * offsets.size() == 0) return;
    MatrixProduct<T> p = first_of(memory);
    const bool goes_on = across_tiles && !first;
    if (goes_on) {
        p.d_rows = columns;
        p.d_columns = 1;
    }
    const auto mine = [&](Along divided, std::size_t extent, std::size_t together) {
        if (pieces == 1 || along != divided) return Range{0, extent};
        const std::size_t units = (extent + together - 1) / together;
        return Range{piece * units / pieces * together,
                     std::min(extent, (piece + 1) * units / pieces * together)};
    };
    const Range matrix = mine(Along::matrices, offsets.size(), 1), row = mine(Along::rows, rows, unit),
                column = mine(Along::columns, columns, unit);
    p.rows = row.size();
    p.columns = column.size();
    p.a += row.begin * p.a_rows;
    p.b += column.begin * p.b_columns;
    p.c += row.begin * p.c_rows + column.begin;
    p.d += row.begin * p.d_rows + column.begin * p.d_columns;
    const MatrixProduct<T> one = p;
    for (std::size_t k = matrix.begin; k < matrix.end; ++k) {
        p.a = one.a + (offsets[k].first - offsets[0].first);
        p.b = one.b + (offsets[k].second - offsets[0].second);
        p.c = one.c + k * rows * columns;
        if (goes_on) p.d = p.c;
        compute(p);
    }
}

template struct Product<float>;
template struct Product<double>;

} // namespace xtape::detail
