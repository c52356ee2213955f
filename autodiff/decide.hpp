#pragma once

#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/var.hpp>

#include <initializer_list>

namespace xtape {

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
/// those of the branch taken; `grad(f)` and its kin record f anew at each point, and `compile(f)` where no
/// branch that it has recorded is the one. A decision inside a function that is called, mapped or scanned is
/// made once, from what the function takes from outside. What conditions need is kept with the tape, so that
/// a loop that decides at each step computes each step once; where arrays are bound for one decision, it is
/// computed for that one alone.
///
/// Throws KindError where the condition is no mask, ShapeError where it has not one entry, BindingError where
/// something that it needs has no value: an input that is not bound, or an argument of a function that is
/// being recorded for call, map or scan. `where(condition, a, b)`, which records both branches, needs none.
bool decide(const Var& condition, std::initializer_list<Binding> bindings = {});

} // namespace xtape
