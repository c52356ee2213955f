#pragma once

/// Reads a printed equation back and computes it, by another way than the tape's: a recursive descent over
/// the grammar of print/writer.hpp and matrices of double with a name for each axis.

#include <xtape/autodiff.hpp>

#include <map>
#include <string>

namespace reader {

struct Matrix {
    std::size_t rows = 1, cols = 1;
    std::vector<double> entries{0};
    std::string row_name, col_name;
    double operator()(std::size_t i, std::size_t j) const {
        return entries[(rows == 1 ? 0 : i) * cols + (cols == 1 ? 0 : j)];
    }
};

/// What names stand for, n included; functions of one argument are built in.
using Names = std::map<std::string, Matrix>;

/// A matrix of an array of rank 0 to 2, its axes called as the Var's are.
[[nodiscard]] Matrix matrix(const xtape::Var& var, const xtape::Array<double>& array);

/// The value of a formula. Throws std::runtime_error, quoting the rest, where it is not of the grammar.
[[nodiscard]] Matrix evaluate(const std::string& formula, const Names& names);

/// The largest difference relative to the largest entry of the truth; infinite where the shapes differ or
/// something is NaN.
[[nodiscard]] double difference(const Matrix& computed, const Matrix& truth);

} // namespace reader
