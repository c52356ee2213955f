#pragma once

/// Random numbers from an explicit seed, the same on every compiler and machine.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace xtape::nn {

/// The generator xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM
/// TOMS 47, 2021) with distributions of our own: those of the standard library differ between its
/// implementations, and the logarithm of a mathematics library between machines.
///
/// A copy repeats what the original draws. Usable wherever a UniformRandomBitGenerator is (std::shuffle).
class Random {
public:
    using result_type = std::uint64_t;
    using State = std::array<std::uint64_t, 4>;

    /// The state is filled from the seed by splitmix64 (Steele, Lea, Flood, OOPSLA 2014), as the authors
    /// advise.
    explicit Random(std::uint64_t seed);

    /// Continues where state() was taken. Throws ArgumentError if every word is 0, which yields nothing but
    /// zeros.
    explicit Random(const State& state);

    static constexpr result_type min() { return 0; }
    static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

    /// The next 64 bits.
    result_type operator()();

    /// Uniform in [0, 1): a multiple of 2⁻⁵³.
    double uniform();

    /// Standard normal: mean 0, variance 1. Marsaglia's polar method (SIAM Review 6, 1964); one of its pair
    /// of numbers is dropped, so that state() is all there is to remember.
    double normal();

    /// A whole number in [0, n), each equally likely. Throws ArgumentError if n is 0.
    std::uint64_t below(std::uint64_t n);

    /// The numbers 0 … n − 1, every order equally likely (Fisher and Yates). Empty if n is 0.
    std::vector<std::size_t> permutation(std::size_t n);

    /// A generator for another purpose, seeded from the next 64 bits: what is drawn from it does not move
    /// this one.
    Random split();

    const State& state() const { return state_; }

private:
    State state_;
};

} // namespace xtape::nn
