/// The networks' equations against hand-written ones, as text and as LaTeX; every printed equation is read
/// back and computed, so that what is printed is what the tape computes.

#include "check.hpp"
#include "read.hpp"
#include <xtape/nn.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

namespace {

using namespace xtape;

/// A network's tape with its gradients, and arrays for its inputs.
struct Case {
    Tape tape;
    Var cost;
    std::vector<Var> gradients;
    Evaluation<double> evaluation;
    std::vector<Rule> rules = standard_rules();
    std::size_t examples = 5;

    [[nodiscard]] std::vector<Var> outputs() const {
        std::vector<Var> all{cost};
        all.insert(all.end(), gradients.begin(), gradients.end());
        return all;
    }
};

Array<double> labels(std::size_t classes, std::size_t examples) {
    Array<double> Y = Array<double>::from_shape({classes, examples});
    for (std::size_t i = 0; i < classes; ++i)
        for (std::size_t j = 0; j < examples; ++j)
            Y(i, j) = classes == 1 ? static_cast<double>(j % 3 == 1) : static_cast<double>(j % classes == i);
    return Y;
}

Case network(const std::vector<std::size_t>& layers, const nn::NetworkOptions& options) {
    Case c;
    nn::Random random(3);
    nn::Parameters parameters = nn::initialise(layers, random);
    for (std::size_t l = 1; l < layers.size(); ++l)
        parameters.assign(fmt::format("b{}", l), nn::xavier(layers[l], 1, random));
    const nn::Network net = nn::network(c.tape, parameters, options);
    c.cost = net.cost;
    c.gradients = gradient(net.cost, net.parameters());
    c.evaluation.bind(net.X, nn::xavier(layers[0], c.examples, random));
    c.evaluation.bind(net.Y, labels(layers.back(), c.examples));
    c.rules = nn::network_rules(net, options);
    return c;
}

std::string lines(const std::vector<Equation>& equations) {
    std::string text;
    for (const Equation& equation : equations)
        text += equation.to_string() + "\n";
    return text;
}

/// Reads every equation back. With the mean deferred, dZ and dA stand for n times the tape's gradients.
void check_read_back(Case& c, const EquationOptions& options) {
    reader::Names names{{"n", {1, 1, {static_cast<double>(c.examples)}, "", ""}}};
    for (const std::string& name : c.tape.names()) {
        const Var var = c.tape[name];
        reader::Matrix m = reader::matrix(var, c.evaluation.value(var));
        const auto of = c.tape.records()->find(name.substr(1));
        const bool deferred =
            options.mean == Mean::deferred && name[0] == 'd' && of && !c.tape.records()->leaf(*of);
        if (deferred)
            for (double& entry : m.entries)
                entry *= static_cast<double>(c.examples);
        names.emplace(name, std::move(m));
    }
    std::size_t compared = 0;
    for (const Equation& equation : equations(c.outputs(), options)) {
        BOOST_TEST_CONTEXT(equation.to_string()) {
            const reader::Matrix value = reader::evaluate(equation.right, names);
            if (!c.tape.records()->find(equation.left)) { // an abbreviation
                names.emplace(equation.left, value);
                continue;
            }
            // Both are rounded by at most a few dozen operations of sums of at most five terms.
            BOOST_TEST(reader::difference(value, names.at(equation.left)) < 1e-13);
            ++compared;
        }
    }
    BOOST_TEST(compared >= c.gradients.size() + 1);
}

void check_equations(Case& c, const std::string& expected, EquationOptions options = {}) {
    options.rules = c.rules;
    BOOST_TEST(lines(equations(c.outputs(), options)) == expected);
    check_read_back(c, options);
}

const std::string logistic_cost = "J = −1/n Σ_n (Y ∘ log(A1) + (1 − Y) ∘ log(1 − A1))\n";
const std::string cost = "J = −1/n Σ_n (Y ∘ log(A2) + (1 − Y) ∘ log(1 − A2))\n";
const std::string forward = "Z1 = W1 X + b1\nA1 = tanh(Z1)\nZ2 = W2 A1 + b2\nA2 = σ(Z2)\n";
const std::string backward = "dZ2 = 1/n (A2 − Y)\ndW2 = dZ2 A1ᵀ\ndb2 = Σ_n dZ2\n"
                             "dZ1 = W2ᵀ dZ2 ∘ (1 − A1²)\ndW1 = dZ1 Xᵀ\ndb1 = Σ_n dZ1\n";
const std::string backward_deferred = "dZ2 = A2 − Y\ndW2 = 1/n dZ2 A1ᵀ\ndb2 = 1/n Σ_n dZ2\n"
                                      "dZ1 = W2ᵀ dZ2 ∘ (1 − A1²)\ndW1 = 1/n dZ1 Xᵀ\ndb1 = 1/n Σ_n dZ1\n";

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

BOOST_AUTO_TEST_CASE(logistic_regression) {
    Case c = network({3, 1}, {});
    const std::string start = "Z1 = W1 X + b1\nA1 = σ(Z1)\n" + logistic_cost;
    check_equations(c, start + "dZ1 = 1/n (A1 − Y)\ndW1 = dZ1 Xᵀ\ndb1 = Σ_n dZ1\n");
    check_equations(c, start + "dZ1 = A1 − Y\ndW1 = 1/n dZ1 Xᵀ\ndb1 = 1/n Σ_n dZ1\n",
                    {.mean = Mean::deferred});
    check_equations(c, start + "dW1 = 1/n (A1 − Y) Xᵀ\ndb1 = 1/n Σ_n (A1 − Y)\n", {.expanded = true});
}

BOOST_AUTO_TEST_CASE(one_hidden_layer_in_every_convention) {
    Case c = network({3, 4, 1}, {});
    check_equations(c, forward + cost + backward);
    check_equations(c, forward + cost + backward_deferred, {.mean = Mean::deferred});
    check_equations(c,
                    forward + cost +
                        "dW2 = 1/n (A2 − Y) A1ᵀ\ndb2 = 1/n Σ_n (A2 − Y)\n"
                        "dW1 = 1/n (W2ᵀ (A2 − Y) ∘ (1 − A1²)) Xᵀ\ndb1 = 1/n Σ_n W2ᵀ (A2 − Y) ∘ (1 − A1²)\n",
                    {.expanded = true});
    BOOST_TEST(equation(c.tape["dW2"]) == "dW2 = dZ2 A1ᵀ");
    BOOST_TEST(equation(c.tape["dW2"], {.expanded = true}) == "dW2 = 1/n (A2 − Y) A1ᵀ");
    BOOST_TEST(equation(c.tape["dZ1"]) == "dZ1 = W2ᵀ dZ2 ∘ (1 − A1²)");
    BOOST_TEST(equation(c.tape["dA1"]) == "dA1 = W2ᵀ dZ2");
    BOOST_TEST(equation(c.tape["A1"]) == "A1 = tanh(Z1)");
    BOOST_TEST(equation(c.tape["X"]) == "X = X");
}

BOOST_AUTO_TEST_CASE(activations_of_the_hidden_layer) {
    const std::pair<const char*, const char*> derivatives[] = {
        {"tanh", "(1 − A1²)"}, {"sigmoid", "A1 ∘ (1 − A1)"}, {"relu", "[Z1 > 0]"}, {"softplus", "σ(Z1)"}};
    for (const auto& [name, derivative] : derivatives) {
        Case c = network({3, 4, 1}, {.hidden = name});
        const std::string function = std::string(name) == "sigmoid" ? "σ" : name;
        check_equations(c, replaced(forward, "tanh", function) + cost +
                               replaced(backward, "(1 − A1²)", derivative));
        check_equations(c,
                        replaced(forward, "tanh", function) + cost +
                            replaced(backward_deferred, "(1 − A1²)", derivative),
                        {.mean = Mean::deferred});
    }
}

BOOST_AUTO_TEST_CASE(two_and_three_hidden_layers_with_every_activation) {
    const std::pair<const char*, std::string> derivatives[] = {
        {"tanh", "(1 − A#²)"}, {"sigmoid", "A# ∘ (1 − A#)"}, {"relu", "[Z# > 0]"}, {"softplus", "σ(Z#)"}};
    const std::vector<std::size_t> nodes{3, 4, 2, 5};
    for (const std::size_t hidden : {2U, 3U})
        for (const auto& [name, derivative] : derivatives)
            for (const bool deferred : {false, true}) {
                std::vector<std::size_t> layers(nodes.begin(),
                                                nodes.begin() + static_cast<std::ptrdiff_t>(hidden) + 1);
                layers.push_back(1);
                Case c = network(layers, {.hidden = name});
                const std::size_t L = hidden + 1;
                const std::string function = std::string(name) == "sigmoid" ? "σ" : name,
                                  mean = deferred ? "1/n " : "";
                const auto input = [](std::size_t l) {
                    return l == 0 ? std::string("X") : fmt::format("A{}", l);
                };
                std::string text;
                for (std::size_t l = 1; l <= L; ++l)
                    text += fmt::format("Z{0} = W{0} {1} + b{0}\nA{0} = {2}(Z{0})\n", l, input(l - 1),
                                        l < L ? function : "σ");
                text += fmt::format("J = −1/n Σ_n (Y ∘ log(A{0}) + (1 − Y) ∘ log(1 − A{0}))\n", L);
                for (std::size_t l = L; l >= 1; --l) {
                    text += l == L ? fmt::format("dZ{} = {}\n", l,
                                                 deferred ? fmt::format("A{} − Y", l)
                                                          : fmt::format("1/n (A{} − Y)", l))
                                   : fmt::format("dZ{0} = W{1}ᵀ dZ{1} ∘ {2}\n", l, l + 1,
                                                 replaced(derivative, "#", std::to_string(l)));
                    text +=
                        fmt::format("dW{0} = {2}dZ{0} {1}ᵀ\ndb{0} = {2}Σ_n dZ{0}\n", l, input(l - 1), mean);
                }
                check_equations(c, text, {.mean = deferred ? Mean::deferred : Mean::exact});
            }
}

BOOST_AUTO_TEST_CASE(several_outputs_softmax_and_squared_error) {
    Case many = network({3, 4, 2}, {});
    check_equations(many, forward + replaced(cost, "Σ_n (", "Σ_n Σ_n2 (") + backward);
    Case classes = network({3, 4, 3}, {.output = "softmax", .loss = "categorical_cross_entropy"});
    check_equations(classes,
                    replaced(forward, "σ", "softmax") + "J = −1/n Σ_n Σ_n2 Y ∘ log(A2)\n" + backward);
    check_equations(classes,
                    replaced(forward, "σ", "softmax") + "J = −1/n Σ_n Σ_n2 Y ∘ log(A2)\n" + backward_deferred,
                    {.mean = Mean::deferred});
    // Without what is given about Y.
    BOOST_TEST(equation(classes.tape["dZ2"]) == "dZ2 = 1/n (A2 ∘ Σ_n2 Y − Y)");
    Case linear = network({3, 4, 2}, {.output = "identity", .loss = "squared_error"});
    check_equations(linear, "Z1 = W1 X + b1\nA1 = tanh(Z1)\nZ2 = W2 A1 + b2\nJ = 0.5/n Σ_n Σ_n2 (Z2 − Y)²\n" +
                                replaced(backward, "A2", "Z2"));
    Case squared = network({3, 4, 1}, {.loss = "squared_error"});
    check_equations(squared, forward + "J = 0.5/n Σ_n (A2 − Y)²\n" +
                                 replaced(backward, "(A2 − Y)", "(A2 − Y) ∘ A2 ∘ (1 − A2)"));
    check_equations(squared,
                    forward + "J = 0.5/n Σ_n (A2 − Y)²\n" +
                        replaced(backward_deferred, "dZ2 = A2 − Y", "dZ2 = (A2 − Y) ∘ A2 ∘ (1 − A2)"),
                    {.mean = Mean::deferred});
}

BOOST_AUTO_TEST_CASE(losses_from_logits) {
    Case binary = network({3, 4, 1}, {.from_logits = true});
    check_equations(binary,
                    "Z1 = W1 X + b1\nA1 = tanh(Z1)\nZ2 = W2 A1 + b2\nJ = 1/n Σ_n (softplus(Z2) − Y ∘ Z2)\n" +
                        replaced(backward, "(A2 − Y)", "(σ(Z2) − Y)"));
    Case classes =
        network({3, 4, 3}, {.output = "softmax", .loss = "categorical_cross_entropy", .from_logits = true});
    check_equations(
        classes, "Z1 = W1 X + b1\nA1 = tanh(Z1)\nZ2 = W2 A1 + b2\nJ = −1/n Σ_n Σ_n2 Y ∘ log_softmax(Z2)\n" +
                     replaced(backward, "(A2 − Y)", "(softmax(Z2) − Y)"));
}

BOOST_AUTO_TEST_CASE(penalties_in_three_conventions) {
    const std::tuple<nn::L2, const char*, const char*> conventions[] = {
        {nn::L2::half_lambda_over_n, "0.05/n", "0.1/n"},
        {nn::L2::half_lambda, "0.05", "0.1"},
        {nn::L2::lambda, "0.1", "0.2"}};
    for (const auto& [convention, in_cost, in_gradient] : conventions) {
        Case c = network({3, 4, 1}, {.lambda = 0.1, .convention = convention});
        const std::string J = replaced(cost, "\n", fmt::format(" + {} (Σ W1² + Σ_n1 W2²)\n", in_cost));
        const auto with = [&](std::string text) {
            text = replaced(text, "A1ᵀ", fmt::format("A1ᵀ + {} W2", in_gradient));
            return replaced(text, "Xᵀ", fmt::format("Xᵀ + {} W1", in_gradient));
        };
        check_equations(c, forward + J + with(backward));
        check_equations(c, forward + J + with(backward_deferred), {.mean = Mean::deferred});
    }
}

BOOST_AUTO_TEST_CASE(latex) {
    Case c = network({3, 4, 1}, {});
    const std::string expected = R"(Z_1 = W_1 X + b_1
A_1 = \tanh(Z_1)
Z_2 = W_2 A_1 + b_2
A_2 = \sigma(Z_2)
J = -\frac{1}{n} \sum_{n} \left(Y \circ \log(A_2) + \left(1 - Y\right) \circ \log(1 - A_2)\right)
dZ_2 = \frac{1}{n} \left(A_2 - Y\right)
dW_2 = dZ_2 A_1^\top
db_2 = \sum_{n} dZ_2
dZ_1 = W_2^\top dZ_2 \circ \left(1 - A_1^2\right)
dW_1 = dZ_1 X^\top
db_1 = \sum_{n} dZ_1
)";
    BOOST_TEST(lines(equations(c.outputs(), {.markup = Markup::latex})) == expected);
    BOOST_TEST(
        equation(c.tape["dW1"], {.markup = Markup::latex, .expanded = true, .cost = "J"}) ==
        R"(\frac{\partial J}{\partial W_1} = \frac{1}{n} \left(W_2^\top \left(A_2 - Y\right) \circ \left(1 - A_1^2\right)\right) X^\top)");
    const auto dZ = [](const nn::NetworkOptions& options, const char* name, bool given = false) {
        Case other = network({3, 4, 3}, options);
        return equation(other.tape[name],
                        {.markup = Markup::latex, .rules = given ? other.rules : standard_rules()});
    };
    BOOST_TEST(dZ({.hidden = "relu"}, "dZ1") == R"(dZ_1 = W_2^\top dZ_2 \circ \left[Z_1 > 0\right])");
    BOOST_TEST(dZ({.hidden = "sigmoid"}, "dZ1") ==
               R"(dZ_1 = W_2^\top dZ_2 \circ A_1 \circ \left(1 - A_1\right))");
    BOOST_TEST(dZ({.hidden = "softplus"}, "dZ1") == R"(dZ_1 = W_2^\top dZ_2 \circ \sigma(Z_1))");
    const nn::NetworkOptions softmax{.output = "softmax", .loss = "categorical_cross_entropy"};
    BOOST_TEST(dZ(softmax, "dZ2", true) == R"(dZ_2 = \frac{1}{n} \left(A_2 - Y\right))");
    BOOST_TEST(dZ(softmax, "dZ2") == R"(dZ_2 = \frac{1}{n} \left(A_2 \circ \sum_{n_2} Y - Y\right))");
    BOOST_TEST(dZ({.loss = "squared_error"}, "J") ==
               R"(J = \frac{0.5}{n} \sum_{n} \sum_{n_2} \left(A_2 - Y\right)^2)");
    BOOST_TEST(dZ({.lambda = 0.1}, "dW2") == R"(dW_2 = dZ_2 A_1^\top + \frac{0.1}{n} W_2)");
    Case logistic = network({3, 1}, {});
    BOOST_TEST(equation(logistic.tape["dW1"], {.markup = Markup::latex, .expanded = true}) ==
               R"(dW_1 = \frac{1}{n} \left(A_1 - Y\right) X^\top)");
}

