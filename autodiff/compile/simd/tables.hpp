#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>

namespace xtape::detail {

// One file each.
extern const BlockKernels<float> baseline_float;
extern const BlockKernels<double> baseline_double;
extern const BlockKernels<float> avx2_float;
extern const BlockKernels<double> avx2_double;
extern const BlockKernels<float> avx512_float;
extern const BlockKernels<double> avx512_double;

} // namespace xtape::detail
