#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape {
namespace {

/// The rows and columns of the matrices in the last two axes, which x must have.
std::pair<Dim, Dim> matrix_dims(const Signature& s, const Shape& shape) {
    const std::size_t rank = shape.rank();
    if (rank < 2) s.fail("it must be a matrix, or matrices in its last two axes.");
    return {shape[rank - 2], shape[rank - 1]};
}

/// Where diagonal k of an m × n matrix lies in its row-major entries.
struct Diagonal {
    Diagonal(std::int64_t m, std::int64_t n, std::int64_t k)
        : start(k >= 0 ? k : -k * n), step(n + 1),
          count(std::max<std::int64_t>(0, k >= 0 ? std::min(m, n - k) : std::min(m + k, n))) {}
    std::ptrdiff_t start, step, count;
};

/// The extent of diagonal k of matrices in the last two axes of `shape`.
Dim diagonal_dim(const Signature& s, const Shape& shape) {
    const auto [rows, columns] = matrix_dims(s, shape);
    const std::int64_t k = s.attributes().integer("k");
    if (k == 0 && same_extent(rows, columns)) return rows;
    if (!rows.sized() || !columns.sized())
        s.fail(fmt::format("diagonal {} of {} × {} has an extent that is not known. Give both one: "
                           "Dim(\"n\", 400).",
                           k, rows.to_string(), columns.to_string()));
    const auto m = static_cast<std::int64_t>(rows.extent()), n = static_cast<std::int64_t>(columns.extent());
    if (k < -m || k > n)
        s.fail(fmt::format("there is no diagonal {} in {} × {}; they go from {} to {}.", k, m, n, -m, n));
    return Dim(Diagonal(m, n, k).count);
}

Shape with_last(const Shape& leading, std::size_t kept, std::initializer_list<Dim> last) {
    std::vector<Dim> dims(leading.dims().begin(), leading.dims().begin() + static_cast<std::ptrdiff_t>(kept));
    dims.insert(dims.end(), last);
    return Shape(std::move(dims));
}

/// Calls f(offset of a matrix, offset of its diagonal, the diagonal) for every matrix of an array with these
/// extents.
template <class F>
void for_each_diagonal(const Extents& matrices, std::int64_t k, F f) {
    const auto m = static_cast<std::int64_t>(matrices[matrices.size() - 2]),
               n = static_cast<std::int64_t>(matrices[matrices.size() - 1]);
    const Diagonal diagonal(m, n, k);
    const auto end = static_cast<std::ptrdiff_t>(size_of(matrices));
    for (std::ptrdiff_t matrix = 0, entries = 0; matrix < end; matrix += m * n, entries += diagonal.count)
        f(matrix, entries, diagonal);
}

Var place_diagonal(const Var& entries, std::int64_t k, const Shape& shape);

const Op diagonal_op =
    operation("xtape::diagonal")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            const Dim dim = diagonal_dim(s, s.shape());
            return with_last(s.shape(), s.shape().rank() - 2, {dim});
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray& x = call.operand(0);
            const T* from = x.data<T>();
            T* to = call.allocate();
            for_each_diagonal(x.extents(), call.attributes().integer("k"),
                              [&](std::ptrdiff_t matrix, std::ptrdiff_t entries, const Diagonal& d) {
                                  for (std::ptrdiff_t i = 0; i < d.count; ++i)
                                      to[entries + i] = from[matrix + d.start + i * d.step];
                              });
        })
        .vjp([](const Pullback& p) {
            return place_diagonal(p.cotangent(), p.attributes().integer("k"), p.input().shape());
        })
        .notation("diagonal({0}, {k})", R"(\operatorname{diagonal}({0}, {k}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [extents, k] : std::vector<std::pair<Extents, std::int64_t>>{{{3, 3}, 0},
                                                                                          {{3, 4}, 1},
                                                                                          {{4, 3}, -2},
                                                                                          {{2, 3, 4}, -1},
                                                                                          {{2, 3}, 3},
                                                                                          {{0, 3}, 0},
                                                                                          {{1, 1}, 0}})
                samples.push_back({{draw.reals(extents)}, {{"k", k}}});
            return samples;
        });

/// The adjoint of diagonal: zeros of the whole shape with the entries on a diagonal.
const Op place_diagonal_op =
    operation("xtape::place_diagonal")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            const Shape& shape = s.attributes().shape("shape");
            const Dim dim = diagonal_dim(s, shape);
            if (!same_extents(s.shape(), with_last(shape, shape.rank() - 2, {dim})))
                s.fail(fmt::format("it is not a diagonal of {}.", shape.to_string()));
            return shape;
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const T* from = call.operand(0).template data<T>();
            T* to = call.allocate();
            for_each_diagonal(call.extents(), call.attributes().integer("k"),
                              [&](std::ptrdiff_t matrix, std::ptrdiff_t entries, const Diagonal& d) {
                                  for (std::ptrdiff_t i = 0; i < d.count; ++i)
                                      to[matrix + d.start + i * d.step] = from[entries + i];
                              });
        })
        .vjp([](const Pullback& p) { return diagonal(p.cotangent(), p.attributes().integer("k")); })
        .notation("diag({0}, {k})", R"(\operatorname{diag}({0}, {k}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            for (const auto& [extents, k, shape] :
                 std::vector<std::tuple<Extents, std::int64_t, Shape>>{{{3}, 0, {3, 3}},
                                                                       {{2}, 1, {2, 5}},
                                                                       {{2, 3}, -1, {2, 4, 3}},
                                                                       {{0}, 2, {2, 2}},
                                                                       {{1}, 0, {1, 1}}})
                samples.push_back({{draw.reals(extents)}, {{"k", k}, {"shape", shape}}});
            return samples;
        });

