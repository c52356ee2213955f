#pragma once

/// The wrong versions of one equation: every one that a single mistake makes of it.

#include <xtape/autodiff/var.hpp>

#include <string>
#include <vector>

namespace xtape::detail {

/// A version of an equation with one mistake in it, recorded behind the right one.
struct Edit {
    std::string what; ///< continues `yours `: `has the opposite sign`
    Var result;       ///< of whatever shape the mistake gives it
    int size;         ///< 0: the whole result is scaled; 1: one place of the equation; 2: both
};

/// The result times −1, 2, ½, and each extent or its reciprocal that occurs among the shapes of `named`.
[[nodiscard]] std::vector<Edit> scalings(const Var& right, const std::vector<Var>& named);

/// The versions that differ in one place: a factor, a term, a function or a sum left out, another sign,
/// operands transposed or exchanged for another of `named`, a product of the other kind, another factor.
/// What is more likely comes first. Versions that the shapes of the tape do not allow are left out, and so is
/// what only the data's number of examples would allow.
[[nodiscard]] std::vector<Edit> edits(const Var& right, const std::vector<Var>& named);

/// The result with `by` in place of the result `target`, recorded behind it; itself where it is not made of
/// that.
[[nodiscard]] Var replaced(const Var& right, std::uint32_t target, const Var& by);

} // namespace xtape::detail
