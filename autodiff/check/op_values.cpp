#include <xtape/autodiff/bytes.hpp>
#include <xtape/autodiff/check/op_check.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape::detail {
namespace {

using Bindings = std::vector<std::pair<Var, AnyArray>>;

template <class T>
const char* name_of() {
    return std::same_as<T, float> ? "float" : "double";
}

template <class T>
Evaluation<T> bound(const Bindings& bindings) {
    Evaluation<T> evaluation;
    for (const auto& [var, array] : bindings)
        evaluation.bind(var, array);
    return evaluation;
}

Bindings bindings_of(const AppliedOp& applied, const Sample& sample) {
    Bindings bindings;
    for (std::size_t k = 0; k < applied.inputs.size(); ++k)
        bindings.emplace_back(applied.inputs[k], sample.operands[k]);
    return bindings;
}

bool any_nan(const AnyArray& array) {
    const double* data = array.data<double>();
    return std::any_of(data, data + array.size(), [](double x) { return std::isnan(x); });
}

} // namespace

/// Values in T against long double, both at operands that are rounded to T. Moving every operand of every
/// operation by two units moves the right value by what a forward function may be off, which also covers
/// functions whose condition is bad.
template <class T>
void OpCheck::compare_values(Tally& tally, const std::vector<Var>& vars, const Bindings& bindings,
                             const std::string& where) {
    constexpr long double unit = std::numeric_limits<T>::epsilon() / 2;
    constexpr auto most = static_cast<long double>(std::numeric_limits<T>::max());
    Bindings rounded;
    for (const auto& [var, array] : bindings)
        rounded.emplace_back(var, array.is_real() ? AnyArray(array.template to<T>()) : array);
    auto own = bound<T>(rounded);
    auto exact = bound<long double>(rounded);
    for (const Var& var : vars) {
        const Array<T> ours = own.value(var);
        const Array<long double> right = exact.value(var);
        auto moved = Array<long double>::from_shape(right.shape());
        moved.fill(0);
        for (std::uint64_t run = 1; run <= 4; ++run) {
            auto perturbed = bound<long double>(rounded);
            perturbed.perturb(2 * unit, run);
            const Array<long double> other = perturbed.value(var);
            for (std::size_t i = 0; i < right.size(); ++i)
                moved.data()[i] = std::max(moved.data()[i], std::abs(other.data()[i] - right.data()[i]));
        }
        // An algorithm on whole arrays is off by a part of the largest entry.
        long double scale = 0, most_moved = 0;
        for (std::size_t i = 0; i < right.size() && !definition().elementwise; ++i) {
            scale = std::max(scale, std::isfinite(right.data()[i]) ? std::abs(right.data()[i]) : 0);
            most_moved = std::max(most_moved, moved.data()[i]);
        }
        for (std::size_t i = 0; i < right.size(); ++i) {
            const long double entry = right.data()[i];
            if (std::isfinite(entry) && std::abs(entry) > most / 2) continue; // overflows rightly
            const long double tolerance = 8 * std::max(moved.data()[i], most_moved) +
                                          8 * unit * std::max(std::abs(entry), scale) +
                                          std::numeric_limits<T>::min();
            const Extents position = position_of(i, Extents(right.shape()));
            if (std::isnan(entry)) {
                tally.pass();
                tally.fail(fmt::format("{} of {} is not a number; .sampled_on(low, high) says where it gives "
                                       "numbers.",
                                       brackets(position), where));
            } else {
                tally.compare(static_cast<long double>(ours.data()[i]), entry, tolerance,
                              [&](const std::string& a, const std::string& b) {
                                  return fmt::format("{} of {}: {} in {} where {} is right.",
                                                     brackets(position), where, a, name_of<T>(), b);
                              });
            }
        }
    }
}

template void OpCheck::compare_values<float>(Tally&, const std::vector<Var>&, const Bindings&,
                                             const std::string&);
template void OpCheck::compare_values<double>(Tally&, const std::vector<Var>&, const Bindings&,
                                              const std::string&);

void OpCheck::check_values(const Sample& sample) {
    AppliedOp applied(op_, sample);
    Tally& tally = line("value");
    const Bindings bindings = bindings_of(applied, sample);
    compare_values<float>(tally, applied.results, bindings, describe(sample));
    compare_values<double>(tally, applied.results, bindings, describe(sample));
    if (!definition().body) return;
    std::vector<Var> arguments = applied.inputs;
    for (const std::string& name : definition().attributes)
        arguments.push_back(applied.tape.constant(sample.attributes.real(name)));
    const Var traced = broadcast_to(definition().body(arguments), applied.results[0].shape());
    auto evaluation = bound<long double>(bindings);
    const Array<long double> forward = evaluation.value(applied.results[0]), body = evaluation.value(traced);
    for (std::size_t i = 0; i < body.size(); ++i)
        tally.compare(body.data()[i], forward.data()[i],
                      1e-15L * (1 + std::abs(forward.data()[i])), // far more than rounding in long double
                      [&](const std::string& a, const std::string& b) {
                          return fmt::format("{} of {}: the body gives {} for Vars and {} for numbers.",
                                             brackets(position_of(i, Extents(body.shape()))),
                                             describe(sample), a, b);
                      });
}

