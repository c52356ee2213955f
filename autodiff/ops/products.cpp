#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
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
    if (a.rank() != 2 || b.rank() != 2) s.fail("both must be matrices. Use reshape() or expand_dims().");
    if (same_extent(a[1], b[0])) return {a[0], b[1]};
    std::string why = fmt::format("{} ≠ {}.", extent_text(a[1]), extent_text(b[0]));
    if (same_extent(a[1], b[1]))
        why += fmt::format(" {0} seems to hold examples in rows; use transpose({0}).", s.operand(1));
    else if (same_extent(a[0], b[0]))
        why += " Did you mean the transpose of the first?";
    else if (same_extent(a[0], b[1]))
        why += " Did you mean the product in the other order?";
    else if (!a[1].sized() || !b[0].sized())
        why += " Give both dimensions one name, or both an extent.";
    else
        why += " The columns of the first must be as many as the rows of the second.";
    s.fail(why);
}

const Op matmul_op = operation("xtape::matmul")
                         .operands({Kind::real, Kind::real})
                         .shape(matmul_shape)
                         .forward([](auto& call) {
                             using T = typename std::decay_t<decltype(call)>::value_type;
                             const AnyArray &a = call.operand(0), &b = call.operand(1);
                             const std::size_t rows = a.extents()[0], inner = a.extents()[1],
                                               columns = b.extents()[1];
                             const T *left = a.data<T>(), *right = b.data<T>();
                             T* to = call.allocate();
                             for (std::size_t i = 0; i < rows; ++i)
                                 for (std::size_t k = 0; k < inner; ++k) {
                                     const T factor = left[i * inner + k];
                                     for (std::size_t j = 0; j < columns; ++j)
                                         to[i * columns + j] += factor * right[k * columns + j];
                                 }
                         })
                         .vjp([](const Pullback& p) { return matmul(p.cotangent(), transpose(p.input(1))); },
                              [](const Pullback& p) { return matmul(transpose(p.input(0)), p.cotangent()); })
                         .notation("{0} {1}", "{0} {1}", 20);

const Op list[] = {matmul_op};

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
    if (a.var() && b.var() && a.var()->rank() == 2 && b.var()->rank() == 2) return record(matmul_op, {a, b});
    Records& records = records_of("matmul", a, b);
    Transaction transaction(records);
    const Var left = a.on(records.shared_from_this()), right = b.on(records.shared_from_this());
    const bool row = left.rank() == 1, column = right.rank() == 1;
    Var result =
        record(matmul_op, {row ? expand_dims(left, {0}) : left, column ? expand_dims(right, {1}) : right});
    if (row) result = squeeze(result, {0});
    if (column) result = squeeze(result, {-1});
    transaction.done();
    return result;
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

std::span<const Op> product_ops() { return list; }

} // namespace xtape
