#include <xtape/autodiff/check/check_op.hpp>
#include <xtape/autodiff/check/differences.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/tape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace xtape {
namespace {

constexpr long double nan = std::numeric_limits<long double>::quiet_NaN();

/// The worst of many comparisons of one kind, as one line of the report.
class Tally {
public:
    explicit Tally(std::string name) : result_{std::move(name), "", 0, nan, nan, Verdict::pass, ""} {}

    /// Compares two numbers. NaN equals nothing.
    void compare(long double ours, long double theirs, long double tolerance, const std::string& where) {
        ++result_.compared;
        const long double difference = ours == theirs ? 0.0L : std::abs(ours - theirs);
        const bool within = difference <= tolerance;
        const long double ratio = within && tolerance > 0 ? difference / tolerance : within ? 0 : infinity;
        if (result_.compared == 1 || !(ratio <= worst_)) {
            worst_ = std::isnan(ratio) ? infinity : ratio;
            result_.difference = difference;
            result_.tolerance = tolerance;
        }
        if (!within && result_.verdict != Verdict::fail) {
            result_.verdict = Verdict::fail;
            result_.note = std::isnan(theirs)
                               ? where + ": not a number; .sampled_on(low, high) says where it gives numbers"
                               : fmt::format("{}: {:.12g} where {:.12g} is right", where,
                                             static_cast<double>(ours), static_cast<double>(theirs));
        }
    }

    void inconclusive(const std::string& why) {
        if (result_.verdict == Verdict::pass) {
            result_.verdict = Verdict::inconclusive;
            result_.note = why;
        }
    }

    void fail(const std::string& why) {
        if (result_.verdict != Verdict::fail) {
            result_.verdict = Verdict::fail;
            result_.note = why;
        }
    }

    [[nodiscard]] const Comparison& result() const { return result_; }

private:
    static constexpr long double infinity = std::numeric_limits<long double>::infinity();
    Comparison result_;
    long double worst_ = 0;
};

/// All checks of one operation, over any number of samples.
class OpCheck {
public:
    OpCheck(const Op& op, std::uint64_t seed) : op_(op), random_(seed) {}

    void run(const Sample& sample) {
        try {
            check(sample);
        } catch (const Error& error) {
            stage_->fail(error.what());
        }
    }

    [[nodiscard]] Report report() const {
        Report report(fmt::format("check_op({})", op_.name()));
        report.add(value_.result());
        for (const Tally* tally : {&first_, &second_, &linear_})
            if (tally->result().compared > 0 || tally->result().verdict != Verdict::pass)
                report.add(tally->result());
        return report;
    }

    std::mt19937_64& random() { return random_; }

private:
    /// A tape with the operation applied to inputs of the sample's shapes.
    struct Recording {
        Tape tape;
        std::vector<Var> inputs;
        std::vector<Var> results;
        std::vector<std::size_t> real; ///< positions of the operands that may have a derivative
    };

    Recording record(const Sample& sample) {
        Recording r;
        for (std::size_t k = 0; k < sample.operands.size(); ++k) {
            const Kind kind = op_.definition().kind_of(k);
            r.inputs.push_back(
                r.tape.input(fmt::format("x{}", k), Shape(sample.operands[k].extents()), kind));
            if (kind == Kind::real && op_.definition().passes_gradient(k)) r.real.push_back(k);
        }
        r.results = record_all(op_, r.inputs, sample.attributes);
        return r;
    }

    template <class T>
    Evaluation<T> bound(const Recording& r, const Sample& sample) {
        Evaluation<T> evaluation;
        for (std::size_t k = 0; k < r.inputs.size(); ++k)
            evaluation.bind(r.inputs[k], sample.operands[k]);
        return evaluation;
    }

    void check(const Sample& sample) {
        stage_ = &value_;
        Recording r = record(sample);
        check_values<float>(r, sample);
        check_values<double>(r, sample);
        std::vector<Var> differentiable;
        for (const Var& result : r.results)
            if (result.kind() == Kind::real) differentiable.push_back(result);
        if (r.real.empty() || differentiable.empty()) return;

        // One number with random weights on every entry, so that no two errors cancel; its gradient is the
        // vjp.
        std::vector<Var> wrt;
        for (const std::size_t k : r.real)
            wrt.push_back(r.inputs[k]);
        stage_ = &first_;
        const Var cost = weighted_sum(r, differentiable);
        const std::vector<Var> gradients = gradient(cost, wrt, Disconnected::zeros);
        for (std::size_t i = 0; i < wrt.size(); ++i)
            compare_derivative(first_, r, sample, cost, r.real[i], gradients[i]);
        stage_ = &second_;
        const Var cost2 = weighted_sum(r, gradients);
        const std::vector<Var> seconds = gradient(cost2, wrt, Disconnected::zeros);
        for (std::size_t i = 0; i < wrt.size(); ++i)
            compare_derivative(second_, r, sample, cost2, r.real[i], seconds[i]);
        stage_ = &linear_;
        check_linearity(r, sample, differentiable[0], wrt);
    }

