#include <xtape/autodiff/compile/loop.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace xtape::detail {
namespace {

/// n entries of E, `stride` apart, as numbers.
template <class E, class T>
void gather(const void* from, std::ptrdiff_t offset, std::ptrdiff_t stride, T* to, std::size_t n) {
    const E* source = static_cast<const E*>(from) + offset;
    if (stride == 0)
        std::fill(to, to + n, static_cast<T>(*source));
    else
        for (std::size_t i = 0; i < n; ++i)
            to[i] = static_cast<T>(source[static_cast<std::ptrdiff_t>(i) * stride]);
}

template <class T>
void gather(Element element, const void* from, std::ptrdiff_t offset, std::ptrdiff_t stride, T* to,
            std::size_t n) {
    switch (element) {
    case Element::f32:
        return gather<float>(from, offset, stride, to, n);
    case Element::f64:
        return gather<double>(from, offset, stride, to, n);
    case Element::f80:
        return gather<long double>(from, offset, stride, to, n);
    case Element::i64:
        return gather<std::int64_t>(from, offset, stride, to, n);
    case Element::b8:
        return gather<bool>(from, offset, stride, to, n);
    }
}

/// What folding begins with.
template <class T>
T neutral(Fold fold) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    return fold == Fold::sum ? T{0} : fold == Fold::maximum ? -infinity : infinity;
}

} // namespace

template <std::floating_point T>
void fold_into(Fold fold, T* at, const T* entries, std::size_t n) {
    if (fold == Fold::sum && n == 1) {
        *at += *entries;
        return;
    }
    const T* const both[] = {at, entries};
    block_kernels<T>()[fold == Fold::sum       ? Primitive::add
                       : fold == Fold::maximum ? Primitive::maximum
                                               : Primitive::minimum](at, both, n);
}

template <std::floating_point T>
std::ptrdiff_t Loop<T>::offset(const Strides& strides, std::size_t row) const {
    if (strides.size() < 2) return 0;
    std::ptrdiff_t offset = 0;
    for (std::size_t axis = strides.size() - 2; axis > 0; row /= space[axis--])
        offset += strides[axis] * static_cast<std::ptrdiff_t>(row % space[axis]);
    return offset + strides[0] * static_cast<std::ptrdiff_t>(row);
}

template <std::floating_point T>
void Loop<T>::fill(const Load& load, const void* from, T* to, std::size_t row, std::size_t rows_here,
                   std::size_t column, std::size_t columns_here) const {
    const std::ptrdiff_t inner = load.strides.empty() ? 0 : load.strides.back();
    for (std::size_t r = row; r < row + rows_here; ++r, to += columns_here)
        gather(load.element, from, offset(load.strides, r) + static_cast<std::ptrdiff_t>(column) * inner,
               inner, to, columns_here);
}

template <std::floating_point T>
void Loop<T>::copy(const Store& store, const T* from, void* to, std::size_t row, std::size_t rows_here,
                   std::size_t column, std::size_t columns_here) const {
    const std::ptrdiff_t inner = store.strides.empty() ? 0 : store.strides.back();
    const auto each_row = [&](auto* begin, auto entry) {
        for (std::size_t r = row; r < row + rows_here; ++r, from += columns_here) {
            auto* at = begin + offset(store.strides, r) + static_cast<std::ptrdiff_t>(column) * inner;
            for (std::size_t i = 0; i < columns_here; ++i)
                at[static_cast<std::ptrdiff_t>(i) * inner] = entry(from[i]);
        }
    };
    if (store.element == Element::b8)
        each_row(static_cast<bool*>(to), [](T x) { return x != 0; });
    else
        each_row(static_cast<T*>(to), [](T x) { return x; });
}

template <std::floating_point T>
void Loop<T>::reduce(const Reduction& reduction, const T* from, T* to, std::size_t row, std::size_t rows_here,
                     std::size_t column, std::size_t columns_here) const {
    const std::ptrdiff_t inner = reduction.strides.empty() ? 0 : reduction.strides.back();
    const auto fold = block_kernels<T>()[reduction.fold];
    if (reduction.entries == 1) {
        const T all = reduction.scale * fold(from, rows_here * columns_here);
        fold_into(reduction.fold, to, &all, 1);
        return;
    }
    for (std::size_t r = row; r < row + rows_here; ++r, from += columns_here) {
        T* at = to + offset(reduction.strides, r) + static_cast<std::ptrdiff_t>(column) * inner;
        if (inner == 0) {
            const T all = reduction.scale * fold(from, columns_here);
            fold_into(reduction.fold, at, &all, 1);
        } else if (inner == 1) {
            fold_into(reduction.fold, at, from, columns_here);
        } else {
            for (std::size_t i = 0; i < columns_here; ++i)
                fold_into(reduction.fold, at + static_cast<std::ptrdiff_t>(i) * inner, from + i, 1);
        }
    }
}

template <std::floating_point T>
void Loop<T>::run(void* const* memory, T* scratch, T** pointers, bool first) const {
    for (const Reduction& r : reductions)
        if (first || !r.across_tiles)
            std::fill_n(static_cast<T*>(memory[r.storage]), r.entries, neutral<T>(r.fold));
    if (rows * columns == 0) return;
    const std::size_t block = block_rows * block_columns;
    for (std::size_t slot = 0; slot < slots; ++slot)
        if (registers[slot] != in_memory) pointers[slot] = scratch + registers[slot] * block;
    for (const Load& load : loads)
        if (load.when == When::once)
            fill(load, memory[load.storage], pointers[load.slot], 0, std::min(block_rows, rows), 0,
                 block_columns);

    for (std::size_t row = 0; row < rows; row += block_rows)
        for (std::size_t column = 0; column < columns; column += block_columns) {
            const std::size_t rows_here = std::min(block_rows, rows - row),
                              columns_here = std::min(block_columns, columns - column),
                              begin = row * columns + column, count = rows_here * columns_here;
            for (const Load& load : loads) {
                T* from = static_cast<T*>(memory[load.storage]);
                if (load.when == When::direct)
                    pointers[load.slot] = from + begin;
                else if (load.when == When::row)
                    pointers[load.slot] = from + offset(load.strides, row) + column;
                else if (load.when == When::each)
                    fill(load, from, pointers[load.slot], row, rows_here, column, columns_here);
            }
            for (const Store& store : stores)
                if (store.when == When::direct)
                    pointers[store.slot] = static_cast<T*>(memory[store.storage]) + begin;
                else if (store.when == When::row)
                    pointers[store.slot] =
                        static_cast<T*>(memory[store.storage]) + offset(store.strides, row) + column;
            for (const Instruction& instruction : instructions) {
                std::array<const T*, 8> in;
                for (std::size_t k = 0; k < instruction.in.size(); ++k)
                    in[k] = pointers[instruction.in[k]];
                instruction.kernel(pointers[instruction.out], in.data(), count);
            }
            for (const Store& store : stores)
                if (store.when == When::each)
                    copy(store, pointers[store.slot], memory[store.storage], row, rows_here, column,
                         columns_here);
            for (const Reduction& r : reductions)
                reduce(r, pointers[r.slot], static_cast<T*>(memory[r.storage]), row, rows_here, column,
                       columns_here);
        }
}

template void fold_into(Fold, float*, const float*, std::size_t);
template void fold_into(Fold, double*, const double*, std::size_t);
template struct Loop<float>;
template struct Loop<double>;

} // namespace xtape::detail
