/// What derivatives cost relative to what they are derivatives of. Both are recorded once and evaluated in
/// turn in one process, and the fastest of each is compared, so that the ratio says little about the machine.

#include <xtape/autodiff.hpp>

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <limits>

namespace {

using namespace xtape;

Array<double> drawn(const Extents& extents, std::uint64_t seed) {
    return AnyArray(Draw(seed).reals(extents, -1, 1)).to<double>();
}

/// Seconds in which all of these are computed anew.
double seconds(Evaluation<double>& evaluation, const std::vector<Var>& vars) {
    evaluation.forget();
    const auto start = std::chrono::steady_clock::now();
    for (const Var& var : vars)
        benchmark::DoNotOptimize(evaluation.array(var).size());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The counters are milliseconds of either, and `ratio` = derivative / (times · function).
void compare(benchmark::State& state, const std::vector<Var>& function, const std::vector<Var>& derivative,
             double times = 1) {
    Evaluation<double> evaluation;
    double plain = std::numeric_limits<double>::infinity(), derived = plain;
    for (auto _ : state) {
        plain = std::min(plain, seconds(evaluation, function));
        const double now = seconds(evaluation, derivative);
        derived = std::min(derived, now);
        state.SetIterationTime(now);
    }
    state.counters["function_ms"] = 1e3 * plain;
    state.counters["derivative_ms"] = 1e3 * derived;
    state.counters["ratio"] = derived / (times * plain);
}

/// The cost and all of its gradients, relative to the cost.
void compare_gradient(benchmark::State& state, const Var& cost, const std::vector<Var>& wrt) {
    std::vector<Var> all = gradient(cost, wrt);
    all.push_back(cost);
    compare(state, {cost}, all);
}

void gradient_of_matmul(benchmark::State& state) {
    Tape tape;
    const auto n = static_cast<std::size_t>(state.range(0));
    const Var A = tape.variable("A", drawn({n, n}, 1)), B = tape.variable("B", drawn({n, n}, 2));
    compare_gradient(state, sum(matmul(A, B)), {A, B});
}
BENCHMARK(gradient_of_matmul)->Arg(64)->Arg(256)->UseManualTime()->Unit(benchmark::kMillisecond);

void gradient_of_logsumexp(benchmark::State& state) {
    Tape tape;
    const Var x = tape.variable("x", drawn({16'384}, 3));
    compare_gradient(state, logsumexp(x), {x});
}
BENCHMARK(gradient_of_logsumexp)->UseManualTime()->Unit(benchmark::kMillisecond);

/// log Π_i Σ_k w_k N(x_i; μ_k, Σ_k) without its constant, for 1,000 points in 10 dimensions and 25
/// components, with w = softmax(α) and Σ_k⁻¹ = Q_kᵀ Q_k, where Q_k is lower triangular with the diagonal
/// exp(q_k) (Šrajer, Kukelova, Fitzgibbon 2018).
void gradient_of_gaussian_mixture(benchmark::State& state) {
    constexpr std::size_t n = 1000, d = 10, K = 25;
    Tape tape;
    const Var X = tape.constant(drawn({n, 1, d}, 4));
    const Var alpha = tape.variable("α", drawn({K}, 5)), mu = tape.variable("μ", drawn({K, d}, 6)),
              q = tape.variable("q", drawn({K, d}, 7)), L = tape.variable("L", drawn({K, d, d}, 8));
    const Var apart = X - mu; // (n × K × d)
    const Var whitened = einsum("kde,nke->nkd", tril(L, -1), apart) + exp(q) * apart;
    const Var terms = alpha + sum(q, {1}) - 0.5 * sum(square(whitened), {2}); // (n × K)
    const Var likelihood = sum(logsumexp(terms, {1})) - static_cast<double>(n) * logsumexp(alpha);
    compare_gradient(state, likelihood, {alpha, mu, q, L});
}
BENCHMARK(gradient_of_gaussian_mixture)->UseManualTime()->Unit(benchmark::kMillisecond);

/// All 1,000 × 1,000 second derivatives, relative to 1,000 gradients.
void compare_hessian(benchmark::State& state, const Var& cost, const Var& x) {
    compare(state, {gradient(cost, x)}, {hessian(cost, x)}, 1000);
}

/// Σ 100 (x_{i+1} − x_i²)² + (1 − x_i)², whose gradient costs little more than calling its operations.
void hessian_of_rosenbrock(benchmark::State& state) {
    Tape tape;
    const Var x = tape.variable("x", drawn({1000}, 9));
    const Var left = slice(x, 0, 0, 999), right = slice(x, 0, 1, 1000);
    compare_hessian(state, sum(100 * square(right - square(left)) + square(1 - left)), x);
}
BENCHMARK(hessian_of_rosenbrock)->UseManualTime()->Unit(benchmark::kMillisecond);

/// The mean of log(1 + e^(A x)) for 64 examples: what the gradient costs are its products.
void hessian_of_logistic_regression(benchmark::State& state) {
    Tape tape;
    const Var x = tape.variable("x", drawn({1000}, 10));
    compare_hessian(state, mean(softplus(matmul(tape.constant(drawn({64, 1000}, 11)), x))), x);
}
BENCHMARK(hessian_of_logistic_regression)->UseManualTime()->Unit(benchmark::kMillisecond);

} // namespace
