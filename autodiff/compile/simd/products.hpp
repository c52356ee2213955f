/// Products of matrices, for the instruction set for which the includer is compiled.
///
/// A BLAS copies both matrices into an order of its own before it computes. Where little is computed with
/// each entry that is what it spends its time on: here A is never copied, and B only where that pays.

#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>
#include <xtape/autodiff/compile/simd/lanes.hpp>

namespace xtape::detail {
namespace {

/// Of C, that are computed at a time: rows, and vectors or columns. With what they are computed from they fit
/// the registers.
constexpr std::size_t tile_rows = 4, tile_columns = register_bytes == 64 ? 4 : 2;

constexpr std::size_t most_terms = 256; // of a sum before the next begins: a panel of B stays in the cache
constexpr std::size_t rows_worth_a_copy = 32;

/// n < lanes entries, and zeros.
template <class T>
Vector<T> load_part(const T* from, std::size_t stride, std::size_t n) {
    T padded[lanes<T>];
    for (std::size_t i = 0; i < lanes<T>; ++i)
        padded[i] = i < n ? from[i * stride] : T{0};
    return load<T>(padded);
}

/// A part of B, (inner × vectors), whose columns are adjacent. Of a single vector, `last` columns are B's.
template <class T>
struct Panel {
    const T* entries;
    std::size_t stride, last;
};

/// C's columns from c on, from A's rows from a on and a panel.
template <class T, std::size_t rows, std::size_t vectors>
void multiply(const MatrixProduct<T>& p, const T* a, const Panel<T>& panel, T* c) {
    Vector<T> sums[rows][vectors] = {};
    const T* b = panel.entries;
    for (std::size_t k = 0; k < p.inner; ++k, a += p.a_inner, b += panel.stride) {
        Vector<T> right[vectors];
        for (std::size_t v = 0; v < vectors; ++v)
            right[v] = load<T>(b + v * lanes<T>);
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t v = 0; v < vectors; ++v)
                sums[r][v] += a[r * p.a_rows] * right[v];
    }
    if (panel.last == lanes<T>) {
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t v = 0; v < vectors; ++v) {
                T* to = c + r * p.c_rows + v * lanes<T>;
                const Vector<T> x = p.scale * sums[r][v];
                store<T>(to, p.accumulate ? load<T>(to) + x : x);
            }
        return;
    }
    T each[rows][lanes<T>]; // of the only vector
    for (std::size_t r = 0; r < rows; ++r)
        store<T>(each[r], p.scale * sums[r][0]);
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t l = 0; l < panel.last; ++l) {
            T& to = c[r * p.c_rows + l];
            to = p.accumulate ? to + each[r][l] : each[r][l];
        }
}

template <class T, std::size_t vectors>
void all_rows(const MatrixProduct<T>& p, const Panel<T>& panel, T* c) {
    std::size_t i = 0;
    for (; i + tile_rows <= p.rows; i += tile_rows)
        multiply<T, tile_rows, vectors>(p, p.a + i * p.a_rows, panel, c + i * p.c_rows);
    const T* a = p.a + i * p.a_rows;
    c += i * p.c_rows;
    if (p.rows - i == 1) multiply<T, 1, vectors>(p, a, panel, c);
    if (p.rows - i == 2) multiply<T, 2, vectors>(p, a, panel, c);
    if (p.rows - i == 3) multiply<T, 3, vectors>(p, a, panel, c);
}

/// Columns j… of B, `width` of them, as the panel at hand; copied into `copies`, and padded, unless they can
/// be read in place.
template <class T>
Panel<T> panel_at(const MatrixProduct<T>& p, std::size_t j, std::size_t width, std::size_t count, T* copies) {
    const std::size_t last = count % lanes<T> == 0 ? lanes<T> : count % lanes<T>;
    const T* from = p.b + j * p.b_columns;
    if (p.b_columns == 1 && count == width && p.rows < rows_worth_a_copy) return {from, p.b_inner, last};
    for (std::size_t k = 0; k < p.inner; ++k) {
        T* to = copies + k * width;
        const T* row = from + k * p.b_inner;
        if (count < lanes<T>)
            store<T>(to, load_part(row, p.b_columns, count));
        else if (p.b_columns == 1)
            for (std::size_t v = 0; v < width; v += lanes<T>)
                store<T>(to + v, load<T>(row + v));
        else
            for (std::size_t l = 0; l < width; ++l)
                to[l] = row[l * p.b_columns];
    }
    return {copies, width, last};
}

