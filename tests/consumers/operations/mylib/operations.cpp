#include <mylib/operations.hpp>

#include <mylib/internal.hpp>

namespace mylib {

const std::vector<xtape::Op>& operations() {
    static const std::vector<xtape::Op> all{mish_op, leaky_op};
    return all;
}

} // namespace mylib
