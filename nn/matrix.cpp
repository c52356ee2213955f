#include <xtape/autodiff/error.hpp>
#include <xtape/nn/matrix.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xtensor-blas/xlinalg.hpp>

namespace xtape::nn {

std::string shape_text(const Array<double>& array) {
    return fmt::format("({})", fmt::join(array.shape(), " × "));
}

void require_matrix(std::string_view operation, std::string_view name, const Array<double>& array) {
    if (array.dimension() != 2)
        throw ShapeError(
            fmt::format("{}: {} is {}, not a matrix of two dimensions; examples are its columns.", operation,
                        name, shape_text(array)));
}

void require_matrix(std::string_view operation, std::string_view name, const Array<double>& array,
                    std::size_t rows, std::size_t cols) {
    require_matrix(operation, name, array);
    if (array.shape()[0] != rows || array.shape()[1] != cols)
        throw ShapeError(
            fmt::format("{}: {} is {}, not ({} × {}).", operation, name, shape_text(array), rows, cols));
}

Array<double> product(const Array<double>& A, const Array<double>& B) {
    require_matrix("product", "A", A);
    require_matrix("product", "B", B);
    if (A.shape()[1] != B.shape()[0])
        throw ShapeError(fmt::format("product(A, B): A is {}, B is {}: {} ≠ {}.", shape_text(A),
                                     shape_text(B), A.shape()[1], B.shape()[0]));
    if (A.size() == 0 || B.size() == 0) // BLAS refuses a leading dimension of 0
        return Array<double>(Extents{A.shape()[0], B.shape()[1]}, 0.0);
    return xt::linalg::dot(A, B);
}

Array<double> transposed(const Array<double>& A) {
    require_matrix("transposed", "A", A);
    return xt::transpose(A);
}

} // namespace xtape::nn
