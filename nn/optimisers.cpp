#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/shape.hpp>
#include <xtape/nn/optimisers.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xtape::nn {

namespace {

double positive(const char* optimiser, const char* name, double value) {
    if (!(value > 0) || !std::isfinite(value))
        throw ArgumentError(
            fmt::format("{}: {} = {} must be a finite number above 0.", optimiser, name, value));
    return value;
}

double fraction(const char* optimiser, const char* name, double value) {
    if (!(value >= 0 && value < 1))
        throw ArgumentError(fmt::format("{}: {} = {} must be in [0, 1).", optimiser, name, value));
    return value;
}

void require_lengths(const char* optimiser, std::span<double> parameters, std::span<const double> gradient) {
    if (parameters.size() != gradient.size())
        throw ShapeError(fmt::format("{}: {} parameters and a gradient of {} numbers. Give one for each.",
                                     optimiser, parameters.size(), gradient.size()));
}

/// The memory of an optimiser: zeros before the first step, then of that length for ever.
void remember(const char* optimiser, std::vector<double>& memory, std::size_t length) {
    if (memory.empty()) memory.resize(length, 0);
    if (memory.size() != length)
        throw ShapeError(fmt::format("{}: {} parameters, after steps with {}. Use one optimiser for each set "
                                     "of parameters.",
                                     optimiser, length, memory.size()));
}

} // namespace

GradientDescent::GradientDescent(double rate) : rate_(positive("GradientDescent", "rate", rate)) {}

void GradientDescent::operator()(std::span<double> parameters, std::span<const double> gradient) const {
    require_lengths("GradientDescent", parameters, gradient);
    for (std::size_t i = 0; i < parameters.size(); ++i)
        parameters[i] -= rate_ * gradient[i];
}

Momentum::Momentum(double rate, double momentum)
    : rate_(positive("Momentum", "rate", rate)), momentum_(fraction("Momentum", "momentum", momentum)) {}

void Momentum::operator()(std::span<double> parameters, std::span<const double> gradient) {
    require_lengths("Momentum", parameters, gradient);
    remember("Momentum", velocity_, parameters.size());
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        velocity_[i] = momentum_ * velocity_[i] + gradient[i];
        parameters[i] -= rate_ * velocity_[i];
    }
}

Adam::Adam(double rate, double beta1, double beta2, double epsilon)
    : rate_(positive("Adam", "rate", rate)), beta1_(fraction("Adam", "beta1", beta1)),
      beta2_(fraction("Adam", "beta2", beta2)), epsilon_(positive("Adam", "epsilon", epsilon)) {}

void Adam::operator()(std::span<double> parameters, std::span<const double> gradient) {
    require_lengths("Adam", parameters, gradient);
    remember("Adam", m_, parameters.size());
    remember("Adam", v_, parameters.size());
    beta1_power_ *= beta1_;
    beta2_power_ *= beta2_;
    // What is the same for all stands before the loop, which then has a root and a division for each.
    const double rate = rate_ / (1 - beta1_power_), second = 1 / (1 - beta2_power_);
    double *m = m_.data(), *v = v_.data(), *to = parameters.data();
    const double *from = gradient.data(), beta1 = beta1_, beta2 = beta2_, epsilon = epsilon_;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const double g = from[i];
        m[i] = beta1 * m[i] + (1 - beta1) * g;
        v[i] = beta2 * v[i] + (1 - beta2) * g * g;
        to[i] -= rate * m[i] / (std::sqrt(second * v[i]) + epsilon);
    }
}

void step(Optimiser& optimiser, Parameters& parameters, const std::vector<Array<double>>& gradients) {
    const Array<double> gradient = parameters.flat(gradients);
    Array<double> flat = parameters.flat();
    optimiser({flat.data(), flat.size()}, {gradient.data(), gradient.size()});
    parameters.assign_flat(flat);
}

} // namespace xtape::nn
