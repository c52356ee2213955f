/// Products of matrices with vectors along C's rows.
///
/// A BLAS copies both matrices into an order of its own before it computes. Where little is computed with
/// each entry that is what it spends its time on: here either is copied only where that pays.

#pragma once

#include <xtape/autodiff/compile/simd/portions.hpp>

namespace xtape::detail {
namespace {

/// Of C, that are computed at a time: vectors or columns, and rows. With what they are computed from they fit
/// the registers, and there are enough of them that none waits for the sum before.
constexpr std::size_t tile_columns = register_bytes == 64 ? 4 : 2, tile_rows = 6;

/// Terms of the sums before the next begin, and panels of B's columns that are copied before A's rows go over
/// them: the copies stay in the second cache.
constexpr std::size_t most_terms = 256,
                      most_panels = (1 << 18) / (most_terms * tile_columns * register_bytes);

/// n ≤ lanes entries, and zeros.
template <class T>
Vector<T> load_part(const T* from, std::size_t n) {
    return n == lanes<T> ? load<T>(from) : load_first<T>(from, n, 0);
}

/// Bytes from the first term to the last that are too far for the first cache and for the pages it knows.
constexpr std::size_t far = 1 << 16;

/// Rows of A, for so many terms of the sums.
template <class T>
struct Rows {
    const T* entries;
    std::size_t count, terms, from_row, from_term;
};

/// Columns of B, adjacent, as many as `vectors` have; but `last` of the last vector. The next panel begins
/// `ahead` entries further on: it is called for in time, as no hardware guesses that it comes next where B's
/// rows lie far apart. 0 where there is nothing to call for.
template <class T>
struct Panel {
    const T* entries;
    std::size_t stride, vectors, last, ahead;
};

/// Entries of C from A's rows from a on and a panel, of whose last vector only a part can be read.
template <class T, std::size_t rows, std::size_t vectors, bool part>
[[gnu::always_inline]] inline void multiply(const MatrixProduct<T>& p, const Rows<T>& left, const T* a,
                                            const Panel<T>& panel, const Target<T>& to) {
    const std::size_t from_row = left.from_row, from_term = left.from_term, terms = left.terms;
    const std::size_t stride = panel.stride, last = panel.last, c_rows = p.c_rows, d_rows = p.d_rows;
    // Loops that are not unrolled would keep the sums in memory.
    Vector<T> sums[rows][vectors];
#pragma GCC unroll 16
    for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 16
        for (std::size_t v = 0; v < vectors; ++v)
            sums[r][v] = Vector<T>{};
    const T* b = panel.entries;
    for (std::size_t k = 0; k < terms; ++k, a += from_term, b += stride) {
        Vector<T> right[vectors];
#pragma GCC unroll 16
        for (std::size_t v = 0; v < vectors; ++v)
            right[v] = part && v + 1 == vectors ? load_first<T>(b + v * lanes<T>, last, 0)
                                                : load<T>(b + v * lanes<T>);
#pragma GCC unroll 16
        for (std::size_t v = 0; v < vectors; ++v)
            __builtin_prefetch(b + panel.ahead + v * lanes<T>);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 16
            for (std::size_t v = 0; v < vectors; ++v)
                sums[r][v] += a[r * from_row] * right[v];
    }
    const bool all_lanes = !masks && last == lanes<T>, each_column = p.d_columns > 0;
    const T scale = p.scale;
    const auto [c, d] = to;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < rows; ++r)
#pragma GCC unroll 16
        for (std::size_t v = 0; v < vectors; ++v) {
            const bool whole = v + 1 < vectors || all_lanes;
            Vector<T> x = scale * sums[r][v];
            if (d) {
                round_now(x); // else the sum would be rounded once in some tiles, and twice in others
                const T* from = d + r * d_rows;
                x += !each_column ? all<T>(*from)
                     : whole      ? load<T>(from + v * lanes<T>)
                                  : load_first<T>(from + v * lanes<T>, last, 0);
            }
            T* const at = c + r * c_rows + v * lanes<T>;
            if (whole)
                store<T>(at, x);
            else
                store_last<T>(at, x, last);
        }
}

template <class T, std::size_t vectors, bool part, std::size_t most = tile_rows>
[[gnu::always_inline]] inline void multiply_rows(const MatrixProduct<T>& p, const Rows<T>& left, const T* a,
                                                 const Panel<T>& panel, const Target<T>& to,
                                                 std::size_t rows) {
    if (rows == most)
        multiply<T, most, vectors, part>(p, left, a, panel, to);
    else if constexpr (most > 1)
        multiply_rows<T, vectors, part, most - 1>(p, left, a, panel, to, rows);
}

template <class T, std::size_t vectors, bool part>
void multiply_all_rows(const MatrixProduct<T>& p, const Rows<T>& left, const Panel<T>& panel,
                       const Target<T>& to) {
    const T* a = left.entries;
    Panel<T> here = panel;
    for (std::size_t i = 0, n; i < left.count; i += n, a += n * left.from_row) {
        n = next(left.count - i, tile_rows);
        multiply_rows<T, vectors, part>(p, left, a, here, to.at(p, i, 0), n);
        here.ahead = 0;
    }
}

template <class T, bool part, std::size_t vectors = tile_columns>
void multiply_panel(const MatrixProduct<T>& p, const Rows<T>& left, const Panel<T>& panel,
                    const Target<T>& to) {
    if (panel.vectors == vectors)
        multiply_all_rows<T, vectors, part>(p, left, panel, to);
    else if constexpr (vectors > 1)
        multiply_panel<T, part, vectors - 1>(p, left, panel, to);
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
void transposed(const MatrixProduct<T>& p, std::size_t terms, const T* from, std::size_t count, T* to,
                std::size_t width) {
    if (terms * count < lanes<T>) {
        for (std::size_t k = 0; k < terms; ++k, to += width) {
            store<T>(to, Vector<T>{});
            for (std::size_t l = 0; l < count; ++l)
                to[l] = from[k + l * p.b_columns];
        }
        return;
    }
    for (std::size_t k = 0; k < terms; k += lanes<T>) {
        const std::size_t n = terms - k < lanes<T> ? terms - k : lanes<T>;
        Vector<T> square[lanes<T>] = {};
#pragma GCC unroll 16
        for (std::size_t l = 0; l < lanes<T>; ++l)
            if (l < count) square[l] = load_part(from + l * p.b_columns + k, n);
        transpose<T>(square);
#pragma GCC unroll 16
        for (std::size_t l = 0; l < lanes<T>; ++l)
            if (l < n) store<T>(to + (k + l) * width, square[l]);
    }
}

/// From column j on.
template <class T>
Panel<T> panel_at(const MatrixProduct<T>& p, const T* b, std::size_t j) {
    const std::size_t left = p.columns - j, vectors = next((left + lanes<T> - 1) / lanes<T>, tile_columns);
    return {b + j * p.b_columns, p.b_inner, vectors,
            left < vectors * lanes<T> ? left - (vectors - 1) * lanes<T> : lanes<T>, vectors * lanes<T>};
}

/// Copies panels, padded, so many entries apart.
template <class T>
void copy(const MatrixProduct<T>& p, std::size_t terms, Panel<T>* panels, std::size_t count, T* copies,
          std::size_t apart) {
    if (p.b_columns == 1) {
        for (std::size_t k = 0; k < terms; ++k)
            for (std::size_t j = 0; j < count; ++j) {
                const T* from = panels[j].entries + k * p.b_inner;
                T* to = copies + j * apart + k * panels[j].vectors * lanes<T>;
                for (std::size_t v = 1; v < panels[j].vectors; ++v, from += lanes<T>, to += lanes<T>)
                    store<T>(to, load<T>(from));
                store<T>(to, load_part(from, panels[j].last));
            }
    } else {
        for (std::size_t j = 0; j < count; ++j)
            for (std::size_t v = 0; v < panels[j].vectors; ++v)
                transposed(p, terms, panels[j].entries + v * lanes<T> * p.b_columns,
                           v + 1 < panels[j].vectors ? lanes<T> : panels[j].last,
                           copies + j * apart + v * lanes<T>, panels[j].vectors * lanes<T>);
    }
    for (std::size_t j = 0; j < count; ++j)
        panels[j] = {copies + j * apart, panels[j].vectors * lanes<T>, panels[j].vectors, panels[j].last, 0};
}

/// Columns of C from panels, which A's rows meet tile by tile; of those that are no copies only a
/// part can be read. No hardware guesses which rows of C come next.
template <class T, bool copied>
void multiply_panels(const MatrixProduct<T>& p, const Rows<T>& left, const Panel<T>* panels,
                     std::size_t count, const Target<T>& to) {
    T copy[tile_rows * most_terms + lanes<T>];
    Rows<T> rows = left;
    for (std::size_t i = 0; i < left.count; i += rows.count) {
        rows.count = next(left.count - i, tile_rows);
        rows.entries = left.entries + i * left.from_row;
        if (left.from_term * left.terms * sizeof(T) > far) {
            T* into = copy;
            const T* from = rows.entries;
            for (std::size_t k = 0; k < left.terms; ++k, from += left.from_term)
                if (masks && left.from_row == 1) {
                    store<T>(into, load_first<T>(from, rows.count, 0));
                    into += rows.count;
                } else
                    for (std::size_t r = 0; r < rows.count; ++r)
                        *into++ = from[r * left.from_row];
            rows.entries = copy;
            rows.from_row = 1;
            rows.from_term = rows.count;
        }
        for (std::size_t j = 0, column = 0; j < count; column += panels[j++].vectors * lanes<T>) {
            const Target<T> here = to.at(p, i, column);
            for (std::size_t r = 0; r < rows.count; ++r)
                for (std::size_t v = 0; v < panels[j].vectors; ++v)
                    __builtin_prefetch(here.c + r * p.c_rows + v * lanes<T>, 1);
            if (!copied && masks && panels[j].last < lanes<T>)
                multiply_panel<T, true>(p, rows, panels[j], here);
            else
                multiply_panel<T, false>(p, rows, panels[j], here);
        }
    }
}

template <class T>
[[gnu::noinline]] void multiply_copies(const MatrixProduct<T>& p, const Rows<T>& left, const T* b,
                                       const Target<T>& to, std::size_t j) {
    constexpr std::size_t of_panel = most_terms * tile_columns * lanes<T>;
    alignas(64) T copies[most_panels * of_panel];
    Panel<T> panels[most_panels];
    while (j < p.columns) {
        std::size_t count = 0;
        const Target<T> here = to.at(p, 0, j);
        for (; count < most_panels && j < p.columns; j += panels[count++].vectors * lanes<T>)
            panels[count] = panel_at(p, b, j);
        copy(p, left.terms, panels, count, copies, of_panel);
        multiply_panels<T, true>(p, left, panels, count, here);
    }
}

/// Whether B's rows are read where they lie. A copy pays where each of its entries is multiplied often, and
/// where they lie on more pages than the processor knows at a time, 64 as a rule.
template <class T>
bool in_place(const MatrixProduct<T>& p, std::size_t terms) {
    constexpr std::size_t few_rows = 64, few_terms = 48;
    return p.b_columns == 1 && (p.rows == 1 || terms <= few_terms ||
                                terms * p.b_inner * sizeof(T) <= (p.rows < few_rows ? 8 * far : far));
}

/// The columns whose panels can be read where they lie, row by row of C; gives the first that cannot.
template <class T>
[[gnu::noinline]] std::size_t multiply_by_rows(const MatrixProduct<T>& p, const Rows<T>& left, const T* b,
                                               const Target<T>& to) {
    constexpr std::size_t most = 32;
    Panel<T> panels[most];
    std::size_t j = 0, count = 1;
    while (j < p.columns && count > 0) {
        const Target<T> here = to.at(p, 0, j);
        count = 0;
        for (; count < most && j < p.columns; j += panels[count++].vectors * lanes<T>) {
            panels[count] = panel_at(p, b, j);
            if (!masks && panels[count].last < lanes<T>) break;
        }
        multiply_panels<T, false>(p, left, panels, count, here);
    }
    return j;
}

/// The same panel by panel.
template <class T>
std::size_t multiply_by_columns(const MatrixProduct<T>& p, const Rows<T>& left, const T* b,
                                const Target<T>& to) {
    std::size_t j = 0;
    while (j < p.columns) {
        const Panel<T> panel = panel_at(p, b, j);
        if (panel.last == lanes<T>)
            multiply_panel<T, false>(p, left, panel, to.at(p, 0, j));
        else if constexpr (masks)
            multiply_panel<T, true>(p, left, panel, to.at(p, 0, j));
        else
            break;
        j += panel.vectors * lanes<T>;
    }
    return j;
}

/// Terms of the sums from k on.
template <class T>
void multiply_terms(const MatrixProduct<T>& p, std::size_t k, std::size_t terms) {
    const Rows<T> rows = {p.a + k * p.a_inner, p.rows, terms, p.a_rows, p.a_inner};
    const Target<T> to = {p.c, p.d};
    const T* b = p.b + k * p.b_inner;
    std::size_t j = 0;
    // A C that no cache holds is written row by row.
    if (in_place(p, terms))
        j = p.rows * p.columns * sizeof(T) > 1 << 20 ? multiply_by_rows(p, rows, b, to)
                                                     : multiply_by_columns(p, rows, b, to);
    if (j < p.columns) multiply_copies(p, rows, b, to, j);
}

/// With vectors along C's rows.
template <class T>
void product_along_columns(const MatrixProduct<T>& p) {
    std::size_t k = next(p.inner, most_terms);
    multiply_terms(p, 0, k);
    if (k == p.inner) return;
    MatrixProduct<T> rest = p; // which is added to what is there
    rest.d = p.c;
    rest.d_rows = p.c_rows;
    rest.d_columns = 1;
    for (std::size_t terms; k < p.inner; k += terms) {
        terms = next(p.inner - k, most_terms);
        multiply_terms(rest, k, terms);
    }
}

} // namespace
} // namespace xtape::detail
