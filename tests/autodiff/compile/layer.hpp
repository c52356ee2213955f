#pragma once

#include "agreement.hpp"

namespace agreement {

/// tanh(W X + b), its sum of squares and its gradients: a product, chains with rows and columns, sums.
struct Layer {
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 3), Dim("n")}), W = tape.input("W", {2, 3}),
        b = tape.input("b", {2, 1}), A = tanh(matmul(W, X) + b), J = sum(square(A));
    Program<double> program(std::size_t threads = 0) {
        const std::vector<Var> d = gradient(J, {W, b});
        return compile<double>({X, W, b}, {J, d[0], d[1]}, {.threads = threads});
    }
};

} // namespace agreement
