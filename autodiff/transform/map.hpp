#pragma once

#include <xtape/autodiff/transform/results.hpp>

namespace xtape {

/// f applied at every position of the leading axis of all of `xs`, as one record: f is recorded once, on
/// entries of the shapes without that axis, and run for each. Each result is stacked along a new leading
/// axis. Vars that f uses from outside are the same at every position. The derivatives are maps again, and
/// the cotangent of what is the same everywhere is summed on the way. Throws ShapeError where there is no
/// leading axis or the extents differ.
std::vector<Var> map(const detail::Body& f, const std::vector<Var>& xs);

/// `map([&](Var x) { return solve(K, x); }, xs)`: a Var, or what f returns.
template <class F>
requires std::invocable<F, const Var&>
auto map(F f, const Var& first) {
    using Result = std::remove_cvref_t<decltype(f(first))>;
    return detail::from_list<Result>(map(detail::body_of<1>(std::move(f)), std::vector<Var>{first}));
}
template <class F, std::same_as<Var>... Rest>
auto map(F f, const Var& first, const Var& second, const Rest&... rest) {
    using Result = std::remove_cvref_t<decltype(f(first, second, rest...))>;
    return detail::from_list<Result>(
        map(detail::body_of<2 + sizeof...(rest)>(std::move(f)), std::vector<Var>{first, second, rest...}));
}

} // namespace xtape
