/// The worst error in double of every built-in operation, its first and its second derivatives, against long
/// double at the same operands, in units of what rounding the operands and the result does: ε max(|f|, |Δf| /
/// δ), where Δf is the largest change of f when all operands change by ±δ, relatively. So a zero of f, or a
/// matrix that is nearly singular, makes no error large by itself. What is beyond a few units was lost in a
/// difference on the way: 1 − tanh² and s (1 − s) where saturated, the second derivatives of asin, hypot and
/// logaddexp close to their zeros. All are below 25 ε of the largest entry of their array.

#include <xtape/autodiff.hpp>
#include <xtape/autodiff/ops/families.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

using namespace xtape;

namespace {

/// What an operation is called with: its samples, or 4000 numbers drawn from where it is sampled.
std::vector<Sample> samples_of(const Definition& definition) {
    Draw draw(1);
    if (!definition.elementwise) return definition.samples(draw);
    constexpr std::size_t count = 4000;
    Sample sample;
    const auto& intervals = definition.sampled_on;
    for (std::size_t k = 0; k < definition.operands.size(); ++k) {
        const Interval interval =
            intervals.empty() ? Interval{-4, 4} : intervals[std::min(k, intervals.size() - 1)];
        if (definition.kind_of(k) == Kind::mask)
            sample.operands.emplace_back(draw.masks({count}));
        else
            sample.operands.emplace_back(draw.reals({count}, interval.low, interval.high));
    }
    std::vector<Attributes::Entry> attributes;
    for (std::size_t k = 0; k < definition.attributes.size(); ++k)
        attributes.emplace_back(definition.attributes[k], definition.attribute_samples[k]);
    sample.attributes = Attributes(std::move(attributes));
    return {sample};
}

constexpr long double relative_change = 1e-6L;

/// Where operands are of about 1, what neither is more nor changes by more is 0 whatever they are, as the
/// second derivative of the cofactors of 2 × 2 matrices: then its rounding has nothing to be compared with.
constexpr long double zero = 1e-10L;

/// The array with each entry changed relatively, up or down.
AnyArray nearby(const AnyArray& array, Draw& draw) {
    auto numbers = array.to<long double>();
    for (long double& number : numbers)
        number *= 1 + (draw.uniform(-1, 1) < 0 ? -relative_change : relative_change);
    return AnyArray(std::move(numbers));
}

struct Errors {
    double value = 0, first = 0, second = 0;
};

/// A sum whose derivative is not zero where that of the plain sum is, as softmax's.
Var weighted_sum(const Var& x, Draw& draw) {
    Extents extents;
    for (const Dim& dim : x.shape().dims())
        extents.push_back(dim.extent());
    return sum(x * draw.reals(extents, 0.5, 1.5));
}

Errors errors_of(const Op& op) {
    Errors errors;
    Draw draw(2);
    for (const Sample& sample : samples_of(op.definition())) {
        if (sample.operands.empty()) continue;
        Tape tape;
        Evaluation<double> rounded;
        Evaluation<long double> exact;
        std::array<Evaluation<long double>, 8> changed;
        std::vector<Var> inputs, reals;
        for (std::size_t k = 0; k < sample.operands.size(); ++k) {
            const AnyArray& operand = sample.operands[k];
            const Kind kind = operand.is_real()                  ? Kind::real
                              : operand.element() == Element::b8 ? Kind::mask
                                                                 : Kind::index;
            inputs.push_back(tape.input(fmt::format("x{}", k), Shape(operand.extents()), kind));
            if (kind == Kind::real) reals.push_back(inputs[k]);
            rounded.bind(inputs[k], operand);
            exact.bind(inputs[k], operand);
            for (Evaluation<long double>& evaluation : changed)
                evaluation.bind(inputs[k], kind == Kind::real ? nearby(operand, draw) : operand);
        }
        const auto raise = [&](double& worst, const Var& var) {
            const auto ours = rounded.value(var);
            const auto right = exact.value(var);
            Array<long double> unit = xt::abs(right);
            for (Evaluation<long double>& evaluation : changed)
                unit = xt::maximum(unit, xt::abs(evaluation.value(var) - right) / relative_change);
            if (std::ranges::all_of(unit, [](long double u) { return u < zero; })) return;
            for (std::size_t i = 0; i < right.size(); ++i) {
                const long double error = std::abs(ours.data()[i] - right.data()[i]);
                constexpr long double epsilon = std::numeric_limits<double>::epsilon();
                if (error > 0)
                    worst = std::max(worst, static_cast<double>(error / (unit.data()[i] * epsilon)));
            }
        };
        for (const Var& result : record_all(op, inputs, sample.attributes)) {
            raise(errors.value, result);
            if (result.kind() != Kind::real || reals.empty()) continue;
            for (const Var& first : gradient(weighted_sum(result, draw), reals, Disconnected::zeros)) {
                raise(errors.first, first);
                for (const Var& second : gradient(weighted_sum(first, draw), reals, Disconnected::zeros))
                    raise(errors.second, second);
            }
        }
    }
    return errors;
}

} // namespace

int main() {
    fmt::print("{:32}{:>12}{:>12}{:>12}\n", "worst error / epsilon", "value", "first", "second");
    const auto print = [](const std::string& name, const Errors& e) {
        fmt::print("{:32}{:12.2f}{:12.2f}{:12.2f}\n", name, e.value, e.first, e.second);
    };
    std::vector<std::pair<std::string, Errors>> families;
    for (const Family& family : builtin_families()) {
        Errors worst;
        for (const Op& op : family.ops) {
            const Errors errors = errors_of(op);
            print(op.name(), errors);
            worst = {std::max(worst.value, errors.value), std::max(worst.first, errors.first),
                     std::max(worst.second, errors.second)};
        }
        families.emplace_back(family.name, worst);
    }
    fmt::print("\n");
    for (const auto& [name, worst] : families)
        print(name, worst);
}
