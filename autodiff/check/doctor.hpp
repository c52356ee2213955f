#pragma once

/// Why a gradient that was derived by hand is wrong: which single mistake gives the person's own numbers.

#include <xtape/autodiff/check/derivatives.hpp>
#include <xtape/autodiff/check/hand_step.hpp>

#include <optional>
#include <string>
#include <vector>

namespace xtape::detail {

/// A person's array, and what it was found to be.
struct HandArray {
    std::string name;
    AnyArray array;
    Var var;           ///< what it should be
    bool intermediate; ///< the gradient of an intermediate result, which may defer the mean
    bool failed;
};

/// What the doctor says of one array that failed.
struct Diagnosis {
    bool inherited = false;            ///< right, given the person's own arrays nearer to the beginning
    std::vector<std::string> from;     ///< those of them that failed
    std::vector<std::string> unusable; ///< those that have no shape in which it could be made of them
    std::vector<std::string> causes;   ///< each gives the person's numbers; likelier first; none: unexplained
    std::vector<Formula> yours;        ///< the equation with each of them, empty where it has none
    Formula right;                     ///< the right equation
    bool alike = false;                ///< dimensions of these arrays are 1 or equal, so that they tell less
    std::size_t tried = 0;             ///< how many versions were compared
    int size = 0;                      ///< of the mistake; larger is less likely
    std::optional<long double> factor; ///< that it has, and that nothing but the array tells
};

/// Looks at each array that failed, with the step that leads to it from the person's own arrays. A step that
/// is right given those has inherited its error; of one that is not, every version with one deliberate
/// mistake is evaluated on the person's data and compared within what rounding explains. Nothing is guessed:
/// causes reproduce the numbers, and those that differ in general, but not on these data, are all given.
///
/// `functions` are those of the forward pass, whose derivatives may be mistaken.
/// `arrays` are in the order of the derivation, forward values first. `conventions` are the products of
/// extents, as ids of the tape's extents, that gradients of intermediate results may be multiplied by; the
/// one that leaves the fewest mistakes is taken. Returns one diagnosis for each array.
[[nodiscard]] std::vector<Diagnosis> diagnose(Beginning beginning, const std::vector<HandArray>& arrays,
                                              const std::vector<Applied>& functions,
                                              const std::vector<std::vector<std::uint32_t>>& conventions,
                                              std::size_t longest);

} // namespace xtape::detail
