#include <xtape/nn/network_rules.hpp>

namespace xtape::nn {

std::vector<Rule> network_rules(const Network& net, const NetworkOptions& options) {
    std::vector<Rule> rules = standard_rules();
    if (options.loss.name().starts_with("categorical_cross_entropy")) rules.push_back(sums_to_one(net.Y, 0));
    return rules;
}

} // namespace xtape::nn
