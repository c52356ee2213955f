#pragma once

/// Derivatives of functions as functions: `auto df = grad(f); df(x)`.
///
/// f is any callable of Vars: of one or several, or of one std::vector<Var>. What comes back is called with
/// arrays, records on a tape of its own and gives arrays (of float where all are, long double where one is,
/// else double); called with Vars it appends to their tape and gives Vars, so that derivatives nest:
/// `grad(grad(f))`, `jvp` of a `grad`, `grad` of a `jvp`. Errors are those of gradient, jvp and jacobian.

#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/tape.hpp>
#include <xtape/autodiff/transform/jacobian.hpp>
#include <xtape/autodiff/transform/results.hpp>

namespace xtape {
namespace detail {

template <class A>
using value_type = typename std::remove_cvref_t<A>::value_type;

template <class... A>
using Scalar =
    std::conditional_t<(std::same_as<value_type<A>, long double> || ...), long double,
                       std::conditional_t<(std::same_as<value_type<A>, float> && ...), float, double>>;

/// What a Var, or a structure of Vars, holds.
template <class T, class R>
auto evaluated(Evaluation<T>& evaluation, const R& results) {
    return mapped(results, [&](const Var& var) -> Array<T> { return evaluation.value(var); });
}

/// A function of Vars that also takes arrays.
template <class F>
class OfArrays {
public:
    explicit OfArrays(F f) : f_(std::move(f)) {}

    template <std::same_as<Var>... V>
    auto operator()(const Var& first, const V&... rest) const {
        static_assert(std::invocable<const F&, const Var&, const V&...>,
                      "xtape: the function takes another number of Vars than it is given arrays");
        return f_(first, rest...);
    }
    auto operator()(const std::vector<Var>& vars) const requires std::invocable < const F&, const
        std::vector<Var>
    & > { return f_(vars); }

    template <XtensorExpression... A>
    requires(sizeof...(A) > 0) auto operator()(const A&... arrays) const {
        static_assert(OfArrays::takes<A...>(std::make_index_sequence<sizeof...(A)>{}),
                      "xtape: the function takes another number of Vars than it is given arrays");
        Tape tape;
        Evaluation<Scalar<A...>> evaluation;
        const std::vector<Var> inputs = bind(tape, evaluation, {AnyArray(arrays)...});
        return evaluated(evaluation, apply_to<sizeof...(A)>(f_, std::span<const Var>(inputs)));
    }
    template <std::floating_point T>
        auto operator()(const std::vector<Array<T>>& arrays) const requires std::invocable < const F&,
        const std::vector<Var>
    & > {
        Tape tape;
        Evaluation<T> evaluation;
        return evaluated(evaluation,
                         f_(bind(tape, evaluation, std::vector<AnyArray>(arrays.begin(), arrays.end()))));
    }

private:
    template <class... A, std::size_t... I>
    static constexpr bool takes(std::index_sequence<I...>) {
        return std::invocable<const F&, decltype((void)I, std::declval<const Var&>())...>;
    }

    template <class T>
    static std::vector<Var> bind(Tape& tape, Evaluation<T>& evaluation, const std::vector<AnyArray>& arrays) {
        std::vector<Var> inputs;
        for (const AnyArray& array : arrays) {
            const std::string name = arrays.size() == 1 ? "x" : "x" + std::to_string(inputs.size());
            if (array.is_real()) { // as a variable it has a value on which f may decide
                inputs.push_back(tape.variable(name, array));
                continue;
            }
            inputs.push_back(tape.input(name, Shape(array.extents())));
            evaluation.bind(inputs.back(), array);
        }
        return inputs;
    }

    F f_;
};

/// Results as an array for a number of arguments known to the compiler; for one, the result itself.
template <std::size_t N, class R>
auto for_each_argument(std::vector<R> results) {
    if constexpr (N == 1) {
        return std::move(results[0]);
    } else {
        std::array<R, N> array;
        std::move(results.begin(), results.end(), array.begin());
        return array;
    }
}

/// Vars of the same values that f alone sees: a Var that f also uses from outside is held constant there.
[[nodiscard]] std::vector<Var> apart(const std::vector<Var>& vars);

template <std::size_t N, class F>
Var value_of(const F& f, const std::vector<Var>& inputs) {
    return apply_to<N>(f, std::span<const Var>(inputs));
}

} // namespace detail

namespace detail {

/// The cost of f at inputs of its own, and those.
template <class F>
class CostOf {
public:
    explicit CostOf(F f) : f_(std::move(f)) {}

