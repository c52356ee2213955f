#include <xtape/autodiff/transform/transform.hpp>

#include <fmt/format.h>

namespace xtape::detail {

Records& records_of(const char* what, const std::vector<Var>& vars) {
    if (vars.empty())
        throw ArgumentError(
            fmt::format("{}: it was given no Vars, so it is not known on which tape to record.", what));
    for (const Var& var : vars)
        if (var.records() != vars[0].records())
            throw VarError(fmt::format("{}({}, {}): they are on two tapes. Record both on one.", what,
                                       vars[0].to_string(), var.to_string()));
    return *vars[0].records();
}

Shape with_leading(const Dim& extent, const Shape& shape) {
    std::vector<Dim> dims{extent};
    dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
    return Shape(std::move(dims));
}

Dim leading_extent(const char* what, const std::vector<Var>& xs) {
    for (const Var& x : xs) {
        if (x.rank() == 0)
            throw ShapeError(fmt::format("{0}: {1} is one number, and has no leading axis to go along. Use "
                                         "the function itself, or let it take {1} from outside.",
                                         what, x.to_string()));
        if (!same_extent(x.shape()[0], xs[0].shape()[0]))
            throw ShapeError(fmt::format("{}: {} is {}, {} is {}: their leading axes must be equal.", what,
                                         xs[0].to_string(), xs[0].shape().to_string(), x.to_string(),
                                         x.shape().to_string()));
    }
    return xs[0].shape()[0];
}

Argument entry_of(const Var& x) {
    const Shape shape = x.shape();
    return {Shape(std::vector<Dim>(shape.dims().begin() + 1, shape.dims().end())), x.kind(), x.to_string()};
}

void require_inputs(const Signature& signature, const Graph& graph,
                    const std::vector<std::optional<Dim>>& leading) {
    const Records& records = graph.records();
    if (signature.size() != graph.inputs().size())
        signature.fail(fmt::format("its function takes {} operands.", graph.inputs().size()));
    for (std::size_t k = 0; k < signature.size(); ++k) {
        const Result& input = records.result(graph.inputs()[k]);
        const bool has_axis = k < leading.size() && leading[k];
        const Shape wanted = has_axis ? with_leading(*leading[k], input.shape) : input.shape;
        if (!same_extents(signature.shape(k), wanted))
            signature.fail(
                fmt::format("its function takes {} for {}.", wanted.to_string(), signature.operand(k)));
        if (signature.kind(k) != input.kind)
            throw KindError(fmt::format("{}: {} is {}, and {} is meant.", signature.call(),
                                        signature.operand(k), to_string(signature.kind(k)),
                                        to_string(input.kind)));
    }
}

std::vector<std::size_t> moving(const Pushforward& p) {
    std::vector<std::size_t> positions;
    for (std::size_t k = 0; k < p.size(); ++k)
        if (p.moves(k)) positions.push_back(k);
    return positions;
}

std::vector<Var> spread(const std::vector<Var>& vars, std::span<const std::size_t> positions,
                        std::size_t size) {
    std::vector<Var> list(size);
    for (std::size_t k = 0; k < positions.size(); ++k)
        list[positions[k]] = vars[k];
    return list;
}

} // namespace xtape::detail
