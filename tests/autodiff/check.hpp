#pragma once

/// What the tests of the tape have in common: arrays to test with, what a throw says, and checks that return
/// a verdict, so that a negative control can assert that a check says no.

#include <xtape/autodiff.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace check {

/// A function under test, recorded on the tape of its arguments.
using Function = std::function<xtape::Var(std::span<const xtape::Var>)>;
using Arrays = std::vector<xtape::Array<long double>>;

/// An array with these extents, filled row by row with the values in turn. They are rounded to float, so that
/// every element type holds the very same numbers.
template <class T = long double>
xtape::Array<T> filled(const xtape::Extents& extents, const std::vector<double>& values) {
    auto array = xtape::Array<T>::from_shape(extents);
    for (std::size_t i = 0; i < array.size(); ++i)
        array.data()[i] = static_cast<T>(static_cast<float>(values[i % values.size()]));
    return array;
}

/// Up to 32 numbers between −1.5 and 2, none within 1/32 of zero or of another of the same call.
[[nodiscard]] std::vector<double> numbers(std::size_t count, std::uint64_t seed);

/// An array with these extents of `numbers`.
[[nodiscard]] xtape::Array<long double> drawn(const xtape::Extents& extents, std::uint64_t seed);

/// The message of the E that f throws; "nothing" where it throws none.
template <class E, class F>
std::string complaint(F f) {
    try {
        f();
    } catch (const E& error) {
        return error.what();
    }
    return "nothing";
}

/// True where the text contains the part.
[[nodiscard]] bool says(const std::string& text, const std::string& part);

struct Verdict {
    bool pass = false;
    std::size_t compared = 0; ///< entries that were compared
    std::size_t nonzero = 0;  ///< entries that were compared and are not zero
    long double worst = 0;    ///< the largest difference, relative to the largest entry
    std::string why;          ///< the first that failed
};

/// The values of f in float, double and long double against the reference: an error of 8 ε |reference|, or of
/// 8 ε `slack` where the formula cancels. All entries must be equal in shape, and NaN equals nothing.
[[nodiscard]] Verdict values(const Function& f, const Arrays& inputs,
                             const xtape::Array<long double>& reference, long double slack = 0);

/// Every entry of the gradient of sum(w ∘ f), for fixed weights w, against central differences that are
/// extrapolated (Ridders 1982) in long double. The tolerance is 10 × the larger of their own error estimate
/// and their rounding 16 ε Σ|w ∘ f| / h; where that exceeds 1e-7 of the gradient's scale, the verdict is no.
/// `kinds` says what the operands are where they are not real; those have no gradient.
[[nodiscard]] Verdict first_derivative(const Function& f, const Arrays& inputs,
                                       const std::vector<xtape::Kind>& kinds = {});

/// The same for the gradient of Σ sum(v ∘ gradient), for fixed v.
[[nodiscard]] Verdict second_derivative(const Function& f, const Arrays& inputs,
                                        const std::vector<xtape::Kind>& kinds = {});

/// Asserts, as Boost.Test checks, that both derivatives are right and that at least one entry of the first is
/// not zero.
void derivatives(const std::string& what, const Function& f, const Arrays& inputs);

/// The same operation under another name with its derivative, or its values, off by 0.1 %.
[[nodiscard]] xtape::Op wrong_derivative(const xtape::Op& op);
[[nodiscard]] xtape::Op wrong_value(const xtape::Op& op);

/// One elementwise operation: how it is recorded, and an independent reference in long double.
struct Elementwise {
    std::string op; ///< its qualified name
    Function record;
    std::function<long double(const long double*)> reference;
    std::vector<std::vector<double>> samples; ///< per operand, away from kinks by more than |x|/32 and 1/128
    long double slack = 0;                    ///< see `values`
    bool flat = false;                        ///< its derivative is zero everywhere
};

/// Puts each case through values, first and second derivatives, over shapes that include size 0 and 1 and
/// every pattern of broadcasting, and NaN; and asserts that the same checks refuse it with a derivative and
/// with a value that is off by 0.1 %. Every elementwise operation of `family` must have a case.
void family(std::span<const Elementwise> cases, std::span<const xtape::Op> family);

} // namespace check
