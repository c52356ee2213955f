/// Printed equations beside those that networks.hpp and textbook.cpp have: written out, of losses from
/// logits, of a network with nothing of its usual names, order and functions; every one is read back and
/// computed.

#include "check.hpp"
#include "networks.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

namespace {

using namespace xtape;

using networks::Case;
using networks::lines;
using networks::network;

void check_read_back(Case& c, EquationOptions options) {
    options.rules = c.rules;
    const networks::ReadBack back = networks::read_back(c, options);
    // Both are rounded by at most a few dozen operations of sums of at most seven terms.
    BOOST_TEST(back.worst < 1e-13, back.where);
    BOOST_TEST(back.compared >= c.gradients.size() + 1);
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

BOOST_AUTO_TEST_CASE(what_is_not_given_about_labels) {
    const Case c = network({3, 4, 3}, {.output = "softmax", .loss = "categorical_cross_entropy"});
    BOOST_TEST(equation(c.tape["dZ2"], {.rules = c.rules}) == "dZ2 = 1/n (A2 − Y)");
    BOOST_TEST(equation(c.tape["dZ2"]) == "dZ2 = 1/n (A2 ∘ Σ_n2 Y − Y)");
    BOOST_TEST(equation(c.tape["dZ2"], {.markup = Markup::latex}) ==
               R"(dZ_2 = \frac{1}{n} \left(A_2 \circ \sum_{n_2} Y - Y\right))");
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
    Case logistic = network({3, 1}, {});
    BOOST_TEST(equation(logistic.tape["dW1"], {.markup = Markup::latex, .expanded = true}) ==
               R"(dW_1 = \frac{1}{n} \left(A_1 - Y\right) X^\top)");
}

BOOST_AUTO_TEST_CASE(latex_wider_than_a_page_is_broken_outside_of_brackets) {
    BOOST_TEST(align({{"a", "b + c"}, {"", "-d"}}) ==
               "\\begin{align*}\na &= b + c \\\\\n &= -d\n\\end{align*}\n");
    BOOST_TEST(align({}) == "\\begin{align*}\n\\end{align*}\n");
    const Case c = network({3, 4, 2}, {.lambda = 0.1});
    const std::string cost = align(equations({c.cost}, {.markup = Markup::latex}));
    BOOST_TEST(check::says(cost, "\\right) \\\\\n &\\quad + \\frac{0.05}{n} "), cost);
    std::string sum = "x";
    for (int i = 0; i < 40; ++i)
        sum += " + x_{0 + 1}";
    BOOST_TEST(check::says(align({{"y", sum}}), " \\\\\n &\\quad + x_{0 + 1} + "));
    BOOST_TEST(!check::says(align({{"y", "\\left(" + sum + "\\right)"}}), "quad"));
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
    c.evaluation.bind(data, nn::xavier(6, 2, random));
    c.evaluation.bind(target, networks::labels(1, 6));
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
