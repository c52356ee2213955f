#include <xtape/autodiff.hpp>

xtape::Var growth(xtape::Var x) {
#ifdef WRONG
    return xt::exp(x);
#else
    return exp(x);
#endif
}
