/// How time and memory grow: with the length of a tape, and with the number of examples.

#include "../turns.hpp"
#include "prepared.hpp"
#include <xtape/nn/network.hpp>

#include <benchmark/benchmark.h>
#include <fstream>
#include <limits>
#include <malloc.h>

namespace {

using namespace xtape;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Bytes that are allocated at the moment.
double allocated() {
    const struct mallinfo2 info = mallinfo2();
    return static_cast<double>(info.uordblks + info.hblkhd);
}

/// What a record costs until it can be run: a chain of so many records of three entries each is recorded,
/// its gradient, a Program of both, and its plan. Counters are nanoseconds and bytes per record of tape and
/// gradient, the least of the turns. With `shared` all links of the chain read one variable, whose gradient
/// is a sum over all of them; without, only the first link depends on it.
void tape_length(benchmark::State& state, bool shared) {
    const auto length = static_cast<std::size_t>(state.range(0));
    double records = 0;
    double record = std::numeric_limits<double>::infinity(), derive = record, make = record, plan = record,
           run = record, all = 0, bytes = 0;
    for (auto _ : state) {
        const double before = allocated();
        auto begin = Clock::now();
        Tape tape;
        const Var x = tape.input("x", {3}), w = tape.input("w", {3});
        Var y = x * w;
        while (tape.size() < length)
            y = shared ? tanh(y) * w + x : tanh(y) * 0.7 + 0.1;
        const Var J = sum(y);
        const double recorded = since(begin);
        begin = Clock::now();
        const std::vector<Var> d = gradient(J, {x, w});
        const double derived = since(begin);
        records = static_cast<double>(tape.size());
        begin = Clock::now();
        const auto program = compile<double>({x, w}, {J, d[0], d[1]});
        const double made = since(begin);
        begin = Clock::now();
        benchmark::DoNotOptimize(program.plan().peak_bytes());
        const double planned = since(begin);
        const auto x0 = Draw(1).reals({3}), w0 = Draw(2).reals({3});
        benchmark::DoNotOptimize(program({x0, w0}));
        begin = Clock::now();
        benchmark::DoNotOptimize(program({x0, w0}));
        run = std::min(run, since(begin));
        bytes = allocated() - before;
        record = std::min(record, recorded);
        derive = std::min(derive, derived);
        make = std::min(make, made);
        plan = std::min(plan, planned);
        all = recorded + derived + made + planned;
        state.SetIterationTime(all);
    }
    const auto per_record = [&](double value) { return value / records; };
    state.counters["records"] = records;
    state.counters["record:ns"] = 1e9 * per_record(record);
    state.counters["gradient:ns"] = 1e9 * per_record(derive);
    state.counters["compile:ns"] = 1e9 * per_record(make);
    state.counters["plan:ns"] = 1e9 * per_record(plan);
    state.counters["run:ns"] = 1e9 * per_record(run);
    state.counters["all:ns"] = 1e9 * per_record(record + derive + make + plan);
    state.counters["bytes"] = per_record(bytes);
}
const auto as_growth = [](benchmark::internal::Benchmark* row) {
    row->RangeMultiplier(10)
        ->ArgName("length")
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(3);
};
BENCHMARK_CAPTURE(tape_length, chain, false)->Apply(as_growth)->Range(10, 1'000'000)->Iterations(1);
BENCHMARK_CAPTURE(tape_length, shared, true)->Apply(as_growth)->Range(10, 1'000);

/// Cost and all gradients of a network 2-4-1 in float. Counters: nanoseconds per example in the median turn,
/// and the bytes of a run in all.
void examples(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    nn::Random random(1);
    const nn::Parameters parameters = nn::initialise({2, 4, 1}, random);
    Tape tape;
    const nn::Network net = nn::network(tape, parameters);
    std::vector<Var> inputs{net.X, net.Y}, outputs = gradient(net.cost, net.parameters());
    outputs.push_back(net.cost);
    auto X = Array<float>::from_shape({2, n}), Y = Array<float>::from_shape({1, n});
    for (std::size_t i = 0; i < X.size(); ++i)
        X.data()[i] = static_cast<float>(i * 2'654'435'761 % 1000) / 500 - 1;
    for (std::size_t i = 0; i < n; ++i)
        Y.data()[i] = X.data()[i] > X.data()[n + i] ? 1.0f : 0.0f;
    std::vector<AnyArray> arrays{std::move(X), std::move(Y)};
    for (const Var& p : net.parameters()) {
        inputs.push_back(p);
        arrays.push_back(AnyArray(AnyArray(p.value()).to<float>()));
    }
    const auto program = contest::prepared<float>(inputs, outputs, std::move(arrays));
    contest::Turns turns({[&] { program->step(); }});
    for (auto _ : state) {
        turns.take();
        state.SetIterationTime(turns.last(0));
    }
    state.counters["per_example:ns"] = 1e9 * turns.median(0) / static_cast<double>(n);
    state.counters["bytes"] = static_cast<double>(program->plan().peak_bytes());
}
BENCHMARK(examples)
    ->RangeMultiplier(10)
    ->Range(100, 10'000'000)
    ->ArgName("n")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond)
    ->Iterations(15);

} // namespace
