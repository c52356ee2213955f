#pragma once

/// Where checks call an operation.

#include <xtape/autodiff/op.hpp>

#include <vector>

namespace xtape::detail {

/// The interval from which an operand is drawn: `sampled_on`; else [−4, 4] as far as the operation is defined
/// there, less a margin at an end of its domain, where derivatives may be infinite; else eight units from the
/// end of a domain that lies elsewhere.
[[nodiscard]] Interval drawn_from(const Definition& definition, std::size_t operand);

/// One operand, stratified: each entry lies in a part of its own of the interval, so that all of it is seen.
[[nodiscard]] AnyArray drawn(const Definition& definition, std::size_t operand, const Extents& extents,
                             Draw& draw);

/// The attributes of an elementwise operation as checks set them.
[[nodiscard]] Attributes sample_attributes(const Definition& definition);

/// What a whole-array operation gives itself; for an elementwise one operands of every broadcast pattern
/// (equal shapes, one entry, none; each operand in turn a number, a row, a column, a vector) and near the
/// ends of their intervals.
[[nodiscard]] std::vector<Sample> samples_of(const Definition& definition, Draw& draw);

} // namespace xtape::detail
