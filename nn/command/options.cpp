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

/// {a-b,c}: these names as options are written.
std::string one_of(const std::vector<std::string>& names) {
    std::string text = fmt::format("{{{}}}", fmt::join(names, ","));
    std::ranges::replace(text, '_', '-');
    return text;
}

} // namespace

void NetworkFlags::add_to(CLI::App& command) {
    const std::string activations = one_of(nn::activation_names());
    std::vector<std::string> losses = nn::loss_names();
    std::erase_if(losses, [](const std::string& name) { return name.ends_with("_from_logits"); });
    // As a type only, so that a wrong one is answered with the nearest.
    command.add_option("--hidden", hidden, "Activation of the hidden layers")
        ->type_name(activations)
        ->capture_default_str();
    command.add_option("--output", output, "Activation of the last layer")
        ->type_name(activations)
        ->capture_default_str();
    command.add_option("--loss", loss, "Of each example; the cost is their mean")
        ->type_name(one_of(losses))
        ->capture_default_str();
    command.add_flag("--from-logits", from_logits,
                     "The loss takes Z of the last layer, as is stable, not A; equations and dA change");
    command
        .add_option("--l2", l2,
                    "Regularisation LAMBDA:CONVENTION, by what it adds to the cost: half-lambda "
                    "(its gradient is λW), half-lambda-over-n (λW/n), lambda (2λW)")
        ->type_name("LAMBDA:CONVENTION");
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
