/// What recording costs, and that a loop of record, evaluate, rewind does not grow.

#include <xtape/nn.hpp>

#include <benchmark/benchmark.h>
#include <fstream>
#include <unistd.h>

namespace {

using namespace xtape;

/// The memory of this process that is in RAM, in MiB.
double resident() {
    std::ifstream statm("/proc/self/statm");
    double total = 0, pages = 0;
    statm >> total >> pages;
    return pages * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// Records again and again; the tape is taken back every 10⁴ records.
template <class F>
void again(benchmark::State& state, Tape& tape, F record) {
    const Tape::Mark mark = tape.mark();
    for (auto _ : state) {
        benchmark::DoNotOptimize(record());
        if (tape.size() > 10'000) tape.rewind(mark);
    }
}

void record_elementwise(benchmark::State& state) {
    Tape tape;
    const Var x = tape.input("x", {3, Dim("n")}), y = tape.input("y", {3, Dim("n")});
    again(state, tape, [&] { return x + y; });
}
BENCHMARK(record_elementwise);

void record_broadcast(benchmark::State& state) {
    Tape tape;
    const Var x = tape.input("x", {3, Dim("n")}), y = tape.input("y", {3, 1});
    again(state, tape, [&] { return x + y; });
}
BENCHMARK(record_broadcast);

void record_with_number(benchmark::State& state) {
    Tape tape;
    const Var x = tape.input("x", {3, Dim("n")});
    again(state, tape, [&] { return 2 * x; });
    state.SetLabel("two records: the number and the product");
}
BENCHMARK(record_with_number);

void record_matmul(benchmark::State& state) {
    Tape tape;
    const Var W = tape.input("W", {Dim("n1", 4), Dim("n0", 3)}),
              X = tape.input("X", {Dim("n0", 3), Dim("n")});
    again(state, tape, [&] { return matmul(W, X); });
}
BENCHMARK(record_matmul);

/// Network, cost and gradients of the Breast Cancer job: 30-16-1.
void record_network_and_gradient(benchmark::State& state) {
    nn::Random random(1);
    const nn::Parameters parameters = nn::initialise({30, 16, 1}, random);
    Tape tape;
    const Tape::Mark mark = tape.mark();
    std::size_t records = 0;
    for (auto _ : state) {
        const nn::Network net = nn::network(tape, parameters);
        benchmark::DoNotOptimize(gradient(net.cost, net.parameters()));
        records = tape.size();
        tape.rewind(mark);
    }
    state.counters["records"] = static_cast<double>(records);
    state.counters["per_record"] =
        benchmark::Counter(static_cast<double>(records),
                           benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(record_network_and_gradient);

/// A chain of layers, all of 3 nodes, with its cost and gradient: as many as make about 10⁵ records.
void simplify_100000_records(benchmark::State& state) {
    const auto goal = static_cast<Goal>(state.range(0));
    Tape tape;
    const Var X = tape.input("X", {3, Dim("n")});
    std::vector<Var> parameters;
    Var A = X;
    while (tape.size() < 42'200) {
        const std::string l = std::to_string(parameters.size() / 2 + 1);
        const Var W = tape.variable("W" + l, nn::constant(3, 3, 0.5)),
                  b = tape.variable("b" + l, nn::constant(3, 1, 0.5));
        parameters.push_back(W);
        parameters.push_back(b);
        A = tanh(nn::dense(A, W, b)) + A / 2;
    }
    const Var J = mean(square(A));
    std::vector<Var> outputs = gradient(J, parameters);
    outputs.push_back(J);
    std::size_t after = 0;
    for (auto _ : state)
        after = simplify(outputs, {.goal = goal}).tape.size();
    state.counters["records"] = static_cast<double>(tape.size());
    state.counters["records_after"] = static_cast<double>(after);
}
BENCHMARK(simplify_100000_records)
    ->Arg(static_cast<int>(Goal::textbook))
    ->Arg(static_cast<int>(Goal::stable))
    ->Unit(benchmark::kMillisecond);

/// Rounds of record, gradient, evaluate, rewind; the counters are MiB in RAM before, after 10³ rounds and
/// after all.
void rounds(benchmark::State& state) {
    Tape tape;
    const Var x = tape.variable("x", nn::constant(3, 2, 0.5));
    const Tape::Mark mark = tape.mark();
    for (auto _ : state) {
        state.counters["MiB_before"] = resident();
        for (std::int64_t round = 1; round <= state.range(0); ++round) {
            const Var y = named("y", sum(tanh(x) * x));
            benchmark::DoNotOptimize(gradient(y, x).value());
            tape.rewind(mark);
            if (round == 1000) state.counters["MiB_after_1000"] = resident();
        }
        state.counters["MiB_after_all"] = resident();
    }
}
BENCHMARK(rounds)->Arg(1'000)->Arg(100'000)->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace
