#pragma once

/// Backpropagation as a student writes it, in plain xtensor, of a network whose examples are columns: tanh in
/// the hidden layers, sigmoid and binary cross-entropy at the end, the mean deferred to dW and db. Each step
/// is a function, so that one of them can be replaced by a wrong one.

#include <xtape/autodiff/array.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace wrong_gradients {

using Matrix = xt::xtensor<double, 2>;

Matrix product(const Matrix& a, const Matrix& b);
Matrix transposed(const Matrix& a);
Matrix sum_over_examples(const Matrix& a); ///< (k × n) to (k × 1)

/// Everything that the student has at hand; index l is layer l, A[0] is X.
struct Notes {
    std::size_t L = 0; ///< layers
    double n = 0;      ///< examples
    Matrix Y;
    std::vector<Matrix> W, b, Z, A, dZ, dW, db;
};

using Step = std::function<Matrix(const Notes&, std::size_t l)>;

/// The steps of the backward pass by the array that they give: "dZ2", "dW1", "db1", …
using Steps = std::map<std::string, Step>;

Notes forward(std::size_t hidden_layers, unsigned seed);
Matrix right_step(const std::string& kind, const Notes& notes, std::size_t l); ///< kind: dZ, dW, db
void backward(Notes& notes, const Steps& wrong = {});
double cost(Notes notes); ///< of its W and b

struct Mistake {
    std::string array, kind, cause;
    std::size_t hidden_layers;
    Step step;
};

/// One wrong line each.
std::vector<Mistake> mistakes();

} // namespace wrong_gradients
