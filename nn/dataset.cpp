#include <xtape/autodiff/error.hpp>
#include <xtape/nn/dataset.hpp>
#include <xtape/nn/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>

namespace xtape::nn {

namespace {

std::optional<double> as_number(const std::string& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
    return value;
}

std::vector<std::string> sorted_classes(const std::vector<std::string>& texts) {
    const std::set<std::string> distinct(texts.begin(), texts.end());
    std::vector<std::string> classes(distinct.begin(), distinct.end());
    if (std::all_of(classes.begin(), classes.end(),
                    [](const auto& name) { return as_number(name).has_value(); }))
        std::stable_sort(classes.begin(), classes.end(),
                         [](const auto& a, const auto& b) { return *as_number(a) < *as_number(b); });
    return classes;
}

void require_labels(const Table& table, std::size_t column) {
    for (std::size_t i = 0; i < table.rows(); ++i)
        if (const Cell& cell = table.cell(i, column); cell.text.empty())
            throw DataError(fmt::format("{}:{}:{}: the label in column \"{}\" is empty.", table.file(),
                                        cell.line, cell.character, table.names()[column]));
}

/// The columns of a matrix that are called for.
Array<double> take_columns(const Array<double>& matrix, const std::vector<std::size_t>& indices) {
    const std::size_t rows = matrix.shape()[0];
    auto result = Array<double>::from_shape({rows, indices.size()});
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < indices.size(); ++j)
            result(i, j) = matrix(i, indices[j]);
    return result;
}

void require_examples(std::string_view operation, const Dataset& dataset) {
    require_matrix(operation, "X", dataset.X);
    require_matrix(operation, "Y", dataset.Y);
    if (dataset.X.shape()[1] != dataset.Y.shape()[1])
        throw ShapeError(fmt::format("{}: X is {}, Y is {}: {} ≠ {} examples.", operation,
                                     shape_text(dataset.X), shape_text(dataset.Y), dataset.X.shape()[1],
                                     dataset.Y.shape()[1]));
}

/// How many examples of each class are held out, given how many there are.
std::vector<std::size_t> held_out_counts(const std::vector<std::size_t>& sizes, double fraction) {
    const std::size_t classes = sizes.size();
    std::vector<std::size_t> counts, order(classes);
    std::vector<double> missing;
    for (const std::size_t m : sizes) {
        const double share = fraction * static_cast<double>(m);
        counts.push_back(m < 2 ? 0 : std::clamp<std::size_t>(static_cast<std::size_t>(share), 1, m - 1));
        missing.push_back(m < 2 ? 0 : share - static_cast<double>(counts.back()));
    }
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t c, std::size_t d) { return missing[c] > missing[d]; });

    const auto examples = std::accumulate(sizes.begin(), sizes.end(), std::size_t{0});
    const auto wanted = static_cast<std::size_t>(std::lround(fraction * static_cast<double>(examples)));
    auto total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
    for (const std::size_t c : order)
        if (total < wanted && missing[c] > 0 && counts[c] + 1 < sizes[c]) {
            ++counts[c];
            ++total;
        }
    return counts;
}

} // namespace

Dataset make_dataset(const Table& table, std::string_view label_column) {
    const std::size_t label = table.column(label_column);
    require_labels(table, label);

    Dataset dataset;
    for (const std::string& name : table.names())
        if (name != label_column) dataset.feature_names.push_back(name);
    if (dataset.feature_names.empty())
        throw DataError(
            fmt::format("{}: has no feature beside the label \"{}\".", table.file(), label_column));
    dataset.X = transposed(table.numbers(dataset.feature_names));

    const std::vector<std::string> texts = table.texts(label_column);
    dataset.class_names = sorted_classes(texts);
    const std::size_t classes = dataset.class_names.size();
    if (classes < 2)
        throw DataError(
            fmt::format("{}: every label in column \"{}\" is \"{}\". There must be two classes or more.",
                        table.file(), label_column, texts.front()));
    std::vector<std::size_t> indices;
    for (const std::string& text : texts)
        indices.push_back(
            static_cast<std::size_t>(std::find(dataset.class_names.begin(), dataset.class_names.end(), text) -
                                     dataset.class_names.begin()));

    dataset.Y = one_hot(indices, classes);
    if (classes == 2) dataset.Y = Array<double>(xt::view(dataset.Y, xt::range(1, 2), xt::all()));
    return dataset;
}

Dataset load_dataset(const std::filesystem::path& path, std::string_view label_column) {
    return make_dataset(read_csv(path), label_column);
}

Array<double> one_hot(const std::vector<std::size_t>& labels, std::size_t classes) {
    Array<double> Y(Extents{classes, labels.size()}, 0.0);
    for (std::size_t j = 0; j < labels.size(); ++j) {
        if (labels[j] >= classes)
            throw ArgumentError(
                fmt::format("one_hot: label {} of example {} is not below the number of classes, {}.",
                            labels[j], j, classes));
        Y(labels[j], j) = 1;
    }
    return Y;
}

