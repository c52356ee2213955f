#include <xtape/autodiff/ops.hpp>

namespace xtape {

std::vector<Op> builtin_ops() {
    std::vector<Op> all;
    for (const std::span<const Op> family :
         {arithmetic_ops(), exponential_ops(), trigonometric_ops(), hyperbolic_ops(), activation_ops(),
          piecewise_ops(), product_ops(), reduction_ops(), shaping_ops(), slicing_ops(), indexing_ops(),
          cumulative_ops(), sorting_ops(), einsum_ops(), padding_ops(), diagonal_ops(), special_ops(),
          random_ops()})
        all.insert(all.end(), family.begin(), family.end());
    return all;
}

} // namespace xtape
