#pragma once

/// Loops over the C library's functions that the compiler gives to glibc's libmvec: an expert's, compiled
/// once for each instruction set. What they compute may be 4 units in the last place off.

#include <cstddef>

template <class T>
struct Libmvec {
    using Loop = void (*)(T* out, const T* in, std::size_t n);
    Loop exp, expm1, log, log1p, tanh, erf;
};

extern const Libmvec<float> libmvec_avx2_float, libmvec_avx512_float;
extern const Libmvec<double> libmvec_avx2_double, libmvec_avx512_double;
