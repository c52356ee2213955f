#include <mylib/internal.hpp>
#include <mylib/operations.hpp>

namespace mylib {

const xtape::Op leaky_op =
    xtape::elementwise("mylib::leaky").attributes({"slope"}, {0.1L}).forward([](auto x, auto slope) {
        return where(x > 0, x, slope * x);
    });

xtape::Var leaky(xtape::Var x, long double slope) {
    return record(leaky_op, {x}, {{"slope", slope}});
}

} // namespace mylib