    template <std::same_as<Var>... V>
    auto value_and_grad(const V&... x) const {
        const std::vector<Var> inputs = apart({x...});
        const Var cost = apply_to<sizeof...(V)>(f_, std::span<const Var>(inputs));
        return std::pair(cost, for_each_argument<sizeof...(V)>(gradient(cost, inputs)));
    }
    std::pair<Var, std::vector<Var>> value_and_grad(const std::vector<Var>& x) const {
        const std::vector<Var> inputs = apart(x);
        const Var cost = f_(inputs);
        return {cost, gradient(cost, inputs)};
    }

private:
    F f_;
};

template <class F, class V>
concept TakesVector = std::same_as<V, std::vector<Var>> && std::invocable < const F&,
        const std::vector<Var>
& > ;

} // namespace detail

/// `df(x)`: the gradient of f at x, one array for each of its arguments: `auto [dx, dy] = grad(f)(x, y)`; a
/// vector for a vector.
template <class F>
auto grad(F f) {
    return detail::OfArrays([cost = detail::CostOf(std::move(f))]<class... V>(const V&... x) requires(
        (std::same_as<V, Var> && ...) || (detail::TakesVector<F, V> && ...)) {
        return cost.value_and_grad(x...).second;
    });
}

/// `auto [y, dx] = value_and_grad(f)(x)`: both from one recording.
template <class F>
auto value_and_grad(F f) {
    return detail::OfArrays([cost = detail::CostOf(std::move(f))]<class... V>(const V&... x) requires(
        (std::same_as<V, Var> && ...) || (detail::TakesVector<F, V> && ...)) {
        return cost.value_and_grad(x...);
    });
}

/// The Jacobian of f: the shape of its result followed by that of its argument; one for each argument.
template <class F>
requires(!std::same_as<F, Var>) auto jacobian(F f) {
    return detail::OfArrays([f = std::move(f)](const std::same_as<Var> auto&... x) {
        const std::vector<Var> inputs = detail::apart({x...});
        return detail::for_each_argument<sizeof...(x)>(
            jacobian(detail::value_of<sizeof...(x)>(f, inputs), inputs));
    });
}

/// The Hessian of f: the shape of its argument twice; for several arguments blocks [i][j].
template <class F>
requires(!std::same_as<F, Var>) auto hessian(F f) {
    return detail::OfArrays([f = std::move(f)](const std::same_as<Var> auto&... x) {
        constexpr std::size_t count = sizeof...(x);
        const std::vector<Var> inputs = detail::apart({x...});
        std::vector<decltype(detail::for_each_argument<count>(std::vector<Var>{}))> rows;
        for (std::vector<Var>& row : hessian(detail::value_of<count>(f, inputs), inputs))
            rows.push_back(detail::for_each_argument<count>(std::move(row)));
        return detail::for_each_argument<count>(std::move(rows));
    });
}

/// `hvp(f)(x, v)`, `hvp(f)(x, y, v, w)`: the Hessian at the first half of the arguments times the second
/// half.
template <class F>
requires(!std::same_as<F, Var>) auto hvp(F f) {
    return detail::OfArrays([f = std::move(f)](const std::same_as<Var> auto&... given) {
        constexpr std::size_t count = sizeof...(given) / 2;
        static_assert(count > 0 && 2 * count == sizeof...(given),
                      "xtape: give as many directions as arguments");
        const std::vector<Var> all{given...};
        const std::vector<Var> inputs = detail::apart({all.begin(), all.begin() + count});
        return detail::for_each_argument<count>(
            hvp(detail::value_of<count>(f, inputs), inputs, {all.begin() + count, all.end()}));
    });
}

/// `jvp(f)(x, u)`, `jvp(f)(x, y, u, w)`: how f moves when the first half of the arguments moves along the
/// second half.
template <class F>
requires(!std::same_as<F, Var>) auto jvp(F f) {
    return detail::OfArrays([f = std::move(f)](const std::same_as<Var> auto&... given) {
        constexpr std::size_t count = sizeof...(given) / 2;
        static_assert(count > 0 && 2 * count == sizeof...(given),
                      "xtape: give as many tangents as arguments");
        const std::vector<Var> all{given...};
        const std::vector<Var> inputs = detail::apart({all.begin(), all.begin() + count});
        return jvp({detail::value_of<count>(f, inputs)}, inputs, {all.begin() + count, all.end()})[0];
    });
}

/// `vjp(f)(x, v)`, `auto [dx, dy] = vjp(f)(x, y, v)`: the last argument is the cotangent of f's result.
template <class F>
requires(!std::same_as<F, Var>) auto vjp(F f) {
    return detail::OfArrays([f = std::move(f)](const std::same_as<Var> auto&... given) {
        constexpr std::size_t count = sizeof...(given) - 1;
        static_assert(count > 0, "xtape: give the arguments, and the cotangent as the last");
        const std::vector<Var> all{given...};
        const std::vector<Var> inputs = detail::apart({all.begin(), all.begin() + count});
        return detail::for_each_argument<count>(vjp(detail::value_of<count>(f, inputs), all.back(), inputs));
    });
}

} // namespace xtape
