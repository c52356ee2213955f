#pragma once

/// Rewrite rules as named data: what is replaced by what, where that holds, and how it is tested.

#include <xtape/autodiff/sample.hpp>
#include <xtape/autodiff/simplify/expression.hpp>
#include <xtape/autodiff/tape.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xtape {

/// What is simplified for: the textbook's equation, or numbers that are right where a function saturates.
enum class Goal { textbook, stable, both };

/// How far the two sides of a rule agree: in every bit, NaN included; up to rounding; or over the real
/// numbers, so that a NaN, an infinity or a 0 may be replaced by the true value.
enum class Agreement { exact, rounding, real };

/// `exact`, `rounding`, `real`.
[[nodiscard]] const char* to_string(Agreement agreement);

struct Product;

/// A record at which a rule is tried. Its operands are simplified already.
class Match {
public:
    /// Whose names a rule has to mind, by the id of the result.
    enum class Named : std::uint8_t { no, as_adjoint, by_user };

    /// Looks for an operation that is on the tape already: its result, or what that has become.
    using Find = std::function<std::optional<std::uint32_t>(const Op&, std::uint32_t operand)>;

    struct Context {
        Goal goal;
        bool through_names;
        bool in_gradient; ///< the record is that of a named gradient
        const std::vector<Named>& names;
        const Find& find;
    };

    Match(Expression root, const Context& context) : root_(root), context_(context) {}

    [[nodiscard]] const Expression& root() const { return root_; }
    [[nodiscard]] Expression operator[](std::size_t k) const { return root_[k]; }
    [[nodiscard]] Records& records() const { return root_.records(); }
    [[nodiscard]] Goal goal() const { return context_.goal; }
    [[nodiscard]] bool in_gradient() const { return context_.in_gradient; }

    /// True where the rule may take this intermediate result apart: a textbook keeps what the user has named.
    [[nodiscard]] bool open(const Expression& e) const;

    /// True where the rule may change its value, as by taking a factor out: it has no name, not even that of
    /// an adjoint, by which an equation could call it.
    [[nodiscard]] bool free(const Expression& e) const;

    /// The operation on this operand where it has been recorded, be it that a user's operation of the same
    /// definition now stands for it.
    [[nodiscard]] std::optional<Expression> find(const Op& op, const Expression& operand) const;

    /// What the root is a product of, and of which terms it is the sum (product.hpp, sum.hpp): found once for
    /// all rules that are tried at it.
    [[nodiscard]] const Product& product() const;
    [[nodiscard]] const std::vector<Product>& terms() const;

private:
    [[nodiscard]] Named named(const Expression& e) const {
        return e.id() < context_.names.size() ? context_.names[e.id()] : Named::no;
    }

    Expression root_;
    const Context& context_;
    mutable std::shared_ptr<const Product> product_;
    mutable std::shared_ptr<const std::vector<Product>> terms_;
};

/// Something that a rule is tested on: recorded on an empty tape with operands that are drawn.
using Example = std::function<Var(Tape&, Draw&)>;

/// One rewrite rule. A library brings its own by putting them into the list that `simplify` is given.
struct Rule {
    std::string name;
    Agreement agreement;
    Goal goal = Goal::both;
    std::vector<Op> at;    ///< the operations at which it is tried; none: all
    std::string condition; ///< where it holds, and why
    /// The replacement, recorded on the same tape, or an empty Var where the rule does not apply. What it
    /// returns must be smaller in some measure that every firing lowers, or simplify cannot end.
    std::function<Var(const Match&)> replace;
    std::vector<Example> fires;     ///< examples on which it must fire, the edges of its condition included
    std::vector<Example> refuses{}; ///< examples that look like it and lie outside its condition
    bool tacit =
        false; ///< it forgets what a NaN would give: a derivation over the real numbers begins after it
};

} // namespace xtape
