/// Products of matrices, for the instruction set for which the includer is compiled.
///
/// A BLAS copies both matrices into an order of its own before it computes. Where little is computed with
/// each entry that is what it spends its time on: here A is never copied, and B only where that pays.

#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>
#include <xtape/autodiff/compile/simd/lanes.hpp>

namespace xtape::detail {
namespace {

/// Of C, that are computed at a time: vectors or columns, and rows. With what they are computed from they fit
/// the registers, and there are enough of them that none waits for the sum before.
constexpr std::size_t tile_columns = register_bytes == 64 ? 4 : 2;
constexpr std::size_t tile_rows(std::size_t vectors) { return vectors * 8 <= 4 * tile_columns ? 8 : 4; }

constexpr std::size_t most_terms = 256; // of a sum before the next begins: a panel of B stays in the cache
constexpr std::size_t rows_worth_a_copy = 32;

/// n ≤ lanes entries, and zeros.
template <class T>
Vector<T> load_part(const T* from, std::size_t stride, std::size_t n) {
    if (stride == 1) return n == lanes<T> ? load<T>(from) : load_first<T>(from, n, 0);
    T padded[lanes<T>];
    for (std::size_t i = 0; i < lanes<T>; ++i)
        padded[i] = i < n ? from[i * stride] : T{0};
    return load<T>(padded);
}

/// A part of B, (inner × vectors), whose columns are adjacent. Of the last vector `last` columns are B's;
/// unless they are a copy, nothing else can be read.
template <class T>
struct Panel {
    const T* entries;
    std::size_t stride, last;
    bool copied;
};

/// C's columns from c on, from A's rows from a on and a panel, of whose last vector only a part can be read.
template <class T, std::size_t rows, std::size_t vectors, bool part>
void multiply(const MatrixProduct<T>& p, const T* a, const Panel<T>& panel, T* c) {
    Vector<T> sums[rows][vectors] = {};
    const T* b = panel.entries;
    for (std::size_t k = 0; k < p.inner; ++k, a += p.a_inner, b += panel.stride) {
        Vector<T> right[vectors];
        for (std::size_t v = 0; v < vectors; ++v)
            right[v] = part && v + 1 == vectors ? load_first<T>(b + v * lanes<T>, panel.last, 0)
                                                : load<T>(b + v * lanes<T>);
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t v = 0; v < vectors; ++v)
                sums[r][v] += a[r * p.a_rows] * right[v];
    }
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t v = 0; v < vectors; ++v) {
            T* to = c + r * p.c_rows + v * lanes<T>;
            const Vector<T> x = p.scale * sums[r][v];
            if (v + 1 < vectors || panel.last == lanes<T>)
                store<T>(to, p.accumulate ? load<T>(to) + x : x);
            else
                store_first<T>(to, p.accumulate ? load_first<T>(to, panel.last, 0) + x : x, panel.last);
        }
}

/// From row i on; fewer at a time where fewer are left.
template <class T, std::size_t vectors, bool part, std::size_t rows = tile_rows(vectors)>
void all_rows(const MatrixProduct<T>& p, const Panel<T>& panel, T* c, std::size_t i = 0) {
    for (; i + rows <= p.rows; i += rows)
        multiply<T, rows, vectors, part>(p, p.a + i * p.a_rows, panel, c + i * p.c_rows);
    if constexpr (rows > 1)
        if (i < p.rows) all_rows<T, vectors, part, rows / 2>(p, panel, c, i);
}

template <std::size_t lanes, std::size_t distance>
struct FromLower {
    static constexpr std::size_t of(std::size_t i) { return i & distance ? i - distance + lanes : i; }
};
template <std::size_t lanes, std::size_t distance>
struct FromUpper {
    static constexpr std::size_t of(std::size_t i) { return i & distance ? i + lanes : i + distance; }
};

/// Transposes a square of vectors: quarters off the diagonal change places, then those of every quarter.
template <class T, std::size_t distance = lanes<T> / 2>
void transpose(Vector<T>* square) {
    if constexpr (distance > 0) {
#pragma GCC unroll 16
        for (std::size_t i = 0; i < lanes<T>; ++i)
            if (!(i & distance)) {
                const Vector<T> a = square[i], b = square[i + distance];
                square[i] = shuffled<T, FromLower<lanes<T>, distance>>(a, b);
                square[i + distance] = shuffled<T, FromUpper<lanes<T>, distance>>(a, b);
            }
        transpose<T, distance / 2>(square);
    }
}

