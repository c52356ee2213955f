#pragma once

/// How an operation is defined, in one place: `elementwise(name)` for a function of numbers,
/// `operation(name)` for one of whole arrays. Both are converted to an Op, which is what `record` takes.

#include <xtape/autodiff/op.hpp>

#include <array>
#include <type_traits>

namespace xtape {

/// In the place of a rule: the result does not depend differentiably on this operand.
struct NoGradient {};
inline constexpr NoGradient no_gradient{};

namespace detail {

/// Runs an elementwise loop over the broadcast operands: the loop sees one row at a time, with a stride per
/// operand.
template <std::floating_point T>
using RowLoop =
    std::function<void(const void* const* in, const std::ptrdiff_t* strides, void* out, std::size_t n)>;

template <std::floating_point T>
void run_elementwise(Call<T>& call, const RowLoop<T>& loop, const std::vector<std::string>& attributes,
                     Kind result);

void elementwise_shape(const Signature& signature, const std::vector<std::string>& attributes, Kind result,
                       std::vector<ResultType>& results);

/// An operand's entry as a body sees it.
template <Kind K, class T>
auto entry(const void* data, std::ptrdiff_t i) {
    if constexpr (K == Kind::real)
        return Real<T>(static_cast<const T*>(data)[i]);
    else if constexpr (K == Kind::mask)
        return Truth(static_cast<const bool*>(data)[i]);
    else
        return static_cast<const std::int64_t*>(data)[i];
}

template <class F, class A, std::size_t... I>
constexpr bool takes(std::index_sequence<I...>) {
    return std::invocable<F, decltype((void)I, std::declval<A>())...>;
}

/// How many arguments of type A the function takes, at most eight.
template <class F, class A, std::size_t N = 1>
constexpr std::size_t arity() {
    if constexpr (takes<F, A>(std::make_index_sequence<N>{})) {
        return N;
    } else if constexpr (N < 8) {
        return arity<F, A, N + 1>();
    } else {
        static_assert(never<F>, "xtape: an elementwise body takes one to eight numbers of any type and uses "
                                "xtape's functions: [](auto x, auto y) { return x * exp(y); }");
        return 1;
    }
}

template <class F, std::size_t N, std::size_t... I>
constexpr auto all_real(std::index_sequence<I...>) {
    return std::array<Kind, N>{((void)I, Kind::real)...};
}

/// A result as `Call::give` takes it.
template <class T, class R>
void give(Call<T>& call, R&& result) {
    if constexpr (XtensorExpression<R>) {
        call.give(0, AnyArray(std::forward<R>(result)).owned());
    } else {
        std::apply([&, k = std::size_t{0}](
                       auto&&... each) mutable { (call.give(k++, AnyArray(std::move(each)).owned()), ...); },
                   std::forward<R>(result));
    }
}

} // namespace detail

/// What elementwise and whole-array operations are both told.
template <class Self>
class Builder {
public:
    explicit Builder(std::string name) { definition_.name = std::move(name); }

    /// One rule for each operand: a function of a Pullback that returns the operand's cotangent, or
    /// `no_gradient`. The rule need not sum over broadcast axes, nor add what comes from elsewhere.
    template <class... Rules>
    Self& vjp(Rules... rules) {
        std::vector<std::function<Var(const Pullback&)>> each{rule(std::move(rules))...};
        for (const auto& r : each)
            definition_.differentiable.push_back(static_cast<bool>(r));
        definition_.vjp = [each](const Pullback& p, std::size_t k) { return each[k](p); };
        return self();
    }

    /// One rule for all operands, which is told the operand's position.
    Self& vjp_each(std::function<Var(const Pullback&, std::size_t)> rule) {
        definition_.vjp = std::move(rule);
        return self();
    }

    /// One rule for several operands whose cotangents share work: it is told which positions are needed, and
    /// returns the cotangents of those, in their order.
    Self&
    vjp_all(std::function<std::vector<Var>(const Pullback&, std::span<const std::size_t> needed)> rule) {
        definition_.vjp_all = std::move(rule);
        return self();
    }

    /// A forward rule of its own: a function of a Pushforward that returns the tangent of the result (or a
    /// vector of them), an empty Var for zero. Without one, forward mode is derived from the vjp.
    template <class F>
    Self& jvp(F f) {
        definition_.jvp = [f](const Pushforward& p) -> std::vector<Var> {
            if constexpr (std::convertible_to<decltype(f(p)), Var>)
                return {f(p)};
            else
                return f(p);
        };
        return self();
    }

