#pragma once

#include <xtape/autodiff/check/report.hpp>
#include <xtape/autodiff/op.hpp>

#include <cstdint>

namespace xtape {

/// Puts an elementwise operation through what the built-in ones are put through, with operands from
/// `sampled_on` in every broadcast pattern (equal shapes, a number, a row, a column, one entry, none), drawn
/// from `seed`:
///  - value: in float and double against long double, to the rounding that an error of two units in each
///  operand explains;
///  - derivative: each entry against extrapolated central differences in long double, in units of their own
///  error;
///  - second derivative: the same for the gradient of the gradient;
///  - linearity: the rule is linear in its cotangent.
/// Comparisons whose own error exceeds 1e-6 of the gradient's scale are INCONCLUSIVE(noise). What throws is a
/// FAIL with the exception's words. Throws ArgumentError for an operation on whole arrays, which needs a
/// Sample.
Report check_op(const Op& op, std::uint64_t seed = 1);

/// The same for an operation on whole arrays (or for an elementwise one at chosen points). Derivatives are
/// checked for its real operands, values between the three scalar types.
Report check_op(const Op& op, const std::vector<Sample>& samples, std::uint64_t seed = 1);

} // namespace xtape