/// Sums of at most `most_terms`, with vectors along C's rows.
template <class T>
void product_along_columns(const MatrixProduct<T>& p) {
    constexpr std::size_t many = tile_columns * lanes<T>;
    alignas(64) T copies[most_terms * many];
    std::size_t j = 0;
    for (; j + many <= p.columns; j += many)
        all_rows<T, tile_columns>(p, panel_at(p, j, many, many, copies), p.c + j);
    for (; j < p.columns; j += lanes<T>) {
        const std::size_t count = p.columns - j < lanes<T> ? p.columns - j : lanes<T>;
        all_rows<T, 1>(p, panel_at(p, j, lanes<T>, count, copies), p.c + j);
    }
}

/// Neighbours added: those of a, then those of b.
template <class T, std::size_t... pairs>
struct Neighbours {
    static Vector<T> add(Vector<T> a, Vector<T> b) {
        return __builtin_shufflevector(a, b, (2 * pairs)...) +
               __builtin_shufflevector(a, b, (2 * pairs + 1)...);
    }
};
template <class T, std::size_t n, std::size_t... pairs>
struct NeighboursOf : NeighboursOf<T, n - 1, n - 1, pairs...> {};
template <class T, std::size_t... pairs>
struct NeighboursOf<T, 0, pairs...> : Neighbours<T, pairs...> {};

/// Entries of C from A's rows from a on and B's columns from b on, with vectors along the sums.
template <class T, std::size_t rows, std::size_t columns>
void multiply_along_inner(const MatrixProduct<T>& p, const T* a, const T* b, T* c) {
    constexpr std::size_t width = lanes<T>, count = (rows * columns + width - 1) / width * width;
    Vector<T> sums[count] = {};
    const auto add = [&](auto entries) {
        Vector<T> right[columns];
        for (std::size_t j = 0; j < columns; ++j)
            right[j] = entries(b + j * p.b_columns);
        for (std::size_t i = 0; i < rows; ++i) {
            const Vector<T> left = entries(a + i * p.a_rows);
            for (std::size_t j = 0; j < columns; ++j)
                sums[i * columns + j] += left * right[j];
        }
    };
    std::size_t k = 0;
    for (; k + width <= p.inner; k += width)
        add([&](const T* row) { return load<T>(row + k); });
    if (k < p.inner) add([&](const T* row) { return load_part(row + k, 1, p.inner - k); });
    T each[count];
    for (std::size_t first = 0; first < count; first += width) {
        for (std::size_t n = width; n > 1; n /= 2)
            for (std::size_t v = first; v < first + n / 2; ++v)
                sums[v] = NeighboursOf<T, width>::add(sums[2 * v - first], sums[2 * v - first + 1]);
        store<T>(each + first, p.scale * sums[first]);
    }
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j) {
            T& to = c[i * p.c_rows + j];
            to = p.accumulate ? to + each[i * columns + j] : each[i * columns + j];
        }
}

template <class T, std::size_t columns>
void all_rows_along_inner(const MatrixProduct<T>& p, const T* b, T* c) {
    std::size_t i = 0;
    for (; i + tile_rows <= p.rows; i += tile_rows)
        multiply_along_inner<T, tile_rows, columns>(p, p.a + i * p.a_rows, b, c + i * p.c_rows);
    for (; i < p.rows; ++i)
        multiply_along_inner<T, 1, columns>(p, p.a + i * p.a_rows, b, c + i * p.c_rows);
}

template <class T>
void product_along_inner(const MatrixProduct<T>& p) {
    std::size_t j = 0;
    for (; j + tile_columns <= p.columns; j += tile_columns)
        all_rows_along_inner<T, tile_columns>(p, p.b + j * p.b_columns, p.c + j);
    for (; j < p.columns; ++j)
        all_rows_along_inner<T, 1>(p, p.b + j * p.b_columns, p.c + j);
}

/// Up to how many multiplications that is faster than a BLAS, as measured beside OpenBLAS 0.3.21.
constexpr double most_multiplications = register_bytes == 64   ? 0x1p30
                                        : register_bytes == 32 ? 0x1p18
                                                               : 0x1p11;

template <class T>
void product(const MatrixProduct<T>& whole) {
    if (whole.a_inner == 1 && whole.b_inner == 1 && whole.inner >= lanes<T> &&
        whole.rows < 2 * rows_worth_a_copy && (whole.b_columns != 1 || whole.columns == 1)) {
        product_along_inner(whole);
        return;
    }
    MatrixProduct<T> part = whole;
    for (std::size_t k = 0; k == 0 || k < whole.inner; k += most_terms) {
        part.inner = whole.inner - k < most_terms ? whole.inner - k : most_terms;
        part.a = whole.a + k * whole.a_inner;
        part.b = whole.b + k * whole.b_inner;
        part.accumulate = whole.accumulate || k > 0;
        product_along_columns(part);
    }
}

} // namespace
} // namespace xtape::detail
