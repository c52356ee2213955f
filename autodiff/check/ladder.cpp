#include <xtape/autodiff/check/ladder.hpp>
#include <xtape/autodiff/check/largest.hpp>
#include <xtape/autodiff/check/surroundings.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape::detail {
namespace {

constexpr long double epsilon = std::numeric_limits<long double>::epsilon();
constexpr long double infinity = std::numeric_limits<long double>::infinity();

/// An estimate is of use where its error is below this part of the gradient's scale.
constexpr long double useful = 1e-6L;
/// No smaller step is tried where its error is below this part.
constexpr long double precise = 1e-10L;
constexpr int most_tries = 16;
constexpr std::uint64_t perturbed_runs = 4;

using Numbers = Array<long double>;

std::string text(long double value, int digits = 6) { return fmt::format("{:.{}g}", value, digits); }

/// An estimate, with its error where that shows.
std::string text(const Estimate& estimate) {
    const bool shows = estimate.error > 1e-5L * std::abs(estimate.value);
    return text(estimate.value) + (shows ? " ± " + text(estimate.error, 1) : "");
}

/// Numbers between 1/2 and 3/2 of either sign.
Numbers weights(const Extents& extents, Draw& draw) {
    auto array = Numbers::from_shape(extents);
    for (long double& weight : array)
        weight = static_cast<long double>(draw.uniform(0.5, 1.5)) * (draw.bits() % 2 == 0 ? 1 : -1);
    return array;
}

/// Leaves that stand for arrays of these shapes.
std::vector<Var> inputs_like(Records& records, const std::vector<Var>& vars) {
    std::vector<Var> inputs;
    for (const Var& var : vars)
        inputs.push_back(
            records.var(records.append_leaf(input_op(), var.shape(), Kind::real, std::monostate{})));
    return inputs;
}

/// Σ sum(a ∘ b).
Var inner_product(const std::vector<Var>& a, const std::vector<Var>& b) {
    Var total = sum(a[0] * b[0]);
    for (std::size_t k = 1; k < a.size(); ++k)
        total = total + sum(a[k] * b[k]);
    return total;
}

using Bound = std::vector<std::pair<Var, Numbers>>;

/// One order: results with a cotangent each, and the gradient of the sum of their products.
class Rung {
public:
    Rung(Records& records, const Subject& subject, std::vector<Var> results, const Bound& fixed, int order,
         const Climb& how)
        : records_(records), subject_(subject), function_{std::move(results), {}}, order_(order), how_(how),
          draw_(how.seed + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(order)), fixed_(fixed) {
        (void)how.tally(Step::entries, order, 0); // what throws from here on is said there
        cotangents_ = inputs_like(records, function_.results);
        gradients_ =
            gradient(inner_product(cotangents_, function_.results), subject.wrt, Disconnected::zeros);
        bind(here_);
        for (std::size_t k = 0; k < cotangents_.size(); ++k) {
            function_.weights.push_back(weights(here_.array(function_.results[k]).extents(), draw_));
            fixed_.emplace_back(cotangents_[k], function_.weights[k]);
        }
        bind(here_);
        bind(there_);
    }

    /// The results of the next order, and the cotangents that they were made with.
    [[nodiscard]] const std::vector<Var>& gradients() const { return gradients_; }
    [[nodiscard]] const Bound& fixed() const { return fixed_; }

    void check() {
        const auto empty = [&](const Var& w) { return here_.array(w).size() == 0; };
        if (std::ranges::all_of(subject_.wrt, empty)) return;
        std::vector<Var> watched = function_.results;
        watched.insert(watched.end(), gradients_.begin(), gradients_.end());
        branches_.emplace(records_, watched);
        taken_ = branches_->at(here_);
        around_.emplace(function_, subject_.wrt, *branches_, here_, there_);
        measure();
        if (order_ == 1) check_linear();
        if (order_ == 1 && how_.orders > 1) check_jvp();
        bool finite = true;
        for (std::size_t k = 0; k < point().size() && order_ <= how_.orders; ++k)
            finite &= check_entries(k);
        if (finite) check_remainder();
    }

private:
    void bind(Evaluation<long double>& evaluation) const {
        for (const auto& [var, array] : subject_.bindings)
            evaluation.bind(var, array);
        for (const auto& [var, array] : fixed_)
            evaluation.bind(var, array);
    }

