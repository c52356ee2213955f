#include "options.hpp"

#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

namespace xtape::command {
namespace {

/// binary-cross-entropy, as an option is written, is binary_cross_entropy.
std::string underscored(std::string name) {
    std::ranges::replace(name, '-', '_');
    return name;
}

} // namespace

void NetworkFlags::add_to(CLI::App& command) {
    command.add_option("--hidden", hidden, "Activation of the hidden layers")->capture_default_str();
    command.add_option("--output", output, "Activation of the last layer")->capture_default_str();
    command.add_option("--loss", loss, "binary-cross-entropy, categorical-cross-entropy or squared-error")
        ->capture_default_str();
    command.add_flag("--from-logits", from_logits,
                     "The loss takes Z of the last layer, as is stable, not A; equations and dA change");
    command.add_option("--l2", l2,
                       "Regularisation LAMBDA:CONVENTION, by what it adds to the cost: half-lambda "
                       "(its gradient is λW), half-lambda-over-n (λW/n), lambda (2λW)");
}

nn::NetworkOptions NetworkFlags::network() const {
    nn::NetworkOptions options{.hidden = underscored(hidden),
                               .output = underscored(output),
                               .loss = underscored(loss),
                               .from_logits = from_logits};
    if (l2.empty()) return options;
    const std::size_t colon = l2.find(':');
    const std::string number = l2.substr(0, colon);
    if (!CLI::detail::lexical_cast(number, options.lambda))
        throw ArgumentError(
            fmt::format("--l2 {}: \"{}\" is no number. Write --l2 0.01:half-lambda.", l2, number));
    const std::map<std::string, nn::L2> conventions{{"half_lambda", nn::L2::half_lambda},
                                                    {"half_lambda_over_n", nn::L2::half_lambda_over_n},
                                                    {"lambda", nn::L2::lambda}};
    const std::string name = colon == std::string::npos ? "" : underscored(l2.substr(colon + 1));
    if (!conventions.contains(name))
        throw ArgumentError(fmt::format("--l2 {}: say which convention: {}:half-lambda (its gradient is λW), "
                                        "half-lambda-over-n (λW/n) or lambda (2λW).",
                                        l2, number));
    options.convention = conventions.at(name);
    return options;
}

} // namespace xtape::command
