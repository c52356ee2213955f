#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/compose.hpp>
#include <xtape/nn/matrix.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::nn {

namespace {

std::string subscripted(const char* name, std::size_t l) { return fmt::format("{}{}", name, l); }

/// How many layers there are: W1, W2, … without a gap.
std::size_t count_layers(const Parameters& parameters) {
    std::size_t layers = 0;
    while (parameters.contains(subscripted("W", layers + 1)))
        ++layers;
    const auto is_weight = [](const std::string& name) {
        return name.size() > 1 && name[0] == 'W' &&
               std::all_of(name.begin() + 1, name.end(), [](char c) { return c >= '0' && c <= '9'; });
    };
    const auto weights = static_cast<std::size_t>(std::ranges::count_if(parameters.names(), is_weight));
    if (layers == 0 || weights != layers)
        throw NameError(fmt::format("network: there is no W{}. Weights are W1, W2, … and biases b1, b2, …; "
                                    "there is: {}.",
                                    layers + 1, fmt::join(parameters.names(), ", ")));
    return layers;
}

/// n_0, n_1, …, n_L, after a check that all shapes fit.
std::vector<std::size_t> node_counts(const Parameters& parameters) {
    const std::size_t layers = count_layers(parameters);
    std::vector<std::size_t> nodes;
    for (std::size_t l = 1; l <= layers; ++l) {
        const std::string W = subscripted("W", l), b = subscripted("b", l);
        const Extents &weights = parameters.cell(W)->array().extents(),
                      &biases = parameters.cell(b)->array().extents();
        if (weights.size() != 2 || weights[0] == 0 || weights[1] == 0)
            throw ShapeError(fmt::format("network: {} is {}. It must have a row for each node of layer {} "
                                         "and a column for each of its inputs.",
                                         W, xtape::to_string(weights), l));
        if (l == 1) nodes.push_back(weights[1]);
        if (weights[1] != nodes.back())
            throw ShapeError(fmt::format(
                "network: W{} is {}, {} is {}: {} ≠ {}. {} must have a column for "
                "each row of W{}{}.",
                l - 1, xtape::to_string(parameters.cell(subscripted("W", l - 1))->array().extents()), W,
                xtape::to_string(weights), nodes.back(), weights[1], W, l - 1,
                weights[0] == nodes.back() ? "; it seems to be transposed" : ""));
        nodes.push_back(weights[0]);
        if (biases != Extents{weights[0], 1})
            throw ShapeError(fmt::format("network: {} is {}, {} is {}. Reshape {} to ({} × 1).", W,
                                         xtape::to_string(weights), b, xtape::to_string(biases), b,
                                         weights[0]));
    }
    return nodes;
}

/// The loss, after a check that one from logits means the output that predictions are made with.
Loss chosen_loss(const NetworkOptions& options) {
    const std::string& name = options.loss.name();
    if (!options.from_logits || name.empty()) return options.loss;
    const std::string contained = name == "binary_cross_entropy"        ? "sigmoid"
                                  : name == "categorical_cross_entropy" ? "softmax"
                                                                        : "";
    if (contained.empty())
        throw ArgumentError(fmt::format("network: from_logits chooses the form of binary_cross_entropy or "
                                        "categorical_cross_entropy that takes Z; {} has none.",
                                        name));
    if (options.output.name() != contained)
        throw ArgumentError(fmt::format(
            "network: {0} from logits contains the {1}, and the output is {2}. "
            "Set output to \"{1}\".",
            name, contained, options.output.name().empty() ? "one of your own" : options.output.name()));
    return Loss(name + "_from_logits");
}

} // namespace

Var dense(const Var& x, const Var& W, const Var& b) {
    Transaction transaction(*x.records());
    Var Z = matmul(W, x) + b;
    transaction.done();
    return Z;
}

Parameters initialise(const std::vector<std::size_t>& layers, Random& random,
                      const Initialiser& initialiser) {
    if (layers.size() < 2 || std::ranges::find(layers, std::size_t{0}) != layers.end())
        throw ArgumentError(fmt::format("initialise: layers are {{{}}}. Give the number of inputs and then "
                                        "of nodes of each layer, none of them 0: {{30, 16, 1}}.",
                                        fmt::join(layers, ", ")));
    Parameters parameters;
    for (std::size_t l = 1; l < layers.size(); ++l) {
        const Array<double> W = initialiser(layers[l], layers[l - 1], random);
        require_matrix("initialise", subscripted("W", l), W, layers[l], layers[l - 1]);
        parameters.add(subscripted("W", l), W);
        parameters.add(subscripted("b", l), zeros(layers[l], 1));
    }
    return parameters;
}

