#include <xtape/autodiff/transform/ops.hpp>
#include <xtape/autodiff/transform/transform.hpp>

#include <array>

namespace xtape {

std::span<const Op> transform_ops() {
    static const std::array<Op, 3> list{detail::call_op(), detail::map_op(), detail::scan_op()};
    return list;
}

} // namespace xtape
