#pragma once

/// How good predictions are.
///
/// Predictions P are (1 × n) probabilities of class 1, which is predicted above 0.5 (not at it), or (k × n)
/// scores of k classes, of which the largest is predicted and, where several are, the first. Y is the truth,
/// 0 and 1 in the same shape: a row, or one-hot columns. A prediction that is NaN, or has a NaN among its
/// scores, is undecided: never right.

#include <xtape/autodiff/array.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace xtape::nn {

/// How often each class was taken for each. What asks for one class throws ArgumentError if there is none of
/// that index.
struct ConfusionMatrix {
    std::vector<std::string> class_names;
    std::vector<std::vector<std::size_t>> counts; ///< counts[actual][predicted]
    std::vector<std::size_t> undecided;           ///< of each actual class, how many predictions are NaN

    std::size_t examples() const;

    /// The fraction of all examples that are predicted right.
    double accuracy() const;

    /// Of those predicted as that class, the fraction that are; NaN where none is predicted.
    double precision(std::size_t of_class) const;

    /// Of those that are of that class, the fraction predicted as such; NaN where there are none.
    double recall(std::size_t of_class) const;

    /// The harmonic mean of both, 2 right / (predicted + actual); NaN where there are neither.
    double f1(std::size_t of_class) const;
};

/// `class_names` default to "0", "1", …. Throws ShapeError where P and Y are not matrices of one shape;
/// ArgumentError where there are no examples, Y is not 0 and 1 in that form, a (1 × n) prediction lies
/// outside [0, 1], or the names are not as many as the classes.
ConfusionMatrix confusion_matrix(const Array<double>& P, const Array<double>& Y,
                                 std::vector<std::string> class_names = {});

/// confusion_matrix(P, Y).accuracy()
double accuracy(const Array<double>& P, const Array<double>& Y);

/// A table: a row for each actual class, a column for each predicted one, then precision, recall and F1.
std::string to_string(const ConfusionMatrix& matrix);
std::ostream& operator<<(std::ostream& stream, const ConfusionMatrix& matrix);

} // namespace xtape::nn