void OpCheck::check_operands_unchanged(const Sample& sample) {
    AppliedOp applied(op_, sample);
    Tally& tally = line("operands");
    auto evaluation = bound<double>(bindings_of(applied, sample));
    std::vector<std::vector<std::byte>> before;
    for (const Var& input : applied.inputs) {
        const Bytes bytes = bytes_of(evaluation.array(input));
        before.emplace_back(bytes.begin, bytes.end);
    }
    for (const Var& result : applied.results)
        (void)evaluation.array(result);
    for (std::size_t k = 0; k < applied.inputs.size(); ++k) {
        tally.pass();
        const Bytes after = bytes_of(evaluation.array(applied.inputs[k]));
        if (!std::equal(before[k].begin(), before[k].end(), after.begin, after.end))
            tally.fail(fmt::format(": the forward function writes into operand {}.", k));
    }
}

OpCheck::Slopes OpCheck::slopes(const Sample& sample, AppliedOp& applied) {
    Slopes slopes;
    if (applied.real_results.empty() || applied.differentiable.empty()) return slopes;
    std::vector<Var> wrt;
    for (const std::size_t k : applied.differentiable)
        wrt.push_back(applied.inputs[k]);
    auto evaluation = bound<double>(bindings_of(applied, sample));
    Var cost = applied.tape.constant(0);
    for (const Var& result : applied.real_results) {
        const Extents extents = evaluation.array(result).extents();
        cost = cost + sum(result * applied.tape.constant(draw_.reals(extents, 0.5, 1.5)));
    }
    for (const Var& slope : gradient(cost, wrt, Disconnected::zeros))
        slopes.push_back(evaluation.value(slope));
    return slopes;
}

/// A NaN in an entry on which a result depends, which its derivative tells, is not to disappear.
void OpCheck::check_nan(const Sample& sample) {
    AppliedOp applied(op_, sample);
    const Slopes slopes = this->slopes(sample, applied);
    Tally& tally = line("NaN");
    for (std::size_t w = 0; w < slopes.size(); ++w) {
        const auto entry = std::ranges::find_if(slopes[w].storage(), [](double s) { return s != 0; });
        if (entry == slopes[w].storage().end()) continue;
        const auto i = static_cast<std::size_t>(entry - slopes[w].storage().begin());
        const std::size_t k = applied.differentiable[w];
        Array<double> holed = sample.operands[k].to<double>();
        holed.data()[i] = std::numeric_limits<double>::quiet_NaN();
        auto with_nan = bound<double>(bindings_of(applied, sample));
        with_nan.bind(applied.inputs[k], holed);
        tally.pass();
        try {
            if (std::ranges::none_of(applied.real_results,
                                     [&](const Var& result) { return any_nan(with_nan.array(result)); }))
                tally.fail(fmt::format(": a NaN at x{}{} of {} comes out as numbers.", k,
                                       brackets(position_of(i, Extents(holed.shape()))), describe(sample)));
        } catch (const DomainError&) { // says so in its own way
        }
    }
}

/// Operands that no double holds give results that no double holds, unless a forward function in long double
/// goes through double, and what is checked against it would be too.
void OpCheck::check_precision(const Sample& sample) {
    constexpr std::size_t enough = 4; // by chance one result in 2¹¹ is a double
    AppliedOp applied(op_, sample);
    const Slopes slopes = this->slopes(sample, applied);
    Tally& tally = line("value");
    const auto moves_all = [](const auto& slope) {
        return slope.size() > 0 && std::ranges::count(slope.storage(), 0) == 0;
    };
    if (slopes.empty() || !std::ranges::all_of(slopes, moves_all)) return;
    Evaluation<long double> evaluation;
    for (std::size_t k = 0; k < applied.inputs.size(); ++k) {
        if (!sample.operands[k].is_real()) {
            evaluation.bind(applied.inputs[k], sample.operands[k]);
            continue;
        }
        auto moved = sample.operands[k].to<long double>();
        for (long double& entry : moved)
            entry *= 1 + 1e-17L * static_cast<long double>(draw_.uniform(0.5, 1));
        evaluation.bind(applied.inputs[k], std::move(moved));
    }
    std::size_t numbers = 0, doubles = 0;
    for (const Var& result : applied.real_results)
        for (const long double entry : evaluation.value(result))
            if (std::isfinite(entry) && entry != 0) {
                ++numbers;
                doubles += static_cast<long double>(static_cast<double>(entry)) == entry;
            }
    if (doubles == numbers && numbers >= enough)
        tally.fail(fmt::format(": in long double all {} results of {} are numbers of double precision: the "
                               "forward function goes through double. Write it for any T.",
                               numbers, describe(sample)));
}

} // namespace xtape::detail
