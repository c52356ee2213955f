#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/linalg/cholesky.hpp>
#include <xtape/autodiff/ops/linalg/lapack.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>
#include <xtape/autodiff/ops/products.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

/// Writes the lower triangle of L, row by row (Cholesky and Banachiewicz). Where a row's pivot is not above
/// `rounding` times the diagonal entry, returns the row, and the pivot is in its diagonal entry.
template <class T>
std::size_t by_rows(const std::vector<T>& a, std::size_t n, T rounding, T* l) {
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            T left = a[i * n + j];
            for (std::size_t k = 0; k < j; ++k)
                left -= l[i * n + k] * l[j * n + k];
            l[i * n + j] = i == j ? left : left / l[j * n + j];
        }
        T& pivot = l[i * n + i];
        if (pivot <= rounding * a[i * n + i]) return i;
        pivot = std::sqrt(pivot);
    }
    return n;
}

/// The same by LAPACK, which looks for pivots that are not positive only.
template <class T>
std::size_t by_lapack(const std::vector<T>& a, std::size_t n, T rounding, T* l) {
    for (std::size_t i = 0; i < n; ++i)
        std::copy(&a[i * n], &a[i * n] + i + 1, l + i * n);
    const std::size_t end = detail::lapack::cholesky(l, n);
    for (std::size_t i = 0; i < end; ++i)
        if (T& root = l[i * n + i]; root * root <= rounding * a[i * n + i]) {
            root *= root;
            return i;
        }
    return end;
}

template <class T>
std::size_t factorise(const std::vector<T>& a, std::size_t n, T* l) {
    const T rounding = static_cast<T>(n) * std::numeric_limits<T>::epsilon();
    if constexpr (std::is_same_v<T, long double>)
        return by_rows(a, n, rounding, l);
    else
        return by_lapack(a, n, rounding, l);
}

const Op cholesky_op =
    operation("xtape::cholesky")
        .operands({Kind::real})
        .shape(detail::square_matrices)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& a = call.operand(0);
            const std::size_t n = a.extents().back();
            const Extents leading = detail::leading(a.extents(), 2);
            const T* matrix = a.template data<T>();
            T* l = call.allocate();
            for (std::size_t p = 0; p < size_of(leading); ++p, matrix += n * n, l += n * n) {
                if (!detail::all_finite(matrix, n * n)) {
                    detail::fill_nan(l, n * n);
                    continue;
                }
                if (const std::size_t k = factorise(detail::symmetric_part(matrix, n), n, l); k < n)
                    call.template fail<DomainError>(fmt::format(
                        "{} is not positive definite: the pivot of its leading minor of order {} "
                        "is {:.3g}. Add a small diagonal, or check for repeated rows.",
                        detail::matrix_text(call.operand_name(0), n, leading, p), k + 1, l[k * n + k]));
            }
        })
        .vjp([](const Pullback& p) {
            // With Φ(X) the lower triangle of X and its diagonal halved, the symmetric part of
            // L⁻ᵀ Φ(Lᵀ g) L⁻¹.
            const Var& l = p.output();
            const Var inner = matmul(matrix_transpose(l), p.cotangent());
            const auto divided = [&](const Var& x) { return triangular_solve(l, x, {.transposed = true}); };
            const Var left = divided(0.5 * (tril(inner) + tril(inner, -1)));
            const Var both = divided(matrix_transpose(left));
            return 0.5 * (both + matrix_transpose(both));
        })
        .notation("cholesky({0})", R"(\operatorname{cholesky}({0}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            const auto add = [&](const Extents& leading, std::size_t n) {
                samples.push_back({{detail::draw_matrices(draw, leading, n)}, {}});
            };
            add({}, 3);
            add({}, 1);
            add({}, 0);
            add({}, 4);
            add({3, 1}, 2);
            return samples;
        });

const Op cholesky_list[] = {cholesky_op};

} // namespace

Var cholesky(const Var& a) { return record(cholesky_op, {a}); }

std::span<const Op> cholesky_ops() { return cholesky_list; }

} // namespace xtape
