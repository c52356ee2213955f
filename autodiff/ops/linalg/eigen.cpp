#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/linalg/eigen.hpp>
#include <xtape/autodiff/ops/linalg/jacobi.hpp>
#include <xtape/autodiff/ops/linalg/lapack.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/reductions.hpp>

#include <fmt/format.h>

#include <numeric>

namespace xtape {
namespace {

/// The entry that gives an eigenvector its sign. In a symmetric problem entries tie for the largest, and
/// rounding must not choose between them.
template <class T>
std::size_t leading_entry(const T* vector, std::size_t n) {
    T largest = 0;
    for (std::size_t i = 0; i < n; ++i)
        largest = std::max(largest, std::abs(vector[i]));
    std::size_t i = 0;
    while (i + 1 < n && std::abs(vector[i]) < T(0.9) * largest)
        ++i;
    return i;
}

/// Jacobi's method is at least as fast up to here, and more accurate.
constexpr std::size_t few = 16;

/// The eigenvalues of a symmetric matrix in ascending order and, where `vectors` is not empty, in its k-th
/// row the k-th eigenvector, of either sign. Returns false where the iteration does not end.
template <class T>
bool eigensystem(std::vector<T> a, std::vector<T>& values, std::vector<T>& vectors, std::size_t n) {
    const bool with_vectors = !vectors.empty();
    if constexpr (!std::is_same_v<T, long double>)
        if (n > few) {
            const int exponent = detail::bring_below_one(a);
            const bool converged = detail::lapack::eigensystem(a.data(), values.data(), with_vectors, n);
            for (T& value : values)
                value = std::scalbn(value, exponent);
            if (with_vectors) vectors = std::move(a);
            return converged;
        }
    std::vector<T> found(vectors.size());
    for (std::size_t k = 0; k < n && with_vectors; ++k)
        found[k * n + k] = 1;
    if (!detail::diagonalise(a, found, n)) return false;
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t k) { return a[k * n + k]; });
    for (std::size_t k = 0; k < n; ++k) {
        values[k] = a[order[k] * n + order[k]];
        if (with_vectors) std::copy_n(&found[order[k] * n], n, &vectors[k * n]);
    }
    return true;
}

/// Calls use(values, vectors) for each matrix of the operand: the eigenvalues in ascending order and, where
/// they are wanted, the eigenvectors of one sign, one after the other. Those of a matrix that is not finite
/// are NaN.
template <class T, class Use>
void for_each_eigensystem(const Call<T>& call, bool with_vectors, Use use) {
    const AnyArray& a = call.operand(0);
    const std::size_t n = a.extents().back(), matrices = size_of(detail::leading(a.extents(), 2));
    std::vector<T> values(n), vectors(with_vectors ? n * n : 0);
    for (std::size_t p = 0; p < matrices; ++p) {
        const T* matrix = a.data<T>() + p * n * n;
        if (!detail::all_finite(matrix, n * n)) {
            detail::fill_nan(values.data(), values.size());
            detail::fill_nan(vectors.data(), vectors.size());
            use(values, vectors);
            continue;
        }
        if (!eigensystem(detail::symmetric_part(matrix, n), values, vectors, n))
            call.template fail<DomainError>(fmt::format(
                "the iteration for the eigenvalues of {} does not end. Scale it, or use another type of "
                "number.",
                detail::matrix_text(call.operand_name(0), n, detail::leading(a.extents(), 2), p)));
        for (std::size_t k = 0; k < n && with_vectors; ++k) {
            T* const vector = &vectors[k * n];
            if (vector[leading_entry(vector, n)] < 0)
                std::transform(vector, vector + n, vector, std::negate<>());
        }
        use(values, vectors);
    }
}

/// Where eigenvalues cross, eigenvectors change places, and with them, as a rule, their leading entries.
void leading_entries(Call<long double>& call) {
    auto* to = call.allocate<std::int64_t>();
    for_each_eigensystem(call, true, [&](const auto& values, const auto& vectors) {
        for (std::size_t k = 0, n = values.size(); k < n; ++k)
            *to++ = static_cast<std::int64_t>(leading_entry(&vectors[k * n], n));
    });
}

Shape eigenvalues_shape(const Signature& s) {
    return detail::with_dims(detail::leading(s.shape(), 2), {detail::square(s)});
}

/// Diagonals …, −3, 0, 3, … with entries in ±1/2 added everywhere: eigenvalues are apart by about as much as
/// they are large, which is what the rounding of eigenvectors depends on.
std::vector<Sample> symmetric_samples(Draw& draw) {
    std::vector<Sample> samples;
    const auto add = [&](Extents extents, std::size_t n) {
        extents.insert(extents.end(), {n, n});
        Array<double> matrices = draw.reals(extents, -0.5, 0.5);
        for (std::size_t k = 0; k < matrices.size(); ++k)
            if (const std::size_t row = k / n % n; row == k % n)
                matrices.data()[k] += 3 * static_cast<double>(row) - 1.5 * static_cast<double>(n - 1);
        samples.push_back({{std::move(matrices)}, {}});
    };
    add({}, 3);
    add({}, 1);
    add({}, 0);
    add({}, 4);
    add({3, 1}, 2);
    return samples;
}

Var divide_by_gaps(const Var& matrix, const Var& values);

/// V core Vᵀ.
Var in_basis(const Var& vectors, const Var& core) {
    return matmul(matmul(vectors, core), matrix_transpose(vectors));
}

