/// What an expert's generator would write for each draft: two passes, every value of an entry in a register,
/// for this machine alone and with -ffast-math.

#include "draft.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace contest {
namespace {

template <Function operation, class T>
[[gnu::always_inline]] inline T apply(T x, T y) {
    if constexpr (operation == Function::add) return x + y;
    if constexpr (operation == Function::subtract) return x - y;
    if constexpr (operation == Function::multiply) return x * y;
    if constexpr (operation == Function::maximum) return x > y ? x : y;
    if constexpr (operation == Function::quotient) return x / (1 + y * y);
    if constexpr (operation == Function::halve) return x / 2;
    if constexpr (operation == Function::tanh) return std::tanh(x);
    if constexpr (operation == Function::sigmoid) return 1 / (1 + std::exp(-x));
    if constexpr (operation == Function::bell) return std::exp(-x * x);
    if constexpr (operation == Function::log_square) return std::log1p(x * x);
    if constexpr (operation == Function::root) return std::sqrt(1 + x * x);
}

/// Where the sum of the entry (i, j) is.
template <Over over>
constexpr std::size_t at(std::size_t i, std::size_t j) {
    return over == Over::all ? 0 : over == Over::rows ? j : i;
}
template <Over over>
constexpr std::size_t left(const Draft& d) {
    return over == Over::all ? 1 : over == Over::rows ? d.columns : d.rows;
}

/// One pass: f(i, j) for every entry, which are summed; sums along a row in a register.
template <Over over, class T, class F>
[[gnu::always_inline]] inline void pass(const Draft& d, T* sums, F f) {
    std::fill_n(sums, left<over>(d), T{0});
    for (std::size_t i = 0; i < d.rows; ++i) {
        T sum = 0;
#pragma GCC ivdep
        for (std::size_t j = 0; j < d.columns; ++j)
            if constexpr (over == Over::rows)
                sums[j] += f(i, j);
            else
                sum += f(i, j);
        if constexpr (over != Over::rows) sums[at<over>(i, 0)] += sum;
    }
}

template <std::size_t seed, class T>
void fused(const T* __restrict x, const T* __restrict row, const T* __restrict column, T number,
           T* __restrict whole, T* __restrict sums, T* __restrict stage, T* __restrict means) {
    static constexpr Draft d = draft(seed);
    // The steps from `begin`, as many as I counts, on values of one entry.
    const auto steps = [&]<std::size_t begin, std::size_t... I>(
        std::index_sequence<begin>, std::index_sequence<I...>, T * v) [[gnu::always_inline]] {
        constexpr std::size_t to = Draft::leaves + begin + (begin > 0 ? 1 : 0);
        ((v[to + I] = apply<d.steps[begin + I].operation>(v[d.steps[begin + I].a], v[d.steps[begin + I].b])),
         ...);
        return v[to + sizeof...(I) - 1];
    };
    const auto first = [&](std::size_t i, std::size_t j) [[gnu::always_inline]] {
        T v[d.last() + 1]{x[i * d.columns + j], row[j], column[i], number};
        return stage[i * d.columns + j] =
                   steps(std::index_sequence<0>(), std::make_index_sequence<d.first>(), v);
    };
    pass<d.mean>(d, means, first);
    constexpr std::size_t count = left<d.mean>(d);
    for (std::size_t k = 0; k < count; ++k)
        means[k] *= T{1} / static_cast<T>(d.rows * d.columns / count);
    const auto second = [&](std::size_t i, std::size_t j) [[gnu::always_inline]] {
        T v[d.last() + 1]{x[i * d.columns + j], row[j], column[i], number};
        // What the second stage reads of the first, other than its last value, is computed again.
        steps(std::index_sequence<0>(), std::make_index_sequence<d.first - 1>(), v);
        v[d.last_of_first()] = stage[i * d.columns + j];
        v[d.mean_value()] = means[at<d.mean>(i, j)];
        return whole[i * d.columns + j] =
                   steps(std::index_sequence<d.first>(), std::make_index_sequence<d.second>(), v);
    };
    pass<d.sum>(d, sums, second);
}

template <class T, std::size_t... seeds>
FusedLoops<T> of(std::size_t seed, std::index_sequence<seeds...>) {
    FusedLoops<T> found = nullptr;
    (
        [&] {
            if constexpr (draft(seeds).single == std::is_same_v<T, float>)
                if (seed == seeds) found = fused<seeds, T>;
        }(),
        ...);
    return found;
}

} // namespace

template <class T>
FusedLoops<T> fused_loops(std::size_t seed) {
    return of<T>(seed, std::make_index_sequence<drafts>());
}

template FusedLoops<float> fused_loops<float>(std::size_t);
template FusedLoops<double> fused_loops<double>(std::size_t);

} // namespace contest
