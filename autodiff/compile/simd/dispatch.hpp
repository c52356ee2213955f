#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>

#include <vector>

namespace xtape::detail {

struct InstructionSet {
    const char* name;
    const BlockKernels<float>* in_float;
    const BlockKernels<double>* in_double;
};

/// What the processor and its operating system can run, the widest last.
[[nodiscard]] std::vector<InstructionSet> supported_instruction_sets();

} // namespace xtape::detail
