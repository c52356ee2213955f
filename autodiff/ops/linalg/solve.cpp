#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/linalg/lu.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

Shape solve_shape(const Signature& s) {
    const Dim n = detail::square(s);
    const Shape& b = s.shape(1);
    if (b.rank() < 2 || !same_extent(n, b[b.rank() - 2]))
        s.fail(fmt::format("{} must have as many rows as {}.", s.operand(1), s.operand(0)));
    return detail::with_dims(detail::broadcast_leading(s, 2, 2), {n, b[b.rank() - 1]});
}

/// Calls f(A, n, X, m, position) for each system, where the n × m entries of X hold B and become the result.
template <class T, class F>
void for_each_system(Call<T>& call, F f) {
    const AnyArray &a = call.operand(0), &b = call.operand(1);
    const std::size_t n = b.extents()[b.rank() - 2], m = b.extents()[b.rank() - 1];
    const Extents leading = detail::leading(call.extents(), 2);
    const auto a_at = detail::offsets(a.extents(), 2, leading),
               b_at = detail::offsets(b.extents(), 2, leading);
    T* x = call.allocate();
    for (std::size_t position = 0; position < a_at.size(); ++position, x += n * m) {
        const T* right = b.data<T>() + b_at[position];
        std::copy(right, right + n * m, x);
        f(a.data<T>() + a_at[position], n, x, m, position);
    }
}

/// How messages call the matrix at a position of the result's leading axes.
template <class T>
std::string matrix_of(const Call<T>& call, std::size_t position) {
    return detail::matrix_text(call.operand_name(0), call.operand(0).extents().back(),
                               detail::leading(call.extents(), 2), position);
}

/// Replaces the n × m entries of x by those of A⁻¹ x. Throws SingularError.
template <class T>
void eliminate(const Call<T>& call, const T* a, std::size_t n, T* x, std::size_t m, std::size_t position) {
    if (!detail::all_finite(a, n * n)) return detail::fill_nan(x, n * m);
    const detail::Elimination<T> factors(a, n);
    if (factors.lost())
        call.template fail<SingularError>(detail::why_singular(matrix_of(call, position), factors));
    factors.solve(x, m);
}

const Op solve_op =
    operation("xtape::solve")
        .operands({Kind::real, Kind::real})
        .shape(solve_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            for_each_system(call, [&](const T* a, std::size_t n, T* x, std::size_t m, std::size_t position) {
                eliminate(call, a, n, x, m, position);
            });
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

const Op inverse_op =
    operation("xtape::inverse")
        .operands({Kind::real})
        .shape(detail::square_matrices)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            T* const inverses = call.allocate();
            detail::for_each_matrix(call, [&](const T* a, std::size_t n, std::size_t position) {
                T* const x = inverses + position * n * n;
                for (std::size_t k = 0; k < n; ++k)
                    x[k * n + k] = 1;
                eliminate(call, a, n, x, n, position);
            });
        })
        .vjp([](const Pullback& p) {
            const Var turned = matrix_transpose(p.output());
            return -matmul(matmul(turned, p.cotangent()), turned);
        })
        .notation("{0}⁻¹", "{0}^{-1}", 30)
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [leading, n] :
                 std::vector<std::pair<Extents, std::size_t>>{{{}, 3}, {{}, 1}, {{}, 0}, {{2, 3}, 2}})
                samples.push_back({{detail::draw_matrices(draw, leading, n)}, {}});
            return samples;
        });

/// How the attribute `triangle` says which one: `tril`, or `unit triu`.
struct Triangle {
    explicit Triangle(const Attributes& attributes)
        : lower(attributes.get<std::string>("triangle").ends_with("tril")),
          unit(attributes.get<std::string>("triangle").starts_with("unit")) {}
    Triangle(bool is_lower, bool has_unit_diagonal) : lower(is_lower), unit(has_unit_diagonal) {}

    [[nodiscard]] Attributes attributes() const {
        return {{"triangle", std::string(unit ? "unit " : "") + (lower ? "tril" : "triu")}};
    }
    bool lower, unit;
};