const Op eigvalsh_op =
    operation("xtape::eigvalsh")
        .operands({Kind::real})
        .shape(eigenvalues_shape)
        .forward([](auto& call) {
            auto* to = call.allocate();
            for_each_eigensystem(call, false, [&](const auto& values, const auto&) {
                to = std::copy(values.begin(), values.end(), to);
            });
        })
        .vjp([](const Pullback& p) { return in_basis(eigh(p.input()).vectors, diag(p.cotangent())); })
        .notation("eigvalsh({0})", R"(\operatorname{eigvalsh}({0}))")
        .samples(symmetric_samples)
        .kink("eigenvalues cross", leading_entries);

const Op eigh_op = operation("xtape::eigh")
                       .operands({Kind::real})
                       .shape([](const Signature& s) {
                           const Shape values = eigenvalues_shape(s);
                           return std::vector<ResultType>{values, s.shape()};
                       })
                       .forward([](auto& call) {
                           auto *to_values = call.allocate(0), *to_vectors = call.allocate(1);
                           for_each_eigensystem(call, true, [&](const auto& values, const auto& vectors) {
                               to_values = std::copy(values.begin(), values.end(), to_values);
                               for (std::size_t i = 0, n = values.size(); i < n; ++i)
                                   for (std::size_t k = 0; k < n; ++k)
                                       *to_vectors++ = vectors[k * n + i];
                           });
                       })
                       .vjp([](const Pullback& p) {
                           const Var &values = p.output(0), &vectors = p.output(1);
                           const Var mixed = matmul(matrix_transpose(vectors), p.cotangent(1));
                           const Var all =
                               in_basis(vectors, diag(p.cotangent(0)) + divide_by_gaps(mixed, values));
                           return 0.5 * (all + matrix_transpose(all));
                       })
                       .notation("eigh({0})", R"(\operatorname{eigh}({0}))")
                       .samples(symmetric_samples)
                       .kink("eigenvalues cross, or an eigenvector changes its sign", leading_entries);

/// a_ij / (λ_j − λ_i), and 0 on the diagonal and where a_ij is 0, whatever the gap: then nothing needs these
/// two eigenvalues apart.
const Op divide_by_gaps_op =
    operation("xtape::divide_by_gaps")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature& s) {
            const Shape values = eigenvalues_shape(s);
            if (!same_extents(s.shape(1), values))
                s.fail(fmt::format("{} must be {}.", s.operand(1), values.to_string()));
            return s.shape();
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const Extents& extents = call.extents();
            const std::size_t n = extents.back();
            const Extents leading = detail::leading(extents, 2);
            const T *a = call.operand(0).template data<T>(), *values = call.operand(1).template data<T>();
            T* to = call.allocate();
            for (std::size_t p = 0; p < size_of(leading); ++p, a += n * n, values += n, to += n * n) {
                T largest = 0;
                for (std::size_t k = 0; k < n; ++k)
                    largest = std::max(largest, std::abs(values[k]));
                const T rounding = static_cast<T>(n) * std::numeric_limits<T>::epsilon() * largest;
                for (std::size_t i = 0; i < n; ++i)
                    for (std::size_t j = 0; j < n; ++j) {
                        if (i == j || a[i * n + j] == 0) continue;
                        const T gap = values[j] - values[i];
                        if (std::abs(gap) <= rounding)
                            call.template fail<DomainError>(fmt::format(
                                "{}{} and {} coincide at {:.6g}. Eigenvectors have derivatives, and "
                                "eigenvalues second ones, only where eigenvalues are distinct: move the "
                                "matrix a little, or use first derivatives of eigenvalues alone.",
                                call.operand_name(1),
                                brackets(position_of(p * n + i, call.operand(1).extents())),
                                brackets(position_of(p * n + j, call.operand(1).extents())), values[i]));
                        to[i * n + j] = a[i * n + j] / gap;
                    }
            }
        })
        .vjp([](const Pullback& p) { return divide_by_gaps(p.cotangent(), p.input(1)); },
             [](const Pullback& p) {
                 const Var each = divide_by_gaps(p.cotangent() * p.output(), p.input(1));
                 return sum(each, {-1}) - sum(each, {-2});
             })
        .notation("divide_by_gaps({0}, {1})", R"(\operatorname{divide\_by\_gaps}({0}, {1}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const Extents& extents : {Extents{3}, {1}, {0}, {4}, {3, 1, 2}}) {
                Array<double> values = draw.reals(extents, -0.2, 0.2);
                for (std::size_t k = 0; k < values.size(); ++k)
                    values.data()[k] += static_cast<double>(k % extents.back());
                Extents matrices = extents;
                matrices.push_back(extents.back());
                samples.push_back({{draw.reals(matrices), std::move(values)}, {}});
            }
            return samples;
        });

Var divide_by_gaps(const Var& matrix, const Var& values) {
    return record(divide_by_gaps_op, {matrix, values});
}

const Op eigen_list[] = {eigvalsh_op, eigh_op, divide_by_gaps_op};

} // namespace

Eigensystem eigh(const Var& a) {
    const std::vector<Var> results = record_all(eigh_op, {{a}});
    return {results[0], results[1]};
}

Var eigvalsh(const Var& a) { return record(eigvalsh_op, {a}); }

std::span<const Op> eigen_ops() { return eigen_list; }

} // namespace xtape
