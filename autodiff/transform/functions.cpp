#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/transform/functions.hpp>

namespace xtape::detail {

// One times anything is that, to the bit.
std::vector<Var> apart(const std::vector<Var>& vars) {
    std::vector<Var> copies;
    for (const Var& var : vars)
        copies.push_back(multiply(1, var));
    return copies;
}

} // namespace xtape::detail
