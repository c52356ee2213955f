/// Compiled for this machine alone, with -ffast-math, without which g++ does not call libmvec: NaN is not
/// seen to here.

#include "ulps_exact.hpp"

#include <math.h>

namespace ulps {
namespace {

using xtape::detail::Primitive;

double sigmoid(double x) {
    const double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

constexpr Exact of(Primitive primitive, auto function) {
    return {primitive, [](double* __restrict out, const double* __restrict in, std::size_t n) {
                for (std::size_t i = 0; i < n; ++i)
                    out[i] = decltype(function)()(in[i]);
            }};
}

constexpr Exact loops[] = {
    of(Primitive::exp, [](double x) { return exp(x); }),
    of(Primitive::expm1, [](double x) { return expm1(x); }),
    of(Primitive::log, [](double x) { return log(x); }),
    of(Primitive::log1p, [](double x) { return log1p(x); }),
    of(Primitive::decay, [](double x) { return exp(-fabs(x)); }),
    of(Primitive::tanh, [](double x) { return tanh(x); }),
    of(Primitive::sigmoid, [](double x) { return sigmoid(x); }),
    of(Primitive::softplus, [](double x) { return log1p(exp(-fabs(x))) + (x > 0 ? x : 0); }),
    of(Primitive::silu, [](double x) { return x * sigmoid(x); }),
    of(Primitive::erf, [](double x) { return erf(x); }),
    of(Primitive::erfc, [](double x) { return erfc(x); }),
    of(Primitive::exp2, [](double x) { return exp2(x); }),
    of(Primitive::log2, [](double x) { return log2(x); }),
    of(Primitive::log10, [](double x) { return log10(x); }),
    of(Primitive::sinh, [](double x) { return sinh(x); }),
    of(Primitive::cosh, [](double x) { return cosh(x); }),
    of(Primitive::sin, [](double x) { return sin(x); }),
    of(Primitive::cos, [](double x) { return cos(x); }),
    of(Primitive::tan, [](double x) { return tan(x); }),
    of(Primitive::gelu, [](double x) { return x * erfc(-x * (M_SQRT2 / 2)) / 2; }),
};

} // namespace

const Exact* exact_loop(Primitive primitive) {
    for (const Exact& exact : loops)
        if (exact.primitive == primitive) return &exact;
    return nullptr;
}

} // namespace ulps