    /// False where the perturbation itself took another branch, as it breaks a tie: it then tells nothing of
    /// rounding.
    bool perturb(Evaluation<long double>& evaluation, std::uint64_t run) const {
        bind(evaluation);
        evaluation.perturb(epsilon, run);
        return !branches_->change(taken_, branches_->at(evaluation), evaluation);
    }

    [[nodiscard]] const std::vector<Numbers>& point() const { return around_->x(); }

    /// The values here, and how far rounding moves them: Monte Carlo arithmetic (Parker 1997).
    void measure() {
        const Dot here = function_.at(here_);
        magnitude_ = here.magnitude;
        noise_ = epsilon * here.magnitude;
        for (const Var& gradient : gradients_) {
            ours_.push_back(here_.value(gradient));
            own_noise_.push_back(Numbers(xt::zeros_like(ours_.back())));
        }
        for (std::uint64_t run = 1; run <= perturbed_runs; ++run) {
            Evaluation<long double> perturbed;
            if (!perturb(perturbed, run)) continue;
            noise_ = std::max(noise_, std::abs(function_.at(perturbed).sum - here.sum));
            for (std::size_t k = 0; k < gradients_.size(); ++k) {
                const Numbers other = perturbed.value(gradients_[k]);
                for (std::size_t i = 0; i < other.size(); ++i)
                    own_noise_[k].data()[i] =
                        std::max(own_noise_[k].data()[i], std::abs(other.data()[i] - ours_[k].data()[i]));
            }
        }
        for (std::size_t k = 0; k < gradients_.size(); ++k) {
            // A gradient that is zero to rounding has no scale of its own.
            const long double scale = largest(ours_[k]), x = largest(point()[k]);
            scale_.push_back(scale > 10 * largest(own_noise_[k]) ? scale : magnitude_ / (x > 0 ? x : 1));
            if (how_.scales)
                scale_.back() = (*how_.scales)[order_] = std::max((*how_.scales)[order_], scale_.back());
        }
    }

    /// vjp(2.5 v + w) = 2.5 vjp(v) + vjp(w).
    void check_linear() {
        Tally& tally = how_.tally(Step::linear, order_, 0);
        Evaluation<long double> other, both;
        bind(other);
        bind(both);
        std::vector<Numbers> second, combined;
        for (std::size_t k = 0; k < function_.results.size(); ++k) {
            second.push_back(weights(Extents(function_.weights[k].shape()), draw_));
            combined.push_back(2.5L * second[k] + function_.weights[k]);
        }
        for (std::size_t k = 0; k < function_.results.size(); ++k) {
            other.bind(cotangents_[k], second[k]);
            both.bind(cotangents_[k], combined[k]);
        }
        for (std::size_t k = 0; k < gradients_.size(); ++k) {
            const Numbers a = both.value(gradients_[k]), b = other.value(gradients_[k]);
            const long double scale = std::max({largest(a), 2.5L * largest(b), largest(ours_[k])});
            const long double rounding = 256 * epsilon * scale + 40 * largest(own_noise_[k]);
            for (std::size_t i = 0; i < a.size(); ++i) {
                const Extents position = position_of(i, Extents(a.shape()));
                tally.compare(a.data()[i], 2.5L * b.data()[i] + ours_[k].data()[i], rounding,
                              [&](const std::string& left, const std::string& right) {
                                  return fmt::format(
                                      "{}: vjp(2.5 v + w) is {}, and 2.5 vjp(v) + vjp(w) {}.{}",
                                      how_.where(k, position), left, right, how_.repeat(k, position));
                              });
            }
        }
    }

    /// ⟨v, Ju⟩ = ⟨Jᵀv, u⟩, where J is the derivative of Jᵀv in v; and where an operation brings a forward
    /// rule of its own, the J that comes by that.
    void check_jvp() {
        const std::vector<Var> tangents = inputs_like(records_, subject_.wrt);
        check_adjoint(
            tangents, gradient(inner_product(tangents, gradients_), cotangents_, Disconnected::zeros),
            "A rule is to depend on its cotangent as its value does: is there a stop_gradient on it?");
        for (std::uint32_t r = 0; r < records_.record_count(); ++r)
            if (const Definition& definition = records_.definition(records_.record(r)); definition.jvp) {
                const std::string rule =
                    fmt::format("The forward rule of {} and its vjp contradict each other.", definition.name);
                check_adjoint(tangents, jvp(function_.results, subject_.wrt, tangents, Disconnected::zeros),
                              rule);
                break;
            }
    }

