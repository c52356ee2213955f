#include <xtape/autodiff.hpp>

const xtape::Op magnitude = xtape::elementwise("mylib::magnitude").forward([](auto x) {
#ifdef WRONG
    if (x > 0) {
        return x;
    }
    return -x;
#else
    return where(x > 0, x, -x);
#endif
});
