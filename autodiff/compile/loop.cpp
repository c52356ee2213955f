#include <xtape/autodiff/compile/loop.hpp>

#include <algorithm>
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

bool is_one_entry(const Strides& strides) {
    return have_one_row(strides) && (strides.empty() || strides.back() == 0);
}

/// What folding begins with.
template <class T>
T neutral(Fold fold) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    return fold == Fold::sum ? T{0} : fold == Fold::maximum ? -infinity : infinity;
}

} // namespace

bool have_one_row(const Strides& strides) {
    return std::all_of(strides.begin(), strides.end() - !strides.empty(),
                       [](std::ptrdiff_t stride) { return stride == 0; });
}

template <std::floating_point T>
void fold_into(Fold fold, T* at, const T* entries, std::size_t n) {
    if (fold == Fold::sum && n == 1)
        *at += *entries;
    else
        block_kernels<T>().fold_rows[static_cast<std::size_t>(fold)](at, entries, 1, n);
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
    const bool spreads = load.element == element_of<T> && (inner == 0 || inner == 1);
    const auto spread = block_kernels<T>().spread;
    const auto at = [&](std::size_t r) {
        return static_cast<const T*>(from) + offset(load.strides, r) +
               static_cast<std::ptrdiff_t>(column) * inner;
    };
    if (spreads && is_one_entry(load.strides)) {
        spread(to, at(row), 0, true, 1, rows_here * columns_here);
    } else if (spreads && load.strides.size() <= 2) {
        spread(to, at(row), load.strides.size() == 2 ? load.strides.front() : 0, inner == 0, rows_here,
               columns_here);
    } else {
        for (std::size_t r = row; r < row + rows_here; ++r, to += columns_here)
            if (spreads)
                spread(to, at(r), 0, inner == 0, 1, columns_here);
            else
                gather(load.element, from,
                       offset(load.strides, r) + static_cast<std::ptrdiff_t>(column) * inner, inner, to,
                       columns_here);
    }
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
    const BlockKernels<T>& kernels = block_kernels<T>();
    const auto how = static_cast<std::size_t>(reduction.fold);
    const Strides& strides = reduction.strides;
    if (reduction.entries == 1)
        return kernels.fold_each[how](to, 0, from, 1, rows_here * columns_here, reduction.scale);
    const std::ptrdiff_t inner = strides.empty() ? 0 : strides.back();
    if (inner == 0 && strides.size() <= 2)
        return kernels.fold_each[how](to + offset(strides, row), strides.front(), from, rows_here,
                                      columns_here, reduction.scale);
    if (inner == 1 && have_one_row(strides))
        return kernels.fold_rows[how](to + column, from, rows_here, columns_here);
    for (std::size_t r = row; r < row + rows_here; ++r, from += columns_here) {
        T* at = to + offset(strides, r) + static_cast<std::ptrdiff_t>(column) * inner;
        if (inner == 0) {
            kernels.fold_each[how](at, 0, from, 1, columns_here, reduction.scale);
        } else if (inner == 1) {
            fold_into(reduction.fold, at, from, columns_here);
        } else {
            for (std::size_t i = 0; i < columns_here; ++i)
                fold_into(reduction.fold, at + static_cast<std::ptrdiff_t>(i) * inner, from + i, 1);
        }
    }
}

template <std::floating_point T>
BoundLoop<T> Loop<T>::bound(T* scratch) const {
    BoundLoop<T> result{std::vector<T*>(slots, nullptr), {}};
    for (std::size_t slot = 0; slot < slots; ++slot)
        if (registers[slot] != in_memory) result.slots[slot] = scratch + registers[slot] * register_entries;
    std::vector<bool> is_number(slots, false);
    for (const Load& load : loads)
        is_number[load.slot] = load.when == When::number;
    for (const Instruction& instruction : instructions) {
        typename BoundLoop<T>::Call call{instruction.kernel, result.slots[instruction.out], {}};
        for (std::size_t k = 0; k < instruction.in.size(); ++k) {
            call.in[k] = result.slots[instruction.in[k]];
            if (is_number[instruction.in[k]])
                call.kernel = block_kernels<T>().with_number(instruction.kernel, k);
        }
        result.calls.push_back(call);
    }
    return result;
}

template <std::floating_point T>
void Loop<T>::place(BoundLoop<T>& bound, void* const* memory, std::size_t row, std::size_t column) const {
    const auto place_each = [&](const auto& operands) {
        for (const auto& operand : operands) {
            if (operand.when == When::once || operand.when == When::each) continue;
            T* const at = static_cast<T*>(memory[operand.storage]) +
                          (operand.when == When::direct ? static_cast<std::ptrdiff_t>(row * columns + column)
                           : operand.when == When::row
                               ? offset(operand.strides, row) + static_cast<std::ptrdiff_t>(column)
                               : offset(operand.strides, row));
            bound.slots[operand.slot] = at;
            for (const auto& [call, k] : operand.uses)
                if (k == Use::result)
                    bound.calls[call].out = at;
                else
                    bound.calls[call].in[k] = at;
        }
    };
    place_each(loads);
    place_each(stores);
}

template <std::floating_point T>
void Loop<T>::run_block(void* const* memory, BoundLoop<T>& bound, std::size_t row, std::size_t column) const {
    const std::size_t rows_here = std::min(block_rows, rows - row),
                      columns_here = std::min(block_columns, columns - column),
                      count = rows_here * columns_here;
    for (const Load& load : loads)
        if (load.when == When::each)
            fill(load, memory[load.storage], bound.slots[load.slot], row, rows_here, column, columns_here);
    for (const auto& call : bound.calls)
        call.kernel(call.out, call.in.data(), count);
    for (const Store& store : stores)
        if (store.when == When::each)
            copy(store, bound.slots[store.slot], memory[store.storage], row, rows_here, column, columns_here);
    for (const Reduction& r : reductions)
        reduce(r, bound.slots[r.slot], static_cast<T*>(memory[r.storage]), row, rows_here, column,
               columns_here);
}

template <std::floating_point T>
void Loop<T>::run(void* const* memory, BoundLoop<T>& bound, bool first, bool placed) const {
    const bool empty = rows * columns == 0;
    for (const Reduction& r : reductions)
        if (first || !r.across_tiles)
            std::fill_n(static_cast<T*>(memory[r.storage]), r.entries,
                        empty ? r.scale * neutral<T>(r.fold) : neutral<T>(r.fold));
    if (empty) return;
    for (const Load& load : loads)
        if (load.when == When::once)
            fill(load, memory[load.storage], bound.slots[load.slot], 0, std::min(block_rows, rows), 0,
                 block_columns);
    for (std::size_t row = 0; row < rows; row += block_rows)
        for (std::size_t column = 0; column < columns; column += block_columns) {
            if (!placed) place(bound, memory, row, column);
            run_block(memory, bound, row, column);
        }
}

template void fold_into(Fold, float*, const float*, std::size_t);
template void fold_into(Fold, double*, const double*, std::size_t);
template struct Loop<float>;
template struct Loop<double>;

} // namespace xtape::detail
