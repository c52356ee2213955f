#include "check.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace check {

using namespace xtape;

std::vector<double> numbers(std::size_t count, std::uint64_t seed) {
    // Multiples of a step that lie in the middle of their cells, shuffled: pairwise different, never zero.
    std::vector<double> values;
    const double step = 4 / static_cast<double>(2 * ((count + 1) / 2));
    for (std::size_t i = 0; i < count; ++i)
        values.push_back(-2 + (static_cast<double>(i) + 0.5) * step);
    for (double& value : values)
        if (value < 0) value *= 0.75; // so that they do not add up to zero
    for (std::size_t i = count; i > 1; --i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL; // Knuth's MMIX generator
        std::swap(values[i - 1], values[(seed >> 33) % i]);
    }
    return values;
}

Array<long double> drawn(const Extents& extents, std::uint64_t seed) {
    return filled(extents, numbers(std::max<std::size_t>(size_of(extents), 1), seed));
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

namespace {

std::vector<Kind> all_real(std::vector<Kind> kinds, std::size_t count) {
    return kinds.empty() ? std::vector<Kind>(count, Kind::real) : kinds;
}

AnyArray of_kind(const Array<long double>& array, Kind kind) {
    if (kind == Kind::real) return array;
    auto mask = Array<bool>::from_shape(array.shape());
    auto index = Array<std::int64_t>::from_shape(array.shape());
    for (std::size_t i = 0; i < array.size(); ++i) {
        mask.data()[i] = array.data()[i] > 0;
        index.data()[i] = static_cast<std::int64_t>(array.data()[i]);
    }
    return kind == Kind::mask ? AnyArray(std::move(mask)) : AnyArray(std::move(index));
}

/// A tape with one input per array.
struct Setting {
    Setting(const Arrays& arrays, const std::vector<Kind>& kinds) {
        for (std::size_t k = 0; k < arrays.size(); ++k)
            inputs.push_back(tape.input(fmt::format("x{}", k), Shape(Extents(arrays[k].shape())), kinds[k]));
    }
    Tape tape;
    std::vector<Var> inputs;
};

Extents extents_of(const Shape& shape) {
    Extents extents;
    for (const Dim& dim : shape.dims())
        extents.push_back(dim.extent());
    return extents;
}

/// Σ of weights ∘ x, and Σ of their magnitudes, to which rounding is proportional. The weights do not add up
/// to zero, along no axis: the gradient of an operand that was broadcast would be zero whatever the rule.
struct Weighted {
    Var sum, magnitude;
};

Weighted weighted(const Var& x, std::uint64_t seed) {
    const Array<long double> weights = drawn(extents_of(x.shape()), seed) + 0.7071L;
    const Var terms = x * weights;
    return {sum(terms), sum(abs(terms))};
}

struct Derivative {
    long double value, error, step;
};

/// Ridders' extrapolation of central differences of f: the steps are powers of two, so x ± h is exact.
Derivative extrapolated(const std::function<long double(long double)>& f, long double x) {
    constexpr std::size_t rows = 8;
    const long double first = std::exp2(std::floor(std::log2(std::max(std::abs(x), 0.25L)))) / 32;
    long double table[rows][rows];
    Derivative best{0, std::numeric_limits<long double>::infinity(), first};
    long double h = first;
    for (std::size_t i = 0; i < rows; ++i, h /= 2) {
        table[i][0] = (f(x + h) - f(x - h)) / (2 * h);
        long double power = 4;
        for (std::size_t j = 1; j <= i; ++j, power *= 4) {
            table[i][j] = (power * table[i][j - 1] - table[i - 1][j - 1]) / (power - 1);
            const long double error = std::max(std::abs(table[i][j] - table[i][j - 1]),
                                               std::abs(table[i][j] - table[i - 1][j - 1]));
            if (error < best.error) best = {table[i][j], error, h};
        }
    }
    return best;
}

/// The gradient of `scalar` with respect to the real inputs against differences of its values.
Verdict compare_gradient(Setting& setting, const Weighted& scalar, Arrays arrays,
                         const std::vector<Kind>& kinds) {
    Verdict verdict;
    verdict.pass = true;
    const auto fail = [&](std::string why) {
        if (verdict.pass) verdict.why = std::move(why);
        verdict.pass = false;
    };
    std::vector<Var> wrt;
    std::vector<std::size_t> which;
    for (std::size_t k = 0; k < arrays.size(); ++k)
        if (kinds[k] == Kind::real) {
            wrt.push_back(setting.inputs[k]);
            which.push_back(k);
        }
    const std::vector<Var> gradients = gradient(scalar.sum, wrt, Disconnected::zeros);
    Evaluation<long double> evaluation;
    for (std::size_t k = 0; k < arrays.size(); ++k)
        evaluation.bind(setting.inputs[k], of_kind(arrays[k], kinds[k]));

    std::vector<Array<long double>> analytic;
    long double scale = 0;
    for (const Var& g : gradients) {
        analytic.push_back(evaluation.value(g));
        for (const long double entry : analytic.back().storage())
            scale = std::max(scale, std::abs(entry));
    }
    for (std::size_t w = 0; w < wrt.size(); ++w) {
        const std::size_t k = which[w];
        if (analytic[w].shape() != arrays[k].shape())
            return {false, 0, 0, 0, "the gradient has another shape than its operand"};
        for (std::size_t i = 0; i < arrays[k].size(); ++i) {
            const long double x = arrays[k].data()[i];
            long double magnitude = 0; // the largest where f is evaluated: f itself may cancel at x
            const Derivative numeric = extrapolated(
                [&](long double moved) {
                    arrays[k].data()[i] = moved;
                    evaluation.bind(setting.inputs[k], arrays[k]);
                    magnitude = std::max(magnitude, evaluation.item(scalar.magnitude));
                    return evaluation.item(scalar.sum);
                },
                x);
            arrays[k].data()[i] = x;
            evaluation.bind(setting.inputs[k], arrays[k]);
            magnitude = std::max(magnitude, evaluation.item(scalar.magnitude));
            constexpr long double epsilon = std::numeric_limits<long double>::epsilon();
            const long double tolerance =
                10 * std::max(numeric.error, 16 * epsilon * magnitude / numeric.step);
            const long double difference = std::abs(analytic[w].data()[i] - numeric.value);
            ++verdict.compared;
            if (analytic[w].data()[i] != 0) ++verdict.nonzero;
            if (!(tolerance <= 1e-7L * std::max(scale, 0.01L * magnitude)))
                fail(fmt::format("operand {}, entry {}: too noisy, tolerance {}", k, i,
                                 static_cast<double>(tolerance)));
            if (!(difference <= tolerance))
                fail(fmt::format("operand {}, entry {}: {} on the tape, {} by differences, tolerance {}", k,
                                 i, static_cast<double>(analytic[w].data()[i]),
                                 static_cast<double>(numeric.value), static_cast<double>(tolerance)));
            if (difference > 0)
                verdict.worst = std::max(verdict.worst, difference / std::max(scale, magnitude));
        }
    }
    return verdict;
}

template <class T>
void compare_values(const Function& f, const Arrays& inputs, const std::vector<Kind>& kinds,
                    const Array<long double>& reference, long double slack, Verdict& verdict) {
    Setting setting(inputs, kinds);
    const Var result = f(setting.inputs);
    Evaluation<T> evaluation;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        evaluation.bind(setting.inputs[k], of_kind(inputs[k], kinds[k]));
    const Array<T> values = evaluation.value(result);
    if (values.shape() != reference.shape()) {
        verdict.pass = false;
        verdict.why = fmt::format("the result is {}, and {} is meant", to_string(Extents(values.shape())),
                                  to_string(Extents(reference.shape())));
        return;
    }
    for (std::size_t i = 0; i < reference.size(); ++i) {
        const long double value = values.data()[i], wanted = reference.data()[i];
        const long double tolerance = 8 * static_cast<long double>(std::numeric_limits<T>::epsilon()) *
                                      std::max(std::abs(wanted), slack);
        ++verdict.compared;
        if (wanted != 0) ++verdict.nonzero;
        const long double difference = std::abs(value - wanted);
        if (value == wanted || difference <= tolerance) {
            if (wanted != 0 && value != wanted)
                verdict.worst = std::max(verdict.worst, difference / std::max(std::abs(wanted), slack));
        } else {
            if (verdict.pass)
                verdict.why = fmt::format("entry {}: {} and not {}", i, static_cast<double>(value),
                                          static_cast<double>(wanted));
            verdict.pass = false;
        }
    }
}

Verdict values_of_kinds(const Function& f, const Arrays& inputs, const std::vector<Kind>& kinds,
                        const Array<long double>& reference, long double slack) {
    Verdict verdict;
    verdict.pass = true;
    compare_values<float>(f, inputs, kinds, reference, slack, verdict);
    compare_values<double>(f, inputs, kinds, reference, slack, verdict);
    compare_values<long double>(f, inputs, kinds, reference, slack, verdict);
    return verdict;
}

} // namespace

Verdict values(const Function& f, const Arrays& inputs, const Array<long double>& reference,
               long double slack) {
    return values_of_kinds(f, inputs, all_real({}, inputs.size()), reference, slack);
}

Verdict first_derivative(const Function& f, const Arrays& inputs, const std::vector<Kind>& kinds) {
    const std::vector<Kind> known = all_real(kinds, inputs.size());
    Setting setting(inputs, known);
    return compare_gradient(setting, weighted(f(setting.inputs), 1), inputs, known);
}

Verdict second_derivative(const Function& f, const Arrays& inputs, const std::vector<Kind>& kinds) {
    const std::vector<Kind> known = all_real(kinds, inputs.size());
    Setting setting(inputs, known);
    std::vector<Var> wrt;
    for (std::size_t k = 0; k < inputs.size(); ++k)
        if (known[k] == Kind::real) wrt.push_back(setting.inputs[k]);
    const auto first = gradient(weighted(f(setting.inputs), 1).sum, wrt, Disconnected::zeros);
    Weighted total = weighted(first[0], 2);
    for (std::size_t k = 1; k < first.size(); ++k) {
        const Weighted next = weighted(first[k], 2 + k);
        total = {total.sum + next.sum, total.magnitude + next.magnitude};
    }
    return compare_gradient(setting, total, inputs, known);
}

void derivatives(const std::string& what, const Function& f, const Arrays& inputs) {
    const Verdict first = first_derivative(f, inputs), second = second_derivative(f, inputs);
    BOOST_TEST_MESSAGE(what << ": worst " << first.worst << " and " << second.worst);
    BOOST_TEST(first.pass, what << ", first derivative: " << first.why);
    BOOST_TEST(second.pass, what << ", second derivative: " << second.why);
    BOOST_TEST(first.nonzero > 0u, what << ": no derivative other than zero was compared");
}

Op wrong_derivative(const Op& op) {
    Definition definition = op.definition();
    definition.name += "_with_a_wrong_derivative";
    if (definition.vjp)
        definition.vjp = [rule = definition.vjp](const Pullback& p, std::size_t k) {
            const Var right = rule(p, k);
            return right.empty() ? right : right * 1.001L;
        };
    else
        definition.body = [body = definition.body](std::span<const Var> operands) {
            return body(operands) * 1.001L;
        };
    return Op(std::move(definition));
}

namespace {

template <class T>
Kernel<T> times_1_001(const Kernel<T>& kernel) {
    return [kernel](Call<T>& call) {
        kernel(call);
        Array<T> result = call.results()[0]->template to<T>();
        for (T& entry : result.storage())
            entry *= static_cast<T>(1.001L);
        call.give(0, std::move(result));
    };
}

} // namespace

Op wrong_value(const Op& op) {
    Definition definition = op.definition();
    definition.name += "_with_a_wrong_value";
    definition.forward = std::apply(
        [](const auto&... kernels) { return std::tuple(times_1_001(kernels)...); }, definition.forward);
    return Op(std::move(definition));
}

} // namespace check
