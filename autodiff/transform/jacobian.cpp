#include <xtape/autodiff/ops/indexing.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/transform/jacobian.hpp>
#include <xtape/autodiff/transform/map.hpp>

#include <fmt/format.h>

#include <numeric>

namespace xtape {
namespace {

std::size_t known_size(const char* what, const Var& var) {
    for (const Dim& dim : var.shape().dims())
        if (!dim.sized())
            throw ShapeError(fmt::format("{0}: {1} is {2}, and the extent of {3} must be known. Record with "
                                         "Dim(\"{3}\", 400).",
                                         what, var.to_string(), var.shape().to_string(), dim.name()));
    return var.shape().size();
}

Shape joined(const Shape& first, const Shape& second) {
    std::vector<Dim> dims = first.dims();
    dims.insert(dims.end(), second.dims().begin(), second.dims().end());
    return Shape(std::move(dims));
}

/// f mapped over the members of the standard basis of arrays like `like`.
std::vector<Var> over_basis(const Var& like, std::size_t size,
                            const std::function<std::vector<Var>(const Var& member)>& f) {
    auto positions = Array<std::int64_t>::from_shape({size});
    std::iota(positions.begin(), positions.end(), std::int64_t{0});
    return map(
        [&](std::span<const Var> position) {
            return f(reshape(one_hot(position[0], Dim(size)), like.shape()));
        },
        std::vector<Var>{Operand(positions).on(like.records())});
}

std::vector<Var> by_rows(const Var& output, const std::vector<Var>& inputs, std::size_t rows,
                         Disconnected disconnected) {
    std::vector<Var> blocks = over_basis(
        output, rows, [&](const Var& member) { return vjp(output, member, inputs, disconnected); });
    for (std::size_t k = 0; k < inputs.size(); ++k)
        blocks[k] = reshape(blocks[k], joined(output.shape(), inputs[k].shape()));
    return blocks;
}

Var by_columns(const Var& output, const Var& input, std::size_t columns, Disconnected disconnected) {
    const Var stacked = over_basis(input, columns, [&](const Var& member) {
        return std::vector<Var>{jvp(output, input, member, disconnected)};
    })[0];
    Axes order(output.rank());
    std::iota(order.begin(), order.end(), std::int64_t{1});
    order.push_back(0);
    return reshape(transpose(stacked, order), joined(output.shape(), input.shape()));
}

} // namespace

std::vector<Var> jacobian(const Var& output, const std::vector<Var>& inputs, Passes passes,
                          Disconnected disconnected) {
    if (inputs.empty()) throw ArgumentError("jacobian: it was given no inputs.");
    const std::size_t rows = known_size("jacobian", output);
    std::size_t columns = 0;
    for (const Var& input : inputs)
        columns += known_size("jacobian", input);
    Transaction transaction(*output.records());
    std::vector<Var> blocks;
    if (passes == Passes::rows || (passes == Passes::fewer && rows <= columns))
        blocks = by_rows(output, inputs, rows, disconnected);
    else
        for (const Var& input : inputs)
            blocks.push_back(by_columns(output, input, input.shape().size(), disconnected));
    transaction.done();
    return blocks;
}

Var jacobian(const Var& output, const Var& input, Passes passes, Disconnected disconnected) {
    return jacobian(output, std::vector<Var>{input}, passes, disconnected)[0];
}

std::vector<std::vector<Var>> hessian(const Var& cost, const std::vector<Var>& inputs) {
    Transaction transaction(*cost.records());
    std::vector<std::vector<Var>> blocks;
    for (const Var& slope : gradient(cost, inputs))
        blocks.push_back(jacobian(slope, inputs, Passes::fewer, Disconnected::zeros));
    transaction.done();
    return blocks;
}

Var hessian(const Var& cost, const Var& input) { return hessian(cost, std::vector<Var>{input})[0][0]; }

std::vector<Var> hvp(const Var& cost, const std::vector<Var>& inputs, const std::vector<Var>& directions) {
    Transaction transaction(*cost.records());
    std::vector<Var> products = jvp(gradient(cost, inputs), inputs, directions, Disconnected::zeros);
    transaction.done();
    return products;
}

Var hvp(const Var& cost, const Var& input, const Var& direction) {
    return hvp(cost, std::vector<Var>{input}, {direction})[0];
}

} // namespace xtape
