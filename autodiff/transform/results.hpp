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

template <class T>
inline constexpr bool is_pair = false;
template <class A, class B>
inline constexpr bool is_pair<std::pair<A, B>> = true;
/// A sequence as that one, of other elements.
template <class R, class Element>
struct SequenceAs {
    using type = std::vector<Element>;
};
template <class T, std::size_t N, class Element>
struct SequenceAs<std::array<T, N>, Element> {
    using type = std::array<Element, N>;
};

/// A structure of Vars (one; vectors, arrays and pairs of structures) with f(var) in the place of each, in
/// their order.
template <class R, class F>
auto mapped(const R& results, const F& f) {
    if constexpr (std::same_as<R, Var>) {
        return f(results);
    } else if constexpr (is_pair<R>) {
        using Pair = std::pair<decltype(mapped(results.first, f)), decltype(mapped(results.second, f))>;
        return Pair{mapped(results.first, f), mapped(results.second, f)};
    } else {
        typename SequenceAs<R, decltype(mapped(*results.begin(), f))>::type all;
        if constexpr (requires { all.resize(results.size()); }) all.resize(results.size());
        for (std::size_t k = 0; k < results.size(); ++k)
            all[k] = mapped(results[k], f);
        return all;
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