std::vector<std::size_t> labels(const Array<double>& Y) {
    require_matrix("labels", "Y", Y);
    const std::size_t rows = Y.shape()[0], n = Y.shape()[1];
    std::vector<std::size_t> result;
    for (std::size_t j = 0; j < n; ++j) {
        std::size_t ones = 0, last = 0;
        for (std::size_t i = 0; i < rows; ++i) {
            if (Y(i, j) != 0 && Y(i, j) != 1)
                throw ArgumentError(fmt::format("labels: Y[{},{}] is {}, neither 0 nor 1.", i, j, Y(i, j)));
            if (Y(i, j) == 1) {
                ++ones;
                last = i;
            }
        }
        if (rows != 1 && ones != 1)
            throw ArgumentError(fmt::format("labels: column {} of Y holds {} ones, not 1.", j, ones));
        result.push_back(rows == 1 ? ones : last);
    }
    return result;
}

Dataset take(const Dataset& dataset, const std::vector<std::size_t>& indices) {
    require_examples("take", dataset);
    for (const std::size_t index : indices)
        if (index >= dataset.size())
            throw ArgumentError(
                fmt::format("take: no example {} in a data set of {} examples.", index, dataset.size()));
    return {take_columns(dataset.X, indices), take_columns(dataset.Y, indices), dataset.feature_names,
            dataset.class_names};
}

Split stratified_split(const Dataset& dataset, double held_out_fraction, Random& random) {
    if (!(held_out_fraction > 0 && held_out_fraction < 1))
        throw ArgumentError(fmt::format(
            "stratified_split: the fraction to hold out is {}, not within (0, 1).", held_out_fraction));
    require_examples("stratified_split", dataset);

    const std::vector<std::size_t> label = labels(dataset.Y);
    const std::size_t classes = std::max<std::size_t>(dataset.Y.shape()[0], 2);
    std::vector<std::vector<std::size_t>> members(classes);
    for (std::size_t i = 0; i < label.size(); ++i)
        members[label[i]].push_back(i);
    std::vector<std::size_t> sizes;
    for (const auto& group : members)
        sizes.push_back(group.size());
    if (std::all_of(sizes.begin(), sizes.end(), [](std::size_t m) { return m < 2; }))
        throw ArgumentError("stratified_split: no class has two examples, so none can be held out.");

    const std::vector<std::size_t> counts = held_out_counts(sizes, held_out_fraction);
    std::vector<std::size_t> train, held_out;
    for (std::size_t c = 0; c < classes; ++c) {
        const std::vector<std::size_t> order = random.permutation(sizes[c]);
        for (std::size_t i = 0; i < sizes[c]; ++i)
            (i < counts[c] ? held_out : train).push_back(members[c][order[i]]);
    }
    std::sort(train.begin(), train.end());
    std::sort(held_out.begin(), held_out.end());
    return {take(dataset, train), take(dataset, held_out)};
}

Standardiser Standardiser::fit(const Array<double>& X) {
    require_matrix("Standardiser::fit", "X", X);
    const std::size_t features = X.shape()[0], n = X.shape()[1];
    if (n == 0)
        throw ArgumentError(fmt::format("Standardiser::fit: X is {}: there are no examples.", shape_text(X)));
    Standardiser result{Array<double>::from_shape({features, 1}), Array<double>::from_shape({features, 1})};
    for (std::size_t i = 0; i < features; ++i) {
        double sum = 0, squares = 0;
        bool constant = true;
        for (std::size_t j = 0; j < n; ++j) {
            sum += X(i, j);
            constant = constant && X(i, j) == X(i, 0);
        }
        const double mean =
            constant ? X(i, 0) : sum / static_cast<double>(n); // exactly, so that X − mean is 0
        for (std::size_t j = 0; j < n; ++j)
            squares += (X(i, j) - mean) * (X(i, j) - mean);
        const double deviation = constant ? 1 : std::sqrt(squares / static_cast<double>(n));
        if (!std::isfinite(mean) || !std::isfinite(deviation) || deviation == 0)
            throw ArgumentError(fmt::format("Standardiser::fit: feature {} has mean {} and standard "
                                            "deviation {}. Look for NaN, infinity, or "
                                            "numbers too large or too close to be squared.",
                                            i, mean, deviation));
        result.mean(i, 0) = mean;
        result.deviation(i, 0) = deviation;
    }
    return result;
}

Array<double> Standardiser::apply(const Array<double>& X) const {
    require_matrix("Standardiser::apply", "X", X);
    if (X.shape()[0] != mean.shape()[0])
        throw ShapeError(
            fmt::format("Standardiser::apply: X is {}, but {} features were fitted. Examples are columns.",
                        shape_text(X), mean.shape()[0]));
    return (X - mean) / deviation;
}

std::vector<std::vector<std::size_t>> batches(std::size_t n, std::size_t batch_size, Random& random) {
    if (batch_size == 0) throw ArgumentError("batches: a batch of 0 examples never ends an epoch.");
    const std::vector<std::size_t> order = random.permutation(n);
    std::vector<std::vector<std::size_t>> result;
    for (std::size_t begin = 0; begin < n;) {
        const std::size_t end = begin + std::min(batch_size, n - begin);
        result.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                            order.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
    }
    return result;
}

} // namespace xtape::nn
