#include <xtape/autodiff/array.hpp>
#include <xtape/autodiff/compile/product.hpp>
#include <xtape/autodiff/compile/simd/kernels.hpp>

#include <xtensor-blas/xblas.hpp>

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

CBLAS_TRANSPOSE op(const Side& side) { return side.transposed ? CblasTrans : CblasNoTrans; }

} // namespace

template <std::floating_point T>
void Product<T>::choose_kernel() {
    const double multiplications =
        static_cast<double>(rows) * static_cast<double>(inner) * static_cast<double>(columns);
    const BlockKernels<T>& kernels = block_kernels<T>();
    kernel = multiplications > kernels.most_multiplications ? nullptr : kernels.product;
}

template <std::floating_point T>
void Product<T>::run(void* const* memory, bool first) const {
    const T *left = static_cast<const T*>(memory[a.storage]),
            *right = static_cast<const T*>(memory[b.storage]);
    T* to = static_cast<T*>(memory[c]);
    if (rows * columns == 0) return;
    const bool accumulate = across_tiles && !first;
    for (const auto& [left_at, right_at] : offsets) {
        if (kernel)
            kernel({left + left_at, right + right_at, to, rows, inner, columns, a.row_stride(),
                    a.column_stride(), b.row_stride(), b.column_stride(), columns, scale, accumulate});
        else
            gemm(op(a), op(b), static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(inner),
                 scale, left + left_at, static_cast<int>(a.leading), right + right_at,
                 static_cast<int>(b.leading), accumulate ? T{1} : T{0}, to, static_cast<int>(columns));
        to += rows * columns;
    }
}

template struct Product<float>;
template struct Product<double>;

} // namespace xtape::detail