    void check_adjoint(const std::vector<Var>& tangents, const std::vector<Var>& pushed,
                       const std::string& otherwise) {
        Tally& tally = how_.tally(Step::jvp, order_, 0);
        std::vector<Numbers> u;
        for (const Numbers& x : point())
            u.push_back(weights(Extents(x.shape()), draw_));
        const auto sides = [&](Evaluation<long double>& evaluation) {
            for (std::size_t k = 0; k < u.size(); ++k)
                evaluation.bind(tangents[k], u[k]);
            std::pair<Dot, Dot> result;
            for (std::size_t k = 0; k < pushed.size(); ++k)
                result.first.add(function_.weights[k], evaluation.array(pushed[k]));
            for (std::size_t k = 0; k < u.size(); ++k)
                result.second.add(u[k], evaluation.array(gradients_[k]));
            return result;
        };
        Evaluation<long double> exact;
        bind(exact);
        const auto [left, right] = sides(exact);
        long double rounding = 64 * epsilon * (left.magnitude + right.magnitude);
        for (std::uint64_t run = 1; run <= perturbed_runs; ++run) {
            Evaluation<long double> perturbed;
            if (!perturb(perturbed, run)) continue;
            const auto [l, r] = sides(perturbed);
            const long double moved = std::max(std::abs(l.sum - left.sum), std::abs(r.sum - right.sum));
            if (std::isfinite(moved)) rounding += 10 * moved;
        }
        tally.compare(left.sum, right.sum, rounding, [&](const std::string& a, const std::string& b) {
            return fmt::format("{}: ⟨v, Ju⟩ is {}, and ⟨Jᵀv, u⟩ {}. {}{}", how_.where(0, {}), a, b, otherwise,
                               how_.repeat(0, {}));
        });
    }

    /// The entries of one array that are to be compared.
    std::vector<std::size_t> chosen(std::size_t k) {
        std::vector<std::size_t> entries;
        for (std::size_t i = 0; i < point()[k].size(); ++i)
            if (!how_.only || how_.only(k, i)) entries.push_back(i);
        const std::size_t most = how_.entries;
        if (most == 0 || entries.size() <= most) return entries;
        for (std::size_t i = 0; i < most; ++i)
            std::swap(entries[i], entries[i + static_cast<std::size_t>(draw_.integer(
                                                  static_cast<std::int64_t>(entries.size() - i)))]);
        entries.resize(most);
        std::ranges::sort(entries);
        return entries;
    }

    /// False where the gradient has entries that are not finite.
    bool check_entries(std::size_t k) {
        Tally& tally = how_.tally(Step::entries, order_, k);
        bool finite = true;
        for (const std::size_t i : chosen(k)) {
            check_entry(tally, k, i);
            finite &= std::isfinite(ours_[k].data()[i]);
            around_->put_back(k);
        }
        return finite;
    }

