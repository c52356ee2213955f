#include <xtape/nn/initialisers.hpp>

#include <cmath>

namespace xtape::nn {

namespace {

template <class Draw>
Array<double> filled(std::size_t rows, std::size_t cols, Draw draw) {
    auto matrix = Array<double>::from_shape({rows, cols});
    for (double& entry : matrix.storage())
        entry = draw();
    return matrix;
}

Array<double> normal(std::size_t rows, std::size_t cols, double variance, Random& random) {
    const double deviation = std::sqrt(variance);
    return filled(rows, cols, [&] { return deviation * random.normal(); });
}

} // namespace

Array<double> zeros(std::size_t rows, std::size_t cols) { return constant(rows, cols, 0); }

Array<double> constant(std::size_t rows, std::size_t cols, double value) {
    return filled(rows, cols, [=] { return value; });
}

Array<double> xavier(std::size_t rows, std::size_t cols, Random& random) {
    return normal(rows, cols, 1 / static_cast<double>(cols), random);
}

Array<double> glorot_uniform(std::size_t rows, std::size_t cols, Random& random) {
    const double limit = std::sqrt(6 / static_cast<double>(rows + cols));
    return filled(rows, cols, [&] { return limit * (2 * random.uniform() - 1); });
}

Array<double> he(std::size_t rows, std::size_t cols, Random& random) {
    return normal(rows, cols, 2 / static_cast<double>(cols), random);
}

} // namespace xtape::nn
