#include <xtape/autodiff.hpp>

xtape::Var magnitude(xtape::Var x) {
#ifdef WRONG
    if (x > 0) {
        return x;
    }
    return -x;
#else
    return where(x > 0, x, -x);
#endif
}
