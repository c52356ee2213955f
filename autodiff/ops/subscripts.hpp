#pragma once

/// The subscripts of einsum, `ij,jk->ik`: read once, when it is recorded.

#include <xtape/autodiff/op.hpp>

namespace xtape::detail {

/// One letter for each axis of every operand and of the result. In what an operation is recorded with, a
/// letter may be in the result twice, which fills its diagonal, or in no operand, which repeats it:
/// derivatives need both.
struct Subscripts {
    std::vector<std::string> terms;
    std::string result;

    /// `ij,jk->ik`, and back. No ellipsis, no space.
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] static Subscripts from_string(const std::string& text);

    /// Each letter once: those of the result first.
    [[nodiscard]] std::string letters() const;
};

/// What a user wrote, with what it means for these operands.
struct ParsedSubscripts {
    Subscripts subscripts; ///< letters in the place of ellipses
    std::string ellipsis;  ///< the letters that stand for its axes, which broadcast
    std::vector<Dim> dims; ///< of each of subscripts.letters()
};

/// Reads what a user wrote. Letters are a–z and A–Z; spaces are skipped. Without `->` the result has the axes
/// of the ellipsis and then, in the order of the alphabet (capitals first), each letter that occurs once, as
/// in NumPy. Throws ArgumentError where it does not parse or does not fit the number of operands, ShapeError
/// where a term does not fit the axes of its operand or a letter has two extents; both point at the place.
[[nodiscard]] ParsedSubscripts parse_subscripts(const std::string& text, std::span<const Var> operands);

} // namespace xtape::detail