    /// Declares that no derivative passes through this operation, as through `stop_gradient` or `sign`.
    Self& without_gradient() {
        definition_.without_gradient = true;
        return self();
    }

    /// How it is written, in text and in LaTeX; see Notation.
    Self& notation(std::string text, std::string latex, int precedence = std::numeric_limits<int>::max()) {
        definition_.notation = {std::move(text), std::move(latex), precedence};
        return self();
    }

    /// Where it is defined, for all operands or one interval for each.
    Self& domain(double low, double high) { return domain({{low, high}}); }
    Self& domain(std::vector<Interval> intervals) {
        definition_.domain = std::move(intervals);
        return self();
    }

    /// Where checks draw operands from, for all operands or one interval for each.
    Self& sampled_on(double low, double high) { return sampled_on({{low, high}}); }
    Self& sampled_on(std::vector<Interval> intervals) {
        definition_.sampled_on = std::move(intervals);
        return self();
    }

    /// What checks call an operation on whole arrays with, at every size that matters (one, none,
    /// non-square): a function of a Draw.
    Self& samples(std::function<std::vector<Sample>(Draw&)> samples) {
        definition_.samples = std::move(samples);
        return self();
    }

    /// What to use where the result has lost its argument (a saturated sigmoid), for the message of
    /// `first_nonfinite`.
    Self& saturation(std::string advice) {
        definition_.saturation = std::move(advice);
        return self();
    }

    operator Op() const { return Op(definition_); }

protected:
    Self& self() { return static_cast<Self&>(*this); }

    static std::function<Var(const Pullback&)> rule(NoGradient) { return {}; }
    template <class F>
    static std::function<Var(const Pullback&)> rule(F f) {
        return f;
    }

    Definition definition_;
};

/// An operation on numbers, applied to every entry of its broadcast operands.
class Elementwise : public Builder<Elementwise> {
public:
    explicit Elementwise(std::string name) : Builder(std::move(name)) { definition_.elementwise = true; }

    /// Real attributes, which the body takes as its last arguments; checks call it with the given values.
    Elementwise& attributes(std::vector<std::string> names, std::vector<long double> samples) {
        definition_.attributes = std::move(names);
        definition_.attribute_samples = std::move(samples);
        return *this;
    }

    /// The body: called with Real<T> it computes, called with Vars it is the symbolic definition, which is
    /// differentiated where no vjp is given. Kinds need naming only where an operand is not real.
    template <Kind... kinds, class F>
    Elementwise& forward(F f) {
        opaque<kinds...>(f);
        constexpr auto all = kinds_of<F, kinds...>();
        definition_.body = [f]<std::size_t... I>(std::index_sequence<I...>) {
            return [f](std::span<const Var> vars) -> Var { return f(vars[I]...); };
        }
        (std::make_index_sequence<all.size()>{});
        return *this;
    }

    /// A body that cannot be traced, since it calls what knows numbers only; it brings its vjp.
    template <Kind... kinds, class F>
    Elementwise& opaque(F f) {
        constexpr auto all = kinds_of<F, kinds...>();
        definition_.operands.assign(all.begin(),
                                    all.end() - static_cast<std::ptrdiff_t>(definition_.attributes.size()));
        compute<float, kinds...>(f);
        compute<double, kinds...>(f);
        compute<long double, kinds...>(f);
        return *this;
    }

    /// Where the derivative jumps, in words (`x = 0`), and a body that takes what the operation takes and
    /// gives another number or mask on the two sides: `.kink("x = 0", [](auto x) { return x > 0; })`. It
    /// comes after `forward` or `opaque`, whose kinds it shares.
    template <Kind... kinds, class F>
    Elementwise& kink(std::string where, F f) {
        definition_.kink = std::move(where);
        constexpr std::size_t count = kinds_of<F, kinds...>().size();
        const auto [loop, kind] = row_loop<long double, F, kinds...>(f, std::make_index_sequence<count>{});
        definition_.branch = [loop = loop, kind = kind,
                              names = definition_.attributes](Call<long double>& call) {
            detail::run_elementwise<long double>(call, loop, names, kind);
        };
        return *this;
    }

private:
    /// The kinds of a body's arguments, attributes included: as named, or as many reals as it takes.
    template <class F, Kind... kinds>
    static constexpr auto kinds_of() {
        if constexpr (sizeof...(kinds) > 0) {
            return std::array<Kind, sizeof...(kinds)>{kinds...};
        } else {
            constexpr std::size_t count = detail::arity<F, Real<double>>();
            return detail::all_real<F, count>(std::make_index_sequence<count>{});
        }
    }

