#pragma once

/// Compiled with the flags of its includer: see CMakeLists.txt.

#include "libmvec.hpp"

#include <math.h>

namespace {

template <class T, T (*function)(T)>
void loop(T* __restrict out, const T* __restrict in, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        out[i] = function(in[i]);
}

constexpr Libmvec<float> in_float{loop<float, expf>,   loop<float, expm1f>, loop<float, logf>,
                                  loop<float, log1pf>, loop<float, tanhf>,  loop<float, erff>};
constexpr Libmvec<double> in_double{loop<double, exp>,   loop<double, expm1>, loop<double, log>,
                                    loop<double, log1p>, loop<double, tanh>,  loop<double, erf>};

} // namespace
