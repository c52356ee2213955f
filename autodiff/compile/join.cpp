/// Which instructions of a fused loop become one.

#include <xtape/autodiff/compile/loop.hpp>

#include <algorithm>
#include <initializer_list>

namespace xtape::detail {

// A difference is joined only from what is no rounded product too, as one that another loop computed may be:
// were one of two equal products rounded and the other not, their difference would not be 0, and its root
// would be NaN.
template <std::floating_point T>
void Loop<T>::join_multiplications() {
    const BlockKernels<T>& kernels = block_kernels<T>();
    std::vector<std::size_t> readers(slots, 0), writers(slots, instructions.size());
    for (const Instruction& instruction : instructions)
        for (const std::size_t slot : instruction.in)
            ++readers[slot];
    for (const Store& store : stores)
        ++readers[store.slot];
    for (const Reduction& r : reductions)
        ++readers[r.slot];
    const auto is_written_by = [&](std::size_t slot, std::initializer_list<Primitive> primitives) {
        const std::size_t writer = writers[slot];
        return writer < instructions.size() && std::ranges::any_of(primitives, [&](Primitive primitive) {
                   return instructions[writer].kernel == kernels[primitive];
               });
    };
    const auto may_be_rounded_product = [&](std::size_t slot) {
        const auto load = std::ranges::find(loads, slot, &Load::slot);
        if (load != loads.end()) return !std::ranges::all_of(load->strides, [](auto s) { return s == 0; });
        return is_written_by(slot, {Primitive::multiply, Primitive::square, Primitive::one_term});
    };
    for (std::size_t k = 0; k < instructions.size(); ++k) {
        Instruction& later = instructions[k];
        writers[later.out] = k;
        const bool adds = later.kernel == kernels[Primitive::add];
        if (!adds && later.kernel != kernels[Primitive::subtract]) continue;
        for (const std::size_t side : {0U, 1U}) {
            const std::size_t product = later.in[side];
            if (readers[product] != 1 || !is_written_by(product, {Primitive::multiply}) ||
                (!adds && may_be_rounded_product(later.in[1 - side])))
                continue;
            const auto [primitive, name] = adds ? std::pair(Primitive::multiply_add, "multiply_add")
                                           : side == 0
                                               ? std::pair(Primitive::multiply_subtract, "multiply_subtract")
                                               : std::pair(Primitive::subtract_product, "subtract_product");
            Instruction& earlier = instructions[writers[product]];
            later = {kernels[primitive], name, {earlier.in[0], earlier.in[1], later.in[1 - side]}, later.out};
            earlier.kernel = nullptr;
            break;
        }
    }
    std::erase_if(instructions, [](const Instruction& instruction) { return !instruction.kernel; });
}

template void Loop<float>::join_multiplications();
template void Loop<double>::join_multiplications();

} // namespace xtape::detail
