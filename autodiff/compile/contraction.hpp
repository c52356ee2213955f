#pragma once

#include <xtape/autodiff/records.hpp>

namespace xtape::detail {

/// An einsum of two operands as sums, transposes and a matrix product, which Programs are fast at: the
/// letters of both that are in the result count the products, those of both that are not are summed by them.
/// Empty where it is no such thing: a letter twice in a term or in the result, or in the result alone, or
/// where several unsized dimensions would have to become one.
[[nodiscard]] Var contraction(const Records& records, const Record& record, const std::vector<Var>& operands);

} // namespace xtape::detail