/// Replaces the n × m entries of x by the solution of the triangle of a: a row after all that it needs. By
/// BLAS, but in long double and where a pivot is too small for the reciprocals that BLAS multiplies by.
template <class T>
void substitute(const T* a, Triangle triangle, std::size_t n, T* x, std::size_t m) {
    if constexpr (!std::is_same_v<T, long double>) {
        bool small = false;
        for (std::size_t k = 0; k < n && !triangle.unit; ++k)
            small = small || std::abs(a[k * n + k]) < std::numeric_limits<T>::min();
        if (!small) return detail::lapack::triangular_solve(a, triangle.lower, triangle.unit, n, x, m);
    }
    for (std::size_t step = 0; step < n; ++step) {
        const std::size_t i = triangle.lower ? step : n - 1 - step;
        const std::size_t first = triangle.lower ? 0 : i + 1, last = triangle.lower ? i : n;
        for (std::size_t j = first; j < last; ++j)
            for (std::size_t k = 0; k < m; ++k)
                x[i * m + k] -= a[i * n + j] * x[j * m + k];
        for (std::size_t k = 0; k < m && !triangle.unit; ++k)
            x[i * m + k] /= a[i * n + i];
    }
}

/// X with T X = B, where T is a triangle of the first operand.
Var substituted(const Var& a, const Var& b, Triangle triangle);

const Op triangular_solve_op =
    operation("xtape::triangular_solve")
        .operands({Kind::real, Kind::real})
        .shape(solve_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const Triangle triangle(call.attributes());
            for_each_system(call, [&](const T* a, std::size_t n, T* x, std::size_t m, std::size_t position) {
                for (std::size_t k = 0; k < n && !triangle.unit; ++k)
                    if (a[k * n + k] == 0)
                        call.template fail<SingularError>(
                            fmt::format("{} is singular: pivot {} is 0. Add a small diagonal, or check for "
                                        "a row of zeros.",
                                        matrix_of(call, position), k + 1));
                substitute(a, triangle, n, x, m);
            });
        })
        .vjp(
            [](const Pullback& p) {
                const Triangle triangle(p.attributes());
                const Var opposite = substituted(matrix_transpose(p.input(0)), p.cotangent(),
                                                 {!triangle.lower, triangle.unit});
                const Var all = -matmul(opposite, matrix_transpose(p.output()));
                return triangle.lower ? tril(all, triangle.unit ? -1 : 0) : triu(all, triangle.unit ? 1 : 0);
            },
            [](const Pullback& p) {
                const Triangle triangle(p.attributes());
                return substituted(matrix_transpose(p.input(0)), p.cotangent(),
                                   {!triangle.lower, triangle.unit});
            })
        .notation("{triangle}({0})⁻¹ {1}", R"(\operatorname{{triangle}}({0})^{-1} {1})", 22)
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            const auto add = [&](const Extents& leading, std::size_t n, const Extents& b, Triangle triangle) {
                samples.push_back(
                    {{detail::draw_matrices(draw, leading, n), draw.reals(b)}, triangle.attributes()});
            };
            add({}, 3, {3, 2}, {true, false});
            add({}, 3, {3, 1}, {false, false});
            add({}, 4, {4, 2}, {true, true});
            add({2}, 3, {2, 3, 1}, {false, true});
            add({}, 1, {1, 1}, {true, false});
            add({}, 0, {0, 2}, {true, false});
            add({}, 2, {2, 0}, {false, false});
            add({2, 1}, 2, {5, 2, 3}, {true, false});
            return samples;
        });

Var substituted(const Var& a, const Var& b, Triangle triangle) {
    return record(triangular_solve_op, {a, b}, triangle.attributes());
}

const Op linear_system_list[] = {solve_op, inverse_op, triangular_solve_op};

/// What f records for b, where a vector is a column whose axis goes again.
template <class F>
Var with_columns(const Var& b, F f) {
    Transaction transaction(*b.records());
    Var x = b.rank() == 1 ? squeeze(f(expand_dims(b, {1})), {-1}) : f(b);
    transaction.done();
    return x;
}

} // namespace

Var solve(const Var& a, const Var& b) {
    return with_columns(b, [&](const Var& columns) { return record(solve_op, {a, columns}); });
}

Var inverse(const Var& a) { return record(inverse_op, {a}); }

Var triangular_solve(const Var& a, const Var& b, const TriangularOptions& options) {
    return with_columns(b, [&](const Var& columns) {
        return substituted(options.transposed ? matrix_transpose(a) : a, columns,
                           {options.lower != options.transposed, options.unit_diagonal});
    });
}

std::span<const Op> linear_system_ops() { return linear_system_list; }

} // namespace xtape
