#pragma once

/// Which way a recorded function went: what changes where its derivative jumps or its domain ends.

#include <xtape/autodiff/evaluate.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

/// Watches everything on the way to some results that decides between branches: results that are masks or
/// indices, what the `.kink` of an operation gives, and whether operands lie in an operation's `.domain`. The
/// bodies of traced operations are recorded too, at the end of the tape, and watched like the rest; functions
/// that are called, mapped or scanned are watched in each of their runs.
class Branches {
public:
    /// What was watched, at one point.
    using Taken = std::vector<AnyArray>;

    /// A branch that is another at another point.
    struct Change {
        std::string reason; ///< `kink` or `domain`
        std::string text;   ///< `relu at Z1[2,17] = 3e-12 changes branch`
    };

    Branches(Records& records, const std::vector<Var>& results);

    [[nodiscard]] Taken at(Evaluation<long double>& evaluation) const;

    /// The first difference between `here`, which the evaluation's values are of, and `there`; a domain that
    /// is left comes before kinks.
    [[nodiscard]] std::optional<Change> change(const Taken& here, const Taken& there,
                                               Evaluation<long double>& evaluation) const;

    /// True where a result is computed from this leaf, whatever its derivative.
    [[nodiscard]] bool depends_on(const Var& leaf) const { return seen_[leaf.id()]; }

private:
    enum class What { result, kink, domain, function, domain_in_function };
    struct Watch {
        What what;
        std::uint32_t record;
        std::uint32_t position; ///< of the result, or of the operand whose domain it is

        [[nodiscard]] bool of_domain() const {
            return what == What::domain || what == What::domain_in_function;
        }
    };

    void visit(std::uint32_t record, std::vector<std::uint32_t>& open);
    [[nodiscard]] AnyArray taken_inside(const Record& record, bool domains,
                                        Evaluation<long double>& evaluation) const;
    void trace(std::uint32_t record, std::vector<std::uint32_t>& open);
    [[nodiscard]] AnyArray take(const Watch& watch, Evaluation<long double>& evaluation) const;
    [[nodiscard]] std::string describe(const Watch& watch, std::size_t entry, const Extents& extents,
                                       Evaluation<long double>& evaluation) const;

    Records& records_;
    std::vector<Watch> watches_;
    std::vector<bool> seen_; ///< by the id of a result
};

} // namespace xtape::detail
