#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// Operations that belong together, and what they are called together: `Arithmetic`.
struct Family {
    std::string name;
    std::span<const Op> ops;
};

/// The families of the built-in operations, in the order in which the reference table has them.
[[nodiscard]] std::vector<Family> builtin_families();

} // namespace xtape
