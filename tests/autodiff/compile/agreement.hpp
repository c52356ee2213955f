#pragma once

/// A Program against the reference in long double, to what rounding explains.

#include "check.hpp"
#include <xtape/autodiff/check/reference.hpp>

#include <cmath>
#include <limits>

namespace agreement {

using namespace xtape;

struct Outcome {
    std::size_t compared = 0;
    std::string why; ///< the first entry that differs; empty where all agree
};

/// What rounding explains comes from Monte Carlo arithmetic on the simplified tape: eight runs in long
/// double, each entry read moved by at most one unit roundoff of T. A result of T beyond its range is not
/// compared, nor is one that rounding may make a NaN.
template <std::floating_point T>
Outcome compare(const Program<T>& program, const std::vector<AnyArray>& arrays,
                const std::vector<Array<T>>& results, std::size_t longest) {
    std::vector<std::pair<Var, AnyArray>> bindings;
    for (std::size_t k = 0; k < arrays.size(); ++k)
        if (!program.inputs()[k].empty()) bindings.emplace_back(program.inputs()[k], arrays[k]);
    detail::Reference reference(bindings, longest);
    Outcome outcome;
    for (std::size_t k = 0; k < results.size(); ++k) {
        const detail::Truth truth = reference.truth(program.outputs()[k], element_of<T>);
        if (truth.value.shape() != results[k].shape()) return {0, fmt::format("output {}: its shape", k)};
        for (std::size_t i = 0; i < results[k].size(); ++i) {
            const auto got = static_cast<long double>(results[k].data()[i]);
            const long double wanted = truth.value.data()[i], tolerance = truth.tolerance.data()[i];
            if (std::isnan(wanted) ? std::isnan(got) : got == wanted) {
                ++outcome.compared;
                continue;
            }
            if (!(tolerance < std::numeric_limits<long double>::infinity()) ||
                std::abs(wanted) + tolerance > static_cast<long double>(std::numeric_limits<T>::max()))
                continue;
            ++outcome.compared;
            if (!(std::abs(got - wanted) <= tolerance + 8 * std::numeric_limits<T>::min()) &&
                outcome.why.empty())
                outcome.why = fmt::format("output {}, {}, entry {}: {} where the reference is {} ± {}", k,
                                          program.outputs()[k].to_string(), i, static_cast<double>(got),
                                          static_cast<double>(wanted), static_cast<double>(tolerance));
        }
    }
    return outcome;
}

template <std::floating_point T>
Outcome compare(const Program<T>& program, const std::vector<AnyArray>& arrays, std::size_t longest) {
    return compare(program, arrays, program(arrays), longest);
}

/// Real arrays as T, indices and masks as they are.
template <std::floating_point T>
AnyArray as(const AnyArray& array) {
    return array.is_real() ? array.as<T>() : array;
}

} // namespace agreement
