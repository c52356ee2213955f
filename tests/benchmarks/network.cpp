/// Loss and all gradients of a network: a Program beside the reference and the closed form by hand. The three
/// take turns in one process; what is printed are medians of times, and of ratios within a turn.

#include <xtape/autodiff.hpp>
#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/network.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace {

using namespace xtape;

/// Microseconds of one call, over as many as take about five milliseconds.
template <class F>
double microseconds(F f) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    std::size_t calls = 0;
    double passed = 0;
    do {
        f();
        ++calls;
        passed = std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
    } while (passed < 5000);
    return passed / static_cast<double>(calls);
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

void compare(const std::vector<std::size_t>& layers, std::size_t n) {
    nn::Random random(1);
    const nn::Parameters parameters = nn::initialise(layers, random);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters, {});
    std::vector<Var> outputs{net.cost};
    for (const Var& d : gradient(net.cost, net.parameters()))
        outputs.push_back(d);
    const auto program = compile<double>({net.X, net.Y}, outputs);

    Draw draw(1);
    const Array<double> X = draw.reals({layers.front(), n});
    Array<double> Y = Array<double>::from_shape({1, n});
    for (double& y : Y)
        y = draw.integer(2) == 0 ? 0 : 1;
    auto results = program({X, Y});
    std::vector<OutputArray<double>> to(results.begin(), results.end());
    const std::vector<AnyArray> from{X, Y};
    const std::vector<nn::closed_form::Layer> by_hand{{parameters["W1"], parameters["b1"]},
                                                      {parameters["W2"], parameters["b2"]}};
    std::vector<double> ours, reference, closed, to_reference, to_closed;
    for (int turn = 0; turn < 15; ++turn) {
        ours.push_back(microseconds([&] { program.run(from, to); }));
        reference.push_back(microseconds([&] {
            Evaluation<double> evaluation{{net.X, X}, {net.Y, Y}};
            for (const Var& output : outputs)
                (void)evaluation.array(output);
        }));
        closed.push_back(microseconds([&] {
            (void)nn::closed_form::n_examples(by_hand, {nn::closed_form::tanh()},
                                              nn::closed_form::Output::sigmoid_cross_entropy, X, Y);
        }));
        to_reference.push_back(ours.back() / reference.back());
        to_closed.push_back(ours.back() / closed.back());
    }
    fmt::print(
        "{}, n={}, f64: program {:.1f} µs, reference {:.1f} µs, closed form {:.1f} µs; program/reference "
        "{:.3f}, program/closed form {:.3f} ({:.3f} to {:.3f})\n",
        fmt::join(layers, "-"), n, median(ours), median(reference), median(closed), median(to_reference),
        median(to_closed), *std::ranges::min_element(to_closed), *std::ranges::max_element(to_closed));
    fmt::print("{}\n", program.plan({{layers.front(), n}, {1, n}}));
}

} // namespace

int main() {
    compare({2, 4, 1}, 400);
    compare({30, 16, 1}, 569);
}
