#pragma once

/// What training computes again and again: some Vars of a network from X and Y, in arrays that are kept.

#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/nn/network.hpp>

#include <optional>
#include <type_traits>

namespace xtape::nn {

/// A Program of these outputs; for long double, for which there are none, the reference.
template <std::floating_point T>
class NetworkRunner {
public:
    /// `values` are arrays of T, one for each of these variables of the network, whose values they are in
    /// every run, changed in place or not: what a training moves. Other variables are as they are.
    NetworkRunner(const Network& network, const std::vector<Var>& outputs, const std::vector<Var>& variables,
                  const std::vector<Array<T>>& values)
        : outputs_(outputs), leaves_{network.X, network.Y}, inputs_{Array<T>(), Array<T>()} {
        leaves_.insert(leaves_.end(), variables.begin(), variables.end());
        inputs_.insert(inputs_.end(), values.begin(), values.end());
        if constexpr (compiled) machine_.emplace(compile<T>(leaves_, outputs));
    }

    /// The outputs for X (n_0 × n) and Y (n_L × n), arrays of T. They stay until the next run, which
    /// allocates nothing where n is the same.
    const std::vector<Array<T>>& run(const AnyArray& X, const AnyArray& Y) {
        const bool other = X.extents() != inputs_[0].extents();
        inputs_[0] = X;
        inputs_[1] = Y;
        if constexpr (compiled) {
            if (results_.empty() || other) {
                results_ = (*machine_)(inputs_);
                to_.assign(results_.begin(), results_.end());
            } else {
                machine_->run(inputs_, to_);
            }
        } else {
            for (std::size_t k = 0; k < leaves_.size(); ++k)
                machine_.bind(leaves_[k], inputs_[k]);
            results_.clear();
            for (const Var& output : outputs_)
                results_.push_back(machine_.value(output));
        }
        return results_;
    }

private:
    static constexpr bool compiled = !std::same_as<T, long double>;
    using Machine =
        std::conditional_t<compiled, std::optional<Program<std::conditional_t<compiled, T, double>>>,
                           Evaluation<T>>;

    std::vector<Var> outputs_, leaves_; ///< X, Y and the variables
    std::vector<AnyArray> inputs_;      ///< for these; between runs, of X and Y only the extents are there
    Machine machine_;
    std::vector<Array<T>> results_;
    std::vector<OutputArray<std::conditional_t<compiled, T, double>>> to_;
};

} // namespace xtape::nn