    Array<double> weights(const Shape& shape) {
        Extents extents;
        for (const Dim& dim : shape.dims())
            extents.push_back(dim.extent());
        auto array = Array<double>::from_shape(extents);
        std::uniform_real_distribution<double> uniform(0.5, 1.5);
        for (double& weight : array)
            weight = uniform(random_) * (random_() % 2 == 0 ? 1 : -1);
        return array;
    }

    Var weighted_sum(Recording& r, const std::vector<Var>& vars) {
        Var total = r.tape.constant(0);
        for (const Var& var : vars)
            total = total + sum(var * r.tape.constant(weights(var.shape())));
        return total;
    }

    /// The value in T against long double. Rounding the operands of T's own result by two units moves the
    /// right value by the tolerance, which also covers functions whose condition is bad.
    template <class T>
    void check_values(const Recording& r, const Sample& sample) {
        Sample rounded{{}, sample.attributes};
        for (const AnyArray& operand : sample.operands)
            rounded.operands.push_back(operand.is_real() ? AnyArray(operand.to<T>()) : operand);
        auto own = bound<T>(r, rounded);
        auto exact = bound<long double>(r, rounded);
        for (std::size_t k = 0; k < r.results.size(); ++k) {
            const Array<T> ours = own.value(r.results[k]);
            const Array<long double> right = exact.value(r.results[k]);
            Array<long double> moved = Array<long double>::from_shape(right.shape());
            moved.fill(0);
            constexpr long double unit = std::numeric_limits<T>::epsilon() / 2;
            for (std::uint64_t run = 1; run <= 4; ++run) {
                auto perturbed = bound<long double>(r, rounded);
                perturbed.perturb(2 * unit, run);
                const Array<long double> other = perturbed.value(r.results[k]);
                for (std::size_t i = 0; i < right.size(); ++i)
                    moved.data()[i] = std::max(moved.data()[i], std::abs(other.data()[i] - right.data()[i]));
            }
            for (std::size_t i = 0; i < right.size(); ++i) {
                const long double tolerance = 8 * moved.data()[i] + 8 * unit * std::abs(right.data()[i]) +
                                              std::numeric_limits<T>::min();
                value_.compare(static_cast<long double>(ours.data()[i]), right.data()[i], tolerance,
                               fmt::format("entry {} in {}", i, std::same_as<T, float> ? "float" : "double"));
            }
        }
    }

    /// How far rounding in long double moves a number: its terms may cancel, so its own size does not tell.
    long double noise(const Recording& r, const Sample& sample, const Var& cost) {
        const long double right = bound<long double>(r, sample).item(cost);
        long double moved = 0;
        for (std::uint64_t run = 1; run <= 8; ++run) {
            auto perturbed = bound<long double>(r, sample);
            perturbed.perturb(std::numeric_limits<long double>::epsilon(), run);
            moved = std::max(moved, std::abs(perturbed.item(cost) - right));
        }
        return moved;
    }

    /// Each entry of a gradient against differences of the function that it is the gradient of.
    void compare_derivative(Tally& tally, const Recording& r, const Sample& sample, const Var& cost,
                            std::size_t operand, const Var& gradient) {
        auto evaluation = bound<long double>(r, sample);
        const Array<long double> ours = evaluation.value(gradient);
        long double scale = 0;
        for (const long double entry : ours)
            scale = std::max(scale, std::abs(entry));
        const Array<long double> x = sample.operands[operand].to<long double>();
        const long double noise = this->noise(r, sample, cost);
        for (std::size_t i = 0; i < x.size(); ++i) {
            const auto along = [&](long double value) {
                Array<long double> moved = x;
                moved.data()[i] = value;
                return evaluation.bind(r.inputs[operand], moved).item(cost);
            };
            const long double at = x.data()[i];
            const Estimate estimate = derivative(along, at, 0.02L * std::max(std::abs(at), 0.25L), noise);
            const std::string where =
                fmt::format("operand {}, entry {} at {:.6g}", operand, i, static_cast<double>(at));
            if (std::isfinite(estimate.value) &&
                estimate.error > 1e-6L * std::max(scale, std::abs(estimate.value)) && estimate.error > 1e-12L)
                tally.inconclusive("noise: " + where);
            else
                tally.compare(ours.data()[i], estimate.value, estimate.error, where);
        }
    }

