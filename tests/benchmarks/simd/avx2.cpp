#include "loops.hpp"

const Libmvec<float> libmvec_avx2_float = in_float;
const Libmvec<double> libmvec_avx2_double = in_double;
