#pragma once

/// First values of parameters. Each is a (rows × cols) matrix; for weights W_l that is (n_l × n_{l−1}): a row
/// for each node of the layer, a column for each of its inputs. Random ones are drawn row by row.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/random.hpp>

namespace xtape::nn {

Array<double> zeros(std::size_t rows, std::size_t cols);

Array<double> constant(std::size_t rows, std::size_t cols, double value);

/// N(0, 1/cols): a normal distribution of variance (not standard deviation) 1/n_{l−1}. LeCun's choice, which
/// textbooks call Xavier's: the variance of W a is that of a.
Array<double> xavier(std::size_t rows, std::size_t cols, Random& random);

/// Uniform within ±√(6/(rows + cols)), hence of variance 2/(rows + cols). Glorot and Bengio, AISTATS 2010,
/// eq. 16.
Array<double> glorot_uniform(std::size_t rows, std::size_t cols, Random& random);

/// N(0, 2/cols): for relu, which drops half of the variance. He, Zhang, Ren, Sun, ICCV 2015, eq. 10.
Array<double> he(std::size_t rows, std::size_t cols, Random& random);

} // namespace xtape::nn
