#include "corpus.hpp"

#include <xtape/nn/random.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace second_corpus {
namespace {

using xtape::nn::Random;

Matrix number(double value) {
    Matrix result((xtape::Extents()));
    result.storage()[0] = value;
    return result;
}

template <class Draw>
Matrix matrix(std::size_t rows, std::size_t cols, Draw draw) {
    Matrix result(xtape::Extents{rows, cols});
    for (double& x : result.storage())
        x = draw();
    return result;
}

/// Labels: 0 and 1 in turn where they are drawn independently, so that both occur; one-hot; or any number.
Matrix labels(const Setting& setting, Random& random) {
    const std::size_t k = setting.nodes.back(), n = setting.n;
    Matrix result(setting.rows ? xtape::Extents{n, k} : xtape::Extents{k, n});
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t one = random.below(k);
        for (std::size_t j = 0; j < k; ++j) {
            double& y = setting.rows ? result(i, j) : result(j, i);
            if (setting.output == "softmax")
                y = j == one ? 1 : 0;
            else if (setting.output == "sigmoid")
                y = i < 2 ? static_cast<double>(i) : static_cast<double>(random.below(2));
            else
                y = random.normal();
        }
    }
    return result;
}

std::string derivative(const std::string& activation, std::size_t l) {
    if (activation == "tanh") return fmt::format("(1 - A{}^2)", l);
    if (activation == "sigmoid") return fmt::format("(A{0} * (1 - A{0}))", l);
    if (activation == "relu") return fmt::format("step(Z{})", l);
    if (activation == "softplus") return fmt::format("sigmoid(Z{})", l);
    throw std::invalid_argument("no derivative of " + activation);
}

std::string dot(bool rows, const std::string& a, const std::string& b) {
    return rows ? b + " " + a : a + " " + b;
}

bool same(const Matrix& a, const Matrix& b) {
    if (a.shape() != b.shape()) return false;
    double difference = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference = std::hypot(difference, a.storage()[i] - b.storage()[i]);
        size = std::hypot(size, a.storage()[i]);
    }
    return difference <= 1e-12 * size; // a hundred roundings at most, and never NaN
}

Lines wrong_lines(const Case& c) {
    Lines result;
    for (const Mistake& mistake : c.mistakes)
        result.insert(result.end(), mistake.lines.begin(), mistake.lines.end());
    return result;
}

/// The formula of `name` in terms of what is saved. Gradients that are not saved are replaced by their
/// formulas; Z and A, which follow from the parameters, only where the forward pass is wrong.
std::string inlined(const Lines& lines, const std::string& name, const Case& c, bool forward) {
    const auto line = std::ranges::find(lines, name, name_of);
    const std::string formula = formula_of(*line);
    std::string result;
    for (std::size_t i = 0; i < formula.size();) {
        std::size_t end = i;
        while (end < formula.size() &&
               (std::isalnum(static_cast<unsigned char>(formula[end])) || formula[end] == '_'))
            ++end;
        const std::string word = formula.substr(i, std::max<std::size_t>(end - i, 1));
        const bool known = std::ranges::find(lines, word, name_of) != lines.end();
        if (known && !c.saves(word) && (word[0] == 'd' || forward))
            result += "(" + inlined(lines, word, c, forward) + ")";
        else
            result += word;
        i += word.size();
    }
    return result;
}

} // namespace

std::string name_of(const std::string& line) { return line.substr(0, line.find(' ')); }

std::string formula_of(const std::string& line) { return line.substr(line.find(" = ") + 3); }

Memory start(const Setting& setting, std::uint64_t seed) {
    Random random(seed);
    Memory memory{setting.rows, {}};
    auto& arrays = memory.arrays;
    const auto normal = [&] { return random.normal(); };
    const std::size_t n = setting.n, inputs = setting.nodes[0];
    arrays["X"] = setting.rows ? matrix(n, inputs, normal) : matrix(inputs, n, normal);
    arrays["Y"] = labels(setting, random);
    for (std::size_t l = 1; l <= setting.layers(); ++l) {
        const std::size_t in = setting.nodes[l - 1], out = setting.nodes[l];
        const auto weight = [&] {
            return setting.scale * random.normal() / std::sqrt(static_cast<double>(in));
        };
        const auto bias = [&] { return 0.5 * setting.scale * random.normal(); };
        arrays[fmt::format("W{}", l)] = setting.rows ? matrix(in, out, weight) : matrix(out, in, weight);
        arrays[fmt::format("b{}", l)] = setting.rows ? matrix(1, out, bias) : matrix(out, 1, bias);
    }
    arrays["n"] = number(static_cast<double>(n));
    arrays["lambda"] = number(setting.lambda);
    return memory;
}

