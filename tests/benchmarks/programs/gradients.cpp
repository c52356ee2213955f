/// What a gradient costs relative to its function, both as Programs that take turns. Arrays are drawn once.

#include "../turns.hpp"
#include "prepared.hpp"

#include <fmt/format.h>

#include <benchmark/benchmark.h>
#include <cstdlib>

namespace {

using namespace xtape;

AnyArray drawn(const Extents& extents, std::uint64_t seed) {
    return AnyArray(Draw(seed).reals(extents, -1, 1));
}

/// The function alone, and it with its gradients with respect to all inputs. Counters: microseconds of both,
/// `gradient/function` with quartiles and of the least
/// times, which others on the machine disturb least, and the memory of a run. XTAPE_PROFILE prints where the
/// time goes.
void compare(benchmark::State& state, const Var& function, const std::vector<Var>& inputs,
             const std::vector<AnyArray>& arrays) {
    std::vector<Var> both = gradient(function, inputs);
    both.push_back(function);
    const auto plain = contest::prepared<double>(inputs, {function}, arrays),
               derived = contest::prepared<double>(inputs, both, arrays);
    contest::Turns turns({[&] { plain->step(); }, [&] { derived->step(); }});
    for (auto _ : state) {
        turns.take();
        state.SetIterationTime(turns.last(1));
    }
    state.counters["function:us"] = 1e6 * turns.median(0);
    state.counters["gradient:us"] = 1e6 * turns.median(1);
    state.counters["gradient/function"] = turns.ratio(1, 0);
    state.counters["gradient/function:q1"] = turns.ratio(1, 0, 0.25);
    state.counters["gradient/function:q3"] = turns.ratio(1, 0, 0.75);
    state.counters["gradient/function:least"] = turns.least(1) / turns.least(0);
    state.counters["bytes"] = static_cast<double>(derived->plan().peak_bytes());
    if (std::getenv("XTAPE_PROFILE")) fmt::print(stderr, "{}\n{}\n", plain->profile(), derived->profile());
}

void of_matmul(benchmark::State& state) {
    Tape tape;
    const auto n = static_cast<std::size_t>(state.range(0));
    const Var A = tape.input("A", {n, n}), B = tape.input("B", {n, n});
    compare(state, sum(square(matmul(A, B))), {A, B}, {drawn({n, n}, 1), drawn({n, n}, 2)});
}

void of_logsumexp(benchmark::State& state) {
    Tape tape;
    const Var x = tape.input("x", {16'384});
    compare(state, logsumexp(x), {x}, {drawn({16'384}, 3)});
}

/// 20 × (log∘exp), which simplification sees through; with a factor in between it does not.
void of_log_exp(benchmark::State& state) {
    Tape tape;
    const Var x = tape.input("x", {200, 1000});
    Var y = x;
    for (int k = 0; k < 20; ++k)
        y = state.range(0) ? log(1 + exp(y) / 2) : log(exp(y));
    compare(state, sum(square(y)), {x}, {drawn({200, 1000}, 4)});
}

/// log Π_i Σ_k w_k N(x_i; μ_k, Σ_k) without its constant, for 1,000 points in 10 dimensions and 25
/// components, with w = softmax(α) and Σ_k⁻¹ = Q_kᵀ Q_k, where Q_k is lower triangular with the diagonal
/// exp(q_k) (Šrajer, Kukelova, Fitzgibbon 2018).
void of_gaussian_mixture(benchmark::State& state) {
    constexpr std::size_t n = 1000, d = 10, K = 25;
    Tape tape;
    const Var X = tape.constant(Draw(5).reals({n, 1, d}, -1, 1));
    const Var alpha = tape.input("α", {K}), mu = tape.input("μ", {K, d}), q = tape.input("q", {K, d}),
              L = tape.input("L", {K, d, d});
    const Var apart = X - mu; // (n × K × d)
    const Var whitened = einsum("kde,nke->nkd", tril(L, -1), apart) + exp(q) * apart;
    const Var terms = alpha + sum(q, {1}) - 0.5 * sum(square(whitened), {2}); // (n × K)
    const Var likelihood = sum(logsumexp(terms, {1})) - static_cast<double>(n) * logsumexp(alpha);
    compare(state, likelihood, {alpha, mu, q, L},
            {drawn({K}, 6), drawn({K, d}, 7), drawn({K, d}, 8), drawn({K, d, d}, 9)});
}

const auto as_row = [](benchmark::internal::Benchmark* row) {
    row->UseManualTime()->Unit(benchmark::kMicrosecond)->Iterations(51);
};
BENCHMARK(of_matmul)->Name("gradient_of_matmul")->Arg(64)->Arg(256)->Apply(as_row);
BENCHMARK(of_logsumexp)->Name("gradient_of_logsumexp")->Apply(as_row);
BENCHMARK(of_log_exp)->Name("gradient_of_20_log_exp")->ArgName("halved")->Arg(0)->Arg(1)->Apply(as_row);
BENCHMARK(of_gaussian_mixture)->Name("gradient_of_gaussian_mixture")->Apply(as_row);

} // namespace
