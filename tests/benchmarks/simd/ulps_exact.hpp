#pragma once

/// Functions in double, good to a few of its own units in the last place, as vectors where the compiler knows
/// glibc's libmvec. What is compared with them are floats, and an error of theirs could only add one.

#include <xtape/autodiff/compile/simd/kernels.hpp>

namespace ulps {

struct Exact {
    xtape::detail::Primitive primitive;
    void (*loop)(double* out, const double* in, std::size_t n);
};

/// Null where there is none.
[[nodiscard]] const Exact* exact_loop(xtape::detail::Primitive primitive);

} // namespace ulps
