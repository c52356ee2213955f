#pragma once

/// The wrong versions of one equation: every one that a single mistake makes of it.

#include <xtape/autodiff/op.hpp>
#include <xtape/autodiff/var.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

/// A version of an equation with one mistake in it, recorded behind the right one.
struct Edit {
    std::string what; ///< continues `yours `: `has the opposite sign`
    Var result;       ///< of whatever shape the mistake gives it
    int size;         ///< 0: the whole result is scaled; 1: one place of the equation; 2: both, or two places
    int unknowns = 0; ///< numbers in it that were taken from the person's array
    std::optional<long double> factor = {}; ///< of the whole result, where it is such a number
    bool observed = false; ///< it holds of these data, and is no equation that a person would write
};

/// The result times −1, 2, ½, and each of these extents or its reciprocal.
[[nodiscard]] std::vector<Edit> scalings(const Var& right, const std::vector<Dim>& extents);

/// The results that one is made of, itself included, in ascending order.
[[nodiscard]] std::vector<std::uint32_t> made_of(const Var& root);

/// The result times a number: observed, where it is not one of four digits at most.
[[nodiscard]] Edit multiple(const Var& right, long double factor, int size);

/// The versions that differ in one place: a factor, a term, a function or a sum left out, another sign,
/// operands transposed or exchanged for another of `named`, a product of the other kind, another factor.
/// What is more likely comes first. Versions that no shapes allow are left out.
[[nodiscard]] std::vector<Edit> edits(const Var& right, const std::vector<Var>& named,
                                      const std::vector<Dim>& extents);

/// Those in one place that are made less often: a factor too much, a function for another one or over another
/// axis, one of `forward`'s functions where none belongs.
[[nodiscard]] std::vector<Edit> rarer_edits(const Var& right, const std::vector<Var>& named,
                                            const std::vector<Dim>& extents, const std::vector<Op>& forward);

/// The functions whose values and derivatives people take for one another's.
[[nodiscard]] std::vector<Op> similar_functions();

/// An extent as a number, on the tape of `like`.
[[nodiscard]] Var as_number(const Var& like, const Dim& dim);

/// The result with `by` in place of the result `target`, recorded behind it; itself where it is not made of
/// that.
[[nodiscard]] Var replaced(const Var& right, std::uint32_t target, const Var& by);

/// The same, but for what the formula of `right` calls by a name: that keeps `target`.
[[nodiscard]] Var replaced_where_written(const Var& right, std::uint32_t target, const Var& by);

} // namespace xtape::detail
