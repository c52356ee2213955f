#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <optional>

namespace xtape {
namespace {

Shape solve_shape(const Signature& s) {
    const Dim n = detail::square(s);
    const Shape& b = s.shape(1);
    if (b.rank() < 2 || !same_extent(n, b[b.rank() - 2]))
        s.fail(fmt::format("{} must have as many rows as {}.", s.operand(1), s.operand(0)));
    return detail::with_dims(detail::broadcast_leading(s, 2, 2), {n, b[b.rank() - 1]});
}

/// A pivot, counted from 1, that rounding may have made of 0.
template <class T>
struct LostPivot {
    std::size_t number;
    T value;
};

/// Replaces the n × m entries of x by the solution of a y = x.
template <class T>
std::optional<LostPivot<T>> eliminate(std::vector<T> a, std::size_t n, T* x, std::size_t m) {
    std::vector<T> largest(n);
    for (std::size_t i = 0; i < n * n; ++i)
        largest[i % n] = std::max(largest[i % n], std::abs(a[i]));
    const T rounding = static_cast<T>(n) * std::numeric_limits<T>::epsilon();
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < n; ++i)
            if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
        if (std::abs(a[pivot * n + k]) <= rounding * largest[k]) return LostPivot<T>{k + 1, a[pivot * n + k]};
        if (pivot != k) {
            std::swap_ranges(&a[k * n], &a[k * n] + n, &a[pivot * n]);
            std::swap_ranges(x + k * m, x + k * m + m, x + pivot * m);
        }
        for (std::size_t i = k + 1; i < n; ++i) {
            const T factor = a[i * n + k] / a[k * n + k];
            for (std::size_t j = k; j < n; ++j)
                a[i * n + j] -= factor * a[k * n + j];
            for (std::size_t j = 0; j < m; ++j)
                x[i * m + j] -= factor * x[k * m + j];
        }
    }
    for (std::size_t k = n; k-- > 0;)
        for (std::size_t j = 0; j < m; ++j) {
            for (std::size_t i = k + 1; i < n; ++i)
                x[k * m + j] -= a[k * n + i] * x[i * m + j];
            x[k * m + j] /= a[k * n + k];
        }
    return std::nullopt;
}

const Op solve_op =
    operation("xtape::solve")
        .operands({Kind::real, Kind::real})
        .shape(solve_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray &a = call.operand(0), &b = call.operand(1);
            const std::size_t n = b.extents()[b.rank() - 2], m = b.extents()[b.rank() - 1];
            const Extents leading = detail::leading(call.extents(), 2);
            const auto a_at = detail::offsets(a.extents(), 2, leading),
                       b_at = detail::offsets(b.extents(), 2, leading);
            T* x = call.allocate();
            for (std::size_t p = 0; p < a_at.size(); ++p, x += n * m) {
                const T *matrix = a.template data<T>() + a_at[p], *right = b.template data<T>() + b_at[p];
                if (!detail::all_finite(matrix, n * n)) {
                    detail::fill_nan(x, n * m);
                    continue;
                }
                std::copy(right, right + n * m, x);
                if (const auto lost = eliminate(std::vector<T>(matrix, matrix + n * n), n, x, m))
                    call.template fail<SingularError>(fmt::format(
                        "{} is singular: pivot {} is {:.3g}. Add a small diagonal, or check for repeated "
                        "rows.",
                        detail::matrix_text(call.operand_name(0), n, leading, p), lost->number, lost->value));
            }
        })
        .vjp(
            [](const Pullback& p) {
                return -matmul(solve(matrix_transpose(p.input(0)), p.cotangent()),
                               matrix_transpose(p.output()));
            },
            [](const Pullback& p) { return solve(matrix_transpose(p.input(0)), p.cotangent()); })
        .notation("{0}⁻¹ {1}", "{0}^{-1} {1}", 22)
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            const auto add = [&](const Extents& leading, std::size_t n, const Extents& b) {
                samples.push_back({{detail::draw_matrices(draw, leading, n), draw.reals(b)}, {}});
            };
            add({}, 3, {3, 2});
            add({}, 1, {1, 1});
            add({}, 0, {0, 2});
            add({}, 2, {2, 0});
            add({4}, 2, {4, 2, 3});
            add({2, 1}, 3, {5, 3, 1});
            return samples;
        });

const Op list[] = {solve_op};

} // namespace

Var solve(const Var& a, const Var& b) {
    if (b.rank() != 1) return record(solve_op, {a, b});
    Transaction transaction(*b.records());
    Var x = squeeze(record(solve_op, {a, expand_dims(b, {1})}), {-1});
    transaction.done();
    return x;
}

Var inverse(const Var& a) {
    Transaction transaction(*a.records());
    Var x = solve(a, eye_like(a));
    transaction.done();
    return x;
}

std::span<const Op> linear_system_ops() { return list; }

} // namespace xtape