    /// vjp(2.5 u + w) = 2.5 vjp(u) + vjp(w), to the rounding of a few operations in long double.
    void check_linearity(Recording& r, const Sample& sample, const Var& result, const std::vector<Var>& wrt) {
        const Var u = r.tape.constant(weights(result.shape())), w = r.tape.constant(weights(result.shape()));
        const auto combined = vjp(result, 2.5 * u + w, wrt, Disconnected::zeros);
        const auto left = vjp(result, u, wrt, Disconnected::zeros),
                   right = vjp(result, w, wrt, Disconnected::zeros);
        auto evaluation = bound<long double>(r, sample);
        for (std::size_t k = 0; k < wrt.size(); ++k) {
            const Array<long double> a = evaluation.value(combined[k]), b = evaluation.value(left[k]),
                                     c = evaluation.value(right[k]);
            long double scale = 0;
            for (std::size_t i = 0; i < a.size(); ++i)
                scale = std::max(
                    {scale, std::abs(a.data()[i]), std::abs(2.5L * b.data()[i]), std::abs(c.data()[i])});
            for (std::size_t i = 0; i < a.size(); ++i)
                linear_.compare(a.data()[i], 2.5L * b.data()[i] + c.data()[i],
                                256 * std::numeric_limits<long double>::epsilon() * scale,
                                fmt::format("operand {}, entry {}", k, i));
        }
    }

    Op op_;
    std::mt19937_64 random_;
    Tally value_{"value"}, first_{"derivative"}, second_{"second derivative"}, linear_{"linear in cotangent"};
    Tally* stage_ = &value_; ///< what is under way, and fails where something throws
};

/// [−4, 4] as far as the operation is defined there, less a margin at an end of its domain, where derivatives
/// may be infinite; eight units from the end of a domain that lies elsewhere.
Interval default_interval(const Definition& definition, std::size_t operand) {
    constexpr double half = 4, margin = 0.25;
    const auto& domain = definition.domain;
    if (domain.empty()) return {-half, half};
    const Interval defined = domain[std::min(operand, domain.size() - 1)];
    const double low =
        std::isfinite(defined.low) ? defined.low + margin * std::min(1.0, defined.high - defined.low) : -half;
    const double high = std::isfinite(defined.high)
                            ? defined.high - margin * std::min(1.0, defined.high - defined.low)
                            : half;
    if (low < half && high > -half) return {std::max(low, -half), std::min(high, half)};
    return low >= half ? Interval{low, std::min(high, low + 2 * half)}
                       : Interval{std::max(low, high - 2 * half), high};
}

/// Operands of these shapes, each entry drawn from the operation's interval for it.
Sample draw(const Definition& definition, const std::vector<Extents>& shapes, std::mt19937_64& random) {
    Sample sample;
    const auto& intervals = definition.sampled_on;
    for (std::size_t k = 0; k < shapes.size(); ++k) {
        const Interval interval = intervals.empty() ? default_interval(definition, k)
                                                    : intervals[std::min(k, intervals.size() - 1)];
        std::uniform_real_distribution<double> uniform(interval.low, interval.high);
        auto array = Array<double>::from_shape(shapes[k]);
        for (double& entry : array)
            entry = uniform(random);
        switch (definition.kind_of(k)) {
        case Kind::real:
            sample.operands.emplace_back(std::move(array));
            break;
        case Kind::mask:
            sample.operands.emplace_back(Array<bool>(array > 0));
            break;
        case Kind::index:
            sample.operands.emplace_back(Array<std::int64_t>(xt::cast<std::int64_t>(array)));
            break;
        }
    }
    std::vector<Attributes::Entry> attributes;
    for (std::size_t k = 0; k < definition.attributes.size(); ++k)
        attributes.emplace_back(definition.attributes[k], definition.attribute_samples.at(k));
    sample.attributes = Attributes(std::move(attributes));
    return sample;
}

} // namespace

Report check_op(const Op& op, std::uint64_t seed) {
    const Definition& definition = op.definition();
    if (!definition.elementwise)
        throw ArgumentError(
            fmt::format("check_op({}): an operation on whole arrays needs samples of its operands: "
                        "check_op(op, {{{{{{array}}, attributes}}}}).",
                        op.name()));
    OpCheck check(op, seed);
    const std::size_t count = definition.operands.size();
    const Extents full{3, 2};
    std::vector<std::vector<Extents>> patterns{std::vector<Extents>(count, full),
                                               std::vector<Extents>(count, Extents{1}),
                                               std::vector<Extents>(count, Extents{2, 0})};
    for (std::size_t k = 0; count > 1 && k < count; ++k)
        for (const Extents& narrow : {Extents{}, Extents{1, 2}, Extents{3, 1}, Extents{2}}) {
            patterns.emplace_back(count, full);
            patterns.back()[k] = narrow;
        }
    for (const auto& pattern : patterns)
        check.run(draw(definition, pattern, check.random()));
    return check.report();
}

Report check_op(const Op& op, const std::vector<Sample>& samples, std::uint64_t seed) {
    OpCheck check(op, seed);
    for (const Sample& sample : samples)
        check.run(sample);
    return check.report();
}

} // namespace xtape