Lines program(const Setting& setting, const Lines& wrong) {
    const std::size_t L = setting.layers();
    const bool rows = setting.rows;
    const auto layer = [](std::size_t l) { return l == 0 ? std::string("X") : fmt::format("A{}", l); };
    const std::string mean = setting.exact ? "" : "(1/n) ";
    Lines lines;
    for (std::size_t l = 1; l <= L; ++l) {
        lines.push_back(fmt::format("Z{0} = {1} + b{0}", l, dot(rows, fmt::format("W{}", l), layer(l - 1))));
        const std::string& g = l == L ? setting.output : setting.hidden;
        lines.push_back(g == "identity" ? fmt::format("A{0} = Z{0}", l)
                                        : fmt::format("A{0} = {1}(Z{0})", l, g));
    }
    for (std::size_t l = L; l >= 1; --l) {
        if (l == L) {
            lines.push_back(setting.exact ? fmt::format("dZ{0} = (1/n) (A{0} - Y)", l)
                                          : fmt::format("dZ{0} = A{0} - Y", l));
        } else {
            const std::string W = fmt::format("W{}^T", l + 1), dZ = fmt::format("dZ{}", l + 1);
            lines.push_back(fmt::format("dA{} = {}", l, dot(rows, W, dZ)));
            lines.push_back(fmt::format("dZ{0} = dA{0} * {1}", l, derivative(setting.hidden, l)));
        }
        std::string l2;
        if (setting.convention == "half-lambda") l2 = fmt::format(" + lambda W{}", l);
        if (setting.convention == "half-lambda-over-n") l2 = fmt::format(" + (lambda/n) W{}", l);
        if (setting.convention == "lambda") l2 = fmt::format(" + 2 lambda W{}", l);
        lines.push_back(fmt::format("dW{} = {}{}{}", l, mean,
                                    dot(rows, fmt::format("dZ{}", l), layer(l - 1) + "^T"), l2));
        lines.push_back(fmt::format("db{0} = {1}sum_examples(dZ{0})", l, mean));
    }
    for (const std::string& line : wrong)
        if (const auto right = std::ranges::find(lines, name_of(line), name_of); right != lines.end())
            *right = line;
        else
            lines.push_back(line);
    return lines;
}

bool run(Memory& memory, const Lines& program) {
    try {
        for (const std::string& line : program)
            memory.arrays[name_of(line)] = memory.evaluate(formula_of(line));
    } catch (const ShapesDisagree&) {
        return false;
    }
    return true;
}

std::string cost(const Setting& setting) {
    const std::size_t L = setting.layers();
    std::string result;
    if (setting.loss == "binary-cross-entropy")
        result = fmt::format("(1/n) sum(softplus(Z{0}) - Y * Z{0})", L);
    else if (setting.loss == "categorical-cross-entropy")
        result = fmt::format("(1/n) (sum(log(sum_nodes(exp(Z{0})))) - sum(Y * Z{0}))", L);
    else
        result = fmt::format("(1/(2 n)) sum((Z{} - Y)^2)", L);
    if (setting.convention.empty()) return result;
    result += setting.convention == "lambda"        ? " + lambda ("
              : setting.convention == "half-lambda" ? " + (lambda/2) ("
                                                    : " + (lambda/(2 n)) (";
    for (std::size_t l = 1; l <= L; ++l)
        result += fmt::format("{}sum(W{}^2)", l == 1 ? "" : " + ", l);
    return result + ")";
}

std::vector<std::string> Case::culprits() const {
    std::vector<std::string> result;
    for (const std::string& line : wrong_lines(*this))
        result.push_back(name_of(line));
    return result;
}

Memory Case::run() const {
    Memory memory = start(setting, seed);
    second_corpus::run(memory, program(setting, wrong_lines(*this)));
    return memory;
}

