/// The textbook's "Backward, step by step", line by line, from one call.

#include "check.hpp"
#include <xtape/nn.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;

// As the textbook writes it; ∗ is the elementwise product.
const char* const textbook[] = {
    "∂L/∂a2 = −y/a2 + (1 − y)/(1 − a2) = (a2 − y) / (a2 (1 − a2))",
    "∂a2/∂z2 = e^(−z2) / (1 + e^(−z2))² = a2 (1 − a2)",
    "∂L/∂z2 = a2 − y",
    "∂L/∂W2 = (a2 − y) a1ᵀ",
    "∂L/∂b2 = a2 − y",
    "∂L/∂a1 = W2ᵀ (a2 − y)",
    "∂L/∂z1 = W2ᵀ (a2 − y) ∗ g1′(z1)",
    "∂L/∂W1 = (W2ᵀ (a2 − y) ∗ g1′(z1)) xᵀ",
    "∂L/∂b1 = W2ᵀ (a2 − y) ∗ g1′(z1)",
};

std::string in_our_signs(std::string text) {
    for (const auto& [theirs, ours] : {std::pair(" / ", "/"), std::pair("∗", "∘")})
        for (auto at = text.find(theirs); at != std::string::npos; at = text.find(theirs))
            text.replace(at, std::string(theirs).size(), ours);
    return text;
}

std::vector<std::string> sides(const std::string& equation) {
    std::vector<std::string> parts;
    std::size_t from = 0;
    for (auto at = equation.find(" = "); at != std::string::npos; at = equation.find(" = ", from)) {
        parts.push_back(equation.substr(from, at - from));
        from = at + 3;
    }
    parts.push_back(equation.substr(from));
    return parts;
}

// An activation of which only the name is known, and the logistic function as the textbook defines it.
const Op g1_prime_op = elementwise("test::g1_prime")
                           .opaque([](auto x) { return 1 - tanh(x) * tanh(x); })
                           .without_gradient()
                           .notation("g1′({0})", "g_1'({0})");
const Op g1_op = elementwise("test::g1")
                     .opaque([](auto x) { return tanh(x); })
                     .vjp([](const Pullback& p) { return p.cotangent() * record(g1_prime_op, {p.input()}); })
                     .notation("g1({0})", "g_1({0})");
const Op logistic_op = elementwise("test::logistic")
                           .forward([](auto x) { return 1 / (1 + exp(-x)); })
                           .notation("σ({0})", R"(\sigma({0}))");

struct OneExample {
    Tape tape;
    Var x = tape.input("x", {Dim("n0", 3), 1}), y = tape.input("y", {1, 1});
    Var W1 = tape.variable("W1", nn::zeros(4, 3)), b1 = tape.variable("b1", nn::zeros(4, 1));
    Var W2 = tape.variable("W2", nn::zeros(1, 4)), b2 = tape.variable("b2", nn::zeros(1, 1));
    Var z1 = named("z1", matmul(W1, x) + b1), a1 = named("a1", record(g1_op, {z1}));
    Var z2 = named("z2", matmul(W2, a1) + b2), a2 = named("a2", record(logistic_op, {z2}));
    std::vector<Var> gradients;

    OneExample() {
        // The order of recording decides the order of the terms.
        const Var second = (1 - y) * log(1 - a2), first = y * log(a2);
        const Var L = named("L", sum(-(first + second)));
        gradients = gradient(L, {W1, b1, W2, b2});
    }
};

BOOST_FIXTURE_TEST_CASE(the_textbooks_derivation_line_by_line, OneExample) {
    const Derivation ours = derivation(gradients, {.expanded = true, .cost = "L"});
    std::size_t at = 0;
    for (const char* line : textbook) {
        const std::vector<std::string> expected = sides(in_our_signs(line));
        BOOST_TEST_CONTEXT(line << "\nin\n" << ours.to_string()) {
            while (at < ours.lines.size() && ours.lines[at].left != expected[0])
                ++at;
            BOOST_REQUIRE(at < ours.lines.size());
            std::size_t form = 0;
            for (std::size_t k = 1; k < expected.size(); ++k) {
                while (form < ours.lines[at].forms.size() && ours.lines[at].forms[form].text != expected[k])
                    ++form;
                BOOST_TEST(form < ours.lines[at].forms.size(), expected[k]);
            }
            BOOST_TEST(ours.lines[at].forms.back().text == expected.back());
            ++at;
        }
    }
}

