#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/linalg/eigen.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/linalg/norms.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape {
namespace {

/// The min(m, n) singular values, ascending: [[0, A], [Aᵀ, 0]] has the eigenvalues σ and −σ, and zeros, and
/// no square loses the digits of small ones (Jordan and Wielandt).
Var singular_values(const Var& a) {
    const Dim &rows = a.shape()[a.rank() - 2], &columns = a.shape()[a.rank() - 1];
    if (!rows.sized() || !columns.sized())
        throw ShapeError(
            fmt::format("matrix_norm({0}): {0} is {1}, and for its singular values the numbers of "
                        "rows and columns must be known. Give both: Dim(\"n\", 400).",
                        a.to_string(), a.shape().to_string()));
    const auto zeros = [&](const Dim& dim) {
        return broadcast_to(Operand(0).on(a.records()),
                            detail::with_dims(detail::leading(a.shape(), 2), {dim, dim}));
    };
    const Var above = concatenate({zeros(rows), a}, -1),
              below = concatenate({matrix_transpose(a), zeros(columns)}, -1);
    const auto m = static_cast<std::int64_t>(rows.extent()), n = static_cast<std::int64_t>(columns.extent());
    return slice(eigvalsh(concatenate({above, below}, -2)), -1, std::max(m, n), m + n);
}

Var norm_of(const Var& a, MatrixNorm kind) {
    switch (kind) {
    case MatrixNorm::one:
        return amax(sum(abs(a), {-2}), {-1});
    case MatrixNorm::infinity:
        return amax(sum(abs(a), {-1}), {-1});
    case MatrixNorm::spectral:
        return amax(singular_values(a), {-1});
    case MatrixNorm::nuclear:
        return sum(singular_values(a), {-1});
    case MatrixNorm::frobenius:
        break;
    }
    return norm(a, {-2, -1});
}

} // namespace

Var matrix_norm(const Var& a, MatrixNorm kind) {
    if (a.rank() < 2)
        throw ShapeError(fmt::format("matrix_norm({0}): {0} is {1}, and has no matrices in its last two "
                                     "dimensions. Use expand_dims(), or norm() of a vector.",
                                     a.to_string(), a.shape().to_string()));
    Transaction transaction(*a.records());
    Var result = norm_of(a, kind);
    transaction.done();
    return result;
}

} // namespace xtape
