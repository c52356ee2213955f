#pragma once

#include <xtape/autodiff/transform/results.hpp>

namespace xtape {

/// One record that computes all of `f`. Vars that f uses from outside become operands; what f computes inside
/// is let go as soon as nothing inside needs it, and its derivatives compute it anew. `f` is called once,
/// with stand-ins for `inputs`, of which there is at least one, and leaves nothing on the tape.
std::vector<Var> call(const detail::Body& f, const std::vector<Var>& inputs);

/// f as a function that trades memory for time (Griewank, Walther 2000): nothing that it computes inside is
/// kept for the gradient, which computes it a second time. `checkpoint(f)(x, W)` returns what f returns: a
/// Var, an array or a vector of Vars. A chain of N steps in √N checkpoints needs memory for 2 √N.
template <class F>
auto checkpoint(F f) {
    return [f = std::move(f)](const Var& first, const std::same_as<Var> auto&... rest) {
        constexpr std::size_t count = 1 + sizeof...(rest);
        using Result = std::remove_cvref_t<decltype(f(first, rest...))>;
        return detail::from_list<Result>(call(detail::body_of<count>(f), {first, rest...}));
    };
}

} // namespace xtape
