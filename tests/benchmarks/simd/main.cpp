/// What vectorised functions cost: nanoseconds per entry of Programs' loops, of std:: called entry by entry,
/// and of glibc's libmvec, over a block of arguments that stays in the first-level cache. XTAPE_SIMD chooses
/// the instruction set of the first and the last; libmvec is not compared with the baseline.

#include "libmvec.hpp"
#include <xtape/autodiff/compile/kernels.hpp>

#include <benchmark/benchmark.h>
#include <cmath>
#include <random>
#include <string>
#include <string_view>

namespace {

using namespace xtape::detail;

template <class T>
struct Function {
    const char* name;
    Primitive ours;
    T (*std)(T);
    typename Libmvec<T>::Loop Libmvec<T>::*libmvec; ///< null where it has none
};

template <class T>
T sigmoid(T x) {
    return 1 / (1 + std::exp(-x));
}
template <class T>
T softplus(T x) {
    return std::log1p(std::exp(-std::abs(x))) + std::max(x, T{0});
}

template <class T>
constexpr Function<T> functions[] = {
    {"exp", Primitive::exp, std::exp, &Libmvec<T>::exp},
    {"expm1", Primitive::expm1, std::expm1, &Libmvec<T>::expm1},
    {"log", Primitive::log, std::log, &Libmvec<T>::log},
    {"log1p", Primitive::log1p, std::log1p, &Libmvec<T>::log1p},
    {"tanh", Primitive::tanh, std::tanh, &Libmvec<T>::tanh},
    {"erf", Primitive::erf, std::erf, &Libmvec<T>::erf},
    {"sigmoid", Primitive::sigmoid, sigmoid, nullptr},
    {"softplus", Primitive::softplus, softplus, nullptr},
    {"sqrt", Primitive::sqrt, std::sqrt, nullptr},
    {"erfc", Primitive::erfc, std::erfc, nullptr},
    {"sin", Primitive::sin, std::sin, nullptr},
    {"cos", Primitive::cos, std::cos, nullptr},
    {"tan", Primitive::tan, std::tan, nullptr},
    {"exp2", Primitive::exp2, std::exp2, nullptr},
    {"log2", Primitive::log2, std::log2, nullptr},
    {"log10", Primitive::log10, std::log10, nullptr},
    {"sinh", Primitive::sinh, std::sinh, nullptr},
    {"cosh", Primitive::cosh, std::cosh, nullptr},
};

template <class T, class Loop>
void measure(const std::string& name, Loop loop) {
    benchmark::RegisterBenchmark(name.c_str(), [loop](benchmark::State& state) {
        // A block is a page, and what is written begins half a page further in its own: were it next to what
        // is read, every load would seem to be of what was just stored, since their last 12 bits are
        // compared.
        constexpr std::size_t n = block_entries<T>;
        std::vector<T> memory(5 * n / 2);
        T* in = memory.data();
        T* out = in + 3 * n / 2;
        std::mt19937 random(1);
        std::uniform_real_distribution<T> between(T(0.1), T(5));
        for (std::size_t i = 0; i < n; ++i)
            in[i] = between(random);
        for (auto _ : state) {
            loop(out, in, n);
            benchmark::ClobberMemory();
        }
        state.counters["per_entry"] =
            benchmark::Counter(static_cast<double>(n),
                               benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
    });
}

template <class T>
void measure_all(const std::string& type, const Libmvec<T>* libmvec) {
    for (const Function<T>& f : functions<T>) {
        const std::string name = type + "/" + f.name + "/";
        measure<T>(name + instruction_set(),
                   [kernel = block_kernels<T>()[f.ours]](T* out, const T* in, std::size_t n) {
                       kernel(out, &in, n);
                   });
        measure<T>(name + "std", [function = f.std](T* out, const T* in, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i)
                out[i] = function(in[i]);
        });
        if (libmvec && f.libmvec) measure<T>(name + "libmvec", libmvec->*f.libmvec);
    }
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    const std::string_view set = instruction_set();
    measure_all<float>("f32", set == "avx2"     ? &libmvec_avx2_float
                              : set == "avx512" ? &libmvec_avx512_float
                                                : nullptr);
    measure_all<double>("f64", set == "avx2"     ? &libmvec_avx2_double
                               : set == "avx512" ? &libmvec_avx512_double
                                                 : nullptr);
    benchmark::RunSpecifiedBenchmarks();
}
