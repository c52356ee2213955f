#pragma once

#include <xtape/autodiff/op.hpp>

#include <vector>

namespace xtape {

/// The operation with a derivative that is wrong by little, in each of these ways, so that a check of the
/// operation can itself be checked: it must fail every one.
///  - `…_off_by_a_thousandth`: × 1.001;
///  - `…_wrong_second_derivative`: + 0.001 (x − stop_gradient(x)) ∘ the right one, which is zero until it is
///    differentiated;
///  - `…_wrong_when_broadcast`: × 1.001 where the cotangent has another shape than the operand, for an
///    elementwise operation with several operands.
/// Empty where no derivative passes through the operation. A derivative that is zero everywhere stays right.
[[nodiscard]] std::vector<Op> wrong_versions(const Op& op);

} // namespace xtape
