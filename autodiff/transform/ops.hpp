#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// The operations whose attribute is a recorded function: call, map and scan.
[[nodiscard]] std::span<const Op> transform_ops();

} // namespace xtape