    /// The body as a loop over one row.
    template <class T, class F, Kind... kinds, std::size_t... I>
    static auto row_loop(F f, std::index_sequence<I...>) {
        using Result = decltype(f(detail::entry<std::get<I>(kinds_of<F, kinds...>()), T>(nullptr, 0)...));
        constexpr bool gives_mask = std::same_as<Result, Truth>;
        using Entry = std::conditional_t<gives_mask, bool, T>;
        const auto loop = [f](const void* const* in, const std::ptrdiff_t* strides, void* out,
                              std::size_t n) {
            auto* to = static_cast<Entry*>(out);
            for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(n); ++i) {
                const Result result =
                    f(detail::entry<std::get<I>(kinds_of<F, kinds...>()), T>(in[I], i * strides[I])...);
                if constexpr (std::same_as<Result, Truth>)
                    to[i] = result.value();
                else
                    to[i] = Real<T>(result).value;
            }
        };
        return std::pair(detail::RowLoop<T>(loop), gives_mask ? Kind::mask : Kind::real);
    }

    template <class T, Kind... kinds, class F>
    void compute(F f) {
        constexpr std::size_t count = kinds_of<F, kinds...>().size();
        const auto [loop, kind] = row_loop<T, F, kinds...>(f, std::make_index_sequence<count>{});
        std::get<Kernel<T>>(definition_.forward) = [loop = loop, kind = kind,
                                                    names = definition_.attributes](Call<T>& call) {
            detail::run_elementwise<T>(call, loop, names, kind);
        };
        definition_.shape = [kind = kind, names = definition_.attributes](const Signature& s,
                                                                          std::vector<ResultType>& results) {
            detail::elementwise_shape(s, names, kind, results);
        };
    }
};

/// An operation on whole arrays.
class Operation : public Builder<Operation> {
public:
    using Builder::Builder;

    /// The kind of each operand.
    Operation& operands(std::vector<Kind> kinds) {
        definition_.operands = std::move(kinds);
        return *this;
    }
    /// Any number of operands, all of this kind.
    Operation& any_number_of(Kind kind) {
        definition_.operands = {kind};
        definition_.variadic = true;
        return *this;
    }

    /// Any number of operands of any kind; the shape rule says what fits.
    Operation& any_operands() {
        definition_.operands.clear();
        definition_.variadic = true;
        return *this;
    }

    /// A function of a Signature that returns the Shape of the result, its ResultType (for a mask or
    /// indices), or a std::vector<ResultType> for several results.
    template <class F>
    Operation& shape(F f) {
        definition_.shape = [f](const Signature& signature, std::vector<ResultType>& results) {
            if constexpr (std::convertible_to<decltype(f(signature)), std::vector<ResultType>>)
                results = f(signature);
            else
                results.emplace_back(f(signature));
        };
        return *this;
    }

    /// A generic function `[](auto& call)` of a Call<T>, for T float, double and long double. It returns its
    /// result (an xtensor expression), a tuple of its results, or fills what `call.allocate()` gives and
    /// returns nothing.
    template <class F>
    Operation& forward(F f) {
        compute<float>(f);
        compute<double>(f);
        compute<long double>(f);
        return *this;
    }

    /// Where the derivative jumps, in words (`two entries tie`), and a function of a Call that returns
    /// numbers which change there, as an array of any shape: the positions of the largest entries, a
    /// permutation.
    template <class F>
    Operation& kink(std::string where, F f) {
        definition_.kink = std::move(where);
        definition_.branch = kernel<long double>(f);
        return *this;
    }

private:
    template <class T, class F>
    static Kernel<T> kernel(F f) {
        return [f](Call<T>& call) {
            if constexpr (std::is_void_v<decltype(f(call))>)
                f(call);
            else
                detail::give(call, f(call));
        };
    }
    template <class T, class F>
    void compute(F f) {
        std::get<Kernel<T>>(definition_.forward) = kernel<T>(f);
    }
};

[[nodiscard]] inline Elementwise elementwise(std::string name) { return Elementwise(std::move(name)); }
[[nodiscard]] inline Operation operation(std::string name) { return Operation(std::move(name)); }

} // namespace xtape
