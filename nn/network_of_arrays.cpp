#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/compose.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::nn {
namespace {

/// A person's arrays, with the two axes of a matrix as they hold it.
class Arrays {
public:
    Arrays(const NamedArrays& arrays, Examples examples)
        : arrays_(arrays), rows_(examples == Examples::rows) {
        if (!has("W1")) (void)(*this)["W1"]; // throws
        // A name further on than a gap is a layer too, whose predecessor is missing.
        for (std::size_t l = 1; l <= arrays.size(); ++l)
            if (has(fmt::format("W{}", l)) || has(fmt::format("b{}", l))) layers_ = l;
        labels_ = has("Y") || !has("y") ? "Y" : "y";
    }

    [[nodiscard]] bool rows() const { return rows_; }
    [[nodiscard]] std::size_t layers() const { return layers_; }
    [[nodiscard]] const std::string& labels() const { return labels_; }

    const AnyArray& operator[](const std::string& name) const {
        const auto it = std::ranges::find(arrays_, name, &NamedArrays::value_type::first);
        if (it != arrays_.end()) return it->second;
        std::vector<std::string> names;
        for (const auto& named : arrays_)
            names.push_back(named.first);
        throw_unknown("network: no array", name, names);
    }

    /// How many nodes, or inputs, a matrix has, and how many examples; for weights: nodes and inputs.
    [[nodiscard]] std::size_t nodes(const std::string& name) const { return matrix(name)[rows_ ? 1 : 0]; }
    [[nodiscard]] std::size_t examples(const std::string& name) const { return matrix(name)[rows_ ? 0 : 1]; }

    /// W1 is (4 × 3)
    [[nodiscard]] std::string described(const std::string& name) const {
        return fmt::format("{} is {}", name, xtape::to_string((*this)[name].extents()));
    }

private:
    [[nodiscard]] bool has(const std::string& name) const {
        return std::ranges::count(arrays_, name, &NamedArrays::value_type::first) > 0;
    }
    const Extents& matrix(const std::string& name) const {
        const Extents& extents = (*this)[name].extents();
        if (extents.size() != 2)
            throw ShapeError(fmt::format("network: {}. It must be a matrix; reshape it.", described(name)));
        return extents;
    }

    const NamedArrays& arrays_;
    bool rows_;
    std::size_t layers_ = 0;
    std::string labels_;
};

/// n_0, n_1, …, n_L, after a check that all shapes fit.
std::vector<std::size_t> node_counts(const Arrays& arrays) {
    const std::string remedy = fmt::format(
        "With examples in {}", arrays.rows() ? "rows X is (n × inputs) and a W (inputs × nodes)"
                                             : "columns X is (inputs × n) and a W (nodes × inputs)");
    if (arrays.examples("X") == 0)
        throw ShapeError(fmt::format("network: {}. {}: there is no example.", arrays.described("X"), remedy));
    std::vector<std::size_t> nodes{arrays.nodes("X")};
    std::string before = "X";
    for (std::size_t l = 1; l <= arrays.layers(); ++l) {
        const std::string W = fmt::format("W{}", l), b = fmt::format("b{}", l);
        if (arrays.examples(W) != nodes.back())
            throw ShapeError(fmt::format("network: {}, {}: {} ≠ {}. {}; transpose what is not, or choose the "
                                         "other convention for all.",
                                         arrays.described(before), arrays.described(W), nodes.back(),
                                         arrays.examples(W), remedy));
        nodes.push_back(arrays.nodes(W));
        const std::size_t k = nodes.back();
        const Extents whole = arrays.rows() ? Extents{1, k} : Extents{k, 1};
        if (arrays[b].extents() != Extents{k} && arrays[b].extents() != whole)
            throw ShapeError(fmt::format("network: {}, {}. Reshape {} to {} or ({}).", arrays.described(W),
                                         arrays.described(b), b, xtape::to_string(whole), k));
        before = W;
    }
    return nodes;
}

/// Refuses labels that are no classes, counted from 0, or for a cross-entropy no probabilities. A NaN is
/// verify's to find.
void check_labels(const AnyArray& array, const std::string& name, bool classes, std::size_t outputs,
                  const std::string& loss) {
    if (!classes && !loss.ends_with("cross_entropy")) return;
    constexpr long double rounding = 1e-6L; // of probabilities in float32
    const long double most = classes ? static_cast<long double>(outputs) - 1 : 1;
    for (const long double label : array.to<long double>())
        if (label < -rounding || label > most + rounding)
            throw ArgumentError(
                fmt::format("network: {} holds {}. ", name, static_cast<double>(label)) +
                (classes ? fmt::format("The classes of {} outputs are 0 to {}.", outputs, outputs - 1)
                         : fmt::format("Labels of the {} are 0 and 1, or probabilities between.", loss)));
}

/// Y (n_L × n), or (n × n_L), made of what the person calls Y or y.
Var labels(Tape& tape, const Arrays& arrays, std::size_t outputs, const std::string& loss) {
    const std::string& name = arrays.labels();
    const AnyArray& array = arrays[name];
    const std::size_t n = arrays.examples("X");
    const Dim k(fmt::format("n{}", arrays.layers()), outputs), open("n");
    const Extents whole = arrays.rows() ? Extents{n, outputs} : Extents{outputs, n};
    const bool flat = array.extents() == Extents{n}, classes = flat && outputs > 1;
    if (!flat && array.extents() != whole)
        throw ShapeError(
            fmt::format("network: {}, {}. With examples in {} and {} output{}, {} must be {}, or "
                        "labels of shape ({}).",
                        arrays.described("X"), arrays.described(name), arrays.rows() ? "rows" : "columns",
                        outputs, outputs == 1 ? "" : "s", name, xtape::to_string(whole), n));
    if (classes && array.element() != Element::i64)
        throw KindError(fmt::format("network: {} and holds no integers; there are {} outputs. Save the "
                                    "numbers of the classes: {}.astype(int).",
                                    arrays.described(name), outputs, name));
    check_labels(array, name, classes, outputs, loss);
    if (classes) return one_hot(tape.input(name, {open}, Kind::index), k, arrays.rows() ? -1 : 0);
    if (!flat) return tape.input(name, arrays.rows() ? Shape{open, k} : Shape{k, open});
    const Var column = reshape(tape.input(name, {open}), {open, Dim(1)});
    return arrays.rows() ? column : transpose(column);
}

} // namespace

Network network(Tape& tape, const NamedArrays& arrays, const NetworkOptions& options, Examples examples) {
    const Arrays mine(arrays, examples);
    const std::vector<std::size_t> nodes = node_counts(mine);
    const auto parameter = [&](const std::string& name, const std::vector<std::string>& dims) {
        const AnyArray& array = mine[name];
        // A flat bias has the dimension of the nodes alone, which is the one with a name.
        const std::string& only = dims[0].empty() ? dims[1] : dims[0];
        return tape.variable(name, array.as<double>(), array.rank() == 1 ? std::vector{only} : dims);
    };
    return detail::compose(tape, nodes,
                           {[&] { return labels(tape, mine, nodes.back(), options.loss.name()); }, parameter},
                           options, examples);
}

} // namespace xtape::nn