    void check_entry(Tally& tally, std::size_t k, std::size_t i) {
        const long double x = point()[k].data()[i], ours = ours_[k].data()[i], scale = scale_[k];
        const Extents position = position_of(i, Extents(point()[k].shape()));
        if (std::isnan(ours)) {
            tally.pass();
            tally.fail(fmt::format("{}: the gradient is NaN.{}", how_.where(k, position),
                                   why_not_finite(k) + how_.repeat(k, position)));
            return;
        }
        const long double first = 0.02L * std::max(std::abs(x), 0.25L);
        const long double smallest = std::max({scale > 0 ? 4 * 10 * noise_ / (useful * scale) : 0,
                                               64 * epsilon * std::abs(x), first * std::exp2(-60.0L)});
        Estimate best{std::numeric_limits<long double>::quiet_NaN(), infinity};
        std::optional<Branches::Change> obstacle;
        long double h = first;
        for (int tries = 0; tries < most_tries; ++tries) {
            obstacle = around_->obstacle(k, i, h);
            if (!obstacle) {
                const Estimate next = around_->slope(k, i, h, noise_);
                const bool worse = next.error > best.error && best.error <= useful * scale;
                if (next.error < best.error) best = next;
                if (worse || best.error <= precise * scale) break;
            }
            if (h <= smallest) break;
            h = std::max(h / shrink, smallest);
        }
        const auto differs = [&](const Estimate& e) {
            return std::abs(ours - e.value) > e.error + 10 * own_noise_[k].data()[i];
        };
        // An estimate of an error may be too small by chance: what differs is to differ with another step
        // too.
        if (differs(best) && !obstacle)
            if (const Estimate again = around_->slope(k, i, h / 8, noise_);
                again.error <= useful * scale && !differs(again))
                best = again;
        const long double tolerance = best.error + 10 * own_noise_[k].data()[i];
        const bool locally_constant = ours == 0 && best.value == 0;
        const bool far = std::abs(ours - best.value) > 1000 * tolerance;
        if (std::isfinite(tolerance) && (tolerance <= useful * scale || locally_constant || far)) {
            compare(tally, k, i, best, tolerance);
        } else if (obstacle) {
            check_sides(tally, k, i, first, h, *obstacle);
        } else if (!std::isfinite(ours)) {
            tally.pass();
            tally.fail(fmt::format("{}: the gradient is {}.{}", how_.where(k, position), text(ours),
                                   why_not_finite(k) + how_.repeat(k, position)));
        } else {
            tally.undecided("noise", position,
                            fmt::format("differences tell {} to ±{} only, where the gradient's scale is {}.",
                                        text(best.value), text(tolerance, 1), text(scale, 2)));
        }
    }

    std::string why_not_finite(std::size_t k) {
        const auto found = here_.first_nonfinite(gradients_[k]);
        return found ? " " + found->message : "";
    }

    void compare(Tally& tally, std::size_t k, std::size_t i, const Estimate& estimate,
                 long double tolerance) {
        const Extents position = position_of(i, Extents(point()[k].shape()));
        const long double ours = ours_[k].data()[i], apart = std::abs(ours - estimate.value);
        tally.compare(ours, estimate.value, tolerance, [&](const std::string& a, const std::string& b) {
            return fmt::format("{}: {} on the tape, {} by differences, apart by {}, which is {} times the "
                               "differences' own error {}.{}",
                               how_.where(k, position), a, b, text(apart, 2),
                               text(10 * apart / estimate.error, 2), text(estimate.error / 10, 1),
                               how_.repeat(k, position));
        });
    }

    /// Where no step is small enough: the gradient is to lie between the slopes of both sides.
    void check_sides(Tally& tally, std::size_t k, std::size_t i, long double first, long double smallest,
                     const Branches::Change& obstacle) {
        const Extents position = position_of(i, Extents(point()[k].shape()));
        const long double ours = ours_[k].data()[i];
        const auto left = around_->one_sided(k, i, Side::left, smallest, first, noise_);
        const auto right = around_->one_sided(k, i, Side::right, smallest, first, noise_);
        const std::string because =
            fmt::format("{} within ±{}.", obstacle.text.substr(0, obstacle.text.find_last_not_of('.') + 1),
                        text(smallest, 1));
        if (!left && !right) {
            tally.undecided(obstacle.reason, position, because);
            return;
        }
        const Estimate low = left ? *left : *right, high = right ? *right : *left;
        const long double slack = low.error + high.error;
        const bool within = ours >= std::min(low.value, high.value) - slack &&
                            ours <= std::max(low.value, high.value) + slack;
        const std::string slopes = left && right
                                       ? fmt::format("one-sided slopes are {} and {}", text(low), text(high))
                                       : fmt::format("the slope from inside is {}", text(low));
        if (within || !std::isfinite(slack) || !std::isfinite(ours)) {
            tally.undecided(obstacle.reason, position,
                            fmt::format("{} At {} {}; yours, {}, {}.", because,
                                        position.empty() ? "this number" : brackets(position), slopes,
                                        text(ours), within ? "lies within" : "cannot be compared"));
        } else {
            tally.pass();
            tally.fail(fmt::format("{}: {} {}; {} on the tape is outside.{}", how_.where(k, position),
                                   because, slopes, text(ours), how_.repeat(k, position)));
        }
    }

