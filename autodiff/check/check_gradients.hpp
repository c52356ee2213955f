#pragma once

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/check/verify.hpp>
#include <xtape/autodiff/evaluate.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xtape {

struct GradientOptions {
    std::uint64_t seed = 1; ///< of cotangents, directions and samples; the same on every machine
    int order = 2;          ///< 1: the gradient only; 2: its gradient too
    /// At most so many entries of each array, drawn from the seed; 0 compares all. One entry costs about ten
    /// evaluations of the function, and as many of its gradient at order two.
    std::size_t entries = 0;
    std::vector<std::string> only =
        {}; ///< arrays or entries that are compared: `{"W", "b[2,0]"}`; empty: all
    std::vector<std::string> zero = {}; ///< arrays whose gradient is meant to be zero everywhere
};

namespace detail {

/// A function of Vars, recorded again wherever it is called.
using Recorded = std::function<std::vector<Var>(std::span<const Var>)>;

Report check_recorded(const Recorded& f, const NamedArrays& at, const GradientOptions& options);

/// One Var, or a range of Vars, as a list.
template <class R>
std::vector<Var> listed(R&& results) {
    if constexpr (std::convertible_to<R, Var>)
        return {std::forward<R>(results)};
    else
        return std::vector<Var>(std::begin(results), std::end(results));
}

template <class F, std::size_t... I>
Recorded with_vars(F f, std::index_sequence<I...>) {
    return [f = std::move(f)](std::span<const Var> vars) { return listed(f(vars[I]...)); };
}

} // namespace detail

/// Checks the gradient of f, a function of Vars that returns a real Var of any shape (or several, in a vector
/// or an array), at some arrays: `BOOST_TEST(check_gradients([](Var W) { return tanh(W); }, w))`. Arrays are
/// of real numbers of any type, and are taken as they are into long double. Messages call one array `x`,
/// several `x0`, `x1`, …, or what they are given as: `check_gradients(f, {{"W", w}, {"b", b}})`.
///
/// The ladder (autodiff/check/README.md has its mathematics): the vjp is linear in its cotangent and depends
/// on it as its value does (⟨v, Ju⟩ = ⟨Jᵀv, u⟩); every entry is compared with extrapolated differences in
/// long double, to 10 times their own error; the Taylor remainder falls with slope 2; the same for the
/// gradient of the gradient. The report has a line `dW` and, at order two, `ddW` for each array.
///
/// FAIL where one of these is wrong, where a value is NaN, where f is not deterministic, where it ignores an
/// array or its gradient is zero everywhere and that is not declared, and where nothing was compared.
/// INCONCLUSIVE(kink) where an operation on the way changes its branch within the smallest step that is of
/// use and the gradient lies between both slopes, INCONCLUSIVE(domain) where one leaves its domain,
/// INCONCLUSIVE(noise) where the error of the differences exceeds 1e-6 of the gradient's scale.
///
/// What f itself throws is thrown. Throws ArgumentError where f returns nothing real, where an option is out
/// of range, KindError for an array that is not of real numbers, NameError for a name that there is not.
template <class F>
Report check_gradients(F f, const AnyArray& x, const GradientOptions& options = {}) {
    return detail::check_recorded(detail::with_vars(std::move(f), std::make_index_sequence<1>{}), {{"x", x}},
                                  options);
}
template <class F>
Report check_gradients(F f, const AnyArray& x0, const AnyArray& x1, const GradientOptions& options = {}) {
    return detail::check_recorded(detail::with_vars(std::move(f), std::make_index_sequence<2>{}),
                                  {{"x0", x0}, {"x1", x1}}, options);
}
template <class F>
Report check_gradients(F f, const AnyArray& x0, const AnyArray& x1, const AnyArray& x2,
                       const GradientOptions& options = {}) {
    return detail::check_recorded(detail::with_vars(std::move(f), std::make_index_sequence<3>{}),
                                  {{"x0", x0}, {"x1", x1}, {"x2", x2}}, options);
}

/// The same for arrays with names, each of which becomes an argument of f.
template <class F, std::size_t N>
Report check_gradients(F f, const NamedArrays::value_type (&at)[N], const GradientOptions& options = {}) {
    return detail::check_recorded(detail::with_vars(std::move(f), std::make_index_sequence<N>{}),
                                  NamedArrays(std::begin(at), std::end(at)), options);
}

/// The same for a number of arrays that is known at run time: f takes a std::span<const Var>.
template <class F>
Report check_gradients(F f, std::span<const NamedArrays::value_type> at,
                       const GradientOptions& options = {}) {
    return detail::check_recorded(
        [f = std::move(f)](std::span<const Var> vars) { return detail::listed(f(vars)); },
        NamedArrays(at.begin(), at.end()), options);
}

/// The gradient of what is already recorded with respect to some leaves of its tape, at these arrays (a
/// variable that has none is taken at its own value). The tape is left as it was.
Report check_gradients(const Var& result, const std::vector<Var>& wrt, const std::vector<Binding>& at = {},
                       const GradientOptions& options = {});

} // namespace xtape
