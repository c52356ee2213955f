#pragma once

/// Formulas in the textbook's notation, evaluated as NumPy would: so that what a student is said to have
/// written and the numbers that come of it cannot differ.

#include <xtape/autodiff/array.hpp>

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

namespace second_corpus {

/// Of rank 0, 1 or 2.
using Matrix = xtape::Array<double>;

/// Where NumPy would raise a ValueError: the student's program ends here.
struct ShapesDisagree : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The arrays of a program by their names, with n (and lambda) as numbers.
struct Memory {
    bool rows = false; ///< examples are rows
    std::map<std::string, Matrix, std::less<>> arrays;

    [[nodiscard]] const Matrix& at(std::string_view name) const;

    /// The value of a formula:
    ///
    ///     sum     = product { ('+' | '-') product }
    ///     product = matmul { ('*' | '/') matmul }         elementwise, with NumPy's broadcasting
    ///     matmul  = factor { factor }                     np.dot; beside a number it scales
    ///     factor  = ['-'] atom { '^T' | '^' digit }
    ///     atom    = number | name | function '(' sum ')' | '(' sum ')'
    ///
    /// tanh, sigmoid, relu, softplus, step (1 where positive), exp and log are elementwise; softmax is over
    /// the nodes of each example, softmax_examples over the examples; sum_examples and sum_nodes keep the
    /// dimension; sum is one number; flat is of rank 1.
    ///
    /// Throws ShapesDisagree, and std::invalid_argument for what is no formula.
    [[nodiscard]] Matrix evaluate(std::string_view formula) const;
};

} // namespace second_corpus
