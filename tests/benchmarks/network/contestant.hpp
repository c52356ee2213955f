#pragma once

/// What takes part: one way to compute the cost and all gradients of a network.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace contest {

/// A network of dense layers, tanh in every hidden one; its last layer is a sigmoid with binary cross-entropy
/// where it has one node, a softmax with categorical cross-entropy where it has more.
struct Case {
    std::vector<std::size_t> layers; ///< n_0, …, n_L
    std::size_t n;                   ///< examples
    [[nodiscard]] std::size_t depth() const { return layers.size() - 1; }
};

/// Its arrays, row-major: X (n_0 × n), Y (n_L × n), W[l] (n_{l+1} × n_l), b[l] (n_{l+1}).
template <class T>
struct Data {
    Case of;
    std::vector<T> X, Y;
    std::vector<std::vector<T>> W, b;
};

/// What it computed last: J, and dW1, db1, dW2, …, laid out as the parameters are.
template <class T>
struct Result {
    T J;
    std::vector<std::vector<T>> gradients;
};

template <class T>
struct Contestant {
    std::string name;
    std::function<void()> step;        ///< once: the cost and all gradients
    std::function<Result<T>()> result; ///< of the last step; empty where it computes no gradient
    std::function<void(int)> threads;  ///< from now on; empty where they are its own affair
    std::size_t bytes = 0;             ///< its arrays beside X, Y, parameters and gradients; 0 where unknown
};

/// A Program of nn's own network, in so many threads.
template <class T>
Contestant<T> program(const Data<T>& data, std::size_t threads);
/// The same with tanh and the loss defined here, by `elementwise`.
template <class T>
Contestant<T> program_of_own_operations(const Data<T>& data, std::size_t threads);
/// The textbook's equations in xtensor.
template <class T>
Contestant<T> by_hand(const Data<T>& data);
/// BLAS, vectorised loops in one pass each, no allocation.
template <class T>
Contestant<T> expert(const Data<T>& data);
/// Its matrix products and nothing else.
template <class T>
Contestant<T> bare_products(const Data<T>& data);
/// libtorch's autograd. Only where the package is installed.
template <class T>
Contestant<T> libtorch(const Data<T>& data);

} // namespace contest
