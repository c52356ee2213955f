#pragma once

/// The mistakes that people make, of which the doctor is tested to say the cause.

#include "derivation.hpp"

namespace derivation {

/// A mistake as people make it at one step of one layer, and what is to be said: one of some texts.
struct Mistake {
    std::string kind;
    std::string letter; ///< dZ, dW, db, Z or A
    std::function<Matrix(Hand&, std::size_t)> wrong;
    std::vector<std::string> says; ///< {l}, {h}, {k}: this layer, the one behind it, the one before it
    std::function<void(Hand&)> prepare = [](Hand&) {};
    bool output = false;   ///< at the output layer, else at a hidden one
    std::string only = ""; ///< for this activation
};

const std::vector<Mistake>& mistakes();

/// The slope of tanh, of its result.
inline double one_minus_square(double x) { return 1 - x * x; }

} // namespace derivation
