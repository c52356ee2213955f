/// Which way a product of matrices is computed.

#pragma once

#include <xtape/autodiff/compile/simd/products_along_columns.hpp>
#include <xtape/autodiff/compile/simd/products_along_inner.hpp>

namespace xtape::detail {
namespace {

/// Up to how many multiplications that is as a rule no slower than a BLAS, as measured beside OpenBLAS 0.3.21
/// with the kernels for each set: beyond, BLAS is ahead by 5 to 30 %, but for AVX-512.
constexpr double most_multiplications = register_bytes == 64   ? 0x1p30
                                        : register_bytes == 32 ? 0x1p24
                                                               : 0x1p20;

/// Whether vectors lie along the sums, by the vectors that are multiplied either way: with those along C's
/// rows come B's transposition and columns that only fill a vector, with those along the sums the adding up
/// of each vector's lanes.
template <class T>
bool is_along_inner(const MatrixProduct<T>& p) {
    if (p.a_inner != 1 || p.b_inner != 1 || (p.b_columns == 1 && p.columns > 1)) return false;
    if (p.inner <= lanes<T> && p.rows * p.columns <= lanes<T>) return true; // all are added up at once
    constexpr std::size_t turning = 14, adding_up = 12; // of a vector, in multiplications, as measured
    const std::size_t terms = p.inner / lanes<T>, padded = (p.columns + lanes<T> - 1) / lanes<T> * lanes<T>;
    return p.rows * p.columns * (terms + adding_up) < (p.rows + turning) * padded * terms;
}

/// The transposed product: a column of C is computed as a row.
template <class T, ProductKernel<T> product>
void product_of_column(const MatrixProduct<T>& p) {
    product({p.b, p.a, p.c, p.columns, p.inner, p.rows, p.b_columns, p.b_inner, p.a_inner, p.a_rows, p.rows,
             p.scale, p.d, p.d_columns, p.d_rows});
}

template <class T>
ProductKernel<T> product_kernel(const MatrixProduct<T>& p) {
    if (p.columns == 1 && p.c_rows == 1)
        return p.a_inner == 1 && p.b_inner == 1 ? product_of_column<T, product_along_inner<T>>
                                                : product_of_column<T, product_along_columns<T>>;
    return is_along_inner(p) ? product_along_inner<T> : product_along_columns<T>;
}

} // namespace
} // namespace xtape::detail
