#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace xtape::detail {

using Words = std::array<std::uint64_t, 2>;

/// The counter-based generator Threefry-2x64 with 20 rounds (Salmon, Moraes, Dror, Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", SC11): 128 random bits as a function of a key and a counter.
constexpr Words threefry2x64(const Words& key, Words x) {
    constexpr int rotations[] = {16, 42, 12, 31, 16, 32, 24, 21};
    const std::uint64_t schedule[] = {key[0], key[1], key[0] ^ key[1] ^ 0x1bd11bdaa9fc1a22};
    x[0] += schedule[0];
    x[1] += schedule[1];
    for (std::uint64_t round = 0; round < 20; ++round) {
        x[0] += x[1];
        x[1] = std::rotl(x[1], rotations[round % 8]) ^ x[0];
        if (round % 4 != 3) continue;
        const std::uint64_t injection = round / 4 + 1;
        x[0] += schedule[injection % 3];
        x[1] += schedule[(injection + 1) % 3] + injection;
    }
    return x;
}

} // namespace xtape::detail
