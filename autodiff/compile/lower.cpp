#include <xtape/autodiff/compile/compound.hpp>
#include <xtape/autodiff/compile/contraction.hpp>
#include <xtape/autodiff/compile/lower.hpp>
#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/simplify/expression.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Shape kept_shape(const Signature& s) {
    std::vector<Dim> dims = s.shape().dims();
    for (const std::int64_t axis : s.attributes().axes("axes"))
        dims[static_cast<std::size_t>(axis)] = Dim(1);
    return Shape(std::move(dims));
}

/// Σ exp(x − m) − 1, where m is an entry, or none is: then it is the sum over all, less one.
Var others(const Var& x, const Var& m, const Var& e, const Axes& axes) {
    const Var top = x == m;
    return sum(where(top, 0, e), axes, Keep::dims) + (sum(where(top, 1, 0), axes, Keep::dims) - 1);
}

/// x to a whole power by squaring; empty for another one, which takes exp and log.
Var power(const Var& x, const Var& exponent) {
    constexpr int highest = 16;
    const auto number = Expression(exponent).number();
    if (!number || !(*number >= 2 && *number <= highest) || *number != std::floor(*number) ||
        exponent.rank() > x.rank())
        return {};
    Var result, square_of = x;
    for (int left = static_cast<int>(*number); left > 0; left /= 2) {
        if (left % 2 == 1) result = result.empty() ? square_of : result * square_of;
        if (left > 1) square_of = square(square_of);
    }
    return result;
}

Var parts(const Records& records, const Record& record, const std::vector<Var>& operands) {
    const std::string& name = records.op(record).name();
    if (name == "xtape::pow") return power(operands[0], operands[1]);
    if (name == "xtape::einsum") return contraction(records, record, operands);
    const bool logarithm = name == "xtape::log_softmax", whole = name == "xtape::logsumexp";
    if (!logarithm && !whole && name != "xtape::softmax") return {};
    const Var& x = operands[0];
    const Axes& axes = records.attributes(record).axes("axes");
    const Var largest = xtape::record(largest_op(), {x}, {{"axes", axes}});
    if (whole) {
        const Var m = where(abs(largest) < infinity, largest, 0);
        const Var y = m + log1p(others(x, m, exp(x - m), axes));
        const bool keep = records.attributes(record).integer("keep") != 0;
        return keep || axes.empty() ? y : squeeze(y, axes);
    }
    const Var v = x - largest, e = exp(v), rest = others(x, largest, e, axes);
    return logarithm ? v - log1p(rest) : e / (1 + rest);
}

} // namespace

const Op& largest_op() {
    static const Op op =
        operation("xtape::largest")
            .operands({Kind::real})
            .shape(kept_shape)
            .forward([](auto& call) {
                using T = typename std::decay_t<decltype(call)>::value_type;
                T* to = call.allocate();
                std::fill_n(to, size_of(call.extents()), -std::numeric_limits<T>::infinity());
                const AnyArray& x = call.operand(0);
                const T* from = x.template data<T>();
                for_each_position(x.extents(), reduced_strides(x.extents(), call.attributes().axes("axes")),
                                  [&](std::size_t i, std::ptrdiff_t at) {
                                      to[at] = maximum(Real<T>(to[at]), Real<T>(from[i])).value;
                                  });
            })
            .without_gradient();
    return op;
}

namespace {

/// Once what is recorded twice; the rest, as far as the outputs need it.
Expanded once(const Expanded& program) {
    Simplified simplified = simplify(program.outputs, {.goal = Goal::stable, .rules = {}});
    Expanded result;
    for (const Var& input : program.inputs)
        result.inputs.push_back(input.empty() ? Var() : simplified(input));
    for (const Var& output : program.outputs)
        result.outputs.push_back(simplified(output));
    result.tape = std::move(simplified.tape);
    return result;
}

} // namespace

Expanded lower(const std::vector<Var>& inputs, const std::vector<Var>& outputs) {
    const Parts of_opposites = of_recorded_opposites(*outputs.front().records());
    const auto lowered = [&](const Records& records, const Record& record, const std::vector<Var>& operands) {
        const Var made = parts(records, record, operands);
        return made.empty() ? of_opposites(records, record, operands) : made;
    };
    // softmax and log_softmax of the same share all but the end.
    return once(compounded(once(rewritten(inputs, outputs, lowered))));
}

} // namespace xtape::detail
