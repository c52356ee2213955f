#pragma once

/// A tape becomes a smaller or stabler tape, by named rules.

#include <xtape/autodiff/simplify/rules.hpp>

namespace xtape {

struct SimplifyOptions {
    Goal goal = Goal::textbook;
    std::vector<Rule> rules = standard_rules(); ///< tried in this order
    bool through_names = false; ///< for a textbook: factors may leave what only an adjoint's name stands for
};

/// One application of a rule. Both sides are on a tape of their own, which the Vars keep alive.
struct Step {
    std::string rule;
    Agreement agreement;
    Var before, after; ///< what was replaced, its operands simplified before, by what
    std::uint32_t at;  ///< the id, on the given tape, of the result that was being simplified
    bool whole;        ///< it replaced that result itself, not a part of a replacement
};

/// What simplify returns.
class Simplified {
public:
    Tape tape; ///< what the outputs need, each thing once, under the names that it had

    std::vector<Step> steps; ///< in the order in which they were made

    /// What became of a result of the given tape; empty where nothing needs it any more. Throws VarError for
    /// a Var of another tape.
    [[nodiscard]] Var operator()(const Var& given) const;

    std::size_t visited = 0;  ///< records that were looked at, those of replacements included
    std::size_t attempts = 0; ///< rules that were tried

private:
    friend class Rewriter;
    std::shared_ptr<Records> given_;
    std::vector<std::uint32_t> map_;
};

/// Rewrites what `outputs` need, operands before what uses them, and returns it on a new tape. Duplicates are
/// removed (an operation with a random or recomputed result apart), constants folded, and what nothing needs
/// is left out. The guards of decisions on which some output rests stay, and all outputs rest on them (a
/// result may become what was recorded before them). The given tape is not changed.
///
/// It ends because every rule lowers a measure (simplify/rules.hpp), and its time is proportional to the
/// number of records, because a rule looks at a bounded part of the tape. Throws OpError, naming them, where
/// rules that a user brings keep replacing one another, or change a shape; VarError where the outputs are on
/// two tapes.
[[nodiscard]] Simplified simplify(const std::vector<Var>& outputs, const SimplifyOptions& options = {});
[[nodiscard]] inline Simplified simplify(const Var& output, const SimplifyOptions& options = {}) {
    return simplify(std::vector<Var>{output}, options);
}

} // namespace xtape
