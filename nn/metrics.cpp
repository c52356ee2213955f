#include <xtape/autodiff/error.hpp>
#include <xtape/nn/dataset.hpp>
#include <xtape/nn/matrix.hpp>
#include <xtape/nn/metrics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <ostream>
#include <utility>

namespace xtape::nn {

namespace {

/// The class that column j of P predicts, or nothing where NaN decides nothing.
std::optional<std::size_t> predicted_class(const Array<double>& P, std::size_t j) {
    const std::size_t rows = P.shape()[0];
    std::size_t best = 0;
    for (std::size_t i = 0; i < rows; ++i) {
        if (std::isnan(P(i, j))) return std::nullopt;
        if (P(i, j) > P(best, j)) best = i;
    }
    return rows == 1 ? std::size_t{P(0, j) > 0.5} : best;
}

void require_probabilities(const Array<double>& P) {
    for (std::size_t j = 0; j < P.shape()[1]; ++j)
        if (P(0, j) < 0 || P(0, j) > 1)
            throw ArgumentError(
                fmt::format("confusion_matrix: P[0,{}] = {} is not a probability. Apply the sigmoid "
                            "to logits first.",
                            j, P(0, j)));
}

double ratio(std::size_t part, std::size_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
}

std::size_t sum(const std::vector<std::size_t>& numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), std::size_t{0});
}

std::size_t predicted_as(const ConfusionMatrix& matrix, std::size_t of_class) {
    std::size_t total = 0;
    for (const auto& row : matrix.counts)
        total += row[of_class];
    return total;
}

std::size_t actually(const ConfusionMatrix& matrix, std::size_t of_class) {
    return sum(matrix.counts[of_class]) + matrix.undecided[of_class];
}

void require_class(const ConfusionMatrix& matrix, std::size_t of_class) {
    if (of_class >= matrix.counts.size())
        throw ArgumentError(fmt::format("ConfusionMatrix: there is no class {} among {} classes.", of_class,
                                        matrix.counts.size()));
}

std::string fraction(double value) { return std::isnan(value) ? "–" : fmt::format("{:.3f}", value); }

} // namespace

std::size_t ConfusionMatrix::examples() const {
    std::size_t total = sum(undecided);
    for (const auto& row : counts)
        total += sum(row);
    return total;
}

double ConfusionMatrix::accuracy() const {
    std::size_t right = 0;
    for (std::size_t c = 0; c < counts.size(); ++c)
        right += counts[c][c];
    return ratio(right, examples());
}

double ConfusionMatrix::precision(std::size_t of_class) const {
    require_class(*this, of_class);
    return ratio(counts[of_class][of_class], predicted_as(*this, of_class));
}

double ConfusionMatrix::recall(std::size_t of_class) const {
    require_class(*this, of_class);
    return ratio(counts[of_class][of_class], actually(*this, of_class));
}

double ConfusionMatrix::f1(std::size_t of_class) const {
    require_class(*this, of_class);
    return ratio(2 * counts[of_class][of_class], predicted_as(*this, of_class) + actually(*this, of_class));
}

ConfusionMatrix confusion_matrix(const Array<double>& P, const Array<double>& Y,
                                 std::vector<std::string> class_names) {
    require_matrix("confusion_matrix", "P", P);
    require_matrix("confusion_matrix", "Y", Y);
    if (P.shape() != Y.shape())
        throw ShapeError(fmt::format("confusion_matrix: P is {}, Y is {}; they must have one shape.",
                                     shape_text(P), shape_text(Y)));
    if (Y.size() == 0)
        throw ArgumentError(
            fmt::format("confusion_matrix: P and Y are {}: nothing to compare.", shape_text(Y)));
    if (P.shape()[0] == 1) require_probabilities(P);

    const std::size_t classes = std::max<std::size_t>(Y.shape()[0], 2);
    if (class_names.empty())
        for (std::size_t c = 0; c < classes; ++c)
            class_names.push_back(std::to_string(c));
    if (class_names.size() != classes)
        throw ArgumentError(
            fmt::format("confusion_matrix: {} names for {} classes.", class_names.size(), classes));

    ConfusionMatrix matrix{std::move(class_names), {}, std::vector<std::size_t>(classes, 0)};
    matrix.counts.assign(classes, std::vector<std::size_t>(classes, 0));
    const std::vector<std::size_t> actual = labels(Y);
    for (std::size_t j = 0; j < actual.size(); ++j) {
        if (const auto predicted = predicted_class(P, j))
            ++matrix.counts[actual[j]][*predicted];
        else
            ++matrix.undecided[actual[j]];
    }
    return matrix;
}

double accuracy(const Array<double>& P, const Array<double>& Y) { return confusion_matrix(P, Y).accuracy(); }

std::string to_string(const ConfusionMatrix& matrix) {
    const std::size_t classes = matrix.counts.size();
    const bool any_undecided = sum(matrix.undecided) > 0;
    std::size_t widest = std::string_view("actual \\ predicted").size();
    for (const std::string& name : matrix.class_names)
        widest = std::max(widest, name.size());
    const auto width = [&](std::size_t c) {
        return std::max<std::size_t>(matrix.class_names[c].size(), 6) + 2;
    };

    std::string text = fmt::format("{:<{}}", "actual \\ predicted", widest);
    for (std::size_t c = 0; c < classes; ++c)
        text += fmt::format("{:>{}}", matrix.class_names[c], width(c));
    text +=
        fmt::format("{}{:>11}{:>9}{:>9}\n", any_undecided ? "  undecided" : "", "precision", "recall", "F1");
    for (std::size_t c = 0; c < classes; ++c) {
        text += fmt::format("{:<{}}", matrix.class_names[c], widest);
        for (std::size_t d = 0; d < classes; ++d)
            text += fmt::format("{:>{}}", matrix.counts[c][d], width(d));
        if (any_undecided) text += fmt::format("{:>11}", matrix.undecided[c]);
        text += fmt::format("{:>11}{:>9}{:>9}\n", fraction(matrix.precision(c)), fraction(matrix.recall(c)),
                            fraction(matrix.f1(c)));
    }
    return text;
}

std::ostream& operator<<(std::ostream& stream, const ConfusionMatrix& matrix) {
    return stream << to_string(matrix);
}

} // namespace xtape::nn
