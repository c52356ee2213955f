/// 100 random programs beside loops generated for each of them.

#include "../turns.hpp"
#include "draft.hpp"
#include "prepared.hpp"

#include <fmt/format.h>

#include <benchmark/benchmark.h>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>

namespace {

using namespace xtape;
using namespace contest;

Var record(Function operation, const Var& x, const Var& y) {
    switch (operation) {
    case Function::add:
        return x + y;
    case Function::subtract:
        return x - y;
    case Function::multiply:
        return x * y;
    case Function::maximum:
        return maximum(x, y);
    case Function::quotient:
        return x / (1 + square(y));
    case Function::halve:
        return x / 2;
    case Function::tanh:
        return tanh(x);
    case Function::sigmoid:
        return sigmoid(x);
    case Function::bell:
        return exp(-square(x));
    case Function::log_square:
        return log1p(square(x));
    case Function::root:
        return sqrt(1 + square(x));
    }
    throw std::logic_error("no such operation");
}

std::vector<std::int64_t> axes(Over over) {
    if (over == Over::all) return {0, 1};
    return {over == Over::rows ? 0 : 1};
}

/// A draft as a Program and as loops, with the same arrays.
template <class T>
class Pair {
public:
    explicit Pair(std::size_t seed) : draft_(draft(seed)), loops_(fused_loops<T>(seed)) {
        Tape tape;
        const std::vector<Var> inputs{tape.input("x", {draft_.rows, Dim("n")}),
                                      tape.input("r", {1, Dim("n")}), tape.input("c", {draft_.rows, 1}),
                                      tape.input("s", {1, 1})};
        std::vector<Var> values = inputs;
        for (std::size_t k = 0; k < draft_.first + draft_.second; ++k) {
            if (k == draft_.first) values.push_back(mean(values.back(), axes(draft_.mean), Keep::dims));
            const auto& [operation, a, b] = draft_.steps[k];
            values.push_back(record(operation, values[a], values[b]));
        }
        Draw draw(seed);
        for (const Extents& extents : {Extents{draft_.rows, draft_.columns}, Extents{1, draft_.columns},
                                       Extents{draft_.rows, 1}, Extents{1, 1}})
            arrays_.push_back(AnyArray(draw.reals(extents, -2, 2)).to<T>());
        // Entries that the last step broadcasts are still m × n.
        const Var whole = broadcast_to(values.back(), inputs[0].shape());
        program_ = prepared<T>(inputs, {whole, sum(whole, axes(draft_.sum))},
                               std::vector<AnyArray>(arrays_.begin(), arrays_.end()));
        const std::size_t entries = draft_.rows * draft_.columns;
        whole_.resize(entries);
        stage_.resize(entries);
        sums_.resize(draft_.rows + draft_.columns);
        means_.resize(draft_.rows + draft_.columns);
    }

    [[nodiscard]] std::function<void()> loops() {
        return [this] {
            loops_(arrays_[0].data(), arrays_[1].data(), arrays_[2].data(), *arrays_[3].data(), whole_.data(),
                   sums_.data(), stage_.data(), means_.data());
        };
    }
    [[nodiscard]] std::function<void()> program() {
        return [this] { program_->step(); };
    }

    /// Throws unless both computed the same, to 1000 √(entries) ε of the largest entry.
    void expect_equal(std::size_t seed) const {
        const double bound = 1000 * std::sqrt(static_cast<double>(whole_.size())) *
                             static_cast<double>(std::numeric_limits<T>::epsilon());
        const std::vector<T>* theirs[] = {&whole_, &sums_};
        for (std::size_t k = 0; k < 2; ++k) {
            const Array<T>& ours = program_->results()[k];
            double largest = 0, apart = 0;
            for (std::size_t i = 0; i < ours.size(); ++i) {
                const double a = static_cast<double>(ours.data()[i]),
                             b = static_cast<double>((*theirs[k])[i]);
                apart = std::fabs(a - b) <= apart ? apart : std::fabs(a - b);
                largest = std::max(largest, std::fabs(b));
            }
            if (!(apart <= bound * largest))
                throw std::runtime_error(fmt::format("random program {}: its results {} are {:.2g} apart, of "
                                                     "{:.2g}",
                                                     seed, k, apart, largest));
        }
    }

    [[nodiscard]] std::string profile() const { return program_->profile().to_string(); }

private:
    Draft draft_;
    FusedLoops<T> loops_;
    std::vector<Array<T>> arrays_;
    std::shared_ptr<Prepared<T>> program_;
    std::vector<T> whole_, stage_, sums_, means_;
};

struct Measured {
    double seconds; ///< of the program
    double ratio;   ///< to the loops' time, the median over the turns
};

template <class T>
Measured measure(std::size_t seed) {
    Pair<T> pair(seed);
    Turns turns({pair.loops(), pair.program()});
    pair.expect_equal(seed);
    for (int turn = 0; turn < 51; ++turn)
        turns.take();
    const Measured measured{turns.median(1), turns.ratio(1, 0)};
    if (std::getenv("XTAPE_PROFILE"))
        fmt::print(stderr, "random program {}: {:.2f} of the loops' time, {:.1f} µs\n{}\n", seed,
                   measured.ratio, 1e6 * measured.seconds, pair.profile());
    return measured;
}

/// Counters: quantiles over the programs of their time relative to the loops', how many are within 1.5 of
/// it, and the seed of the worst. XTAPE_PROFILE prints each ratio with a profile.
void random_programs(benchmark::State& state) {
    std::vector<double> ratios;
    for (auto _ : state) {
        double all = 0;
        for (std::size_t seed = 0; seed < drafts; ++seed) {
            const Measured now = draft(seed).single ? measure<float>(seed) : measure<double>(seed);
            ratios.push_back(now.ratio);
            all += now.seconds;
        }
        state.SetIterationTime(all);
    }
    state.counters["worst_seed"] = static_cast<double>(std::ranges::max_element(ratios) - ratios.begin());
    state.counters["program/loops"] = quantile(ratios, 0.5);
    state.counters["program/loops:q1"] = quantile(ratios, 0.25);
    state.counters["program/loops:q3"] = quantile(ratios, 0.75);
    state.counters["program/loops:worst"] = quantile(ratios, 1);
    state.counters["within_1.5"] =
        static_cast<double>(std::ranges::count_if(ratios, [](double r) { return r <= 1.5; }));
}
BENCHMARK(random_programs)->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(1);

} // namespace
