#pragma once

/// How parameters follow their gradient. An optimiser is a function: it moves a flat vector of parameters one
/// step, given the gradient of the cost, and remembers what it needs for the next. So a lambda of yours is as
/// good as these, and these serve a vector of yours as well as a network.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/parameters.hpp>

#include <functional>
#include <span>
#include <vector>

namespace xtape::nn {

/// Called with vectors of one length, always the same; a copy continues on its own. Those below throw
/// ShapeError for lengths that differ or change.
using Optimiser = std::function<void(std::span<double> parameters, std::span<const double> gradient)>;

/// θ ← θ − rate · g
class GradientDescent {
public:
    /// Throws ArgumentError unless rate > 0 and finite, here as in those below.
    explicit GradientDescent(double rate);
    void operator()(std::span<double> parameters, std::span<const double> gradient) const;

private:
    double rate_;
};

/// v ← momentum · v + g,  θ ← θ − rate · v, from v = 0 (the heavy ball; Polyak 1964).
class Momentum {
public:
    /// Throws ArgumentError unless 0 ≤ momentum < 1.
    explicit Momentum(double rate, double momentum = 0.9);
    void operator()(std::span<double> parameters, std::span<const double> gradient);

private:
    double rate_, momentum_;
    std::vector<double> velocity_;
};

/// Adam (Kingma and Ba, ICLR 2015, Algorithm 1): in step t, entrywise,
///     m ← β1 m + (1 − β1) g,   v ← β2 v + (1 − β2) g²,
///     θ ← θ − rate · m̂ / (√v̂ + ε)   with m̂ = m / (1 − β1ᵗ), v̂ = v / (1 − β2ᵗ).
class Adam {
public:
    /// Throws ArgumentError unless 0 ≤ β < 1 and ε > 0.
    explicit Adam(double rate = 0.001, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-8);
    void operator()(std::span<double> parameters, std::span<const double> gradient);

private:
    double rate_, beta1_, beta2_, epsilon_;
    double beta1_power_ = 1, beta2_power_ = 1;
    std::vector<double> m_, v_;
};

/// Moves parameters one step, given a gradient for each, of its shape, in the order of names(). Throws
/// ShapeError where one is missing or has another shape.
void step(Optimiser& optimiser, Parameters& parameters, const std::vector<Array<double>>& gradients);

} // namespace xtape::nn
