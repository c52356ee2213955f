/// Products of matrices with vectors along the sums, for rows of A and columns of B whose entries are
/// adjacent.

#pragma once

#include <xtape/autodiff/compile/simd/portions.hpp>

namespace xtape::detail {
namespace {

template <std::size_t first>
struct EveryOther {
    static constexpr std::size_t of(std::size_t i) { return 2 * i + first; }
};
/// Neighbours added: those of a, then those of b.
template <class T>
Vector<T> neighbours(Vector<T> a, Vector<T> b) {
    return shuffled<T, EveryOther<0>>(a, b) + shuffled<T, EveryOther<1>>(a, b);
}

/// Of C, that are computed at a time with vectors along the sums.
constexpr std::size_t inner_rows = 4, inner_columns = register_bytes == 64 ? 6 : 3;
constexpr std::size_t most_sums = 32;

/// Entries of C from vectors of which each is the sum of the lanes.
template <class T>
[[gnu::noinline]] void add_up(const MatrixProduct<T>& p, Vector<T>* sums, std::size_t rows,
                              std::size_t columns, const Target<T>& to) {
    T each[most_sums];
    for (std::size_t first = 0; first < rows * columns; first += lanes<T>) {
#pragma GCC unroll 4
        for (std::size_t n = lanes<T>; n > 1; n /= 2)
#pragma GCC unroll 8
            for (std::size_t v = 0; v < n / 2; ++v)
                sums[first + v] = neighbours<T>(sums[first + 2 * v], sums[first + 2 * v + 1]);
        store<T>(each + first, p.scale * sums[first]);
    }
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j) {
            const auto [c, d] = to.at(p, i, j);
            *c = d ? *d + each[i * columns + j] : each[i * columns + j];
        }
}

/// Entries of C from A's rows from a on and B's columns from b on, with vectors along the sums. What lies
/// `ahead` entries further on in these columns is called for.
template <class T, std::size_t rows, std::size_t columns>
[[gnu::always_inline]] inline void multiply_along_inner(const MatrixProduct<T>& p, const T* a, const T* b,
                                                        std::size_t ahead, const Target<T>& to) {
    Vector<T> sums[rows][columns];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 8
        for (std::size_t j = 0; j < columns; ++j)
            sums[i][j] = Vector<T>{};
    const std::size_t a_rows = p.a_rows, b_columns = p.b_columns, inner = p.inner;
    const auto add = [&](auto entries) {
        Vector<T> right[columns];
#pragma GCC unroll 8
        for (std::size_t j = 0; j < columns; ++j)
            right[j] = entries(b + j * b_columns);
        if (ahead > 0)
#pragma GCC unroll 8
            for (std::size_t j = 0; j < columns; ++j)
                __builtin_prefetch(b + j * b_columns + ahead, 0, 2);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < rows; ++i) {
            const Vector<T> left = entries(a + i * a_rows);
#pragma GCC unroll 8
            for (std::size_t j = 0; j < columns; ++j)
                sums[i][j] += left * right[j];
        }
    };
    std::size_t k = 0;
    for (; k + lanes<T> <= inner; k += lanes<T>, a += lanes<T>, b += lanes<T>)
        add([](const T* from) { return load<T>(from); });
    if (k < inner) add([n = inner - k](const T* from) { return load_first<T>(from, n, 0); });
    Vector<T> together[most_sums];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < rows; ++i)
#pragma GCC unroll 8
        for (std::size_t j = 0; j < columns; ++j)
            together[i * columns + j] = sums[i][j];
#pragma GCC unroll 16
    for (std::size_t s = rows * columns; s % lanes<T> != 0; ++s)
        together[s] = Vector<T>{};
    add_up(p, together, rows, columns, to);
}

template <class T, std::size_t columns, std::size_t most = inner_rows>
[[gnu::always_inline]] inline void multiply_rows_along_inner(const MatrixProduct<T>& p, const T* a,
                                                             const T* b, std::size_t ahead,
                                                             const Target<T>& to, std::size_t rows) {
    if (rows == most)
        multiply_along_inner<T, most, columns>(p, a, b, ahead, to);
    else if constexpr (most > 1)
        multiply_rows_along_inner<T, columns, most - 1>(p, a, b, ahead, to, rows);
}

template <class T, std::size_t most = inner_columns>
void multiply_columns_along_inner(const MatrixProduct<T>& p, const T* b, const Target<T>& to,
                                  std::size_t columns) {
    if (columns < most) {
        if constexpr (most > 1) multiply_columns_along_inner<T, most - 1>(p, b, to, columns);
        return;
    }
    // Of a B that is a part of a wider matrix the next part is what is read next.
    std::size_t ahead = p.b_columns > p.inner ? p.inner : 0;
    for (std::size_t i = 0, n; i < p.rows; i += n, ahead = 0) {
        n = next(p.rows - i, inner_rows);
        multiply_rows_along_inner<T, most>(p, p.a + i * p.a_rows, b, ahead, to.at(p, i, 0), n);
    }
}

template <class T>
void product_along_inner(const MatrixProduct<T>& p) {
    const Target<T> to = {p.c, p.d};
    for (std::size_t j = 0, n; j < p.columns; j += n) {
        n = next(p.columns - j, inner_columns);
        multiply_columns_along_inner<T>(p, p.b + j * p.b_columns, to.at(p, 0, j), n);
    }
}

} // namespace
} // namespace xtape::detail
