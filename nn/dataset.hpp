#pragma once

/// Examples with their labels: loading, splitting, standardising, batching. Examples are columns.

#include <xtape/autodiff/array.hpp>
#include <xtape/nn/csv.hpp>
#include <xtape/nn/random.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::nn {

/// n examples. Two classes are one row of Y, 1 where the example is of class_names[1]; k > 2 classes are k
/// rows, one-hot.
struct Dataset {
    Array<double> X; ///< (features × n)
    Array<double> Y; ///< (1 × n) or (classes × n)
    std::vector<std::string> feature_names;
    std::vector<std::string> class_names;

    std::size_t size() const { return X.shape()[1]; }
};

/// One column of the table as labels, all others as features. Classes are sorted, as numbers where all are
/// numbers and as text otherwise, so that they do not depend on the order of the rows. Throws NameError for
/// an unknown label column; DataError for an empty label, fewer than two classes, no feature, or a feature
/// that is not a number.
Dataset make_dataset(const Table& table, std::string_view label_column);

/// make_dataset(read_csv(path), label_column).
Dataset load_dataset(const std::filesystem::path& path, std::string_view label_column);

/// Class indices below `classes` as a (classes × n) matrix with a single 1 in each column. Throws
/// ArgumentError.
Array<double> one_hot(const std::vector<std::size_t>& labels, std::size_t classes);

/// The class index of each example: the inverse of one_hot, and of a (1 × n) row of 0 and 1. Throws
/// ShapeError, and ArgumentError where an entry is neither 0 nor 1 or a column is not one-hot.
std::vector<std::size_t> labels(const Array<double>& Y);

/// The examples of those numbers, in that order; repetition is allowed. Throws ArgumentError outside the data
/// set, ShapeError where X and Y hold different numbers of examples.
Dataset take(const Dataset& dataset, const std::vector<std::size_t>& indices);

struct Split {
    Dataset train;
    Dataset held_out;
};

/// Holds out a fraction of every class at random; within each part the examples keep their order.
///
/// Of a class of m examples, fraction · m are held out, rounded down or up so that together they are fraction
/// · n to the nearest (largest remainder, ties to the earlier class). Each class of two or more examples is
/// in both parts and a class of one in the training part, even where that changes the total. Throws
/// ArgumentError unless 0 < fraction < 1 and some class has two examples, else as labels() and take().
Split stratified_split(const Dataset& dataset, double held_out_fraction, Random& random);

/// Shifts and scales features to mean 0 and standard deviation 1 over the examples that it was fitted to. Fit
/// it to the training part alone: held-out examples must not influence what the network sees.
struct Standardiser {
    Array<double> mean;      ///< (features × 1)
    Array<double> deviation; ///< (features × 1), with 1/n under the root; 1 for a feature that is constant

    /// Throws ShapeError; ArgumentError for no examples, or for a feature whose mean or deviation is not
    /// finite.
    static Standardiser fit(const Array<double>& X);

    /// (X − mean) / deviation: a constant feature becomes 0. Throws ShapeError for another number of
    /// features.
    Array<double> apply(const Array<double>& X) const;
};

/// The numbers 0 … n − 1, shuffled and cut into batches of batch_size, the last one shorter where it must be:
/// one epoch. No batches if n is 0. Throws ArgumentError if batch_size is 0.
std::vector<std::vector<std::size_t>> batches(std::size_t n, std::size_t batch_size, Random& random);

} // namespace xtape::nn
