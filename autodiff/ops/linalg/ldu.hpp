#pragma once

/// Gaussian elimination, which solutions and determinants share.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A product that neither overflows nor underflows on the way: mantissa · 2^exponent, where the mantissa is 0
/// or from ½ to 1 in magnitude.
template <class T>
struct Product {
    T mantissa = T{1} / 2;
    long exponent = 1;

    void times(T factor) {
        int more = 0;
        mantissa = std::frexp(mantissa * factor, &more);
        exponent += more;
    }
    [[nodiscard]] T times_power(long power) const { return std::scalbln(mantissa, exponent + power); }
    [[nodiscard]] T value() const { return times_power(0); }

    /// log|value|, which keeps its digits where the value is close to 1.
    [[nodiscard]] T log_magnitude() const {
        const T magnitude = std::abs(mantissa);
        const bool low = magnitude < std::numbers::sqrt2_v<T> / 2;
        return std::log(low ? 2 * magnitude : magnitude) +
               static_cast<T>(low ? exponent - 1 : exponent) * std::numbers::ln2_v<T>;
    }
};

/// A pivot, counted from 1, that rounding may have made of 0.
template <class T>
struct LostPivot {
    std::size_t number;
    T value;
};

/// A square matrix of finite entries as A = 2^r P L D U Q 2^c, where L and U are triangular with a unit
/// diagonal, D is diagonal and P and Q are permutations. The powers of two bring the largest entry of each
/// row, then of each column, to between 1 and 2; each pivot is the largest entry that is left, so that no
/// entry of L and U exceeds 1 and what is left of a singular matrix at the end is 0 to rounding (complete
/// pivoting: Wilkinson 1961).
template <class T>
class LDU {
public:
    LDU(const T* a, std::size_t n)
        : n_(n), entries_(a, a + n * n), row_power_(n), column_power_(n), row_(n), column_(n) {
        std::iota(row_.begin(), row_.end(), std::size_t{0});
        std::iota(column_.begin(), column_.end(), std::size_t{0});
        equilibrate();
        norm_ = one_norm(entries_);
        for (std::size_t k = 0; k < n; ++k)
            if (!eliminate(k)) break;
    }

    [[nodiscard]] T pivot(std::size_t k) const { return entries_[k * n_ + k]; }

    /// The first pivot that rounding may have made of 0: the computed factors are those of a matrix that is
    /// ε |L| |D| |U| away from A, entry by entry (Higham 2002, theorem 9.3, without its factor n, which is
    /// that of the worst case), and such a difference moves the pivot by its own magnitude. Rows and columns
    /// in other units change nothing. Empty where there is none, and A is not singular.
    [[nodiscard]] std::optional<LostPivot<T>> lost() const {
        for (std::size_t k = 0; k < n_; ++k)
            if (std::abs(pivot(k)) <= std::numeric_limits<T>::epsilon() * sensitivity(k))
                return LostPivot<T>{k + 1, pivot(k)};
        return std::nullopt;
    }

    /// The reciprocal of the condition number of the scaled matrix, in the 1-norm.
    [[nodiscard]] T rcond() const {
        std::vector<T> inverse(n_ * n_, T{0});
        for (std::size_t k = 0; k < n_; ++k) {
            if (pivot(k) == 0) return 0;
            inverse[k * n_ + k] = 1;
        }
        substitute(inverse.data(), n_);
        const T norm = one_norm(inverse);
        return std::isfinite(norm) ? 1 / (norm_ * norm) : 0;
    }

