#include <xtape/autodiff/records.hpp>
#include <xtape/nn/network_rules.hpp>

namespace xtape::nn {

std::vector<Rule> network_rules(const Network& net, const NetworkOptions& options) {
    std::vector<Rule> rules = standard_rules();
    const bool distributions = options.loss.name().starts_with("categorical_cross_entropy");
    const bool given = net.Y.records()->leaf(net.Y.id()) != nullptr; // not made of labels (n)
    const bool rows = net.X.shape()[0].name() == "n";
    if (distributions && given) rules.push_back(sums_to_one(net.Y, rows ? 1 : 0));
    return rules;
}

} // namespace xtape::nn
