/// Cost and all gradients of networks: a Program beside what people use, as ratios within one process.
///
/// The counters of a row are medians over the turns of each contestant's time relative to the expert's
/// (`a/expert`) with the quartiles beside (`a/expert:q1`, `:q3`), and bytes of intermediate arrays.
/// Everybody's cost and gradients must agree before anybody is timed.

#include "../markdown.hpp"
#include "../turns.hpp"
#include "contestant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>

namespace {

using namespace contest;

template <class T>
Data<T> draw(const Case& c) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> normal;
    Data<T> data{c, std::vector<T>(c.layers.front() * c.n), std::vector<T>(c.layers.back() * c.n), {}, {}};
    for (T& x : data.X)
        x = static_cast<T>(normal(random));
    for (std::size_t j = 0; j < c.n; ++j) {
        const std::size_t label = random() % std::max<std::size_t>(c.layers.back(), 2);
        if (label < c.layers.back()) data.Y[label * c.n + j] = 1;
    }
    for (std::size_t l = 0; l < c.depth(); ++l) {
        data.W.emplace_back(c.layers[l + 1] * c.layers[l]);
        for (T& w : data.W.back())
            w = static_cast<T>(normal(random) / std::sqrt(static_cast<double>(c.layers[l])));
        data.b.emplace_back(c.layers[l + 1], T{0.1f});
    }
    return data;
}

/// Throws unless both computed the same, to 1000 √n ε of the largest entry of each array, n examples being
/// summed in orders of their own.
template <class T>
void expect_equal(const Contestant<T>& a, const Result<T>& x, const Contestant<T>& b, const Result<T>& y,
                  std::size_t n) {
    const double bound =
        1000 * std::sqrt(static_cast<double>(n)) * static_cast<double>(std::numeric_limits<T>::epsilon());
    const auto compare = [&](const std::vector<T>& p, const std::vector<T>& q, const std::string& what) {
        double largest = 0, apart = p.size() == q.size() ? 0 : HUGE_VAL;
        for (std::size_t i = 0; i < std::min(p.size(), q.size()); ++i) {
            const double d = std::fabs(static_cast<double>(p[i]) - static_cast<double>(q[i]));
            apart = d <= apart ? apart : d;
            largest = std::max(largest, std::fabs(static_cast<double>(q[i])));
        }
        if (!(apart <= bound * largest))
            throw std::runtime_error(fmt::format("{} of {} and {} are {:.2g} apart, of {:.2g}", what, a.name,
                                                 b.name, apart, largest));
    };
    compare({x.J}, {y.J}, "the costs");
    if (x.gradients.size() != y.gradients.size()) throw std::runtime_error("another number of gradients");
    for (std::size_t i = 0; i < x.gradients.size(); ++i)
        compare(x.gradients[i], y.gradients[i], fmt::format("gradients {}", i));
}

template <class T>
void row(benchmark::State& state, const Case& c) {
    const Data<T> data = draw<T>(c);
    const auto threads = static_cast<std::size_t>(state.range(0));
    std::vector<Contestant<T>> all{expert(data), program(data, threads), by_hand(data), bare_products(data)};
#ifdef XTAPE_LIBTORCH
    all.push_back(libtorch(data));
#endif
    if (c.layers.back() == 1) all.push_back(program_of_own_operations(data, threads));
    if (threads > 1) {
        all.push_back(program(data, 1));
        all.back().name = "one thread";
    }
    std::vector<std::function<void()>> contestants;
    for (const auto& one : all) {
        if (one.threads) one.threads(static_cast<int>(threads));
        one.step();
        if (one.result && &one != &all.front())
            expect_equal(one, one.result(), all.front(), all.front().result(), c.n);
        contestants.push_back(one.step);
    }
    // OpenBLAS's threads were seen to look for work for 130 ms.
    Turns turns(std::move(contestants), std::chrono::milliseconds(threads > 1 ? 200 : 0));
    for (auto _ : state) {
        turns.take();
        state.SetIterationTime(turns.last(1));
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        state.counters[all[i].name + ":us"] = 1e6 * turns.median(i);
        if (all[i].bytes > 0) state.counters[all[i].name + ":bytes"] = static_cast<double>(all[i].bytes);
        if (i == 0) continue;
        state.counters[all[i].name + "/expert"] = turns.ratio(i, 0);
        state.counters[all[i].name + "/expert:q1"] = turns.ratio(i, 0, 0.25);
        state.counters[all[i].name + "/expert:q3"] = turns.ratio(i, 0, 0.75);
    }
}

template <class T>
void add(std::vector<std::size_t> layers, std::size_t n, int turns) {
    const Case c{std::move(layers), n};
    const auto name = fmt::format("{}, n={}, f{}", fmt::join(c.layers, "-"), n, 8 * sizeof(T));
    benchmark::RegisterBenchmark(name.c_str(), [c](benchmark::State& state) { row<T>(state, c); })
        ->Arg(1)
        ->Arg(2)
        ->ArgName("threads")
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond)
        ->Iterations(turns);
}

/// The rows as a table in Markdown: times relative to the expert's, with quartiles for ours.
class Table : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override {
        fmt::print(
            "| network, examples, type | threads | expert, µs | program (quartiles) | own operations | "
            "xtensor by hand | "
            "libtorch | bare products | bytes, program : expert | program in one thread |\n"
            "|---|---|---|---|---|---|---|---|---|---|\n");
        return true;
    }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            const auto value = [&](const std::string& counter) {
                const auto it = run.counters.find(counter);
                return it == run.counters.end() ? NAN : it->second.value;
            };
            const auto cell = [&](const std::string& counter) {
                return std::isnan(value(counter)) ? std::string("–") : fmt::format("{:.2f}", value(counter));
            };
            fmt::print("| {} | {} | {:.4g} | {} ({} – {}) | {} | {} | {} | {} | {:.2f} | {} |\n",
                       run.run_name.function_name, run.run_name.args, value("expert:us"),
                       cell("program/expert"), cell("program/expert:q1"), cell("program/expert:q3"),
                       cell("own operations/expert"), cell("xtensor/expert"), cell("libtorch/expert"),
                       cell("products/expert"), value("program:bytes") / value("expert:bytes"),
                       cell("one thread/expert"));
        }
    }
};

} // namespace

int main(int argc, char** argv) {
    add<double>({2, 4, 1}, 4, 51);
    add<double>({2, 4, 1}, 400, 51);
    add<double>({30, 16, 1}, 569, 51);
    add<float>({30, 16, 1}, 569, 51);
    add<float>({64, 32, 10}, 64, 51);
    add<float>({784, 128, 10}, 128, 31);
    add<float>({784, 1024, 10}, 1024, 7);
    add<float>({30, 16, 1}, 200000, 15);
    add<double>({30, 16, 1}, 200000, 15);
    add<float>({784, 256, 128, 10}, 256, 21);
    add<float>({4, 32, 16, 4}, 10000, 21);
    Table table;
    return contest::run(argc, argv, table);
}
