/// Compiled with flags of its own: see CMakeLists.txt.

#include <xtape/autodiff/compile/simd/loops.hpp>
#include <xtape/autodiff/compile/simd/tables.hpp>

namespace xtape::detail {

constinit const BlockKernels<float> avx2_float = table<float>();
constinit const BlockKernels<double> avx2_double = table<double>();

} // namespace xtape::detail
