#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Products of entries, summed, as Einstein's convention writes them: `einsum("ij,jk->ik", A, B)` is the
/// product of two matrices, `"bij,bjk->bik"` of two arrays of matrices, `"ii->"` a trace, `"ij->ji"` a
/// transpose,
/// `"i,j->ij"` an outer product.
///
/// A term names the axes of one operand. A letter that occurs twice in a term means its diagonal; one that is
/// not in the result is summed over. "..." stands for axes without names, which broadcast. Without "->" the
/// result has each letter that occurs once, in the order of the alphabet (capitals first). Three or more
/// operands are multiplied from left to right, two at a time. Dimensions need not be sized.
///
/// Throws ArgumentError where the subscripts do not parse, ShapeError where they do not fit the operands; the
/// message points at the letter. An operand that is not a Var becomes a constant.
Var einsum(const std::string& subscripts, const std::vector<Operand>& operands);

template <std::convertible_to<Operand>... Operands>
Var einsum(const std::string& subscripts, const Operands&... operands) {
    return einsum(subscripts, std::vector<Operand>{operands...});
}

[[nodiscard]] std::span<const Op> einsum_ops();

} // namespace xtape
