#pragma once

/// Eigenvalues and eigenvectors of a symmetric matrix in any type of number, by Jacobi's method. It is
/// simple, the same in every type, and accurate: of a positive definite matrix small eigenvalues keep their
/// digits as far as the matrix, scaled to a unit diagonal, is well-conditioned (Demmel and Veselić, Jacobi's
/// method is more accurate than QR, 1992).

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

namespace xtape::detail {

/// A rotation in the plane of p and q by the angle that makes a_pq zero and is at most π/4 (Golub and
/// Van Loan, Matrix Computations, 2013, algorithm 8.5.1).
template <class T>
struct Rotation {
    Rotation(T pp, T pq, T qq) {
        const T cot = (qq - pp) / (2 * pq);
        tan = std::copysign(T(1), cot) / (std::abs(cot) + std::hypot(T(1), cot));
        cos = 1 / std::hypot(T(1), tan);
        sin = tan * cos;
    }
    void turn(T& p, T& q) const {
        const T old = p;
        p = cos * old - sin * q;
        q = sin * old + cos * q;
    }
    T tan, cos, sin;
};

/// Divides by the power of two that brings the largest entry to between 1/2 and 1, and returns its exponent:
/// then nothing overflows, and what underflows is far below rounding.
template <class T>
int bring_below_one(std::vector<T>& a) {
    T largest = 0;
    for (const T entry : a)
        largest = std::max(largest, std::abs(entry));
    const int exponent = largest > 0 ? std::ilogb(largest) + 1 : 0;
    for (T& entry : a)
        entry = std::scalbn(entry, -exponent);
    return exponent;
}

/// Rotates the symmetric n × n matrix a until it is diagonal: then its diagonal holds the eigenvalues, in no
/// order, and row k of `vectors`, which begins as the identity, the eigenvector of the k-th; `vectors` may be
/// empty where none are wanted. Returns the number of sweeps over all pairs, and nothing where `most` are not
/// enough. Convergence is quadratic: 6 to 10 sweeps are usual.
template <class T>
std::optional<std::size_t> diagonalise(std::vector<T>& a, std::vector<T>& vectors, std::size_t n,
                                       std::size_t most = 64) {
    constexpr T epsilon = std::numeric_limits<T>::epsilon();
    const int exponent = bring_below_one(a);
    std::size_t sweeps = 0;
    for (bool rotated = true; rotated; ++sweeps) {
        if (sweeps == most) return std::nullopt;
        rotated = false;
        for (std::size_t p = 0; p < n; ++p)
            for (std::size_t q = p + 1; q < n; ++q) {
                T &pp = a[p * n + p], &qq = a[q * n + q];
                const T pq = a[p * n + q];
                const T negligible = epsilon * std::sqrt(std::abs(pp)) * std::sqrt(std::abs(qq));
                if (std::abs(pq) <= std::max(negligible, std::numeric_limits<T>::min() / epsilon)) continue;
                rotated = true;
                const Rotation<T> rotation(pp, pq, qq);
                pp -= rotation.tan * pq;
                qq += rotation.tan * pq;
                a[p * n + q] = a[q * n + p] = 0;
                for (std::size_t k = 0; k < n; ++k) {
                    if (k == p || k == q) continue;
                    rotation.turn(a[p * n + k], a[q * n + k]);
                    a[k * n + p] = a[p * n + k];
                    a[k * n + q] = a[q * n + k];
                }
                for (std::size_t k = 0; k < n && !vectors.empty(); ++k)
                    rotation.turn(vectors[p * n + k], vectors[q * n + k]);
            }
    }
    for (std::size_t k = 0; k < n; ++k)
        a[k * n + k] = std::scalbn(a[k * n + k], exponent);
    return sweeps;
}

} // namespace xtape::detail
