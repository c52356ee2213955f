#include <xtape/autodiff/compile/loop.hpp>

#include <algorithm>
#include <array>

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

} // namespace

template <std::floating_point T>
std::ptrdiff_t Loop<T>::offset(const Strides& strides, std::size_t row) const {
    std::ptrdiff_t offset = 0;
    for (std::size_t axis = strides.size() < 2 ? 0 : strides.size() - 1; axis-- > 0; row /= space[axis])
        offset += strides[axis] * static_cast<std::ptrdiff_t>(axis == 0 ? row : row % space[axis]);
    return offset;
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
void Loop<T>::add(const Sum& sum, const T* from, T* to, std::size_t row, std::size_t rows_here,
                  std::size_t column, std::size_t columns_here) const {
    const std::ptrdiff_t inner = sum.strides.empty() ? 0 : sum.strides.back();
    if (sum.entries == 1) {
        *to += block_kernels<T>().sum(from, rows_here * columns_here);
        return;
    }
    const auto total = block_kernels<T>().sum;
    for (std::size_t r = row; r < row + rows_here; ++r, from += columns_here) {
        T* at = to + offset(sum.strides, r) + static_cast<std::ptrdiff_t>(column) * inner;
        if (inner == 0)
            *at += total(from, columns_here);
        else
            for (std::size_t i = 0; i < columns_here; ++i)
                at[static_cast<std::ptrdiff_t>(i) * inner] += from[i];
    }
}

template <std::floating_point T>
void Loop<T>::run(void* const* memory, T* scratch, T** pointers) const {
    using When = typename Load::When;
    for (const Sum& sum : sums)
        std::fill_n(static_cast<T*>(memory[sum.storage]), sum.entries, T{0});
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
                if (store.element == element_of<T>)
                    pointers[store.slot] = static_cast<T*>(memory[store.storage]) + begin;
            for (const Instruction& instruction : instructions) {
                std::array<const T*, 8> in;
                for (std::size_t k = 0; k < instruction.in.size(); ++k)
                    in[k] = pointers[instruction.in[k]];
                instruction.kernel(pointers[instruction.out], in.data(), count);
            }
            for (const Store& store : stores)
                if (store.element == Element::b8)
                    std::transform(pointers[store.slot], pointers[store.slot] + count,
                                   static_cast<bool*>(memory[store.storage]) + begin,
                                   [](T x) { return x != 0; });
            for (const Sum& sum : sums)
                add(sum, pointers[sum.slot], static_cast<T*>(memory[sum.storage]), row, rows_here, column,
                    columns_here);
        }
}

template struct Loop<float>;
template struct Loop<double>;

} // namespace xtape::detail
