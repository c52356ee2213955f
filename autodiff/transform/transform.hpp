#pragma once

/// What the operations with a Graph as attribute have in common.

#include <xtape/autodiff/op.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/transform/derived.hpp>

#include <algorithm>
#include <optional>
#include <variant>

namespace xtape::detail {

[[nodiscard]] const Op& call_op();
[[nodiscard]] const Op& map_op();
[[nodiscard]] const Op& scan_op();

/// The records that all of these are on. Throws ArgumentError for none, VarError for two tapes.
[[nodiscard]] Records& records_of(const char* what, const std::vector<Var>& vars);

/// The shape with one more axis before the others.
[[nodiscard]] Shape with_leading(const Dim& extent, const Shape& shape);

/// The extent that the leading axes of all of these have. Throws ShapeError where one has none, or another.
[[nodiscard]] Dim leading_extent(const char* what, const std::vector<Var>& xs);

/// An argument for one entry along the leading axis.
[[nodiscard]] Argument entry_of(const Var& x);

/// Throws ShapeError or KindError unless the operands fit the inputs of the Graph, each with this axis before
/// its own where one is given.
void require_inputs(const Signature& signature, const Graph& graph,
                    const std::vector<std::optional<Dim>>& leading);

/// The operands that move.
[[nodiscard]] std::vector<std::size_t> moving(const Pushforward& p);

/// A list of `size` with these Vars at these positions, and empty ones elsewhere.
[[nodiscard]] std::vector<Var> spread(const std::vector<Var>& vars, std::span<const std::size_t> positions,
                                      std::size_t size);

/// Result k of a call as rows that are put one by one, or as one array to which they are added.
template <std::floating_point T>
class Rows {
public:
    Rows(Call<T>& call, std::size_t k, Kind kind) {
        switch (kind) {
        case Kind::real:
            to_ = call.template allocate<T>(k);
            break;
        case Kind::index:
            to_ = call.template allocate<std::int64_t>(k);
            break;
        case Kind::mask:
            to_ = call.template allocate<bool>(k);
            break;
        }
    }

    void put(std::size_t position, const AnyArray& row) {
        std::visit([&](auto* to) { copy(to + position * row.size(), row); }, to_);
    }
    void add(const AnyArray& row) {
        T* to = std::get<T*>(to_);
        const T* from = row.data<T>();
        for (std::size_t i = 0; i < row.size(); ++i)
            to[i] += from[i];
    }

private:
    template <class E>
    static void copy(E* to, const AnyArray& row) {
        std::copy_n(row.data<E>(), row.size(), to);
    }

    std::variant<T*, std::int64_t*, bool*> to_;
};

} // namespace xtape::detail