const Op mish_op = elementwise("test::mish")
                       .forward([](auto x) { return x * tanh(softplus(x)); })
                       .notation("mish({0})", R"(\operatorname{mish}({0}))");
const Op logistic_op = elementwise("test::logistic")
                           .forward([](auto x) { return 1 / (1 + exp(-x)); })
                           .notation("σ({0})", R"(\sigma({0}))");

/// Names of one's own, parameters recorded last to first, examples in rows, activation and loss of one's own,
/// three hidden layers.
BOOST_AUTO_TEST_CASE(nothing_depends_on_names_order_or_known_functions) {
    Case c;
    nn::Random random(5);
    const Var target = c.tape.input("target", {1, Dim("n")});
    const Var V = c.tape.variable("V", nn::xavier(1, 2, random), {"", "q"}),
              v = c.tape.variable("v", nn::xavier(1, 1, random));
    const Var U = c.tape.variable("U", nn::xavier(2, 4, random), {"q", "p"}),
              T = c.tape.variable("T", nn::xavier(4, 3, random), {"p", "k"});
    const Var S = c.tape.variable("S", nn::xavier(3, 2, random), {"k", "m"});
    const Var data = c.tape.input("data", {Dim("n"), Dim("m", 2)});
    const auto mish = [](const Var& x) { return record(mish_op, {x}); };
    const Var F = named("F", matmul(S, transpose(data))), f = named("f", mish(F));
    const Var G = named("G", matmul(T, f)), g = named("g", tanh(G));
    const Var H = named("H", matmul(U, g)), h = named("h", relu(H));
    const Var I = named("I", v + matmul(V, h)), p = named("p", record(logistic_op, {I}));
    // The loss: (log p)(−t) − log(1 − p) + t log(1 − p).
    const Var rest = log(1 - p);
    const Var loss = log(p) * -target - rest + target * rest;
    c.cost = named("E", mean(loss));
    c.gradients = gradient(c.cost, {S, T, U, V, v});
    c.evaluation.bind(data, nn::xavier(5, 2, random));
    c.evaluation.bind(target, labels(1, 5));
    const auto text = lines(equations(c.outputs()));
    for (const char* line :
         {"p = σ(I)\n", "dI = 1/n (p − target)\n", "dV = dI hᵀ\n", "dv = Σ_n dI\n", "dH = Vᵀ dI ∘ [H > 0]\n",
          "dU = dH gᵀ\n", "dG = Uᵀ dH ∘ (1 − g²)\n", "dT = dG fᵀ\n", "dS = dF data\n"})
        BOOST_TEST(check::says(text, line), line << " is not in\n" << text);
    check_read_back(c, {});
    check_read_back(c, {.mean = Mean::deferred});
    check_read_back(c, {.expanded = true});
}

