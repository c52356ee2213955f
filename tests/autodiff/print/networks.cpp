#include "networks.hpp"

#include <fmt/format.h>

namespace networks {

using namespace xtape;

std::vector<Var> Case::outputs() const {
    std::vector<Var> all{cost};
    all.insert(all.end(), gradients.begin(), gradients.end());
    return all;
}

Array<double> labels(std::size_t classes, std::size_t examples) {
    Array<double> Y = Array<double>::from_shape({classes, examples});
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < examples; ++j)
            Y(i, j) = classes == 1 ? static_cast<double>(j % 3 == 1) : static_cast<double>(j % classes == i);
    return Y;
}

namespace {

nn::Parameters drawn(const std::vector<std::size_t>& layers, nn::Random& random) {
    nn::Parameters parameters = nn::initialise(layers, random);
    for (std::size_t l = 1; l < layers.size(); ++l)
        parameters.assign(fmt::format("b{}", l), nn::xavier(layers[l], 1, random));
    return parameters;
}

} // namespace

Case network(const std::vector<std::size_t>& layers, const nn::NetworkOptions& options) {
    Case c;
    nn::Random random(3);
    const nn::Network net = nn::network(c.tape, drawn(layers, random), options);
    c.cost = net.cost;
    c.gradients = gradient(net.cost, net.parameters());
    c.evaluation.bind(net.X, nn::xavier(layers[0], c.examples, random));
    c.evaluation.bind(net.Y, labels(layers.back(), c.examples));
    c.rules = nn::network_rules(net, options);
    return c;
}

Case one_example(const std::vector<std::size_t>& layers, const nn::NetworkOptions& options) {
    Case c;
    c.examples = 1;
    nn::Random random(3);
    const nn::Parameters parameters = drawn(layers, random);
    const std::size_t L = layers.size() - 1;
    const Var x = c.tape.input("x", {Dim("n0", layers[0]), 1}),
              y = c.tape.input("y", {Dim(fmt::format("n{}", L), layers[L]), 1});
    std::vector<Var> leaves, weights;
    Var a = x;
    for (std::size_t l = 1; l <= L; ++l) {
        const Var W = parameters.record(c.tape, fmt::format("W{}", l),
                                        {fmt::format("n{}", l), fmt::format("n{}", l - 1)}),
                  b = parameters.record(c.tape, fmt::format("b{}", l), {fmt::format("n{}", l), ""});
        const Var z = named(fmt::format("z{}", l), matmul(W, a) + b);
        a = named(fmt::format("a{}", l), (l < L ? options.hidden : options.output)(z));
        weights.push_back(W);
        leaves.insert(leaves.end(), {W, b});
    }
    Var loss = sum(options.loss(a, y));
    if (options.lambda != 0) loss = loss + nn::l2(weights, options.lambda, options.convention, extent(x, 1));
    c.cost = named("L", loss);
    c.gradients = gradient(c.cost, leaves);
    c.evaluation.bind(x, nn::xavier(layers[0], 1, random));
    c.evaluation.bind(y, labels(layers[L], 1));
    if (options.loss.name() == "categorical_cross_entropy") c.rules.push_back(sums_to_one(y, 0));
    return c;
}

std::string lines(const std::vector<Equation>& equations) {
    std::string text;
    for (const Equation& equation : equations)
        text += equation.to_string() + "\n";
    return text;
}

reader::Names names(Case& c, Mean mean) {
    const auto n = static_cast<double>(c.examples);
    reader::Names names{{"n", {1, 1, {n}, "", ""}}};
    for (const std::string& name : c.tape.names()) {
        const Var var = c.tape[name];
        reader::Matrix m = reader::matrix(var, c.evaluation.value(var));
        const auto of = c.tape.records()->find(name.substr(1));
        if (mean == Mean::deferred && name[0] == 'd' && of && !c.tape.records()->leaf(*of))
            for (double& entry : m.entries)
                entry *= n;
        names.emplace(name, std::move(m));
    }
    return names;
}

ReadBack read_back(Case& c, const EquationOptions& options) {
    reader::Names names = networks::names(c, options.mean);
    ReadBack result;
    for (const Equation& equation : equations(c.outputs(), options)) {
        const reader::Matrix value = reader::evaluate(equation.right, names);
        if (!c.tape.records()->find(equation.left)) { // an abbreviation
            names.emplace(equation.left, value);
            continue;
        }
        ++result.compared;
        const double difference = reader::difference(value, names.at(equation.left));
        if (!(difference <= result.worst)) {
            result.worst = difference;
            result.where = equation.to_string();
        }
    }
    return result;
}

} // namespace networks
