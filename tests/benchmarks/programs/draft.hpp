#pragma once

/// Elementwise-and-reduce programs drawn from a seed while compiling: the same description is recorded on a
/// tape, and generated as fused loops for the compiler to optimise.

#include <array>
#include <cstddef>
#include <cstdint>

namespace contest {

/// of one or two values; each keeps what it gives within some units of 0, and is smooth in most places.
enum class Function : std::uint8_t {
    add,
    subtract,
    multiply,
    maximum,
    quotient, ///< x / (1 + y²)
    halve,
    tanh,
    sigmoid,
    bell,       ///< exp(−x²)
    log_square, ///< log1p(x²)
    root,       ///< √(1 + x²)
};
inline constexpr std::size_t functions = 11;

enum class Over : std::uint8_t { all, rows, columns };

/// Values are numbered: x (m × n), a row (1 × n), a column (m × 1), a number; what the steps of the first
/// stage give; its last value's mean over some axes; what the steps of the second stage give. The last value
/// is one result, its sum over some axes the other.
struct Draft {
    struct Step {
        Function operation;
        std::size_t a, b;
    };
    static constexpr std::size_t leaves = 4;

    bool single = false; ///< float, else double
    std::size_t rows = 0, columns = 0;
    std::size_t first = 0, second = 0; ///< steps of each stage
    std::array<Step, 16> steps{};
    Over mean = Over::all, sum = Over::all;

    [[nodiscard]] constexpr std::size_t last_of_first() const { return leaves + first - 1; }
    [[nodiscard]] constexpr std::size_t mean_value() const { return leaves + first; }
    [[nodiscard]] constexpr std::size_t last() const { return leaves + first + second; }
};

constexpr Draft draft(std::uint64_t seed) {
    std::uint64_t state = seed;
    const auto below = [&](std::size_t bound) { // splitmix64
        std::uint64_t z = (state += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return static_cast<std::size_t>((z ^ (z >> 31)) % bound);
    };
    Draft d;
    d.single = seed % 2 == 1;
    d.rows = 1 + below(40);
    d.columns = 50 + below(std::size_t{100} << below(6));
    d.first = 2 + below(6);
    d.second = 2 + below(6);
    for (std::size_t k = 0; k < d.first + d.second; ++k) {
        const bool begins = k == 0 || k == d.first;
        const std::size_t known = Draft::leaves + k + (k >= d.first ? 1 : 0), before = known - 1;
        // A chain, with a second operand from anywhere: x at the beginning, the mean in the second stage's.
        const std::size_t a = k == 0 ? 0 : k == d.first ? d.last_of_first() : before;
        const std::size_t b = k == d.first ? d.mean_value() : below(known);
        d.steps[k] = {static_cast<Function>(begins ? below(5) : below(functions)), a, b};
    }
    d.mean = static_cast<Over>(below(3));
    d.sum = static_cast<Over>(below(3));
    return d;
}

inline constexpr std::size_t drafts = 100;

/// The generated loops of a draft. `whole` (m × n) and `sums` are written, `stage` (m × n) and `means` hold
/// what is between the stages; sums and means have as many entries as their axes leave.
template <class T>
using FusedLoops = void (*)(const T* x, const T* row, const T* column, T number, T* whole, T* sums, T* stage,
                            T* means);
template <class T>
FusedLoops<T> fused_loops(std::size_t seed); ///< of drafts in T; none for those of the other type

} // namespace contest
