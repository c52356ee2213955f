#pragma once

/// What a function that a user hands over returns, as a list and back.

#include <xtape/autodiff/trace.hpp>

#include <array>
#include <utility>

namespace xtape::detail {

inline std::vector<Var> as_list(const Var& var) { return {var}; }
inline std::vector<Var> as_list(std::vector<Var> vars) { return vars; }
template <std::size_t N>
std::vector<Var> as_list(const std::array<Var, N>& vars) {
    return {vars.begin(), vars.end()};
}

/// The list as what the function returned: one Var, an array of them, or the list itself.
template <class Result>
Result from_list(std::vector<Var> vars) {
    if constexpr (std::same_as<Result, Var>) {
        return std::move(vars[0]);
    } else if constexpr (std::same_as<Result, std::vector<Var>>) {
        return vars;
    } else {
        Result result;
        std::move(vars.begin(), vars.end(), result.begin());
        return result;
    }
}

template <std::size_t N, class F, std::size_t... I>
decltype(auto) apply_to(const F& f, std::span<const Var> vars, std::index_sequence<I...>) {
    return f(vars[I]...);
}

/// f(vars[0], …, vars[N − 1]).
template <std::size_t N, class F>
decltype(auto) apply_to(const F& f, std::span<const Var> vars) {
    return apply_to<N>(f, vars, std::make_index_sequence<N>{});
}

/// A function of N Vars as a Body.
template <std::size_t N, class F>
Body body_of(F f) {
    return [f = std::move(f)](std::span<const Var> vars) { return as_list(apply_to<N>(f, vars)); };
}

} // namespace xtape::detail
