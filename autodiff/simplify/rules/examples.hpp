#pragma once

/// Leaves for the examples of rules.

#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/simplify/rules.hpp>

namespace xtape::detail {

/// A variable of these extents whose entries are drawn from [low, high).
inline Var leaf(Tape& tape, Draw& draw, const char* name, const Extents& extents, double low = -2,
                double high = 2) {
    return tape.variable(name, draw.reals(extents, low, high));
}

/// A variable with a row of these entries: the edges of a condition.
inline Var row(Tape& tape, const char* name, std::initializer_list<double> entries) {
    auto array = Array<double>::from_shape({1, entries.size()});
    std::copy(entries.begin(), entries.end(), array.data());
    return tape.variable(name, array);
}

/// Arguments from where a function is moderate to where it saturates.
inline Var saturating(Tape& tape, const char* name) {
    return row(tape, name, {-800, -745, -40, -30, -1e-9, 0, 1e-9, 3, 30, 40, 710, 800});
}

} // namespace xtape::detail
