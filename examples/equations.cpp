#include <xtape/nn.hpp>
using namespace xtape;

int main() {
    nn::Random random(1);
    nn::Parameters parameters = nn::initialise({30, 16, 1}, random);
    Tape tape;
    nn::Network net = nn::network(tape, parameters, {.hidden = "tanh", .output = "sigmoid"});
    std::vector<Var> wanted = gradient(net.cost, net.parameters());
    wanted.insert(wanted.begin(), net.cost);

    for (const Equation& line : equations(wanted, {.mean = Mean::deferred})) // the 1/n stands in dW and db
        fmt::print("{}\n", line);
    fmt::print("\n{}\n", equation(wanted[1], {.markup = Markup::latex, .expanded = true}));
    fmt::print("\n{}\n", derivation({wanted[1]}, {.expanded = true, .cost = "J"}));
}