Var place_diagonal(const Var& entries, std::int64_t k, const Shape& shape) {
    return record(place_diagonal_op, {entries}, {{"k", k}, {"shape", shape}});
}

Shape triangle_shape(const Signature& s) {
    (void)matrix_dims(s, s.shape());
    return s.shape();
}

/// Copies the entries (i, j) for which keep(j − i, k) holds, and leaves the others zero.
template <class T, class Keep>
void triangle(Call<T>& call, Keep keep) {
    const Extents& extents = call.extents();
    const auto m = static_cast<std::int64_t>(extents[extents.size() - 2]),
               n = static_cast<std::int64_t>(extents[extents.size() - 1]), k = call.attributes().integer("k");
    const T* from = call.operand(0).template data<T>();
    T* to = call.allocate();
    const auto end = static_cast<std::ptrdiff_t>(size_of(extents));
    for (std::ptrdiff_t matrix = 0; matrix < end; matrix += m * n)
        for (std::int64_t i = 0; i < m; ++i)
            for (std::int64_t j = 0; j < n; ++j)
                if (keep(j - i, k)) to[matrix + i * n + j] = from[matrix + i * n + j];
}

std::vector<Sample> triangle_samples(Draw& draw) {
    std::vector<Sample> samples;
    for (const auto& [extents, k] : std::vector<std::pair<Extents, std::int64_t>>{
             {{3, 3}, 0}, {{3, 4}, 1}, {{4, 3}, -2}, {{2, 3, 4}, 0}, {{2, 0}, 0}, {{1, 1}, 0}})
        samples.push_back({{draw.reals(extents)}, {{"k", k}}});
    return samples;
}

const Op tril_op =
    operation("xtape::tril")
        .operands({Kind::real})
        .shape(triangle_shape)
        .forward([](auto& call) { triangle(call, std::less_equal<>()); })
        .vjp([](const Pullback& p) { return tril(p.cotangent(), p.attributes().integer("k")); })
        .notation("tril({0}, {k})", R"(\operatorname{tril}({0}, {k}))")
        .samples(triangle_samples);

const Op triu_op =
    operation("xtape::triu")
        .operands({Kind::real})
        .shape(triangle_shape)
        .forward([](auto& call) { triangle(call, std::greater_equal<>()); })
        .vjp([](const Pullback& p) { return triu(p.cotangent(), p.attributes().integer("k")); })
        .notation("triu({0}, {k})", R"(\operatorname{triu}({0}, {k}))")
        .samples(triangle_samples);

const Op diagonal_list[] = {diagonal_op, place_diagonal_op, tril_op, triu_op};

void require_rank(const char* op, const Var& x, std::size_t rank, const char* what) {
    if (x.rank() < rank)
        throw ShapeError(fmt::format("{0}({1}): {1} is {2}, and {3}. Use reshape() or expand_dims().", op,
                                     x.to_string(), x.shape().to_string(), what));
}

} // namespace

Var diagonal(const Var& x, std::int64_t k) { return record(diagonal_op, {x}, {{"k", k}}); }

Var diag(const Var& x, std::int64_t k) {
    require_rank("diag", x, 1, "its last axis must hold the entries of a diagonal");
    const std::size_t leading = x.rank() - 1;
    const Dim& entries = x.shape()[leading];
    if (k != 0 && !entries.sized())
        throw ShapeError(fmt::format("diag({0}, {1}): {0} is {2}, and the extent of {3} must be known for a "
                                     "diagonal beside the main one: Dim(\"{3}\", 400).",
                                     x.to_string(), k, x.shape().to_string(), entries.name()));
    const std::size_t beside =
        k < 0 ? std::size_t{0} - static_cast<std::size_t>(k) : static_cast<std::size_t>(k);
    const Dim rows = k == 0 ? entries : Dim(entries.extent() + beside);
    return place_diagonal(x, k, with_last(x.shape(), leading, {rows, rows}));
}

Var trace(const Var& x, std::int64_t k) {
    Transaction transaction(*x.records());
    Var result = sum(diagonal(x, k), {-1});
    transaction.done();
    return result;
}

Var tril(const Var& x, std::int64_t k) { return record(tril_op, {x}, {{"k", k}}); }
Var triu(const Var& x, std::int64_t k) { return record(triu_op, {x}, {{"k", k}}); }

Var eye_like(const Var& x) {
    Transaction transaction(*x.records());
    Var result = place_diagonal(ones_like(diagonal(x)), 0, x.shape());
    transaction.done();
    return result;
}

std::span<const Op> diagonal_ops() { return diagonal_list; }

} // namespace xtape