    /// Replaces the n × m entries of x by those of A⁻¹ x. No pivot may be 0.
    void solve(T* x, std::size_t m) const {
        std::vector<T> y(n_ * m);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < m; ++j)
                y[k * m + j] = std::scalbn(x[row_[k] * m + j], -row_power_[row_[k]]);
        substitute(y.data(), m);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < m; ++j)
                x[column_[k] * m + j] = std::scalbn(y[k * m + j], -column_power_[column_[k]]);
    }

    [[nodiscard]] Product<T> determinant() const {
        Product<T> result;
        for (std::size_t k = 0; k < n_; ++k)
            result.times(pivot(k));
        result.mantissa *= sign_;
        result.exponent += outer_power();
        return result;
    }

    /// The product of all pivots but the i-th and the j-th.
    [[nodiscard]] Product<T> pivots_without(std::size_t i, std::size_t j) const {
        Product<T> result;
        for (std::size_t k = 0; k < n_; ++k)
            if (k != i && k != j) result.times(pivot(k));
        return result;
    }

    /// X⁻¹ G Y⁻¹ of a matrix G, for A = X D Y.
    [[nodiscard]] std::vector<T> to_pivots(const T* g) const {
        std::vector<T> h(n_ * n_);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t l = 0; l < n_; ++l)
                h[k * n_ + l] = std::scalbn(g[row_[k] * n_ + column_[l]],
                                            -row_power_[row_[k]] - column_power_[column_[l]]);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < k; ++j)
                for (std::size_t l = 0; l < n_; ++l)
                    h[k * n_ + l] -= entries_[k * n_ + j] * h[j * n_ + l];
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < n_; ++j)
                for (std::size_t l = j + 1; l < n_; ++l)
                    h[k * n_ + l] -= h[k * n_ + j] * entries_[j * n_ + l];
        return h;
    }

    /// Writes det(X) det(Y) X⁻ᵀ K Y⁻ᵀ 2^power, for A = X D Y: where K is a derivative of det(D), it becomes
    /// the same derivative of det(A).
    void from_pivots(std::vector<T> k, long power, T* to) const {
        for (std::size_t i = n_; i-- > 0;)
            for (std::size_t j = i + 1; j < n_; ++j)
                for (std::size_t l = 0; l < n_; ++l)
                    k[i * n_ + l] -= entries_[j * n_ + i] * k[j * n_ + l];
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t l = n_; l-- > 0;)
                for (std::size_t j = l + 1; j < n_; ++j)
                    k[i * n_ + l] -= k[i * n_ + j] * entries_[l * n_ + j];
        power += outer_power();
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t l = 0; l < n_; ++l)
                to[row_[i] * n_ + column_[l]] = std::scalbln(
                    sign_ * k[i * n_ + l], power - row_power_[row_[i]] - column_power_[column_[l]]);
    }