BOOST_AUTO_TEST_CASE(a_wrong_formula_is_found_out) {
    Case c = network({3, 4, 1}, {});
    reader::Names names{{"n", {1, 1, {5}, "", ""}}};
    for (const std::string& name : c.tape.names())
        names.emplace(name, reader::matrix(c.tape[name], c.evaluation.value(c.tape[name])));
    const auto off = [&](const char* formula, const char* truth) {
        return reader::difference(reader::evaluate(formula, names), names.at(truth));
    };
    BOOST_TEST(off("W2ᵀ dZ2 ∘ (1 − A1²)", "dZ1") < 1e-13);
    BOOST_TEST(off("W2ᵀ dZ2 ∘ (1 − Z1²)", "dZ1") > 1e-3);
    BOOST_TEST(off("A2 − Y", "dZ2") > 1e-3);
    BOOST_TEST(off("1.001/n (A2 − Y)", "dZ2") > 9e-4);
    BOOST_TEST(off("dZ2", "dW2") > 1e300);
    BOOST_CHECK_THROW((void)reader::evaluate("A2 −", names), std::runtime_error);
    BOOST_CHECK_THROW((void)reader::evaluate("W2 W2", names), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(large_tapes_do_not_blow_up) {
    Tape tape;
    const Var x = tape.input("x", {3});
    Var shared = x, chain = x;
    for (int i = 0; i < 60; ++i)
        shared = tanh(shared) * sigmoid(shared);
    for (int i = 0; i < 20000; ++i)
        chain = tanh(chain);
    const std::string text = equation(named("y", shared));
    BOOST_TEST(text.size() < 60 * 200);
    BOOST_TEST(check::says(text, "\nt1 = "));
    BOOST_TEST(equation(named("z", chain)).size() < 20000 * 30);
}

BOOST_AUTO_TEST_CASE(what_has_no_name_and_what_is_wrong) {
    Tape tape, other;
    const Var x = tape.input("x", {2, 3});
    BOOST_TEST(equation(x * x - 1) == "x² − 1");
    BOOST_TEST(equation(named("y", x + 0)) == "y = x");
    BOOST_TEST(equation(named("w", -(x - 2) * (x + 1))) == "w = (2 − x) ∘ (x + 1)");
    BOOST_TEST(equation(named("constant", x * xt::xarray<double>{{1, 2, 3}})) ==
               "constant = x ∘ ⟨constant (1 × 3)⟩");
    BOOST_CHECK_THROW((void)equation(Var()), VarError);
    BOOST_CHECK_THROW((void)equations({}), ArgumentError);
    BOOST_TEST(check::says(check::complaint<VarError>([&] {
                               (void)equations({x, other.input("y", {2})});
                           }),
                           "on two tapes"));
}

} // namespace
