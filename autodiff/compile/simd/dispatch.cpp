/// Which loops this machine runs.

#include <xtape/autodiff/compile/simd/dispatch.hpp>
#include <xtape/autodiff/compile/simd/tables.hpp>
#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <string>

namespace xtape::detail {

std::vector<InstructionSet> supported_instruction_sets() {
    std::vector<InstructionSet> sets{{"baseline", &baseline_float, &baseline_double}};
#ifdef XTAPE_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        sets.push_back({"avx2", &avx2_float, &avx2_double});
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma"))
        sets.push_back({"avx512", &avx512_float, &avx512_double});
#endif
    return sets;
}

namespace {

const InstructionSet& chosen() {
    static const InstructionSet set = [] {
        const std::vector<InstructionSet> sets = supported_instruction_sets();
        const char* wanted = std::getenv("XTAPE_SIMD");
        if (!wanted || !*wanted) return sets.back();
        std::string names;
        for (const InstructionSet& s : sets) {
            if (std::string(wanted) == s.name) return s;
            names += (names.empty() ? "" : ", ") + std::string(s.name);
        }
        throw ArgumentError(fmt::format("compile: the environment variable XTAPE_SIMD is \"{}\", and this "
                                        "processor runs {}. Set it to one of these, or not at all.",
                                        wanted, names));
    }();
    return set;
}

} // namespace

template <>
const BlockKernels<float>& block_kernels() {
    return *chosen().in_float;
}
template <>
const BlockKernels<double>& block_kernels() {
    return *chosen().in_double;
}

const char* instruction_set() { return chosen().name; }

} // namespace xtape::detail
