#pragma once

/// Data sets in the plane, drawn from a seed.

#include <xtape/nn.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>

/// Two spirals that wind around each other `turns` times, with normal noise: n points, alternately of class 0
/// and of class 1, which is class 0 turned by half a circle.
inline xtape::nn::Dataset spirals(std::size_t n, double turns, double noise, xtape::nn::Random& random) {
    auto X = xtape::nn::zeros(2, n), Y = xtape::nn::zeros(1, n);
    for (std::size_t j = 0; j < n; ++j) {
        const bool second = j % 2 == 1;
        const double t = std::sqrt(random.uniform()); // as many points on each stretch of the spiral
        const double angle = 2 * std::numbers::pi * turns * t + (second ? std::numbers::pi : 0);
        X(0, j) = t * std::cos(angle) + noise * random.normal();
        X(1, j) = t * std::sin(angle) + noise * random.normal();
        Y(0, j) = second ? 1 : 0;
    }
    return {X, Y, {"x1", "x2"}, {"first spiral", "second spiral"}};
}

/// A disk of class 1 inside a ring of class 0: n points, uniform in the square from −1 to 1 but for a gap
/// between the classes.
inline xtape::nn::Dataset disk(std::size_t n, xtape::nn::Random& random) {
    auto X = xtape::nn::zeros(2, n), Y = xtape::nn::zeros(1, n);
    for (std::size_t j = 0; j < n; ++j) {
        double radius = 0;
        do {
            X(0, j) = 2 * random.uniform() - 1;
            X(1, j) = 2 * random.uniform() - 1;
            radius = std::hypot(X(0, j), X(1, j));
        } while (radius > 0.6 && radius < 0.7);
        Y(0, j) = radius < 0.65 ? 1 : 0;
    }
    return {X, Y, {"x1", "x2"}, {"outside", "disk"}};
}