private:
    /// Finds the powers of two and divides by them, which is exact.
    void equilibrate() {
        constexpr int none = std::numeric_limits<int>::min();
        std::fill(row_power_.begin(), row_power_.end(), none);
        std::fill(column_power_.begin(), column_power_.end(), none);
        const auto for_each_entry = [&](auto f) {
            for (std::size_t i = 0; i < n_ * n_; ++i)
                if (entries_[i] != 0) f(entries_[i], row_power_[i / n_], column_power_[i % n_]);
        };
        for_each_entry([](T entry, int& row, int&) { row = std::max(row, std::ilogb(entry)); });
        for_each_entry(
            [](T entry, int& row, int& column) { column = std::max(column, std::ilogb(entry) - row); });
        for_each_entry([](T& entry, int& row, int& column) { entry = std::scalbn(entry, -row - column); });
        std::replace(row_power_.begin(), row_power_.end(), none, 0);
        std::replace(column_power_.begin(), column_power_.end(), none, 0);
    }

    /// The k-th step; false where nothing but zeros is left.
    bool eliminate(std::size_t k) {
        std::size_t row = k, column = k;
        for (std::size_t i = k; i < n_; ++i)
            for (std::size_t j = k; j < n_; ++j)
                if (std::abs(entries_[i * n_ + j]) > std::abs(entries_[row * n_ + column])) {
                    row = i;
                    column = j;
                }
        if (row != k) {
            std::swap_ranges(&entries_[k * n_], &entries_[k * n_] + n_, &entries_[row * n_]);
            std::swap(row_[k], row_[row]);
            sign_ = -sign_;
        }
        if (column != k) {
            for (std::size_t i = 0; i < n_; ++i)
                std::swap(entries_[i * n_ + k], entries_[i * n_ + column]);
            std::swap(column_[k], column_[column]);
            sign_ = -sign_;
        }
        const T pivot = entries_[k * n_ + k];
        if (pivot == 0) return false;
        for (std::size_t i = k + 1; i < n_; ++i) {
            const T factor = entries_[i * n_ + k] /= pivot;
            for (std::size_t j = k + 1; j < n_; ++j)
                entries_[i * n_ + j] -= factor * entries_[k * n_ + j];
        }
        for (std::size_t j = k + 1; j < n_; ++j)
            entries_[k * n_ + j] /= pivot;
        return true;
    }

    /// Replaces y by (L D U)⁻¹ y.
    void substitute(T* y, std::size_t m) const {
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t i = 0; i < k; ++i)
                for (std::size_t j = 0; j < m; ++j)
                    y[k * m + j] -= entries_[k * n_ + i] * y[i * m + j];
        for (std::size_t k = n_; k-- > 0;)
            for (std::size_t j = 0; j < m; ++j) {
                y[k * m + j] /= pivot(k);
                for (std::size_t i = k + 1; i < n_; ++i)
                    y[k * m + j] -= entries_[k * n_ + i] * y[i * m + j];
            }
    }

    /// |w| |L| |D| |U| |z| without what the pivot itself adds, where w is row k of L⁻¹ and z is column k of
    /// U⁻¹: the derivative of the pivot with respect to the matrix is w zᵀ.
    [[nodiscard]] T sensitivity(std::size_t k) const {
        std::vector<T> w(k + 1), z(k + 1), of_rows(k + 1), of_columns(k + 1);
        w[k] = z[k] = 1;
        for (std::size_t i = k + 1; i-- > 0;) {
            const T* const row = &entries_[i * n_];
            for (std::size_t j = i + 1; j <= k; ++j) {
                z[i] -= row[j] * z[j];
                of_columns[i] += std::abs(row[j] * z[j]);
            }
            of_columns[i] += std::abs(z[i]);
            for (std::size_t j = 0; j < i; ++j) {
                w[j] -= w[i] * row[j];
                of_rows[j] += std::abs(w[i] * row[j]);
            }
            of_rows[i] += std::abs(w[i]);
        }
        T sum = 0;
        for (std::size_t j = 0; j < k; ++j)
            sum += of_rows[j] * std::abs(pivot(j)) * of_columns[j];
        return sum;
    }

    [[nodiscard]] T one_norm(const std::vector<T>& matrix) const {
        std::vector<T> sums(n_);
        for (std::size_t i = 0; i < n_ * n_; ++i)
            sums[i % n_] += std::abs(matrix[i]);
        return n_ == 0 ? 0 : *std::max_element(sums.begin(), sums.end());
    }

    [[nodiscard]] long outer_power() const {
        return std::accumulate(row_power_.begin(), row_power_.end(), 0L) +
               std::accumulate(column_power_.begin(), column_power_.end(), 0L);
    }

    std::size_t n_;
    std::vector<T> entries_; ///< L below the diagonal, D on it and U above
    std::vector<int> row_power_, column_power_;
    std::vector<std::size_t> row_, column_; ///< where the k-th row and column of L D U are in A
    T norm_ = 0, sign_ = 1;
};

/// What SingularError says of a matrix with a lost pivot, whatever messages call it.
template <class T>
std::string why_singular(const std::string& matrix, const LDU<T>& factors) {
    const LostPivot<T> lost = *factors.lost();
    return fmt::format("{} is singular: pivot {} is {:.3g}, rcond {:.1g}. Add a small diagonal, or check for "
                       "repeated rows.",
                       matrix, lost.number, lost.value, factors.rcond());
}

} // namespace xtape::detail
