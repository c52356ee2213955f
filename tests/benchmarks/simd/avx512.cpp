#include "loops.hpp"

const Libmvec<float> libmvec_avx512_float = in_float;
const Libmvec<double> libmvec_avx512_double = in_double;