BOOST_FIXTURE_TEST_CASE(every_line_and_the_rule_of_every_step, OneExample) {
    BOOST_TEST(derivation(gradients, {.expanded = true, .cost = "L"}).to_string() ==
               "∂L/∂a2 = −y/a2 + (1 − y)/(1 − a2)\n"
               "       = (a2 − y)/(a2 (1 − a2))    (expand, collect, factor)\n"
               "∂a2/∂z2 = e^(−z2)/(1 + e^(−z2))²\n"
               "        = a2 (1 − a2)    (logistic function as complement)\n"
               "∂L/∂z2 = −(y − a2)\n"
               "       = a2 − y    (collect factors)\n"
               "∂L/∂W2 = ∂L/∂z2 a1ᵀ\n"
               "       = (a2 − y) a1ᵀ\n"
               "∂L/∂b2 = −(y − a2)\n"
               "       = a2 − y    (collect factors)\n"
               "∂L/∂a1 = W2ᵀ ∂L/∂z2\n"
               "       = W2ᵀ (a2 − y)\n"
               "∂a1/∂z1 = g1′(z1)\n"
               "∂L/∂z1 = ∂L/∂a1 ∘ g1′(z1)\n"
               "       = W2ᵀ (a2 − y) ∘ g1′(z1)\n"
               "∂L/∂W1 = ∂L/∂z1 xᵀ\n"
               "       = (W2ᵀ (a2 − y) ∘ g1′(z1)) xᵀ\n"
               "∂L/∂b1 = ∂L/∂a1 ∘ g1′(z1)\n"
               "       = W2ᵀ (a2 − y) ∘ g1′(z1)\n");
}

BOOST_FIXTURE_TEST_CASE(one_example_has_its_own_equations, OneExample) {
    const auto lines = equations({gradients[2], gradients[3], gradients[0], gradients[1]});
    std::string text;
    for (const Equation& line : lines)
        text += line.to_string() + "\n";
    BOOST_TEST(text ==
               "z1 = W1 x + b1\na1 = g1(z1)\nz2 = W2 a1 + b2\na2 = σ(z2)\ndz2 = a2 − y\ndW2 = dz2 a1ᵀ\n"
               "db2 = dz2\ndz1 = W2ᵀ dz2 ∘ g1′(z1)\ndW1 = dz1 xᵀ\ndb1 = dz1\n");
    // One result under two names.
    BOOST_TEST(equation(tape["db2"]) == "dz2 = db2 = a2 − y");
}

BOOST_AUTO_TEST_CASE(n_examples_and_the_tape_as_it_was) {
    nn::Random random(1);
    const nn::Parameters parameters = nn::initialise({3, 4, 1}, random);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters);
    const std::vector<Var> gradients = gradient(net.cost, net.parameters());
    const std::size_t size = tape.size();
    const std::string text = derivation(gradients).to_string();
    BOOST_TEST(tape.size() == size);
    for (const char* line :
         {"    = 1/n (A2 − Y)/(A2 ∘ (1 − A2))    (expand, collect, factor)\n", "∂A2/∂Z2 = A2 ∘ (1 − A2)\n",
          "dZ2 = dA2 ∘ A2 ∘ (1 − A2)\n    = 1/n (A2 − Y)    (cancel)\n", "dA1 = W2ᵀ dZ2\n∂A1/∂Z1 = 1 − A1²\n",
          "dZ1 = dA1 ∘ (1 − A1²)\n    = W2ᵀ dZ2 ∘ (1 − A1²)\n", "dW1 = dZ1 Xᵀ\n", "db1 = Σ_n dZ1\n"})
        BOOST_TEST(check::says(text, line), line << " is not in\n" << text);
    const std::string latex = derivation(gradients, {.markup = Markup::latex}).to_string();
    BOOST_TEST(latex.rfind("\\begin{align*}\ndA_2 &= ", 0) == 0u, latex);
    BOOST_TEST(check::says(latex, " &= \\frac{1}{n} \\left(A_2 - Y\\right) \\tag*{cancel} \\\\\n"), latex);
    BOOST_TEST(latex.ends_with("\\end{align*}\n"));
    for (const char c : latex)
        BOOST_REQUIRE(static_cast<unsigned char>(c) < 128);
}

} // namespace
