#pragma once

/// What training computes again and again: some Vars of a network from X and Y, in arrays that are kept.

#include <xtape/autodiff/compile/program.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/nn/network.hpp>

#include <type_traits>

namespace xtape::nn {

/// A Program of these outputs; for long double, for which there are none, the reference.
template <std::floating_point T>
class NetworkRunner {
public:
    NetworkRunner(const Network& network, const std::vector<Var>& outputs)
        : network_(&network), outputs_(outputs), machine_(make(network, outputs)) {}

    /// The outputs for X (n_0 × n) and Y (n_L × n), arrays of T, and the parameters as they are. They stay
    /// until the next run, which allocates nothing where n is the same.
    const std::vector<Array<T>>& run(const AnyArray& X, const AnyArray& Y) {
        if constexpr (compiled) {
            const std::array<AnyArray, 2> inputs{X, Y};
            if (results_.empty() || extents_ != X.extents()) {
                results_ = machine_(inputs);
                to_.assign(results_.begin(), results_.end());
                extents_ = X.extents();
            } else {
                machine_.run(inputs, to_);
            }
        } else {
            machine_.bind(network_->X, X).bind(network_->Y, Y);
            results_.clear();
            for (const Var& output : outputs_)
                results_.push_back(machine_.value(output));
        }
        return results_;
    }

private:
    static constexpr bool compiled = !std::same_as<T, long double>;
    using Machine =
        std::conditional_t<compiled, Program<std::conditional_t<compiled, T, double>>, Evaluation<T>>;

    static Machine make(const Network& network, const std::vector<Var>& outputs) {
        if constexpr (compiled)
            return compile<T>({network.X, network.Y}, outputs);
        else
            return {};
    }

    const Network* network_;
    std::vector<Var> outputs_;
    Machine machine_;
    std::vector<Array<T>> results_;
    std::vector<OutputArray<std::conditional_t<compiled, T, double>>> to_;
    Extents extents_;
};

} // namespace xtape::nn
