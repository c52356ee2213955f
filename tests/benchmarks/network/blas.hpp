#pragma once

/// The matrix product of both element types, row-major.

#include <cblas.h>
#include <cstddef>

namespace contest {

enum class Transposed : bool { no, yes };

/// C (m × n) = scale · op(A) op(B), where op(A) is (m × k) and op(B) is (k × n), all without gaps.
template <class T>
void multiply(Transposed a_op, Transposed b_op, std::size_t m, std::size_t n, std::size_t k, T scale,
              const T* a, const T* b, T* c) {
    const auto blas = [](Transposed t) { return t == Transposed::yes ? CblasTrans : CblasNoTrans; };
    const auto lda = static_cast<int>(a_op == Transposed::yes ? m : k);
    const auto ldb = static_cast<int>(b_op == Transposed::yes ? k : n);
    const auto rows = static_cast<int>(m), cols = static_cast<int>(n), inner = static_cast<int>(k);
    if constexpr (sizeof(T) == sizeof(float))
        cblas_sgemm(CblasRowMajor, blas(a_op), blas(b_op), rows, cols, inner, scale, a, lda, b, ldb, 0, c,
                    cols);
    else
        cblas_dgemm(CblasRowMajor, blas(a_op), blas(b_op), rows, cols, inner, scale, a, lda, b, ldb, 0, c,
                    cols);
}

} // namespace contest
