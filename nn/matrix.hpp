#pragma once

/// Matrices as the rest of nn/ handles them: checked before use, since xtensor checks nothing.

#include <xtape/autodiff/array.hpp>

#include <string>
#include <string_view>

namespace xtape::nn {

/// "(4 × 3)"
std::string shape_text(const Array<double>& array);

/// Throws ShapeError, in the name of an operation, unless the array called `name` has two dimensions.
void require_matrix(std::string_view operation, std::string_view name, const Array<double>& array);

/// Throws ShapeError unless the array is (rows × cols).
void require_matrix(std::string_view operation, std::string_view name, const Array<double>& array,
                    std::size_t rows, std::size_t cols);

/// The matrix product A B: (m × k) by (k × n) gives (m × n). Throws ShapeError.
Array<double> product(const Array<double>& A, const Array<double>& B);

/// Aᵀ, with elements of its own.
Array<double> transposed(const Array<double>& A);

} // namespace xtape::nn
