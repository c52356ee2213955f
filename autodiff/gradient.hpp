#pragma once

#include <xtape/autodiff/var.hpp>

#include <array>
#include <tuple>
#include <vector>

namespace xtape {

/// What the gradient with respect to something that the cost does not depend on is: an error, since it is
/// mostly a mistake, or zeros.
enum class Disconnected { error, zeros };

/// The gradient of `cost`, which holds one number, with respect to each of `wrt`: Vars of their shapes,
/// appended to the tape, so that they can be evaluated, differentiated again and printed. Nothing is stored
/// elsewhere; calling it twice is right. The adjoint of what is called Z1 is named dZ1 where that name is
/// free. Only records between `wrt` and `cost` are visited. Throws GradientError where `cost` is not one
/// number, where there is no path, or where an operation on the path has no derivative; the tape is then as
/// it was.
std::vector<Var> gradient(const Var& cost, const std::vector<Var>& wrt,
                          Disconnected disconnected = Disconnected::error);

/// The vector-Jacobian product: the gradient of sum(cotangent * output), where `cotangent` has the shape of
/// `output`.
std::vector<Var> vjp(const Var& output, const Var& cotangent, const std::vector<Var>& wrt,
                     Disconnected disconnected = Disconnected::error);

/// The same for several outputs, whose products are added up, in one walk.
std::vector<Var> vjp(const std::vector<Var>& outputs, const std::vector<Var>& cotangents,
                     const std::vector<Var>& wrt, Disconnected disconnected = Disconnected::error);

/// The Jacobian-vector product, forward mode: how `output` moves, in its own shape, when `input` moves along
/// `tangent`, which has the shape of `input`. An operation's own forward rule is used where it brings one;
/// else its vjp, which is linear in its cotangent, is differentiated with respect to that. Throws
/// GradientError where there is no path (or pass Disconnected::zeros), and where a vjp is not linear;
/// ShapeError for a tangent of another shape. The tape is then as it was.
Var jvp(const Var& output, const Var& input, const Var& tangent,
        Disconnected disconnected = Disconnected::error);

/// The same for several outputs, when all inputs move at once: one tangent for each input, one result for
/// each output.
std::vector<Var> jvp(const std::vector<Var>& outputs, const std::vector<Var>& inputs,
                     const std::vector<Var>& tangents, Disconnected disconnected = Disconnected::error);

namespace detail {

/// Splits `W1, b1, Disconnected::zeros` into its Vars and its choice, and gives a list of results its natural
/// type: one Var for one, an array to be bound by `auto [dW1, db1]` for several.
template <class Function, class... Arguments>
auto with_list(Function function, const Arguments&... arguments) {
    constexpr std::size_t count = (std::size_t{0} + ... + std::size_t{std::same_as<Arguments, Var>});
    static_assert(count + 1 >= sizeof...(Arguments),
                  "xtape: give Vars, and Disconnected::zeros at most as the last");
    std::vector<Var> wrt;
    Disconnected disconnected = Disconnected::error;
    const auto take = [&]<class A>(const A& argument) {
        if constexpr (std::same_as<A, Var>)
            wrt.push_back(argument);
        else
            disconnected = argument;
    };
    (take(arguments), ...);
    std::vector<Var> results = function(wrt, disconnected);
    if constexpr (count == 1) {
        return results[0];
    } else {
        std::array<Var, count> array;
        std::move(results.begin(), results.end(), array.begin());
        return array;
    }
}

template <class A>
concept VarOrChoice = std::same_as<A, Var> || std::same_as<A, Disconnected>;

} // namespace detail

/// `Var dW = gradient(J, W)`, `auto [dW, db] = gradient(J, W, b)`, `gradient(J, W, Disconnected::zeros)`.
template <detail::VarOrChoice... Rest>
auto gradient(const Var& cost, const Var& first, const Rest&... rest) {
    return detail::with_list([&](const auto& wrt, Disconnected d) { return gradient(cost, wrt, d); }, first,
                             rest...);
}

/// `auto [dW, db] = vjp(A2, v, W, b)`.
template <detail::VarOrChoice... Rest>
auto vjp(const Var& output, const Var& cotangent, const Var& first, const Rest&... rest) {
    return detail::with_list([&](const auto& wrt, Disconnected d) { return vjp(output, cotangent, wrt, d); },
                             first, rest...);
}

} // namespace xtape
