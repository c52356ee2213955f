#include <xtape/autodiff/check/branches.hpp>
#include <xtape/autodiff/check/differences.hpp>
#include <xtape/autodiff/check/op_check.hpp>
#include <xtape/autodiff/check/samples.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape::detail {
namespace {

Subject subject_of(const AppliedOp& applied, const Sample& sample) {
    Subject subject;
    for (std::size_t k = 0; k < applied.inputs.size(); ++k)
        subject.bindings.emplace_back(applied.inputs[k], sample.operands[k].is_real()
                                                             ? AnyArray(sample.operands[k].to<long double>())
                                                             : sample.operands[k]);
    for (const std::size_t k : applied.differentiable) {
        subject.wrt.push_back(applied.inputs[k]);
        subject.names.push_back(fmt::format("x{}", k));
    }
    subject.results = applied.real_results;
    return subject;
}

const char* line_of(Step step, int order) {
    switch (step) {
    case Step::deterministic:
        return "deterministic";
    case Step::value:
        return "value";
    case Step::linear:
        return "linear in cotangent";
    case Step::jvp:
        return "jvp";
    case Step::remainder:
        return "Taylor remainder";
    case Step::entries:
        break;
    }
    return order == 1 ? "derivative" : order == 2 ? "second derivative" : "third derivative";
}

} // namespace

void OpCheck::climb_lines(Records& records, const Subject& subject, const std::string& where, int spot,
                          const std::function<Tally&(const std::string&)>& line) {
    Climb how;
    how.seed = draw_.bits();
    how.spot = spot;
    how.scales = &scales_;
    how.tally = [&](Step step, int order, std::size_t) -> Tally& { return line(line_of(step, order)); };
    how.where = [&](std::size_t k, const Extents& position) {
        return fmt::format(": {}{} of {}", subject.names[k], brackets(position), where);
    };
    how.repeat = [](std::size_t, const Extents&) { return std::string{}; };
    climb(records, subject, how);
}

void OpCheck::check_derivatives(const Sample& sample, bool third) {
    AppliedOp applied(op_, sample);
    if (applied.real_results.empty() || applied.differentiable.empty()) return;
    const Subject subject = subject_of(applied, sample);
    const std::string where = describe(sample);
    for (const std::size_t k : applied.differentiable)
        expects_derivatives_ |= sample.operands[k].size() > 0;
    const auto line = [this](const std::string& name) -> Tally& { return this->line(name); };
    climb_lines(*applied.tape.records(), subject, where, third ? 3 : 0, line);

    Tally& tally = line("derivative in float and double");
    auto bindings = subject.bindings;
    Var cost = applied.tape.constant(0);
    for (const Var& result : applied.real_results)
        cost = cost + sum(result);
    const std::vector<Var> gradients = gradient(cost, subject.wrt, Disconnected::zeros);
    compare_values<float>(tally, gradients, bindings, where);
    compare_values<double>(tally, gradients, bindings, where);
}

/// Where no gradient is declared the differences are to be zero: of a whole operation without one, unless it
/// returns its operand as it is, which is how a derivative is cut on purpose.
void OpCheck::check_no_gradient(const Sample& sample) {
    AppliedOp applied(op_, sample);
    if (applied.real_results.empty() || applied.others.empty()) return;
    const Subject subject = subject_of(applied, sample);
    Evaluation<long double> evaluation;
    for (const auto& [var, array] : subject.bindings)
        evaluation.bind(var, array);
    if (definition().without_gradient && applied.results.size() == 1 && applied.inputs.size() == 1 &&
        evaluation.value(applied.results[0]) == evaluation.value(applied.inputs[0]))
        return;
    Tally& tally = line("no gradient");
    for (const std::size_t k : applied.others) {
        const Array<long double> x = sample.operands[k].to<long double>();
        for (std::size_t i = 0; i < x.size(); ++i) {
            const auto along = [&](long double value) {
                Array<long double> moved = x;
                moved.data()[i] = value;
                evaluation.bind(applied.inputs[k], moved);
                long double total = 0, weight = 1;
                for (const Var& result : applied.real_results)
                    for (const long double entry : evaluation.value(result))
                        total += entry * (weight = -1.1L * weight);
                return total;
            };
            const long double at = x.data()[i];
            const Estimate slope = derivative(along, at, 1e-3L * std::max(std::abs(at), 0.25L));
            tally.pass();
            if (std::isfinite(slope.value) && std::abs(slope.value) > 10 * slope.error)
                tally.fail(fmt::format(": none is declared for operand {}, and the result changes with "
                                       "x{}{} of {} with slope {:.4g}. Give it a rule.",
                                       k, k, brackets(position_of(i, Extents(x.shape()))), describe(sample),
                                       static_cast<double>(slope.value)));
        }
        evaluation.bind(applied.inputs[k], x);
    }
}