std::vector<Var> Network::parameters() const {
    std::vector<Var> all;
    for (std::size_t l = 1; l < W.size(); ++l) {
        all.push_back(W[l]);
        all.push_back(b[l]);
    }
    return all;
}

Network detail::compose(Tape& tape, const std::vector<std::size_t>& nodes, const Parts& parts,
                        const NetworkOptions& options, Examples examples) {
    const std::size_t L = nodes.size() - 1;
    const Loss loss = chosen_loss(options);
    const bool rows = examples == Examples::rows;
    const auto oriented = [&](auto first, auto second) {
        return rows ? std::vector{second, first} : std::vector{first, second};
    };

    Transaction transaction(*tape.records());
    Network net;
    net.X = tape.input("X", Shape(oriented(Dim("n0", nodes[0]), Dim("n"))));
    net.Y = parts.labels();
    net.W.resize(L + 1);
    net.b.resize(L + 1);
    net.Z.resize(L + 1);
    net.A.resize(L + 1);
    net.A[0] = net.X;
    for (std::size_t l = 1; l <= L; ++l) {
        const std::string to = subscripted("n", l), from = subscripted("n", l - 1);
        net.W[l] = parts.parameter(subscripted("W", l), oriented(to, from));
        net.b[l] = parts.parameter(subscripted("b", l), oriented(to, std::string()));
        const Var product = rows ? matmul(net.A[l - 1], net.W[l]) : matmul(net.W[l], net.A[l - 1]);
        // One of shape (n_l) broadcasts against rows as it is.
        const Var bias = net.b[l].rank() == 1 && !rows ? expand_dims(net.b[l], {1}) : net.b[l];
        net.Z[l] = named(subscripted("Z", l), product + bias);
        const Activation& g = l < L ? options.hidden : options.output;
        // The one activation that knows nodes from examples.
        const Var A = rows && g.name() == "softmax" ? softmax(net.Z[l], 1) : g(net.Z[l]);
        net.A[l] = named(subscripted("A", l), A);
    }
    const Var& said = options.from_logits ? net.Z[L] : net.A[L];
    net.loss = rows ? loss.of_rows(said, net.Y) : loss(said, net.Y);
    net.cost = mean(net.loss);
    if (options.lambda != 0)
        net.cost = net.cost + l2({net.W.begin() + 1, net.W.end()}, options.lambda, options.convention,
                                 extent(net.X, rows ? 0 : 1));
    net.cost = named("J", net.cost);
    transaction.done();
    return net;
}

namespace {

/// Labels (n_L × n) that are bound later.
std::function<Var()> labels_input(Tape& tape, const std::vector<std::size_t>& nodes) {
    return [&] { return tape.input("Y", {Dim(subscripted("n", nodes.size() - 1), nodes.back()), Dim("n")}); };
}

} // namespace

Network network(Tape& tape, const Parameters& parameters, const NetworkOptions& options) {
    const auto variable = [&](const std::string& name, const std::vector<std::string>& dims) {
        return parameters.record(tape, name, dims);
    };
    const std::vector<std::size_t> nodes = node_counts(parameters);
    return detail::compose(tape, nodes, {labels_input(tape, nodes), variable}, options);
}

Network network(Tape& tape, const Var& flat, const Parameters& parameters, const NetworkOptions& options) {
    if (flat.records() != tape.records())
        throw VarError(fmt::format("network: {} is on another tape than the one given. Record both on one.",
                                   flat.to_string()));
    const std::vector<std::size_t> nodes = node_counts(parameters);
    Transaction transaction(*tape.records());
    const std::map<std::string, Var> parts = parameters.unflatten(flat);
    const auto part = [&](const std::string& name, const std::vector<std::string>&) {
        return named(name, parts.at(name));
    };
    Network net = detail::compose(tape, nodes, {labels_input(tape, nodes), part}, options);
    transaction.done();
    return net;
}

Array<double> predict(const Network& network, const Array<double>& X) {
    return Evaluation<double>({{network.X, X}}).value(network.prediction());
}

} // namespace xtape::nn
