#pragma once

/// Whether a version of a step gives a person's numbers.

#include <xtape/autodiff/check/hand_step.hpp>
#include <xtape/autodiff/check/reference.hpp>

namespace xtape::detail {

/// Values of one step, and whether they are the person's.
class Comparer {
public:
    /// `element` is the type of the person's array, and `longest` that of Reference.
    Comparer(const HandStep& step, Element element, std::size_t longest)
        : reference_(step.bindings, longest), element_(element) {}

    [[nodiscard]] Array<long double> value(const Var& v) { return reference_.value(v); }

    /// True where one is roughly a multiple of the other: a sieve, of which `gives` decides what remains.
    [[nodiscard]] bool proportional(const Var& candidate, const Array<long double>& mine);

    /// True where the difference is within what rounding explains, of the version and of the largest entry (a
    /// person's own formula may cancel where the tape's does not, as 1 − A² does), and where numbers drawn at
    /// random would not give these as well, for one of `tried` versions: entries that agree to a part t of
    /// the largest do so with the probability t, but for zeros, which have other reasons, and for as many as
    /// were taken from the person's array, where entries that are equal but for the sign are one.
    [[nodiscard]] bool gives(const Var& candidate, const Array<long double>& mine, std::size_t tried,
                             int unknowns = 0);

    /// The value on the person's arrays, to see whether two versions differ there; not remembered for long.
    [[nodiscard]] Array<long double> evaluated(const Var& candidate);

private:
    Reference reference_;
    Element element_;
    std::size_t evaluated_ = 0;
};

} // namespace xtape::detail
