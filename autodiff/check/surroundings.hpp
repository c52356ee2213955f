#pragma once

/// A function near a point: its values where one entry or all are moved, and what is in the way there.

#include <xtape/autodiff/check/branches.hpp>
#include <xtape/autodiff/check/differences.hpp>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace xtape::detail {

/// A weighted sum, and the sum of its terms' magnitudes.
struct Dot {
    long double sum = 0, magnitude = 0;

    /// Adds Σ weights ∘ array.
    void add(const Array<long double>& weights, const AnyArray& array);
};

/// Σ of some results with a weight for each of their entries.
struct Weighted {
    std::vector<Var> results;
    std::vector<Array<long double>> weights;

    [[nodiscard]] Dot at(Evaluation<long double>& evaluation) const;
};

/// The first step of differences is so much smaller where one was too large.
inline constexpr long double shrink = 32;

class Surroundings {
public:
    /// `here` is an evaluation at x, `there` another one, which is moved. All must outlive this object.
    Surroundings(const Weighted& function, const std::vector<Var>& wrt, const Branches& branches,
                 Evaluation<long double>& here, Evaluation<long double>& there);

    [[nodiscard]] const std::vector<Array<long double>>& x() const { return x_; }

    /// The function with entry i of array k at another value, until `put_back(k)`.
    long double at(std::size_t k, std::size_t i, long double value);
    void put_back(std::size_t k);
    /// The function at x + h · direction.
    long double along(const std::vector<Array<long double>>& direction, long double h);

    /// What lies between x and x ± h of one entry, or x + h · direction: a branch that changes, or a domain
    /// that is left.
    std::optional<Branches::Change> obstacle(std::size_t k, std::size_t i, long double h);
    std::optional<Branches::Change> obstacle(const std::vector<Array<long double>>& direction, long double h);

    /// The slope in one entry by differences, of which `noise` is the rounding of the function.
    Estimate slope(std::size_t k, std::size_t i, long double h, long double noise, Side side = Side::both);

    /// The slope on one side of an entry, from steps as large as stay on the branch that is next to it, at
    /// most `largest`; empty where that side is outside a domain.
    std::optional<Estimate> one_sided(std::size_t k, std::size_t i, Side side, long double smallest,
                                      long double largest, long double noise);

private:
    /// Which branches are taken at a point; empty where it lies outside a domain, and why.
    struct Probe {
        std::optional<Branches::Taken> taken;
        std::string trouble;
    };
    Probe probe(const std::function<long double()>& move);
    std::optional<Branches::Change> change(const Probe& probe) const;

    const Weighted& function_;
    const std::vector<Var>& wrt_;
    const Branches& branches_;
    Evaluation<long double>&here_, &there_;
    Branches::Taken taken_;
    std::vector<Array<long double>> x_, moved_;
};

} // namespace xtape::detail