bool Case::saves(std::string_view name) const {
    if (name.starts_with("dA")) return saved == Saved::all;
    if (name.starts_with("dZ")) return saved != Saved::parameters;
    if (name.starts_with("Z") || name.starts_with("A")) return saved <= Saved::textbook;
    return name != "n" && name != "lambda";
}

std::vector<std::pair<std::string, xtape::AnyArray>> Case::arrays() const {
    std::vector<std::pair<std::string, xtape::AnyArray>> result;
    for (const auto& [name, array] : run().arrays)
        if (saves(name)) result.emplace_back(name, xtape::AnyArray::copy(array));
    return result;
}

Lines Case::wrong_equations() const {
    const Lines mine = program(setting, wrong_lines(*this)), theirs = program(setting);
    const bool forward =
        std::ranges::any_of(culprits(), [](const std::string& name) { return name[0] != 'd'; });
    const Memory memory = run();
    Lines result;
    for (const std::string& line : mine) {
        const std::string name = name_of(line);
        if (!saves(name) || !memory.arrays.contains(name)) continue;
        const std::string formula = inlined(mine, name, *this, forward);
        if (std::ranges::find(theirs, name, name_of) == theirs.end() ||
            formula != inlined(theirs, name, *this, forward))
            result.push_back(name + " = " + formula);
    }
    return result;
}

bool Case::is_explained_by(std::size_t mistake, const Lines& alternative) const {
    const Memory mine = run();
    const auto holds = [&](const std::string& line) {
        return same(mine.at(name_of(line)), mine.evaluate(formula_of(line)));
    };
    if (std::ranges::all_of(alternative,
                            [&](const auto& line) { return saves(name_of(line)) && holds(line); }))
        return true;
    Lines wrong = alternative;
    for (std::size_t i = 0; i < mistakes.size(); ++i)
        if (i != mistake) wrong.insert(wrong.end(), mistakes[i].lines.begin(), mistakes[i].lines.end());
    Memory theirs = start(setting, seed);
    return second_corpus::run(theirs, program(setting, wrong)) && !stops &&
           std::ranges::all_of(mine.arrays, [&](const auto& array) {
               return !saves(array.first) || same(array.second, theirs.at(array.first));
           });
}

std::string Case::options() const {
    std::string result = fmt::format("--hidden {} --output {} --loss {} --examples {}", setting.hidden,
                                     setting.output, setting.loss, setting.rows ? "rows" : "columns");
    if (!setting.convention.empty()) result += fmt::format(" --l2 {}:{}", setting.lambda, setting.convention);
    return result;
}

std::vector<Case> right(std::size_t count, std::uint64_t seed) {
    static constexpr const char* hidden[] = {"tanh", "sigmoid", "relu", "softplus"};
    static constexpr const char* last[][2] = {{"sigmoid", "binary-cross-entropy"},
                                              {"softmax", "categorical-cross-entropy"},
                                              {"identity", "squared-error"}};
    static constexpr const char* conventions[] = {"half-lambda", "half-lambda-over-n", "lambda"};
    static constexpr double scales[] = {1e-3, 0.1, 1, 3};
    Random random(seed);
    std::vector<Case> result;
    for (std::size_t i = 0; i < count; ++i) {
        Setting setting;
        setting.name = fmt::format("right-{}", i);
        setting.hidden = hidden[random.below(4)];
        const auto& [output, loss] = last[random.below(3)];
        setting.output = output;
        setting.loss = loss;
        for (std::size_t layers = 2 + random.below(2); layers > 0; --layers)
            setting.nodes.push_back(1 + random.below(8));
        // One class has probability 1 whatever the weights are.
        setting.nodes.push_back(setting.output == "softmax" ? 2 + random.below(4) : 1 + random.below(3));
        setting.n = random.below(8) == 0 ? 1 : 2 + random.below(39);
        setting.rows = random.below(2) == 1;
        setting.exact = random.below(2) == 1;
        if (random.below(3) == 0) {
            setting.convention = conventions[random.below(3)];
            setting.lambda = 0.01 + random.uniform();
        }
        setting.scale = scales[random.below(4)];
        result.push_back({setting.name, setting, static_cast<Saved>(random.below(4)), {}, false, random()});
    }
    return result;
}

} // namespace second_corpus
