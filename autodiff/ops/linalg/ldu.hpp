#pragma once

/// Gaussian elimination with complete pivoting, and what every elimination shares: scaling by powers of two
/// and the pivots that rounding may have made of 0.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A product that neither overflows nor underflows on the way: mantissa · 2^exponent, where the mantissa is 0
/// or from ½ to 1 in magnitude.
template <class T>
struct ScaledProduct {
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

/// The powers of two that bring the largest entry of each row, then of each column, to between 1 and 2. To
/// multiply by them is exact.
struct Scaling {
    Scaling() = default;

    /// Finds those of the n × n entries, and divides by them.
    template <class T>
    Scaling(T* entries, std::size_t n) {
        constexpr int none = std::numeric_limits<int>::min();
        columns.assign(n, none);
        for (std::size_t i = 0; i < n; ++i) {
            const T* const row = entries + i * n;
            T largest = 0;
            for (std::size_t j = 0; j < n; ++j)
                largest = std::max(largest, std::abs(row[j]));
            rows.push_back(largest > 0 ? std::ilogb(largest) : 0);
            for (std::size_t j = 0; j < n; ++j)
                if (row[j] != 0) columns[j] = std::max(columns[j], std::ilogb(row[j]) - rows[i]);
        }
        std::replace(columns.begin(), columns.end(), none, 0);
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < n; ++j)
                entries[i * n + j] = std::scalbn(entries[i * n + j], -rows[i] - columns[j]);
    }

    /// That of the determinant.
    [[nodiscard]] long power() const {
        return std::accumulate(rows.begin(), rows.end(), 0L) +
               std::accumulate(columns.begin(), columns.end(), 0L);
    }
    std::vector<int> rows, columns;
};

/// |w| |L| |D| |U| |z| without what the k-th pivot itself adds, where w is row k of L⁻¹ and z is column k of
/// U⁻¹: the derivative of the pivot with respect to the matrix is w zᵀ. The entries hold L below the
/// diagonal, D on it and U above, where L and U have a unit diagonal.
template <class T>
T sensitivity(const std::vector<T>& ldu, std::size_t n, std::size_t k) {
    std::vector<T> w(k + 1), z(k + 1), of_rows(k + 1), of_columns(k + 1);
    w[k] = z[k] = 1;
    for (std::size_t i = k + 1; i-- > 0;) {
        const T* const row = &ldu[i * n];
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
        sum += of_rows[j] * std::abs(ldu[j * n + j]) * of_columns[j];
    return sum;
}

/// A pivot, counted from 1, that rounding may have made of 0.
template <class T>
struct LostPivot {
    std::size_t number;
    T value;
};

/// The first pivot that rounding may have made of 0, or that is too small to divide by: the computed factors
/// are those of a matrix that is ε |L| |D| |U| away from A, entry by entry and whatever the order of pivots
/// (Higham 2002, theorem 9.3, without its factor n, which is that of the worst case), and such a difference
/// moves the pivot by its own magnitude. Rows and columns in other units change nothing. Empty where there is
/// none, and A is not singular.
template <class T>
std::optional<LostPivot<T>> first_lost_pivot(const std::vector<T>& ldu, std::size_t n) {
    for (std::size_t k = 0; k < n; ++k)
        if (const T pivot = ldu[k * n + k];
            std::abs(pivot) <= std::max(std::numeric_limits<T>::epsilon() * sensitivity(ldu, n, k),
                                        std::numeric_limits<T>::min()))
            return LostPivot<T>{k + 1, pivot};
    return std::nullopt;
}

/// The largest sum of magnitudes of a column.
template <class T>
T one_norm(const std::vector<T>& matrix, std::size_t n) {
    std::vector<T> sums(n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            sums[j] += std::abs(matrix[i * n + j]);
    return n == 0 ? 0 : *std::max_element(sums.begin(), sums.end());
}

/// A square matrix of finite entries as A = 2^r P L D U Q 2^c, where L and U are triangular with a unit
/// diagonal, D is diagonal and P and Q are permutations. Each pivot is the largest entry that is left, so
/// that no entry of L and U exceeds 1 and what is left of a singular matrix at the end is 0 to rounding
/// (complete pivoting: Wilkinson 1961).
template <class T>
class LDU {
public:
    LDU(const T* a, std::size_t n)
        : n_(n), entries_(a, a + n * n), scaling_(entries_.data(), n), norm_(one_norm(entries_, n)), row_(n),
          column_(n) {
        std::iota(row_.begin(), row_.end(), std::size_t{0});
        std::iota(column_.begin(), column_.end(), std::size_t{0});
        for (std::size_t k = 0; k < n; ++k)
            if (!eliminate(k)) break;
    }

    [[nodiscard]] T pivot(std::size_t k) const { return entries_[k * n_ + k]; }

    [[nodiscard]] std::optional<LostPivot<T>> lost() const { return first_lost_pivot(entries_, n_); }

    /// The reciprocal of the condition number of the scaled matrix, in the 1-norm.
    [[nodiscard]] T rcond() const {
        std::vector<T> inverse(n_ * n_, T{0});
        for (std::size_t k = 0; k < n_; ++k) {
            if (pivot(k) == 0) return 0;
            inverse[k * n_ + k] = 1;
        }
        substitute(inverse.data(), n_);
        const T norm = one_norm(inverse, n_);
        return std::isfinite(norm) ? 1 / (norm_ * norm) : 0;
    }

    /// Replaces the n × m entries of x by those of A⁻¹ x. No pivot may be 0.
    void solve(T* x, std::size_t m) const {
        std::vector<T> y(n_ * m);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < m; ++j)
                y[k * m + j] = std::scalbn(x[row_[k] * m + j], -scaling_.rows[row_[k]]);
        substitute(y.data(), m);
        for (std::size_t k = 0; k < n_; ++k)
            for (std::size_t j = 0; j < m; ++j)
                x[column_[k] * m + j] = std::scalbn(y[k * m + j], -scaling_.columns[column_[k]]);
    }

    [[nodiscard]] ScaledProduct<T> determinant() const {
        ScaledProduct<T> result;
        for (std::size_t k = 0; k < n_; ++k)
            result.times(pivot(k));
        result.mantissa *= sign_;
        result.exponent += scaling_.power();
        return result;
    }

    /// The product of all pivots but the i-th and the j-th.
    [[nodiscard]] ScaledProduct<T> pivots_without(std::size_t i, std::size_t j) const {
        ScaledProduct<T> result;
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
                                            -scaling_.rows[row_[k]] - scaling_.columns[column_[l]]);
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
        power += scaling_.power();
        for (std::size_t i = 0; i < n_; ++i)
            for (std::size_t l = 0; l < n_; ++l)
                to[row_[i] * n_ + column_[l]] = std::scalbln(
                    sign_ * k[i * n_ + l], power - scaling_.rows[row_[i]] - scaling_.columns[column_[l]]);
    }

private:
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

    std::size_t n_;
    std::vector<T> entries_; ///< L below the diagonal, D on it and U above
    Scaling scaling_;
    T norm_;
    std::vector<std::size_t> row_, column_; ///< where the k-th row and column of L D U are in A
    T sign_ = 1;
};

} // namespace xtape::detail
