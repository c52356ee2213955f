/// The table of equations that are reached, autodiff/print/README.md, from what is printed: what changes with
/// each choice, and whole networks. `equations_table <page>` fails where the page is out of date; with
/// `--write` it writes it.

#include "../written_page.hpp"
#include "networks.hpp"

#include <fmt/format.h>

using namespace xtape;

namespace {

using Names = std::vector<std::string>;

std::string written(const networks::Case& c, const std::string& name, Markup markup, Mean mean) {
    for (const Equation& e : equations(c.outputs(), {.markup = markup, .mean = mean, .rules = c.rules}))
        if (e.left == written_name(name, markup)) return e.to_string();
    return {};
}

/// The named equations of a network, as text and as LaTeX.
std::string row(const std::string& title, const networks::Case& c, const Names& names,
                Mean mean = Mean::exact) {
    std::string text, latex;
    for (const std::string& name : names) {
        const std::string equation = written(c, name, Markup::text, mean);
        if (equation.empty()) continue; // A2, where it is Z2
        const char* line = text.empty() ? "" : "<br>";
        text += fmt::format("{}`{}`", line, equation);
        latex += fmt::format("{}$`{}`$", line, written(c, name, Markup::latex, mean));
    }
    return fmt::format("| {} | {} | {} |\n", title, text, latex);
}

std::string table(const std::string& title, const std::string& rows) {
    return fmt::format("\n## {}\n\n| | text | LaTeX |\n|---|---|---|\n{}", title, rows);
}

std::string activations() {
    std::string rows;
    for (const char* hidden : {"tanh", "sigmoid", "relu", "softplus"}) {
        nn::NetworkOptions options;
        options.hidden = hidden;
        rows += row(hidden, networks::network({3, 4, 1}, options), {"A1", "dZ1"});
    }
    return table("Activations of a hidden layer", rows);
}

std::string losses() {
    struct Choice {
        const char *title, *output, *loss;
        std::size_t outputs;
    };
    std::string rows;
    for (const Choice& choice :
         {Choice{"sigmoid, binary cross-entropy", "sigmoid", "binary_cross_entropy", 1},
          Choice{"the same, several outputs", "sigmoid", "binary_cross_entropy", 2},
          Choice{"softmax, categorical cross-entropy", "softmax", "categorical_cross_entropy", 3},
          Choice{"identity, squared error", "identity", "squared_error", 2},
          Choice{"sigmoid, squared error", "sigmoid", "squared_error", 1}}) {
        nn::NetworkOptions options;
        options.output = choice.output;
        options.loss = choice.loss;
        rows += row(choice.title, networks::network({3, 4, choice.outputs}, options), {"A2", "J", "dZ2"});
    }
    return table("Outputs and losses", rows);
}

std::string penalties() {
    std::string rows = row("none", networks::network({3, 4, 2}), {"J", "dW2"});
    for (const auto& [title, convention] :
         {std::pair("λ/(2n) ΣW²", nn::L2::half_lambda_over_n), std::pair("λ/2 ΣW²", nn::L2::half_lambda),
          std::pair("λ ΣW²", nn::L2::lambda)}) {
        nn::NetworkOptions options;
        options.lambda = 0.1;
        options.convention = convention;
        rows += row(title, networks::network({3, 4, 2}, options), {"J", "dW2"});
    }
    return table("Penalties, λ = 0.1", rows);
}

std::string means() {
    const networks::Case n = networks::network({3, 4, 1}), one = networks::one_example({3, 4, 1});
    return table("Conventions of the mean, and one example",
                 row("exact", n, {"dZ2", "dW2", "db2"}) +
                     row("deferred", n, {"dZ2", "dW2", "db2"}, Mean::deferred) +
                     row("one example", one, {"L", "dz2", "dW2", "db2"}));
}

/// All equations of a network, in text and in LaTeX.
std::string sheet(const std::string& title, const networks::Case& c) {
    std::vector<std::string> latex;
    for (const Equation& e : equations(c.outputs(), {.markup = Markup::latex, .rules = c.rules}))
        latex.push_back(fmt::format("{} &= {}", e.left, e.right));
    return fmt::format("\n## {}\n\n```\n{}```\n\n```math\n\\begin{{aligned}}\n{}\n\\end{{aligned}}\n```\n",
                       title, networks::lines(equations(c.outputs(), {.rules = c.rules})),
                       fmt::join(latex, " \\\\\n"));
}

std::string page() {
    const networks::Case one = networks::one_example({3, 4, 1});
    const std::string steps =
        derivation(one.gradients, {.expanded = true, .cost = "L", .rules = one.rules}).to_string();
    return fmt::format(R"(# The equations that are reached

What `equations(outputs)` prints of a network and of its gradients. This page is written by
`equations_table autodiff/print/README.md --write` from what is printed, and a test fails where it is out of date.

The choices below are independent of one another, and every combination is tested: 0 to 3 hidden layers, their
activations, outputs and losses, penalties, conventions of the mean, one example and n, 1,040 in all. Each is compared
with an equation put together by hand from the textbook, as text and as LaTeX, and read back and computed, so that what
is printed is what the tape computes (`tests/autodiff/print/textbook.cpp`). None of these networks is known to the
printer: other names, another order of recording, activations and losses of one's own come out in the same way
(`tests/autodiff/print/equations.cpp`).
{}{}{}{}{}{}{}
## Step by step

`derivation(gradients, {{.expanded = true, .cost = "L"}})` of one example with a hidden layer of tanh: the form that the
chain rule gives, and the forms that rules made of it.

```
{}```
)",
                       activations(), losses(), penalties(), means(),
                       sheet("Logistic regression", networks::network({3, 1})),
                       sheet("One hidden layer", networks::network({3, 4, 1})),
                       sheet("Two hidden layers", networks::network({3, 4, 5, 1})), steps);
}

} // namespace

int main(int argc, char** argv) { return written_page(argc, argv, page); }
