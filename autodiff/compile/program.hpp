#pragma once

/// Part of a tape as a fast function of arrays.

#include <xtape/autodiff/compile/profile.hpp>
#include <xtape/autodiff/var.hpp>

#include <memory>
#include <span>
#include <type_traits>

namespace xtape {

/// Where a Program writes one output: a row-major array of T that has the output's extents already.
template <std::floating_point T>
class OutputArray {
public:
    template <class A>
    requires std::same_as<typename A::value_type, T> && std::is_base_of_v<xt::xcontainer<A>, A> &&
        (A::static_layout == xt::layout_type::row_major) OutputArray(A& array)
        : data_(array.data()), extents_(array.shape().begin(), array.shape().end()) {}

    [[nodiscard]] T* data() const { return data_; }
    [[nodiscard]] const Extents& extents() const { return extents_; }

private:
    T* data_;
    Extents extents_;
};

/// How a Program does its work for given extents: its steps, what they fuse, floating-point operations (one
/// for each entry of an elementwise operation or sum), buffers and bytes. Prints through fmt.
class ProgramPlan {
public:
    using printed_by_xtape = void;

    ProgramPlan(std::string text, std::vector<ProgramStep> steps, std::size_t fallbacks, std::size_t bytes,
                std::size_t threads)
        : text_(std::move(text)), steps_(std::move(steps)), fallbacks_(fallbacks), bytes_(bytes),
          threads_(threads) {}

    [[nodiscard]] std::string to_string() const { return text_; }
    [[nodiscard]] const std::vector<ProgramStep>& steps() const { return steps_; }
    /// Steps that are an operation's own forward function, and allocate.
    [[nodiscard]] std::size_t fallbacks() const { return fallbacks_; }
    /// What one run takes beside inputs, outputs, variables and constants.
    [[nodiscard]] std::size_t peak_bytes() const { return bytes_; }
    /// In how many threads a run works at most, its caller's among them.
    [[nodiscard]] std::size_t threads() const { return threads_; }
    [[nodiscard]] double flops() const {
        double all = 0;
        for (const ProgramStep& step : steps_)
            all += step.flops;
        return all;
    }

private:
    std::string text_;
    std::vector<ProgramStep> steps_;
    std::size_t fallbacks_, bytes_, threads_;
};

struct ProgramOptions {
    /// In how many threads a run works at most; 0 for as many as the environment variable XTAPE_THREADS says
    /// or, where it is not set, the machine runs at once. It is more than one where tiles have enough to do,
    /// 2²³ multiplications of floats or what takes as long, some 0.15 ms, or a product outside of them has
    /// 2²⁵. Results have the same bits for any number. A run that finds the workers busy with another's
    /// pieces works by itself, and so does one in a process that was forked, which should be done while none
    /// runs.
    std::size_t threads = 0;
    /// How many columns a tile has, where there is an axis that can be worked through in tiles; 0 for what
    /// the cache holds, and only where that pays. Results have the same bits for the same width.
    std::size_t tile_width = 0;
};

/// A function from arrays to arrays, planned once for each set of extents that it is run with; the eight last
/// used are kept. Copies share what is planned. It may run in several threads at once, while nobody assigns
/// to a variable that it reads.
template <std::floating_point T>
class Program {
public:
    /// Computes the outputs from the inputs, in the order in which `compile` was given them. Inputs are
    /// row-major arrays of T (std::int64_t for an index, bool for a mask); outputs are arrays of T, masks and
    /// indices among them as numbers. A variable that is no input is read where it lives, as it is now.
    ///
    /// Nothing is allocated after the first run with the same extents, unless the plan has fallbacks (or an
    /// array more than four dimensions). Before anything is written it throws ArgumentError where the number
    /// of arrays is another or an output overlaps an input or another output, BindingError where an input
    /// does not fit, ShapeError where an output does not, GuardError where a decision on which the outputs
    /// rest comes out otherwise than when they were recorded (<xtape/autodiff/decide.hpp>).
    void run(std::initializer_list<AnyArray> inputs, std::initializer_list<OutputArray<T>> outputs) const {
        run(std::span(inputs.begin(), inputs.size()), std::span(outputs.begin(), outputs.size()));
    }
    void run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs) const;

    /// The same with new arrays for the outputs.
    [[nodiscard]] std::vector<Array<T>> operator()(std::span<const AnyArray> inputs) const;
    [[nodiscard]] std::vector<Array<T>> operator()(std::initializer_list<AnyArray> inputs) const {
        return (*this)(std::span(inputs.begin(), inputs.size()));
    }

    /// The plan for inputs of these extents; without them, for those that the tape fixes. Throws ShapeError
    /// where an extent is missing.
    [[nodiscard]] ProgramPlan plan(const std::vector<Extents>& inputs) const;
    [[nodiscard]] ProgramPlan plan() const;

    /// Runs it once and then `runs` times, at least one, and says what each step took. Throws as `run` does,
    /// and ArgumentError for no run.
    [[nodiscard]] Profile profile(std::span<const AnyArray> inputs, std::size_t runs = 20) const;
    [[nodiscard]] Profile profile(std::initializer_list<AnyArray> inputs, std::size_t runs = 20) const {
        return profile(std::span(inputs.begin(), inputs.size()), runs);
    }

    /// What is computed, after simplification: to print, or to compare with. An input that no output needs is
    /// empty there.
    [[nodiscard]] const std::vector<Var>& inputs() const;
    [[nodiscard]] const std::vector<Var>& outputs() const;

private:
    struct State;
    template <std::floating_point U>
    friend Program<U> compile(const std::vector<Var>& inputs, const std::vector<Var>& outputs,
                              const ProgramOptions& options);
    explicit Program(std::shared_ptr<State> state) : state_(std::move(state)) {}
    /// Adds to the seconds of each step, where there are any.
    void run(std::span<const AnyArray> inputs, std::span<const OutputArray<T>> outputs,
             std::span<double> seconds) const;

    std::shared_ptr<State> state_;
};

/// Makes a Program of what the outputs need, simplified for stable values; the tape is not needed afterwards,
/// and what is recorded later does not change it. Inputs are inputs or variables of the tape; extents are
/// those that the tape fixes, or those of the arrays of each run. Throws ArgumentError where an input is
/// neither or comes twice, or there is no output; BindingError where an output needs an input that is not
/// given; VarError for Vars of two tapes.
template <std::floating_point T>
[[nodiscard]] Program<T> compile(const std::vector<Var>& inputs, const std::vector<Var>& outputs,
                                 const ProgramOptions& options = {});

extern template class Program<float>;
extern template class Program<double>;

} // namespace xtape
