#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/transform/functions.hpp>

namespace xtape::detail {

std::vector<Var> apart(const std::vector<Var>& vars) {
    std::vector<Var> copies;
    for (const Var& var : vars)
        copies.push_back(copy_of(var));
    return copies;
}

} // namespace xtape::detail
