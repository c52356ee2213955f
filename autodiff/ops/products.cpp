#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

std::string extent_text(const Dim& dim) { return dim.sized() ? fmt::to_string(dim.extent()) : dim.name(); }

Shape matmul_shape(const Signature& s) {
    const Shape &a = s.shape(0), &b = s.shape(1);
    if (a.rank() < 2 || b.rank() < 2) s.fail("both must be matrices. Use reshape() or expand_dims().");
    const Dim &rows = a[a.rank() - 2], &inner = a[a.rank() - 1], &inner_of_second = b[b.rank() - 2],
              &columns = b[b.rank() - 1];
    if (same_extent(inner, inner_of_second))
        return detail::with_dims(detail::broadcast_leading(s, 2, 2), {rows, columns});
    std::string why = fmt::format("{} ≠ {}.", extent_text(inner), extent_text(inner_of_second));
    if (same_extent(inner, columns))
        why += fmt::format(" {0} seems to hold examples in rows; use {1}({0}).", s.operand(1),
                           b.rank() == 2 ? "transpose" : "matrix_transpose");
    else if (same_extent(rows, inner_of_second))
        why += " Did you mean the transpose of the first?";
    else if (same_extent(rows, columns))
        why += " Did you mean the product in the other order?";
    else if (!inner.sized() || !inner_of_second.sized())
        why += " Give both dimensions one name, or both an extent.";
    else
        why += " The columns of the first must be as many as the rows of the second.";
    s.fail(why);
}

const Op matmul_op =
    operation("xtape::matmul")
        .operands({Kind::real, Kind::real})
        .shape(matmul_shape)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const AnyArray &a = call.operand(0), &b = call.operand(1);
            const std::size_t rows = a.extents()[a.rank() - 2], inner = a.extents()[a.rank() - 1],
                              columns = b.extents()[b.rank() - 1];
            const Extents leading = detail::leading(call.extents(), 2);
            const auto left_at = detail::offsets(a.extents(), 2, leading),
                       right_at = detail::offsets(b.extents(), 2, leading);
            T* to = call.allocate();
            for (std::size_t p = 0; p < left_at.size(); ++p, to += rows * columns) {
                const T *left = a.data<T>() + left_at[p], *right = b.data<T>() + right_at[p];
                for (std::size_t i = 0; i < rows; ++i)
                    for (std::size_t k = 0; k < inner; ++k) {
                        const T factor = left[i * inner + k];
                        for (std::size_t j = 0; j < columns; ++j)
                            to[i * columns + j] += factor * right[k * columns + j];
                    }
            }
        })
        .vjp([](const Pullback& p) { return matmul(p.cotangent(), matrix_transpose(p.input(1))); },
             [](const Pullback& p) { return matmul(matrix_transpose(p.input(0)), p.cotangent()); })
        .notation("{0} {1}", "{0} {1}", 22)
        .samples([](Draw& draw) {
            std::vector<Sample> samples;
            const auto add = [&](const Extents& a, const Extents& b) {
                samples.push_back({{draw.reals(a), draw.reals(b)}, {}});
            };
            add({2, 3}, {3, 4});
            add({1, 1}, {1, 1});
            add({3, 1}, {1, 2});
            add({2, 0}, {0, 3});
            add({0, 2}, {2, 3});
            add({5, 2, 3}, {5, 3, 4});
            add({2, 1, 1, 3}, {5, 3, 2});
            add({2, 3}, {4, 3, 1});
            add({0, 2, 3}, {3, 2});
            return samples;
        });

const Op product_list[] = {matmul_op};

/// The records of the tape that the operands which are Vars are on.
Records& records_of(const char* what, const Operand& a, const Operand& b) {
    const Var* var = a.var() ? a.var() : b.var();
    if (!var)
        throw VarError(
            fmt::format("{}: none of its operands is on a tape. Make one with tape.constant(value).", what));
    if (b.var() && b.var()->records() != var->records())
        throw VarError(fmt::format("{}({}, {}): they are on two tapes. Record both on one.", what,
                                   var->to_string(), b.var()->to_string()));
    return *var->records();
}

void require_vector(const char* what, const Var& x) {
    if (x.rank() != 1)
        throw ShapeError(fmt::format("{0}({1}): {1} is {2}, not a vector. Use flatten().", what,
                                     x.to_string(), x.shape().to_string()));
}

} // namespace

Var matmul(const Operand& a, const Operand& b) {
    if (a.var() && b.var() && a.var()->rank() != 1 && b.var()->rank() != 1) return record(matmul_op, {a, b});
    Records& records = records_of("matmul", a, b);
    Transaction transaction(records);
    const Var left = a.on(records.shared_from_this()), right = b.on(records.shared_from_this());
    const bool row = left.rank() == 1, column = right.rank() == 1;
    Var result =
        record(matmul_op, {row ? expand_dims(left, {0}) : left, column ? expand_dims(right, {1}) : right});
    if (row) result = squeeze(result, {-2});
    if (column) result = squeeze(result, {-1});
    transaction.done();
    return result;
}

Var matrix_transpose(const Var& x) {
    if (x.rank() < 2)
        throw ShapeError(fmt::format("matrix_transpose({0}): {0} is {1}, and has no matrices in its last two "
                                     "dimensions. Use expand_dims().",
                                     x.to_string(), x.shape().to_string()));
    Axes order = all_axes(x.rank());
    std::swap(order[x.rank() - 2], order[x.rank() - 1]);
    return transpose(x, order);
}

Var dot(const Operand& a, const Operand& b) {
    Records& records = records_of("dot", a, b);
    Transaction transaction(records);
    const Var left = a.on(records.shared_from_this()), right = b.on(records.shared_from_this());
    if (!same_extents(left.shape(), right.shape()))
        throw ShapeError(fmt::format("dot({0}, {1}): {0} is {2}, {1} is {3}: both must have one shape.",
                                     left.to_string(), right.to_string(), left.shape().to_string(),
                                     right.shape().to_string()));
    Var result = sum(left * right);
    transaction.done();
    return result;
}

Var outer(const Operand& a, const Operand& b) {
    Records& records = records_of("outer", a, b);
    Transaction transaction(records);
    const Var left = a.on(records.shared_from_this()), right = b.on(records.shared_from_this());
    require_vector("outer", left);
    require_vector("outer", right);
    Var result = expand_dims(left, {1}) * expand_dims(right, {0});
    transaction.done();
    return result;
}

std::span<const Op> product_ops() { return product_list; }

} // namespace xtape
