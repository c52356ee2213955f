#pragma once

/// What equations and derivations share: a tape simplified for printing, and how things on it are called.

#include <xtape/autodiff/print/equation.hpp>
#include <xtape/autodiff/print/writer.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <optional>

namespace xtape::detail {

/// The result of which the name says that it is the gradient: W1 of `dW1`, where that is on the tape and
/// older. Empty for what is no gradient.
[[nodiscard]] std::optional<std::uint32_t> differentiated(const Records& records, std::uint32_t id,
                                                          const std::string& name);

/// The one named result of which a named result is an elementwise function, as Z is of A = g(Z); empty where
/// it is not of this form.
[[nodiscard]] std::optional<std::uint32_t> argument_of_activation(Records& records, std::uint32_t id);

class Sheet {
public:
    /// `keep_gradients`: also gradients of intermediate results that rules make superfluous, as that of A2
    /// is.
    Sheet(const std::vector<Var>& outputs, const EquationOptions& options, bool keep_gradients);

    struct Line {
        std::string name;
        std::uint32_t id;                ///< on the simplified tape
        std::uint32_t given;             ///< on the given tape
        std::optional<std::uint32_t> of; ///< of a gradient: what it is with respect to, on the given tape
    };

    /// The lines of the outputs and of what they refer to, in order: each after those that it refers to, the
    /// gradients of leaves right after them. `all_gradients`: also those that are written out elsewhere.
    [[nodiscard]] std::vector<Line> lines(bool all_gradients) const;

    /// All names of a given Var, as a line begins with them: `dZ2 = db2`.
    [[nodiscard]] std::string title(const Var& given) const;

    /// A name as it is written: dW1, dW_1 or ∂J/∂W1.
    [[nodiscard]] std::string written(const std::string& name) const;

    /// The right-hand side of a line: another name that formulas use for it, or its formula.
    [[nodiscard]] std::string right_side(const std::string& title, std::uint32_t id, Writer& writer) const;

    /// Writes formulas of the simplified tape, by the names that equations use. `line` is the result, on the
    /// given tape, whose line is being written: nothing is called by what comes later.
    [[nodiscard]] Writer writer(const std::uint32_t& line) const;

    /// Writes formulas of a tape made of the given one, by all names.
    [[nodiscard]] Writer writer_of(Records& records, const std::uint32_t& line) const;

    [[nodiscard]] Records& given() const { return given_; }
    [[nodiscard]] const Simplified& simplified() const { return simplified_; }
    [[nodiscard]] std::uint32_t shown(std::uint32_t given) const;

private:
    [[nodiscard]] std::vector<std::string> names_of(std::uint32_t given) const;
    [[nodiscard]] bool is_output(std::uint32_t given) const;
    [[nodiscard]] std::vector<bool> needed_by_outputs() const;
    [[nodiscard]] std::vector<int> uses_after_names(const std::vector<bool>& needed) const;
    void choose_references();

    EquationOptions options_;
    std::vector<Var> outputs_;
    Records& given_;
    Simplified simplified_;
    Records& records_;
    struct Reference {
        std::string name;
        std::uint32_t given;
    };
    std::unordered_map<std::uint32_t, Reference> references_;   ///< by simplified id: what formulas call it
    std::unordered_map<std::uint32_t, std::uint32_t> deferred_; ///< by a gradient's id: n times it
};

} // namespace xtape::detail
