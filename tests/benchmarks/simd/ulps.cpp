/// The worst errors of vectorised functions: of all 2³² floats against double, and of 2²⁸ doubles against
/// long double, in the widest instruction set of this machine; in others of every seventh 4096 of them.
/// Arguments name functions; none is all of them.

#include "ulps_exact.hpp"
#include "vector_functions.hpp"
#include <xtape/autodiff/compile/simd/dispatch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <numbers>
#include <string_view>
#include <vector>

using namespace xtape::detail;
using namespace vector_functions;

namespace {

constexpr std::size_t block = 4096;

template <class T>
const BlockKernels<T>& kernels(const InstructionSet& set) {
    if constexpr (sizeof(T) == 4)
        return *set.in_float;
    else
        return *set.in_double;
}

struct Worst {
    double error = 0, at = 0;
    std::size_t compared = 0;
};

/// Blocks of arguments go in, and the worst error of each instruction set comes out.
template <class T>
class Measurement {
public:
    using Exactly = std::conditional_t<sizeof(T) == 4, double, long double>;

    explicit Measurement(const Function& function)
        : function_(function), worst_(sets_.size()), exact_(block), got_(block), wide_(block) {}

    void compare(const std::vector<T>& given) {
        // Outside of its range a function is asked for 1 instead.
        x_ = given;
        for (T& x : x_)
            if ((function_.range == Range::positive && x < 0) ||
                (function_.range == Range::normal && x < (sizeof(T) == 4 ? -87 : -708)))
                x = 1;
        compute_exactly();
        for (std::size_t s = 0; s < sets_.size(); ++s) {
            if (s + 1 < sets_.size() && blocks_ % 7 != 0) continue;
            const T* from = x_.data();
            kernels<T>(sets_[s])[function_.primitive](got_.data(), &from, block);
            // As whole numbers, which are in the same order and are compared as vectors.
            std::uint64_t most = 0;
            for (std::size_t i = 0; i < block; ++i)
                most = std::max(most, std::bit_cast<std::uint64_t>(error_in_ulp<T>(got_[i], exact_[i])));
            if (const auto error = std::bit_cast<double>(most); error > worst_[s].error)
                for (std::size_t i = 0; i < block; ++i)
                    if (error_in_ulp<T>(got_[i], exact_[i]) == error)
                        worst_[s] = {error, static_cast<double>(x_[i]), worst_[s].compared};
            worst_[s].compared += block;
        }
        ++blocks_;
    }

    /// Whether all are within the stated bound.
    [[nodiscard]] bool print(double seconds) const {
        bool fine = true;
        for (std::size_t s = 0; s < sets_.size(); ++s) {
            fine = fine && worst_[s].error <= bound();
            std::printf("f%zu  %-9s %-9s %11zu arguments  %8.4f ulp at %-13.9g (%a)  %s %g\n", 8 * sizeof(T),
                        function_.name, sets_[s].name, worst_[s].compared, worst_[s].error, worst_[s].at,
                        worst_[s].at, worst_[s].error <= bound() ? "≤" : "ABOVE", bound());
        }
        std::printf("     %.0f s\n", seconds);
        std::fflush(stdout);
        return fine;
    }

private:
    [[nodiscard]] double bound() const { return sizeof(T) == 4 ? function_.bound_of_float : function_.bound; }

    void compute_exactly() {
        if constexpr (sizeof(T) == 4)
            if (const ulps::Exact* exact = ulps::exact_loop(function_.primitive)) {
                std::copy(x_.begin(), x_.end(), wide_.begin());
                exact->loop(exact_.data(), wide_.data(), block);
                for (std::size_t i = 0; i < block; ++i)
                    exact_[i] = x_[i] != x_[i] ? wide_[i] : exact_[i];
                return;
            }
        for (std::size_t i = 0; i < block; ++i)
            exact_[i] = static_cast<Exactly>(function_.exact(static_cast<long double>(x_[i])));
    }

    const Function& function_;
    std::vector<InstructionSet> sets_ = supported_instruction_sets();
    std::vector<Worst> worst_;
    std::vector<Exactly> exact_;
    std::vector<T> x_, got_;
    std::vector<double> wide_;
    std::size_t blocks_ = 0;
};

void all_floats(Measurement<float>& measurement) {
    std::vector<float> x(block);
    for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += block) {
        for (std::size_t i = 0; i < block; ++i)
            x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
        measurement.compare(x);
    }
}

/// 2¹⁵ doubles of every exponent and sign, with random mantissas; 2²⁷ of those between 2⁻³² and 2¹¹, where
/// functions are not flat; and the nine about each of the first multiples of ½ ln 2, π/4, 1 and √½ and about
/// their products with every power of two, where ranges are reduced.
void many_doubles(Measurement<double>& measurement) {
    std::vector<double> x;
    const auto put = [&](std::uint64_t bits) {
        x.push_back(std::bit_cast<double>(bits));
        if (x.size() < block) return;
        measurement.compare(x);
        x.clear();
    };
    std::uint64_t state = 1;
    const auto random = [&] { // splitmix64
        std::uint64_t z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    };
    constexpr std::uint64_t mantissa = (std::uint64_t{1} << 52) - 1, sign = std::uint64_t{1} << 63;
    for (std::uint64_t exponent = 0; exponent < 4096; ++exponent)
        for (int k = 0; k < 1 << 15; ++k)
            put(exponent << 52 | (random() & mantissa));
    for (int k = 0; k < 1 << 27; ++k) {
        const std::uint64_t drawn = random();
        put((drawn & (sign | mantissa)) | (1023 - 32 + (drawn >> 52 & 0x7ff) % 43) << 52);
    }
    const auto around = [&](double edge) {
        for (std::uint64_t k = 0; k < 9; ++k) {
            put(std::bit_cast<std::uint64_t>(edge) + k - 4);
            put((std::bit_cast<std::uint64_t>(edge) + k - 4) ^ sign);
        }
    };
    for (const double step : {std::numbers::ln2 / 2, std::numbers::pi / 4, 1.0, std::numbers::sqrt2 / 2}) {
        for (int k = 0; k < 1 << 16; ++k)
            around(k * step);
        for (int k = -1074; k < 1024; ++k)
            around(std::ldexp(step, k));
    }
    for (const double edge : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::min(), 0.0})
        around(edge);
    while (!x.empty())
        put(0);
}

template <class T>
bool measure(const Function& function, void (*arguments)(Measurement<T>&)) {
    const auto start = std::chrono::steady_clock::now();
    Measurement<T> measurement(function);
    arguments(measurement);
    return measurement.print(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

} // namespace

int main(int argc, char** argv) {
    bool fine = true;
    for (const Function& function : functions) {
        const auto named = [&](const char* name) { return std::string_view(name) == function.name; };
        if (argc > 1 && std::none_of(argv + 1, argv + argc, named)) continue;
        fine &= measure<float>(function, all_floats);
        fine &= measure<double>(function, many_doubles);
    }
    return fine ? 0 : 1;
}
