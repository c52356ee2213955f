#pragma once

#include <xtape/autodiff.hpp>

namespace mylib {

extern const xtape::Op mish_op, leaky_op;

} // namespace mylib
