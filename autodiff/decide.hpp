#pragma once

#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/var.hpp>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace xtape {

class Attributes;
class Op;

/// Arrays for which a decision comes out otherwise than when the tape was recorded, so that what was recorded
/// after it is not what the program would compute.
struct GuardError : DomainError {
    using DomainError::DomainError;
};

/// A C++ `if` on a value: `if (decide(x > 0)) …`. The condition, a mask with one entry, is evaluated now, in
/// the type of the variables that it needs; inputs that it needs are bound by `bindings`, as in value(). Only
/// the branch that is taken is recorded, and the tape keeps a guard, `guard 1` for the first, with the
/// condition and its outcome: everything that is recorded after it rests on it. Where it comes out otherwise,
/// an Evaluation, a Program or a simplified tape throws GuardError before it delivers anything. A result that
/// was recorded before the decision does not rest on it, even where one branch returns it. Derivatives are
/// those of the branch taken; `grad(f)` and its kin record f anew at each point. A decision inside a function
/// that is called, mapped or scanned is made once, from what the function takes from outside.
///
/// Throws KindError where the condition is no mask, ShapeError where it has not one entry, BindingError where
/// something that it needs has no value: an input that is not bound, or an argument of a function that is
/// being recorded for call, map or scan. `where(condition, a, b)`, which records both branches, needs none.
bool decide(const Var& condition, std::initializer_list<Binding> bindings = {});

namespace detail {

/// What a guard is recorded with. Its result is its condition.
[[nodiscard]] const Op& decide_op();

/// The ids of the guards on which a result rests that the record with this index gives, in their order.
[[nodiscard]] std::vector<std::uint32_t> guards_of(const Records& records, std::uint32_t record);

/// The attributes of a guard on which every result of its tape rests, also those before it.
[[nodiscard]] Attributes guarding_all(const Attributes& guard);

/// Throws GuardError where the outcome of a guard is another than was recorded.
void require_outcome(std::int64_t guard, const std::string& condition, bool recorded, bool now);

} // namespace detail
} // namespace xtape
