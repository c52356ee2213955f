#include <xtape/autodiff.hpp>

#include <cmath>

const xtape::Op grown = xtape::elementwise("mylib::grown").forward([](auto x) {
#ifdef WRONG
    return x * std::exp(x);
#else
    return x * exp(x);
#endif
});
