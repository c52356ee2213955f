#pragma once

/// The tape's values in long double, and how far rounding moves them: what `verify` compares with.

#include <xtape/autodiff/evaluate.hpp>

#include <map>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A value, and for each entry the difference that rounding explains in arithmetic of a given precision.
struct Truth {
    Array<long double> value;
    Array<long double> tolerance; ///< infinite where rounding may make it a NaN
};

/// Half the distance from one to the next number of this type.
[[nodiscard]] long double unit_roundoff(Element element);

/// The smallest number of this type with all its digits.
[[nodiscard]] long double smallest_normal(Element element);

/// What vectorised functions are allowed, in units of roundoff: four ulps (NumPy, SVML).
constexpr long double library_error = 8;

class Reference {
public:
    /// `longest` is the greatest number of terms that a sum may have.
    Reference(std::vector<std::pair<Var, AnyArray>> bindings, std::size_t longest);

    [[nodiscard]] Array<long double> value(const Var& var) { return exact_.value(var); }

    /// Forgets remembered values, to free their memory.
    void forget();

    /// Monte Carlo arithmetic (Parker 1997): in eight runs every entry that an operation reads is perturbed
    /// by at most one unit roundoff of the element type. Another order of a sum of k terms moves it by at
    /// most 8 √k of the largest effect, except with a probability below 1e-13 (Higham and Mary 2019), and the
    /// last rounding is that of the entry itself.
    [[nodiscard]] Truth truth(const Var& var, Element element);

    /// For a person's array. Another form of the formula cancels where this one does not (1 + exp(z), 1 − A²,
    /// a probability that is 0), so each entry may be off by the rounding of the largest as well, and by what
    /// is too small for the type.
    [[nodiscard]] Truth truth_of_any_form(const Var& var, Element element);

private:
    std::vector<Evaluation<long double>>& runs(Element element);

    std::vector<std::pair<Var, AnyArray>> bindings_;
    long double sum_factor_;
    Evaluation<long double> exact_;
    std::map<Element, std::vector<Evaluation<long double>>> runs_;
};

} // namespace xtape::detail
