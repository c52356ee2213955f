/// Compiled with flags of its own: see CMakeLists.txt.

#include <xtape/autodiff/compile/simd/loops.hpp>
#include <xtape/autodiff/compile/simd/tables.hpp>

namespace xtape::detail {

constinit const BlockKernels<float> baseline_float = table<float>();
constinit const BlockKernels<double> baseline_double = table<double>();

} // namespace xtape::detail
