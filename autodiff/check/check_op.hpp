#pragma once

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/op.hpp>

#include <cstdint>
#include <span>

namespace xtape {

/// Puts an operation through everything that the built-in ones are put through, and tells all that is wrong
/// with it, each under the name of its line:
///  - `notation`, `rule`, `samples`: what its definition lacks or contradicts;
///  - `value`: in float and double against long double, and the traced body against the forward function, to
///  the rounding that an error of two units in each operand explains; the shape rule against what comes;
///  - `derivative`, `second derivative`, `linear in cotangent`, `jvp`, `Taylor remainder`: the ladder of
///  autodiff/check/README.md, entry by entry, at order three the last only; `derivative in float and double`;
///  - `no gradient`: where none is declared, differences are zero;
///  - `NaN`: one among the operands comes out where a derivative passes; `operands`: they are not written to;
///  `deterministic`;
///  - `kink`: next to a declared one the gradient lies between both slopes; `domain`: at its ends the three
///  types agree, and beyond them no number comes out but NaN, an infinity or a DomainError;
///  - `bad input`: a wrong number or kind of operands gives an Error and leaves the tape as it was.
///
/// An elementwise operation is called with operands spread over `sampled_on`, in every broadcast pattern
/// (equal shapes, a number, a row, a column, one entry, none), with one Var in all places, and near the ends;
/// one on whole arrays with its own `.samples`. What throws is a FAIL with the exception's words. All is
/// drawn from `seed`.
Report check_op(const Op& op, std::uint64_t seed = 1);

/// The same at chosen operands and attributes.
Report check_op(const Op& op, const std::vector<Sample>& samples, std::uint64_t seed = 1);

/// The same for each of a list: a report with one line for each operation.
Report check_ops(std::span<const Op> ops, std::uint64_t seed = 1);

} // namespace xtape
