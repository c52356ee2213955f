#include "options.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/print/equation.hpp>
#include <xtape/nn/network_rules.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

namespace xtape::command {
namespace {

struct Derive {
    std::vector<std::size_t> layers;
    NetworkFlags flags;
    bool latex = false, steps = false, deferred = false;

    void run() const {
        nn::Random random(1); // shapes alone matter
        const nn::Parameters parameters = nn::initialise(layers, random);
        Tape tape;
        const nn::Network net = nn::network(tape, parameters, flags.network());
        std::vector<Var> outputs = gradient(net.cost, net.parameters());
        EquationOptions options;
        options.markup = latex ? Markup::latex : Markup::text;
        options.rules = nn::network_rules(net, flags.network());
        options.mean = deferred ? Mean::deferred : Mean::exact;
        if (steps) {
            fmt::print("{}\n", derivation(outputs, options).to_string());
            return;
        }
        outputs.insert(outputs.begin(), net.cost);
        const std::vector<Equation> lines = equations(outputs, options);
        if (latex) {
            fmt::print("{}", align(lines));
            return;
        }
        for (const Equation& line : lines)
            fmt::print("{}\n", line.to_string());
    }
};

} // namespace

void add_derive(CLI::App& program, int& status) {
    const auto derive = std::make_shared<Derive>();
    CLI::App* command =
        program.add_subcommand("derive", "Prints the equations of a network and its gradients");
    command->add_option("--layers", derive->layers, "Inputs and nodes of each layer: 30,16,1")
        ->delimiter(',')
        ->check(CLI::Range(1, 1'000'000))
        ->required();
    derive->flags.add_to(*command);
    command->add_flag("--latex", derive->latex, "LaTeX instead of text");
    command->add_flag("--steps", derive->steps, "How the gradients come about, with the rule of each step");
    command->add_flag("--deferred", derive->deferred, "Defer the mean to dW and db, as textbooks do");
    command->callback([derive, &status] {
        derive->run();
        status = 0;
    });
}

} // namespace xtape::command
