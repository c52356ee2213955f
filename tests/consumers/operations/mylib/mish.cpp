#include <mylib/internal.hpp>
#include <mylib/operations.hpp>

namespace mylib {

const xtape::Op mish_op = xtape::elementwise("mylib::mish")
                              .forward([](auto x) { return x * tanh(softplus(x)); })
                              .notation("mish({0})", R"(\operatorname{mish}({0}))")
                              .sampled_on(-30, 30);

xtape::Var mish(xtape::Var x) {
    return record(mish_op, {x});
}

} // namespace mylib
