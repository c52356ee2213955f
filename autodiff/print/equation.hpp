#pragma once

/// A tape becomes equations, with the user's names, in text for a terminal or in LaTeX for a paper.

#include <xtape/autodiff/print/names.hpp>
#include <xtape/autodiff/simplify/rules.hpp>

#include <string>
#include <vector>

namespace xtape {

/// Where the 1/n of a mean stands: in the gradient of every intermediate result, which then is that of the
/// cost; or deferred, as in textbooks, to the parameters, so that dZ2 = A2 − Y is n times the gradient.
enum class Mean { exact, deferred };

struct EquationOptions {
    Markup markup = Markup::text;
    bool expanded = false; ///< gradients of intermediate results are written out, not called by name
    Mean mean = Mean::exact;
    std::string cost{}; ///< where given, as "J", gradients are written ∂J/∂W1 in place of dW1
    std::vector<Rule> rules = standard_rules(); ///< by which the tape is simplified first
};

/// One line: `dW2 = dZ2 A1ᵀ`.
struct Equation {
    using printed_by_xtape = void;

    std::string left, right;
    [[nodiscard]] std::string to_string() const { return left.empty() ? right : left + " = " + right; }
};

/// The equation of one Var, in the form that a textbook gives it: the tape is simplified for that goal first
/// (on another tape; the given one stays as it is). What else has a name is called by it: results by the
/// user's names, gradients by theirs, except that the gradient of an activation A = g(Z), which only that of
/// Z uses, is written out there. Lines `t1 = …` follow where something long occurs twice. It can be read
/// back: its grammar is in print/writer.hpp. A Var without a name gives the right-hand side alone.
[[nodiscard]] std::string equation(const Var& v, const EquationOptions& options = {});

/// The equations of the outputs and of everything with a name that they are made of, each after those that it
/// refers to. Throws ArgumentError for no outputs and VarError for Vars of two tapes.
[[nodiscard]] std::vector<Equation> equations(const std::vector<Var>& outputs,
                                              const EquationOptions& options = {});

/// Equations in LaTeX as an align* environment. One that is wider than a page is broken before a +, − or ∘ that
/// stands outside of all brackets.
[[nodiscard]] std::string align(const std::vector<Equation>& equations);

/// One line of a derivation: what is derived, and the forms that it took, each with the rule that led to it.
struct DerivationLine {
    struct Form {
        std::string text, rule;
    };
    std::string left;
    std::vector<Form> forms;
};

/// How the gradients came about, step by step.
class Derivation {
public:
    using printed_by_xtape = void;

    std::vector<DerivationLine> lines;
    Markup markup = Markup::text;

    /// `dA2 = −Y/A2 + (1 − Y)/(1 − A2)`, and below it `= (A2 − Y)/(A2 ∘ (1 − A2))` with the rule's name; in
    /// LaTeX an align* environment, the rules at its margin.
    [[nodiscard]] std::string to_string() const;
};

/// The derivation of the outputs, mostly gradients: every named gradient on the way in the form that the
/// chain rule gives it and in those that rules made of it, and for every activation A = g(Z) the derivative
/// ∂A/∂Z. Forward lines are left out; `equations` has them.
[[nodiscard]] Derivation derivation(const std::vector<Var>& outputs, const EquationOptions& options = {});

} // namespace xtape
