/// The table of equations that are reached: every network of the textbook, its equations put together by hand
/// from what the textbook says about each activation, loss, convention and layer.

#include "networks.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

namespace {

using namespace xtape;

/// How something is written, in text and in LaTeX; # is the number of the layer.
struct Form {
    const char *text, *latex;
    [[nodiscard]] std::string in(Markup markup) const { return markup == Markup::text ? text : latex; }
};

struct Activation {
    const char* name;
    Form value, derivative;
};
const Activation activations[] = {
    {"tanh", {"tanh(Z#)", R"(\tanh(Z_#))"}, {"(1 − A#²)", R"(\left(1 - A_#^2\right))"}},
    {"sigmoid", {"σ(Z#)", R"(\sigma(Z_#))"}, {"A# ∘ (1 − A#)", R"(A_# \circ \left(1 - A_#\right))"}},
    {"relu", {"relu(Z#)", R"(\operatorname{relu}(Z_#))"}, {"[Z# > 0]", R"(\left[Z_# > 0\right])"}},
    {"softplus", {"softplus(Z#)", R"(\operatorname{softplus}(Z_#))"}, {"σ(Z#)", R"(\sigma(Z_#))"}},
};

/// The last layer and its loss: dZ is error ∘ factor.
struct Head {
    const char *output, *loss;
    std::size_t outputs;
    Form value; ///< of A; none where A is Z
    Form mean_in_front, one_in_front, cost, error, factor;
};
const Form minus_mean{"−1/n Σ_n ", R"(-\frac{1}{n} \sum_{n} )"}, minus{"−", "-"}, nothing{"", ""};
const Form over_outputs_binary{
    "Σ_n# (Y ∘ log(A#) + (1 − Y) ∘ log(1 − A#))",
    R"(\sum_{n_#} \left(Y \circ \log(A_#) + \left(1 - Y\right) \circ \log(1 - A_#)\right))"};
const Form difference{"A# − Y", "A_# - Y"};
const Head heads[] = {
    {"sigmoid",
     "binary_cross_entropy",
     1,
     {"σ(Z#)", R"(\sigma(Z_#))"},
     minus_mean,
     minus,
     {"(Y ∘ log(A#) + (1 − Y) ∘ log(1 − A#))",
      R"(\left(Y \circ \log(A_#) + \left(1 - Y\right) \circ \log(1 - A_#)\right))"},
     difference,
     nothing},
    {"sigmoid",
     "binary_cross_entropy",
     2,
     {"σ(Z#)", R"(\sigma(Z_#))"},
     minus_mean,
     minus,
     over_outputs_binary,
     difference,
     nothing},
    {"softmax",
     "categorical_cross_entropy",
     2,
     {"softmax(Z#)", R"(\operatorname{softmax}(Z_#))"},
     minus_mean,
     minus,
     {"Σ_n# Y ∘ log(A#)", R"(\sum_{n_#} Y \circ \log(A_#))"},
     difference,
     nothing},
    {"identity",
     "squared_error",
     2,
     nothing,
     {"1/(2 n) Σ_n ", R"(\frac{1}{2 n} \sum_{n} )"},
     {"1/2 ", R"(\frac{1}{2} )"},
     {"Σ_n# (Z# − Y)²", R"(\sum_{n_#} \left(Z_# - Y\right)^2)"},
     {"Z# − Y", "Z_# - Y"},
     nothing},
    {"sigmoid",
     "squared_error",
     1,
     {"σ(Z#)", R"(\sigma(Z_#))"},
     {"1/(2 n) Σ_n ", R"(\frac{1}{2 n} \sum_{n} )"},
     {"1/2 ", R"(\frac{1}{2} )"},
     {"(A# − Y)²", R"(\left(A_# - Y\right)^2)"},
     difference,
     {" ∘ A# ∘ (1 − A#)", R"( \circ A_# \circ \left(1 - A_#\right))"}},
};

/// What a penalty with λ = 0.1 puts before Σ W² in the cost and before W in the gradient.
struct Penalty {
    double lambda;
    nn::L2 convention;
    Form in_cost, in_gradient;
    bool over_n;
};
const Penalty penalties[] = {
    {0, nn::L2::half_lambda, nothing, nothing, false},
    {0.1, nn::L2::half_lambda_over_n, {"0.05/n", R"(\frac{0.05}{n})"}, {"0.1/n", R"(\frac{0.1}{n})"}, true},
    {0.1, nn::L2::half_lambda, {"0.05", "0.05"}, {"0.1", "0.1"}, false},
    {0.1, nn::L2::lambda, {"0.1", "0.1"}, {"0.2", "0.2"}, false},
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

struct Cell {
    std::vector<std::size_t> layers;
    const Activation& hidden;
    const Head& head;
    const Penalty& penalty;
    bool one_example;
    Mean mean;
    Markup markup;

    [[nodiscard]] std::string equations() const;
};

/// The textbook's "Forward" and "Backward for n examples", or for one example its "Backward, step by step".
std::string Cell::equations() const {
    const auto in = [&](const Form& form, std::size_t layer) {
        return replaced(form.in(markup), "#", std::to_string(layer));
    };
    const std::size_t L = layers.size() - 1;
    const bool deferred = mean == Mean::deferred && !one_example, exact = !deferred && !one_example;
    // A product of single numbers is written without a sign.
    const bool numbers = one_example && head.outputs == 1;
    const auto of_head = [&](const Form& form) {
        return numbers ? replaced(in(form, L), markup == Markup::text ? " ∘ " : R"( \circ )", " ")
                       : in(form, L);
    };
    const std::string n = in({"1/n ", R"(\frac{1}{n} )"}, 0);
    const auto input = [&](std::size_t l) { return l == 0 ? std::string("X") : in({"A#", "A_#"}, l); };

    std::string text;
    for (std::size_t l = 1; l <= L; ++l) {
        text += in({"Z# = W# ", "Z_# = W_# "}, l) + input(l - 1) + in({" + b#\n", " + b_#\n"}, l);
        const std::string value = in(l < L ? hidden.value : head.value, l);
        if (!value.empty()) text += input(l) + " = " + value + "\n";
    }
    text += "J = " + in(one_example ? head.one_in_front : head.mean_in_front, L) + of_head(head.cost);
    if (penalty.lambda != 0) {
        std::string squares;
        for (std::size_t l = 1; l <= L; ++l) {
            const std::string axis = in({"_n#", "_{n_#}"}, l - 1);
            squares += (l > 1 ? " + " : "") + in({"Σ", R"(\sum)"}, l) + (layers[l] == 1 ? axis : "") +
                       in({" W#²", " W_#^2"}, l);
        }
        if (L > 1) squares = in({"(", R"(\left()"}, 0) + squares + in({")", R"(\right))"}, 0);
        text += " + " + in(penalty.in_cost, 0) + " " + squares;
    }
    text += "\n";
    for (std::size_t l = L; l >= 1; --l) {
        text += in({"dZ# = ", "dZ_# = "}, l);
        const std::string factor = of_head(head.factor);
        const bool bare = !exact && factor.empty();
        if (l == L)
            text += (exact ? n : "") + (bare ? "" : in({"(", R"(\left()"}, 0)) + in(head.error, L) +
                    (bare ? "" : in({")", R"(\right))"}, 0)) + factor;
        else
            text += in({"W#ᵀ dZ# ∘ ", R"(W_#^\top dZ_# \circ )"}, l + 1) + in(hidden.derivative, l);
        text += in({"\ndW# = ", "\ndW_# = "}, l) + (deferred ? n : "") + in({"dZ# ", "dZ_# "}, l) +
                input(l - 1) + in({"ᵀ", R"(^\top)"}, l);
        if (penalty.lambda != 0) text += " + " + in(penalty.in_gradient, 0) + in({" W#", " W_#"}, l);
        text += in({"\ndb# = ", "\ndb_# = "}, l) + (deferred ? n : "") +
                (one_example ? "" : in({"Σ_n ", R"(\sum_{n} )"}, 0)) + in({"dZ#\n", "dZ_#\n"}, l);
    }
    if (!one_example) return text;
    // Small letters are one example's, of which there is no mean: its cost is the loss.
    if (penalty.over_n)
        for (const char* number : {"0.05", "0.1"})
            text = replaced(replaced(text, fmt::format("{}/n", number), number),
                            fmt::format("\\frac{{{}}}{{n}}", number), number);
    for (const auto& [of_many, of_one] : {std::pair("A", "a"), std::pair("X", "x"), std::pair("Y", "y"),
                                          std::pair("Z", "z"), std::pair("J", "L")})
        text = replaced(text, of_many, of_one);
    return text;
}

/// Every combination with this many hidden layers.
void check_all(std::size_t hidden_layers, std::size_t cells) {
    std::size_t checked = 0;
    for (const Activation& hidden : activations) {
        if (hidden_layers == 0 && &hidden != activations) continue;
        for (const Head& head : heads)
            for (const Penalty& penalty : penalties)
                for (const bool one_example : {false, true}) {
                    const std::vector<std::size_t> nodes{3, 4, 5, 7};
                    std::vector<std::size_t> layers(
                        nodes.begin(), nodes.begin() + static_cast<std::ptrdiff_t>(hidden_layers) + 1);
                    layers.push_back(head.outputs);
                    const nn::NetworkOptions options{.hidden = hidden.name,
                                                     .output = head.output,
                                                     .loss = head.loss,
                                                     .lambda = penalty.lambda,
                                                     .convention = penalty.convention};
                    networks::Case c = one_example ? networks::one_example(layers, options)
                                                   : networks::network(layers, options);
                    for (const Mean mean : {Mean::exact, Mean::deferred}) {
                        const EquationOptions wanted{.mean = mean, .rules = c.rules};
                        const networks::ReadBack back = networks::read_back(c, wanted);
                        // Both are rounded by at most a few dozen operations of sums of at most seven terms.
                        BOOST_TEST(back.worst < 1e-13, back.where);
                        BOOST_TEST(back.compared >= c.gradients.size() + 1);
                        for (const Markup markup : {Markup::text, Markup::latex}) {
                            const Cell cell{layers, hidden, head, penalty, one_example, mean, markup};
                            BOOST_TEST(
                                networks::lines(equations(
                                    c.outputs(), {.markup = markup, .mean = mean, .rules = c.rules})) ==
                                cell.equations());
                            ++checked;
                        }
                    }
                }
    }
    BOOST_TEST(checked == 2 * cells); // as text and as LaTeX
}

/// The control of what is read back: with one character changed no equation is that of the tape.
BOOST_AUTO_TEST_CASE(one_wrong_character_does_not_read_back) {
    networks::Case c =
        networks::network({3, 4, 5, 2}, {.lambda = 0.1, .convention = nn::L2::half_lambda_over_n});
    const reader::Names names = networks::names(c, Mean::exact);
    const auto reads_back = [&](const std::string& name, const std::string& formula) {
        try {
            return reader::difference(reader::evaluate(formula, names), names.at(name)) < 1e-13;
        } catch (const std::runtime_error&) {
            return false;
        }
    };
    std::size_t changed = 0;
    for (const Equation& e : equations(c.outputs(), {.rules = c.rules})) {
        BOOST_TEST(reads_back(e.left, e.right), e.to_string());
        for (const auto& [from, to] : {std::pair("+", "−"),
                                       {"−", "+"},
                                       {"A", "Z"},
                                       {"Z", "A"},
                                       {"1", "2"},
                                       {"2", "1"},
                                       {"∘", "+"},
                                       {"ᵀ", ""},
                                       {"²", ""}})
            for (auto at = e.right.find(from); at != std::string::npos; at = e.right.find(from, at + 1)) {
                std::string wrong = e.right;
                wrong.replace(at, std::string(from).size(), to);
                BOOST_TEST(!reads_back(e.left, wrong), e.left << " = " << wrong);
                ++changed;
            }
    }
    BOOST_TEST(changed > 50u);
}

// Cells: losses and outputs, penalties, one example and n, conventions of the mean; activations.
BOOST_AUTO_TEST_CASE(logistic_regression_and_its_kin) { check_all(0, 5 * 4 * 2 * 2); }
BOOST_AUTO_TEST_CASE(one_hidden_layer) { check_all(1, 5 * 4 * 2 * 2 * 4); }
BOOST_AUTO_TEST_CASE(two_hidden_layers) { check_all(2, 5 * 4 * 2 * 2 * 4); }
BOOST_AUTO_TEST_CASE(three_hidden_layers) { check_all(3, 5 * 4 * 2 * 2 * 4); }

} // namespace
