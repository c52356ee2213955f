#include <xtape/autodiff/error.hpp>
#include <xtape/nn/random.hpp>

#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

namespace xtape::nn {

namespace {

Random::State splitmix64(std::uint64_t seed) {
    Random::State words;
    for (std::uint64_t& word : words) {
        seed += 0x9e3779b97f4a7c15;
        word = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        word ^= word >> 31;
    }
    return words;
}

/// log x for positive x, from +, × and ÷ alone, which IEEE 754 rounds alike everywhere. With x = m·2^e and m
/// within [√½, √2], log m = 2 artanh t, t = (m − 1)/(m + 1), |t| ≤ 0.172; the first term left out is below
/// 1e-18 of the sum.
double portable_log(double x) {
    int exponent = 0;
    double m = std::frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2;
        --exponent;
    }
    const double t = (m - 1) / (m + 1);
    double sum = 0;
    for (int k = 10; k >= 0; --k)
        sum = sum * (t * t) + 1.0 / (2 * k + 1);
    return exponent * 0.69314718055994531 + 2 * t * sum;
}

} // namespace

Random::Random(std::uint64_t seed) : state_(splitmix64(seed)) {}

Random::Random(const State& state) : state_(state) {
    if (state == State{})
        throw ArgumentError(
            "Random: a state of four zeros yields nothing but zeros. Seed with a number instead.");
}

Random::result_type Random::operator()() {
    auto& s = state_;
    const std::uint64_t result = std::rotl(s[0] + s[3], 23) + s[0];
    const std::uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = std::rotl(s[3], 45);
    return result;
}

double Random::uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

double Random::normal() {
    for (;;) {
        const double u = 2 * uniform() - 1;
        const double v = 2 * uniform() - 1;
        const double s = u * u + v * v;
        if (s > 0 && s < 1) return u * std::sqrt(-2 * portable_log(s) / s);
    }
}

std::uint64_t Random::below(std::uint64_t n) {
    if (n == 0) throw ArgumentError("Random::below(0): there is no number in [0, 0).");
    // The lowest 2⁶⁴ mod n values would make the smallest remainders likelier than the others.
    const std::uint64_t surplus = (0 - n) % n;
    for (;;) {
        const std::uint64_t bits = (*this)();
        if (bits >= surplus) return bits % n;
    }
}

std::vector<std::size_t> Random::permutation(std::size_t n) {
    std::vector<std::size_t> order(n);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = n; i > 1; --i)
        std::swap(order[i - 1], order[below(i)]);
    return order;
}

Random Random::split() { return Random((*this)()); }

} // namespace xtape::nn
