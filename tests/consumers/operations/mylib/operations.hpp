#pragma once

#include <xtape/autodiff.hpp>

namespace mylib {

/// x tanh(softplus(x)).
xtape::Var mish(xtape::Var x);

/// x where x > 0, slope · x elsewhere.
xtape::Var leaky(xtape::Var x, long double slope);

/// All operations of this library.
const std::vector<xtape::Op>& operations();

} // namespace mylib
