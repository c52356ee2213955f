/// A full step of training, gradient and update, beside the gradient alone: the Breast Cancer network
/// (30-16-1, 455 examples). Steps and gradients take turns of sixteen, and a ratio is of neighbours in time.

#include "turns.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn/network.hpp>
#include <xtape/nn/training.hpp>

#include <benchmark/benchmark.h>

namespace {

using namespace xtape;

constexpr std::size_t features = 30, hidden = 16, examples = 455;

nn::Dataset draw() {
    nn::Random random(1);
    nn::Dataset set;
    set.X = Array<double>::from_shape({features, examples});
    set.Y = Array<double>::from_shape({1, examples});
    for (double& x : set.X)
        x = random.normal();
    for (std::size_t i = 0; i < examples; ++i)
        set.Y(0, i) = set.X(0, i) + set.X(1, i) > 0;
    return set;
}

template <class T>
void step_and_gradient(benchmark::State& state, const nn::Optimiser& optimiser) {
    const nn::Dataset set = draw();
    nn::Random random(2);
    nn::Parameters parameters = nn::initialise({features, hidden, 1}, random);
    Tape tape;
    const nn::Network network = nn::network(tape, parameters);
    std::vector<Var> outputs{network.cost, network.prediction()};
    for (const Var& d : gradient(network.cost, network.parameters()))
        outputs.push_back(d);
    const auto program = compile<T>({network.X, network.Y}, outputs);
    const Array<T> X = xt::cast<T>(set.X), Y = xt::cast<T>(set.Y);
    const std::vector<AnyArray> inputs{X, Y};
    std::vector<Array<T>> results = program(inputs);
    const std::vector<OutputArray<T>> to(results.begin(), results.end());
    constexpr std::size_t turn = 16;
    std::vector<double> steps, gradients, ratios;
    for (auto _ : state) {
        nn::TrainingOptions options{.optimiser = optimiser, .epochs = 150 * turn, .accuracy = false};
        double sum = 0;
        options.callback = [&](const nn::Epoch& epoch) {
            sum += epoch.seconds;
            if (epoch.epoch % turn > 0) return true;
            steps.push_back(sum / turn);
            program.run(inputs, to); // binds the parameters as they are now
            gradients.push_back(contest::seconds([&] { program.run(inputs, to); }, turn));
            ratios.push_back(steps.back() / gradients.back());
            sum = 0;
            return true;
        };
        (void)nn::train<T>(network, parameters, set, options);
        state.SetIterationTime(contest::quantile(steps, 0.5));
    }
    state.counters["gradient:us"] = 1e6 * contest::quantile(gradients, 0.5);
    state.counters["step/gradient"] = contest::quantile(ratios, 0.5);
    state.counters["step/gradient:q1"] = contest::quantile(ratios, 0.25);
    state.counters["step/gradient:q3"] = contest::quantile(ratios, 0.75);
}

template <class T>
void add(const char* name, const nn::Optimiser& optimiser) {
    benchmark::RegisterBenchmark(
        name, [optimiser](benchmark::State& state) { step_and_gradient<T>(state, optimiser); })
        ->UseManualTime()
        ->Iterations(3)
        ->Unit(benchmark::kMicrosecond);
}

} // namespace

int main(int argc, char** argv) {
    add<double>("training/GradientDescent/f64", nn::GradientDescent(0.1));
    add<double>("training/Adam/f64", nn::Adam(0.001));
    add<float>("training/GradientDescent/f32", nn::GradientDescent(0.1));
    add<float>("training/Adam/f32", nn::Adam(0.001));
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
