#pragma once

/// Arrays of matrices: what operations share that work on the last two axes, or on the last one, for every
/// position of the axes before them.

#include <xtape/autodiff/op.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace xtape::detail {

/// The shape, or the extents, without the last `core` axes.
[[nodiscard]] Shape leading(const Shape& shape, std::size_t core);
[[nodiscard]] Extents leading(const Extents& extents, std::size_t core);

/// A shape followed by these dimensions.
[[nodiscard]] Shape with_dims(const Shape& shape, std::vector<Dim> last);

/// What the leading axes of the first two operands, without the last `core` of each, broadcast to. Throws
/// ShapeError where they do not.
[[nodiscard]] Shape broadcast_leading(const Signature& signature, std::size_t core_of_first,
                                      std::size_t core_of_second);

/// The dimension of operand k's square matrices. Throws ShapeError where it has other ones, or none.
[[nodiscard]] Dim square(const Signature& signature, std::size_t k = 0);

/// The shape of the first operand, for what makes a square matrix of each. Throws as `square` does.
[[nodiscard]] Shape square_matrices(const Signature& signature);

/// Where the matrix, or vector, of `core` axes begins in an array with these extents, for each position of
/// the leading axes in row-major order.
[[nodiscard]] std::vector<std::size_t> offsets(const Extents& extents, std::size_t core,
                                               const Extents& leading);

/// `K (3×3)`, and `K[1,0] (3×3)` of an array of matrices: how messages call the matrix of operand k at a
/// position of the leading axes.
[[nodiscard]] std::string matrix_text(const std::string& name, std::size_t n, const Extents& leading,
                                      std::size_t position);

template <class T>
[[nodiscard]] bool all_finite(const T* entries, std::size_t count) {
    return std::all_of(entries, entries + count, [](T entry) { return std::isfinite(entry); });
}

template <class T>
void fill_nan(T* entries, std::size_t count) {
    std::fill(entries, entries + count, std::numeric_limits<T>::quiet_NaN());
}

/// Calls f(A, n, position) for each matrix of the first operand.
template <class T, class F>
void for_each_matrix(const Call<T>& call, F f) {
    const AnyArray& a = call.operand(0);
    const std::size_t n = a.extents().back(), count = size_of(leading(a.extents(), 2));
    for (std::size_t position = 0; position < count; ++position)
        f(a.data<T>() + position * n * n, n, position);
}

/// (A + Aᵀ) / 2 of the n × n entries from `a` on; of a symmetric matrix its own entries, to the bit.
template <class T>
[[nodiscard]] std::vector<T> symmetric_part(const T* a, std::size_t n) {
    std::vector<T> symmetric(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            symmetric[i * n + j] = std::midpoint(a[i * n + j], a[j * n + i]);
    return symmetric;
}

/// Matrices for checks: n × n with entries in ±1/2, and n + 1, n + 3, … added to the diagonal. They have an
/// inverse of moderate size, a positive determinant, a positive definite symmetric part, and eigenvalues that
/// are apart.
[[nodiscard]] Array<double> draw_matrices(Draw& draw, const Extents& leading, std::size_t n);

} // namespace xtape::detail
