#pragma once

#include <xtape/autodiff/print/names.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <functional>

namespace xtape {

/// Writes what a result is made of as a formula, in the grammar
///
///     expression := ["−"] term (("+" | "−") term)*
///     term       := product ("∘" product)*             elementwise
///     product    := ratio (" " ratio)*                 of matrices, or by a number; "Σ_n term" may end it
///     ratio      := power ["/" power]
///     power      := atom ("ᵀ" | "²" | "^" atom)*
///
/// where an atom is a name, a number, a function with its arguments, [condition] (1 where it holds, else 0)
/// or an expression in parentheses. Repetition and axes of one entry are not written. The tape is walked
/// without recursion, and what is long and used twice becomes a line of its own, so that a formula never
/// grows faster than its tape.
class Writer {
public:
    /// `name(id)`: how a result is called, in the markup; empty where it is to be written out.
    Writer(Records& records, Markup markup, std::function<std::string(std::uint32_t)> name)
        : records_(records), markup_(markup), name_(std::move(name)) {}

    /// What the result is made of, whatever its own name.
    [[nodiscard]] std::string write(std::uint32_t id);

    /// The lines `t1 = …` that the last formulas refer to and that were not taken yet: names and formulas.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> take_lines() { return std::move(lines_); }

private:
    /// A formula, its sign apart: −a∘b is {a ∘ b, the precedence of ∘, minus}.
    struct Written {
        std::string text;
        int precedence;
        bool minus = false;
    };

    [[nodiscard]] Expression visible(Expression operand, bool repeats) const;
    [[nodiscard]] std::vector<Expression> parts(const Expression& e) const;
    [[nodiscard]] Written compose(const Expression& e) const;
    [[nodiscard]] Written leaf(const Expression& e) const;
    [[nodiscard]] Written product(const Expression& e, const Written& a, const Written& b,
                                  bool matrices) const;
    [[nodiscard]] Written quotient(const Written& a, const Written& b) const;
    [[nodiscard]] Written power(const Written& base, const char* text, const char* latex) const;
    [[nodiscard]] Written sum_over_axes(const Expression& e, const Written& x) const;
    [[nodiscard]] Written by_notation(const Expression& e, const std::vector<Written>& operands) const;

    [[nodiscard]] bool latex() const { return markup_ == Markup::latex; }
    [[nodiscard]] std::string in_parentheses(const std::string& text) const;
    [[nodiscard]] std::string with_sign(const Written& w) const;
    [[nodiscard]] std::string fit(const Written& w, int least) const;
    [[nodiscard]] std::string dim_text(const Dim& dim) const;

    Records& records_;
    Markup markup_;
    std::function<std::string(std::uint32_t)> name_;
    std::unordered_map<std::uint32_t, Written> written_;
    std::unordered_map<std::uint32_t, std::string> own_lines_;
    std::vector<std::pair<std::string, std::string>> lines_;
    int counter_ = 0;
};

} // namespace xtape
