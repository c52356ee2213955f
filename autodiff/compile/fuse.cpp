/// How a fused loop walks through its index space, and where its values lie meanwhile.

#include <xtape/autodiff/compile/alignment.hpp>
#include <xtape/autodiff/compile/loop.hpp>

#include <algorithm>

namespace xtape::detail {
namespace {

constexpr std::size_t most_scratch = 4096; // bytes of registers, for a small part of the first-level cache
constexpr std::size_t least_row = 1024;    // bytes of a row that has a block of its own for a number's sake
constexpr std::size_t least_entries = 64;  // of a block: fewer would not be worth the calls

} // namespace

template <std::floating_point T>
void Loop<T>::merge_axes() {
    const auto merges = [&](std::size_t axis, const Strides& strides) {
        return strides[axis] == strides[axis + 1] * static_cast<std::ptrdiff_t>(space[axis + 1]);
    };
    for (std::size_t axis = space.size() < 2 ? 0 : space.size() - 1; axis-- > 0;) {
        const bool all =
            std::ranges::all_of(loads, [&](const Load& load) { return merges(axis, load.strides); }) &&
            std::ranges::all_of(stores, [&](const Store& store) { return merges(axis, store.strides); }) &&
            std::ranges::all_of(reductions, [&](const Reduction& r) { return merges(axis, r.strides); });
        if (!all) continue;
        const auto erase = [&](auto& list) { list.erase(list.begin() + static_cast<std::ptrdiff_t>(axis)); };
        space[axis + 1] *= space[axis];
        erase(space);
        for (Load& load : loads)
            erase(load.strides);
        for (Store& store : stores)
            erase(store.strides);
        for (Reduction& r : reductions)
            erase(r.strides);
    }
}

template <std::floating_point T>
void Loop<T>::finish() {
    merge_axes();
    join_multiplications();
    columns = space.empty() ? 1 : space.back();
    rows = columns == 0 ? 0 : size_of(space) / columns;
    divide(block_entries<T>);
    const std::size_t most = most_scratch / sizeof(T);
    if (scratch() > most) divide(std::max(most / register_count, least_entries));
}

template <std::floating_point T>
void Loop<T>::divide(std::size_t most) {
    for (Load& load : loads)
        load.when = When::each;
    // Short rows go several to a block, long ones in parts that are as even as whole vectors allow.
    const bool whole_rows = columns <= most / 2 || columns <= least_entries;
    const std::size_t parts = whole_rows ? 1 : (columns + most - 1) / most;
    block_columns = whole_rows ? columns : std::min(columns, ((columns + parts - 1) / parts + 15) / 16 * 16);
    block_rows =
        !whole_rows || columns == 0 || (columns * sizeof(T) >= least_row && has_number_for_each_row())
            ? 1
            : std::clamp<std::size_t>(most / columns, 1, std::max<std::size_t>(rows, 1));
    register_entries = aligned(block_rows * block_columns * sizeof(T)) / sizeof(T);
    choose_places();
    assign_registers();
    list_uses();
}

template <std::floating_point T>
bool Loop<T>::is_read_as_number(const Load& load) const {
    const std::ptrdiff_t inner = load.strides.empty() ? 0 : load.strides.back();
    if (load.element != element_of<T> || inner != 0 ||
        std::ranges::count(stores, load.slot, &Store::slot) > 0 ||
        std::ranges::count(reductions, load.slot, &Reduction::slot) > 0)
        return false;
    const auto is_number = [&](std::size_t slot) {
        return std::ranges::any_of(
            loads, [&](const Load& other) { return other.slot == slot && other.when == When::number; });
    };
    for (const Instruction& instruction : instructions)
        for (std::size_t k = 0; k < instruction.in.size(); ++k)
            if (instruction.in[k] == load.slot && (std::ranges::count(instruction.in, load.slot) > 1 ||
                                                   !block_kernels<T>().with_number(instruction.kernel, k) ||
                                                   std::ranges::any_of(instruction.in, is_number)))
                return false;
    return true;
}

template <std::floating_point T>
bool Loop<T>::has_number_for_each_row() const {
    return std::ranges::any_of(
        loads, [&](const Load& load) { return !have_one_row(load.strides) && is_read_as_number(load); });
}

template <std::floating_point T>
void Loop<T>::choose_places() {
    const Strides adjacent = row_major_strides(space);
    for (Load& load : loads) {
        const bool own = load.element == element_of<T>;
        const std::ptrdiff_t inner = load.strides.empty() ? 0 : load.strides.back();
        load.when = own && load.strides == adjacent        ? When::direct
                    : own && block_rows == 1 && inner == 1 ? When::row
                    : (block_rows == 1 || have_one_row(load.strides)) && is_read_as_number(load)
                        ? When::number
                    : have_one_row(load.strides) && (block_columns == columns || inner == 0) ? When::once
                                                                                             : When::each;
    }
    for (Store& store : stores) {
        const bool own = store.element == element_of<T>;
        store.when = own && store.strides == adjacent                      ? When::direct
                     : own && block_rows == 1 && store.strides.back() == 1 ? When::row
                                                                           : When::each;
    }
}

template <std::floating_point T>
void Loop<T>::assign_registers() {
    // Loads are live from the first instruction on, those that are copied once even after the last.
    const std::size_t last = instructions.size();
    std::vector<std::size_t> until(slots, 0);
    for (std::size_t k = 0; k < instructions.size(); ++k)
        for (const std::size_t slot : instructions[k].in)
            until[slot] = k;
    for (const Reduction& r : reductions)
        until[r.slot] = last;
    for (const Store& store : stores)
        until[store.slot] = last;
    registers.assign(slots, in_memory);
    register_count = 0;
    std::vector<std::size_t> free;
    const auto take = [&](std::size_t slot) {
        if (free.empty()) free.push_back(register_count++);
        registers[slot] = free.back();
        free.pop_back();
    };
    for (const Load& load : loads) {
        if (load.when == When::once) until[load.slot] = last;
        if (load.when == When::once || load.when == When::each) take(load.slot);
    }
    for (std::size_t k = 0; k < instructions.size(); ++k) {
        const Instruction& instruction = instructions[k];
        const bool in_place = std::ranges::any_of(stores, [&](const Store& store) {
            return store.slot == instruction.out && store.when != When::each;
        });
        // Before the result has its own: a kernel may write what it reads.
        for (std::size_t slot = 0; slot < slots; ++slot)
            if (until[slot] == k && registers[slot] != in_memory && std::ranges::count(instruction.in, slot))
                free.push_back(registers[slot]);
        if (!in_place) take(instruction.out);
    }
}

template <std::floating_point T>
void Loop<T>::list_uses() {
    const auto list = [&](auto& operand) {
        operand.uses.clear();
        if (registers[operand.slot] != in_memory) return;
        for (std::size_t call = 0; call < instructions.size(); ++call) {
            const auto& [kernel, name, in, out] = instructions[call];
            if (out == operand.slot) operand.uses.push_back({call, Use::result});
            for (std::size_t k = 0; k < in.size(); ++k)
                if (in[k] == operand.slot) operand.uses.push_back({call, k});
        }
    };
    std::ranges::for_each(loads, list);
    std::ranges::for_each(stores, list);
}

template <std::floating_point T>
bool Loop<T>::may_overwrite(std::size_t loaded, std::size_t stored) const {
    const auto store = std::ranges::find(stores, stored, &Store::storage);
    if (store == stores.end() || store->when != When::direct) return false;
    const auto writes = std::ranges::find(instructions, store->slot, &Instruction::out);
    for (const Load& load : loads) {
        if (load.storage != loaded) continue;
        const auto reads = [&](const Instruction& later) {
            return std::ranges::count(later.in, load.slot) > 0;
        };
        if (load.when != When::direct || writes == instructions.end() ||
            std::any_of(writes + 1, instructions.end(), reads) ||
            std::ranges::count(reductions, load.slot, &Reduction::slot) > 0)
            return false;
    }
    return std::ranges::count(loads, loaded, &Load::storage) > 0;
}

template void Loop<float>::merge_axes();
template void Loop<double>::merge_axes();
template void Loop<float>::finish();
template void Loop<double>::finish();
template void Loop<float>::divide(std::size_t);
template void Loop<double>::divide(std::size_t);
template bool Loop<float>::is_read_as_number(const Load&) const;
template bool Loop<double>::is_read_as_number(const Load&) const;
template bool Loop<float>::has_number_for_each_row() const;
template bool Loop<double>::has_number_for_each_row() const;
template void Loop<float>::choose_places();
template void Loop<double>::choose_places();
template void Loop<float>::assign_registers();
template void Loop<double>::assign_registers();
template void Loop<float>::list_uses();
template void Loop<double>::list_uses();
template bool Loop<float>::may_overwrite(std::size_t, std::size_t) const;
template bool Loop<double>::may_overwrite(std::size_t, std::size_t) const;

} // namespace xtape::detail
