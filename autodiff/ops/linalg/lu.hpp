#pragma once

/// The elimination behind solutions and the determinant's value: LAPACK's in float and double, LDU in long
/// double, which LAPACK does not have. Its pivots are the largest of a row and not of all that is left, which
/// is as good for these (Higham 2002, chapter 9); derivatives of determinants keep LDU.

#include <xtape/autodiff/ops/linalg/lapack.hpp>
#include <xtape/autodiff/ops/linalg/ldu.hpp>

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace xtape::detail {

/// A square matrix of finite entries as A = 2^r L D U Q 2^c: as LDU, but that only columns are exchanged.
template <class T>
class LU {
public:
    LU(const T* a, std::size_t n)
        : n_(n), entries_(a, a + n * n), scaling_(entries_.data(), n), norm_(one_norm(entries_, n)),
          columns_(n) {
        lapack::factorise(entries_.data(), n, columns_.data());
    }

    [[nodiscard]] std::optional<LostPivot<T>> lost() const {
        if (n_ >= many && clearly_regular()) return std::nullopt;
        std::vector<T> ldu = entries_; // which has L D below the diagonal, and perhaps nonsense behind a 0
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t j = 0; j < i; ++j)
                ldu[i * n_ + j] /= pivot(j);
        return first_lost_pivot(ldu, n_);
    }

    /// The reciprocal of the condition number of the scaled matrix, in the 1-norm.
    [[nodiscard]] T rcond() const {
        for (std::size_t k = 0; k < n_; ++k)
            if (pivot(k) == 0) return 0;
        return lapack::rcond(entries_.data(), n_, norm_);
    }

    /// Replaces the n × m entries of x by those of A⁻¹ x. No pivot may be lost.
    void solve(T* x, std::size_t m) const {
        std::vector<T> y(n_ * m);
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t j = 0; j < m; ++j)
                y[j * n_ + i] = std::scalbn(x[i * m + j], -scaling_.rows[i]);
        lapack::solve(entries_.data(), n_, columns_.data(), y.data(), m);
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t j = 0; j < m; ++j)
                x[i * m + j] = std::scalbn(y[j * n_ + i], -scaling_.columns[i]);
    }

    [[nodiscard]] ScaledProduct<T> determinant() const {
        ScaledProduct<T> result;
        for (std::size_t k = 0; k < n_; ++k)
            result.times(columns_[k] == static_cast<int>(k) + 1 ? pivot(k) : -pivot(k));
        result.exponent += scaling_.power();
        return result;
    }

private:
    /// From as many rows on, an estimate of the condition is cheaper than a look at each pivot.
    static constexpr std::size_t many = 32;

    [[nodiscard]] T pivot(std::size_t k) const { return entries_[k * n_ + k]; }

    /// Whether the matrix is so far from a singular one that no pivot can be lost: ε |L| |D| |U| changes it
    /// by less than that, even if the estimate is 10 times too large. Where entries of U are at most 1, the
    /// norm of |L| |D| |U| is at most that of L D times n.
    [[nodiscard]] bool clearly_regular() const {
        std::vector<T> ld = entries_;
        for (std::size_t i = 0; i < n_; ++i)
            std::fill(&ld[i * n_ + i] + 1, ld.data() + (i + 1) * n_, T{0});
        const T change = std::numeric_limits<T>::epsilon() * static_cast<T>(n_) * one_norm(ld, n_);
        return rcond() * norm_ > 10 * change;
    }

    std::size_t n_;
    std::vector<T> entries_; ///< L D on and below the diagonal, and U above
    Scaling scaling_;
    T norm_;
    std::vector<int> columns_;
};

/// What solves a system in T.
template <class T>
using Elimination = std::conditional_t<std::is_same_v<T, long double>, LDU<T>, LU<T>>;

/// What SingularError says of a matrix with a lost pivot, whatever messages call it.
template <class Factors>
std::string why_singular(const std::string& matrix, const Factors& factors) {
    const auto lost = *factors.lost();
    return fmt::format("{} is singular: pivot {} is {:.3g}, rcond {:.1g}. Add a small diagonal, or check for "
                       "repeated rows.",
                       matrix, lost.number, lost.value, factors.rcond());
}

} // namespace xtape::detail