    /// |f(x + h t) − f(x) − h ⟨g, t⟩| falls as h² where g is the gradient, and as h where it is not.
    void check_remainder() {
        Tally& tally = how_.tally(Step::remainder, order_, 0);
        std::vector<Numbers> direction;
        long double slope = 0;
        for (std::size_t k = 0; k < point().size(); ++k) {
            direction.push_back(weights(Extents(point()[k].shape()), draw_));
            for (std::size_t i = 0; i < point()[k].size(); ++i) {
                direction[k].data()[i] *= std::max(std::abs(point()[k].data()[i]), 0.25L);
                slope += direction[k].data()[i] * ours_[k].data()[i];
            }
        }
        long double h = 1.0L / 32;
        for (int tries = 0; around_->obstacle(direction, h); h /= shrink)
            if (++tries == 6) return;
        const long double here = function_.at(here_).sum;
        std::vector<long double> remainders;
        for (; remainders.size() < 24; h /= 4) {
            const long double remainder = std::abs(around_->along(direction, h) - here - h * slope);
            if (!(remainder > 1000 * (noise_ + epsilon * h * std::abs(slope)))) break;
            remainders.push_back(remainder);
        }
        // Fewer than three: no more than rounding is left, as of a function that is linear.
        const auto order = [&](std::size_t back) {
            const std::size_t n = remainders.size() - back;
            return std::log2(remainders[n - 2] / remainders[n - 1]) / 2;
        };
        if (remainders.size() < 3) {
            tally.pass();
        } else if (order(0) > 1.75L) {
            tally.pass();
            tally.note(fmt::format("slope {:.2f}", order(0)));
        } else if (std::abs(order(0) - 1) < 0.25L && std::abs(order(1) - 1) < 0.5L) {
            tally.pass();
            tally.fail(fmt::format("{}: the Taylor remainder falls with slope {:.2f}, not 2.{}",
                                   how_.where(0, {}), order(0), how_.repeat(0, {})));
        } // else neither has settled, and the entries decide
    }

    Records& records_;
    const Subject& subject_;
    Weighted function_;
    int order_;
    const Climb& how_;
    Draw draw_;
    Bound fixed_; ///< the cotangents of this and the orders before
    std::vector<Var> cotangents_, gradients_;
    std::vector<Numbers> ours_, own_noise_;
    std::vector<long double> scale_;
    long double magnitude_ = 0, noise_ = 0;
    Evaluation<long double> here_, there_;
    std::optional<Branches> branches_;
    Branches::Taken taken_;
    std::optional<Surroundings> around_;
};

/// Fails where two evaluations differ.
bool deterministic(const Subject& subject, const Climb& how) {
    Tally& tally = how.tally(Step::deterministic, 0, 0);
    Evaluation<long double> first, second;
    for (const auto& [var, array] : subject.bindings) {
        first.bind(var, array);
        second.bind(var, array);
    }
    for (const Var& result : subject.results) {
        const Numbers a = first.value(result), b = second.value(result);
        for (std::size_t i = 0; i < a.size(); ++i) {
            const long double x = a.data()[i], y = b.data()[i];
            if (x == y || (std::isnan(x) && std::isnan(y))) continue;
            const auto [one, other] = told_apart(x, y);
            tally.fail(fmt::format("{}: not deterministic: two evaluations of {}{} gave {} and {}.",
                                   how.where(0, {}), result.to_string(),
                                   brackets(position_of(i, Extents(a.shape()))), one, other));
            return false;
        }
    }
    return true;
}

/// Fails where the function itself is not finite.
bool finite(const Subject& subject, const Climb& how) {
    Tally& tally = how.tally(Step::value, 0, 0);
    Evaluation<long double> evaluation;
    for (const auto& [var, array] : subject.bindings)
        evaluation.bind(var, array);
    const bool empty =
        std::ranges::all_of(subject.wrt, [&](const Var& w) { return evaluation.array(w).size() == 0; });
    for (const Var& result : subject.results)
        if (const auto found = evaluation.first_nonfinite(result); found && !empty) {
            tally.fail(
                fmt::format("{}: the function is not finite here: {}", how.where(0, {}), found->message));
            return false;
        }
    return true;
}

} // namespace

void climb(Records& records, const Subject& subject, const Climb& how) {
    if (!deterministic(subject, how) || !finite(subject, how)) return;
    std::vector<Var> results = subject.results;
    Bound fixed;
    for (int order = 1; order <= std::max(how.orders, how.spot); ++order) {
        Rung rung(records, subject, std::move(results), fixed, order, how);
        rung.check();
        results = rung.gradients();
        fixed = rung.fixed();
    }
}

} // namespace xtape::detail