/// `count` ≤ lanes columns of B whose entries are adjacent, as rows `width` apart; the rest of each is zeros.
template <class T>
void transposed(const MatrixProduct<T>& p, const T* from, std::size_t count, T* to, std::size_t width) {
    for (std::size_t k = 0; k < p.inner; k += lanes<T>) {
        const std::size_t n = p.inner - k < lanes<T> ? p.inner - k : lanes<T>;
        Vector<T> square[lanes<T>] = {};
#pragma GCC unroll 16
        for (std::size_t l = 0; l < lanes<T>; ++l)
            if (l < count) square[l] = load_part(from + l * p.b_columns + k, 1, n);
        transpose<T>(square);
#pragma GCC unroll 16
        for (std::size_t l = 0; l < lanes<T>; ++l)
            if (l < n) store<T>(to + (k + l) * width, square[l]);
    }
}

/// `count` columns of B from j on as a panel of vectors; copied into `copies`, and padded, unless they can be
/// read in place.
template <class T>
Panel<T> panel_at(const MatrixProduct<T>& p, std::size_t j, std::size_t count, T* copies) {
    const std::size_t last = (count - 1) % lanes<T> + 1, width = count - last + lanes<T>;
    const T* from = p.b + j * p.b_columns;
    if (p.b_columns == 1 && (masks || last == lanes<T>)&&p.rows < rows_worth_a_copy)
        return {from, p.b_inner, last, false};
    for (std::size_t v = 0; v < width; v += lanes<T>) {
        const std::size_t here = v + lanes<T> < width ? lanes<T> : last;
        if (p.b_inner == 1)
            transposed(p, from + v * p.b_columns, here, copies + v, width);
        else
            for (std::size_t k = 0; k < p.inner; ++k)
                store<T>(copies + k * width + v,
                         load_part(from + k * p.b_inner + v * p.b_columns, p.b_columns, here));
    }
    return {copies, width, last, true};
}

/// The columns from j on that make panels of so many vectors, the last possibly a part of one.
template <class T, std::size_t vectors = tile_columns>
void all_columns(const MatrixProduct<T>& p, T* copies, std::size_t j = 0) {
    constexpr std::size_t width = vectors * lanes<T>;
    for (std::size_t count; j < p.columns && (count = p.columns - j) > width - lanes<T>; j += width) {
        const Panel<T> panel = panel_at(p, j, count < width ? count : width, copies);
        if (masks && !panel.copied && panel.last < lanes<T>)
            all_rows<T, vectors, masks>(p, panel, p.c + j);
        else
            all_rows<T, vectors, false>(p, panel, p.c + j);
    }
    if constexpr (vectors > 1)
        if (j < p.columns) all_columns<T, vectors - 1>(p, copies, j);
}

/// Sums of at most `most_terms`, with vectors along C's rows.
template <class T>
void product_along_columns(const MatrixProduct<T>& p) {
    alignas(64) T copies[most_terms * tile_columns * lanes<T>];
    all_columns<T>(p, copies);
}

template <std::size_t first>
struct EveryOther {
    static constexpr std::size_t of(std::size_t i) { return 2 * i + first; }
};
/// Neighbours added: those of a, then those of b.
template <class T>
Vector<T> neighbours(Vector<T> a, Vector<T> b) {
    return shuffled<T, EveryOther<0>>(a, b) + shuffled<T, EveryOther<1>>(a, b);
}

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
                sums[v] = neighbours<T>(sums[2 * v - first], sums[2 * v - first + 1]);
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
    constexpr std::size_t rows = 4;
    std::size_t i = 0;
    for (; i + rows <= p.rows; i += rows)
        multiply_along_inner<T, rows, columns>(p, p.a + i * p.a_rows, b, c + i * p.c_rows);
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

/// Whether vectors lie along the sums, by the vectors that are multiplied either way: with those along C's
/// rows come B's transposition and columns that only fill a vector, with those along the sums the adding up
/// of each vector's lanes.
template <class T>
bool is_along_inner(const MatrixProduct<T>& p) {
    if (p.a_inner != 1 || p.b_inner != 1 || (p.b_columns == 1 && p.columns > 1)) return false;
    constexpr std::size_t turning = 7, adding_up = 7; // of a vector, in multiplications, as measured
    const std::size_t terms = p.inner / lanes<T>, padded = (p.columns + lanes<T> - 1) / lanes<T> * lanes<T>;
    return p.rows * p.columns * (terms + adding_up) < (p.rows + turning) * padded * terms;
}

template <class T>
void product(const MatrixProduct<T>& whole) {
    if (is_along_inner(whole)) {
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
