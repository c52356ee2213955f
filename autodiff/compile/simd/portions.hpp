/// How products are divided into what the registers hold.

#pragma once

#include <xtape/autodiff/compile/simd/kernels.hpp>
#include <xtape/autodiff/compile/simd/lanes.hpp>

namespace xtape::detail {
namespace {

/// How many of those left come next, at most so many: the last two times about as many.
constexpr std::size_t next(std::size_t left, std::size_t most) {
    return left >= 2 * most ? most : left > most ? (left + 1) / 2 : left;
}

/// Entries of C from here on, and of D, where there is one.
template <class T>
struct Target {
    T* c;
    const T* d;

    [[nodiscard]] Target at(const MatrixProduct<T>& p, std::size_t row, std::size_t column) const {
        return {c + row * p.c_rows + column, d + row * p.d_rows + column * p.d_columns};
    }
};

} // namespace
} // namespace xtape::detail