/// One Var in the place of all real operands, drawn from where all of them are.
void OpCheck::check_one_var_twice() {
    Interval common{-std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity()};
    std::size_t real = 0;
    for (std::size_t k = 0; k < definition().operands.size(); ++k)
        if (definition().kind_of(k) == Kind::real && definition().passes_gradient(k)) {
            const Interval interval = drawn_from(definition(), k);
            common = {std::max(common.low, interval.low), std::min(common.high, interval.high)};
            ++real;
        }
    if (real < 2 || !(common.low < common.high)) return;
    Tape tape;
    Subject subject;
    const Array<long double> x = draw_.reals({3}, common.low, common.high);
    const Var shared = tape.input("x", {3});
    subject.bindings.emplace_back(shared, x);
    subject.wrt = {shared};
    subject.names = {"x"};
    std::vector<Var> operands;
    for (std::size_t k = 0; k < definition().operands.size(); ++k) {
        const bool same = definition().kind_of(k) == Kind::real && definition().passes_gradient(k);
        operands.push_back(same ? shared : tape.input(fmt::format("x{}", k), {3}, definition().kind_of(k)));
        if (!same) subject.bindings.emplace_back(operands.back(), drawn(definition(), k, {3}, draw_));
    }
    for (const Var& result : record_all(op_, operands, sample_attributes(definition())))
        if (result.kind() == Kind::real) subject.results.push_back(result);
    if (subject.results.empty()) return;
    climb_lines(*tape.records(), subject, "one Var in all places", 0,
                [this](const std::string& name) -> Tally& { return line(name); });
}

/// Next to a declared kink the gradient lies between both slopes. Where it is, bisection tells: between two
/// draws of one operand whose branches differ.
void OpCheck::check_kinks() {
    if (!definition().branch) return;
    Tally& tally = line("kink");
    for (std::size_t k = 0; k < definition().operands.size(); ++k) {
        if (definition().kind_of(k) != Kind::real || !definition().passes_gradient(k)) continue;
        Sample sample{{}, sample_attributes(definition())};
        for (std::size_t j = 0; j < definition().operands.size(); ++j)
            sample.operands.push_back(drawn(definition(), j, {1}, draw_));
        AppliedOp applied(op_, sample);
        if (applied.real_results.empty()) return;
        Evaluation<long double> evaluation;
        for (const auto& [var, array] : subject_of(applied, sample).bindings)
            evaluation.bind(var, array);
        const Branches branches(*applied.tape.records(), applied.results);
        const auto taken = [&](double at) {
            evaluation.bind(applied.inputs[k], Array<long double>{static_cast<long double>(at)});
            return branches.at(evaluation);
        };
        auto points = drawn(definition(), k, {16}, draw_).to<double>();
        std::ranges::sort(points.storage());
        for (std::size_t p = 1; p < points.size(); ++p) {
            double low = points(p - 1), high = points(p);
            const auto below = taken(low);
            if (!branches.change(below, taken(high), evaluation)) continue;
            for (double middle = (low + high) / 2; middle > low && middle < high; middle = (low + high) / 2)
                (branches.change(below, taken(middle), evaluation) ? high : low) = middle;
            for (const double at : {low, high}) {
                sample.operands[k] = Array<double>{at};
                AppliedOp here(op_, sample);
                Tallies found;
                climb_lines(*here.tape.records(), subject_of(here, sample),
                            fmt::format("the kink where x{} is {:.6g}", k, at), 0,
                            [&](const std::string& name) -> Tally& { return found.of(name); });
                for (const Comparison& comparison : found.report("").comparisons())
                    if (comparison.verdict == Verdict::fail)
                        tally.fail(fmt::format(" ({}){}", comparison.name, comparison.finding));
                tally.pass();
            }
        }
    }
}

/// At a finite end of a domain float, double and long double agree; beyond it comes NaN, an infinity or a
/// DomainError.
void OpCheck::check_domain() {
    for (std::size_t k = 0; k < definition().operands.size() && !definition().domain.empty(); ++k) {
        if (definition().kind_of(k) != Kind::real) continue;
        const auto [low, high] = definition().domain[std::min(k, definition().domain.size() - 1)];
        Tally& tally = line("domain");
        Sample sample{{}, sample_attributes(definition())};
        for (std::size_t j = 0; j < definition().operands.size(); ++j)
            sample.operands.push_back(drawn(definition(), j, {1}, draw_));
        const auto at = [&]<class T>(T, double x) {
            sample.operands[k] = Array<double>{x};
            AppliedOp applied(op_, sample);
            Evaluation<T> evaluation;
            for (std::size_t j = 0; j < applied.inputs.size(); ++j)
                evaluation.bind(applied.inputs[j], sample.operands[j]);
            try {
                return static_cast<long double>(evaluation.value(applied.results[0]).data()[0]);
            } catch (const DomainError&) {
                return std::numeric_limits<long double>::quiet_NaN();
            }
        };
        const auto same = [](long double a, long double b) {
            return a == b || (std::isnan(a) && std::isnan(b)) ||
                   std::abs(a - b) <= 1e-3L * (1 + std::min(std::abs(a), std::abs(b)));
        };
        for (const double end : {low, high}) {
            if (!std::isfinite(end)) continue;
            const long double f = at(float{}, end), d = at(double{}, end), e = at(0.0L, end);
            tally.pass();
            if (!same(f, e) || !same(d, e))
                tally.fail(
                    fmt::format(": at x{} = {}, an end of its domain, it is {:.6g} in float, {:.6g} in "
                                "double and {:.6g} in long double.",
                                k, end, f, d, e));
            const double beyond = end + (end == low ? -1 : 1) * 1e-3 * std::max(std::abs(end), 1.0);
            const long double value = at(double{}, beyond);
            tally.pass();
            if (std::isfinite(value))
                tally.fail(fmt::format(": x{} = {} is beyond its domain [{}, {}], and it is {:.6g} there. "
                                       "NaN, an infinity or a DomainError is meant, or a wider domain.",
                                       k, beyond, low, high, value));
        }
    }
}

} // namespace xtape::detail
