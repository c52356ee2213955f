#pragma once

/// A function of arrays that is recorded and planned once for each set of shapes.
///
///     auto fast = compile(value_and_grad(f));
///     auto [y, dx] = fast(x); // records, simplifies and plans
///     auto [z, dz] = fast(w); // of the same shape: runs
///
/// What f captured is frozen as it was at the recording: pass what changes as an argument, or ask for
/// `{.check = true}`. f may decide() on its arguments: where its guards fail, another recording for these
/// shapes is tried, the last used first, and where none is of the branch, f is recorded again. Such a
/// function runs in one thread at a time.

#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/graph.hpp>
#include <xtape/autodiff/transform/functions.hpp>

#include <any>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace xtape {

struct CompileOptions {
    /// Each call records f again and compares: ArgumentError where f does something else than it did for
    /// arrays of these shapes, since a captured value changed or f is random. For debugging; it costs what
    /// recording costs.
    bool check = false;
    std::size_t threads = 0; ///< in which a run works at most, as those of ProgramOptions
    std::size_t kept = 8; ///< recordings, of shapes and of branches, the last used of each element type; ≥ 1
};

namespace detail {

/// What f records for arrays of these extents.
template <std::floating_point T>
struct Recording {
    std::vector<Extents> extents;
    std::any result; ///< what f returned
    Graph graph;
    Program<T> program;
    bool decides; ///< the program throws GuardError where arrays take another branch
};

/// A recording that is right for some arrays; where it decides, also what its program gave for them.
template <std::floating_point T>
struct Chosen {
    std::shared_ptr<const Recording<T>> recording;
    std::vector<Array<T>> outputs;
};

/// Those that were made, the last used first. May be used by several threads.
template <std::floating_point T>
class Recordings {
public:
    /// Calls f on these inputs: what it returned, and the Vars in it.
    using Record = std::function<std::pair<std::any, std::vector<Var>>(std::span<const Var>)>;

    Chosen<T> at(const std::vector<AnyArray>& arrays, const Record& record, const CompileOptions& options);
    [[nodiscard]] std::size_t made() const;

private:
    Chosen<T> find(const std::vector<Extents>& extents, const std::vector<AnyArray>& arrays);

    mutable std::mutex mutex_;
    std::list<std::shared_ptr<const Recording<T>>> recordings_;
    std::size_t made_ = 0;
};

extern template class Recordings<float>;
extern template class Recordings<double>;

} // namespace detail

/// What `compile(f)` returns. Copies share what was recorded.
template <class F>
class CompiledFunction {
public:
    CompiledFunction(F f, const CompileOptions& options)
        : f_(std::move(f)), options_(options), cache_(std::make_shared<Cache>()) {}

    /// f of arrays: in float where all are, else in double. What comes back has the structure of what f
    /// returns. Throws what f throws, and what compile and Program::run throw; nothing is kept then.
    template <XtensorExpression... A>
    requires(sizeof...(A) > 0) auto operator()(const A&... arrays) const {
        using R = std::remove_cvref_t<decltype(apply_to<A...>(std::declval<std::span<const Var>>()))>;
        const auto inputs = in<Real_of<A...>, A...>(arrays...);
        auto [recording, outputs] = recorded<A...>(inputs);
        if (!recording->decides) outputs = recording->program(inputs);
        auto next = outputs.begin();
        return detail::mapped(std::any_cast<const R&>(recording->result),
                              [&](const Var&) { return std::move(*next++); });
    }

    /// f of Vars, on their tape: a compiled function can be differentiated as f can.
    template <std::same_as<Var>... V>
    auto operator()(const Var& first, const V&... rest) const {
        return f_(first, rest...);
    }

    /// How arrays of these shapes are computed; records where that has not been done.
    template <XtensorExpression... A>
    requires(sizeof...(A) > 0) [[nodiscard]] ProgramPlan plan(const A&... arrays) const {
        const auto inputs = in<Real_of<A...>, A...>(arrays...);
        const auto recording = recorded<A...>(inputs).recording;
        return recording->program.plan(recording->extents);
    }

    /// What each step takes for these arrays, in the shortest of several runs.
    template <XtensorExpression... A>
    requires(sizeof...(A) > 0) [[nodiscard]] Profile profile(const A&... arrays) const {
        const auto inputs = in<Real_of<A...>, A...>(arrays...);
        return recorded<A...>(inputs).recording->program.profile(inputs);
    }

    /// How often f was recorded to be run.
    [[nodiscard]] std::size_t recordings() const {
        return std::get<0>(*cache_).made() + std::get<1>(*cache_).made();
    }

private:
    using Cache = std::tuple<detail::Recordings<float>, detail::Recordings<double>>;

    template <class... A>
    using Real_of = detail::Scalar<A...>;

    template <class... A>
    auto apply_to(std::span<const Var> inputs) const {
        return detail::apply_to<sizeof...(A)>(f_, inputs);
    }

    template <class T, class... A>
    static std::vector<AnyArray> in(const A&... arrays) {
        static_assert(!std::same_as<T, long double>,
                      "xtape: a compiled function computes in float or double");
        std::vector<AnyArray> inputs{AnyArray(arrays)...};
        for (AnyArray& input : inputs)
            if (input.element() != element_of<T>) input = AnyArray(input.template to<T>());
        return inputs;
    }

    template <class... A>
    auto recorded(const std::vector<AnyArray>& inputs) const {
        using T = Real_of<A...>;
        return std::get<detail::Recordings<T>>(*cache_).at(
            inputs,
            [this](std::span<const Var> vars) {
                auto result = apply_to<A...>(vars);
                std::vector<Var> all;
                (void)detail::mapped(result, [&](const Var& var) { return all.emplace_back(var); });
                return std::pair(std::any(std::move(result)), std::move(all));
            },
            options_);
    }

    F f_;
    CompileOptions options_;
    std::shared_ptr<Cache> cache_;
};

/// A function of arrays that records f, any callable of Vars as `grad` takes, once for each set of shapes and
/// element type, and runs a Program from then on. `compile(grad(f))` and `grad(compile(f))` both work.
template <class F>
[[nodiscard]] CompiledFunction<F> compile(F f, const CompileOptions& options = {}) {
    return {std::move(f), options};
}

} // namespace xtape
