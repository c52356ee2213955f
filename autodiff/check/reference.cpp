#include <xtape/autodiff/check/reference.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::detail {
namespace {

constexpr std::uint64_t most_runs = 8;
constexpr long double lambda = 8;

} // namespace

long double unit_roundoff(Element element) {
    switch (element) {
    case Element::f32:
        return std::numeric_limits<float>::epsilon() / 2;
    case Element::f80:
        return std::numeric_limits<long double>::epsilon() / 2;
    default:
        return std::numeric_limits<double>::epsilon() / 2;
    }
}

long double smallest_normal(Element element) {
    switch (element) {
    case Element::f32:
        return std::numeric_limits<float>::min();
    case Element::f80:
        return std::numeric_limits<long double>::min();
    default:
        return std::numeric_limits<double>::min();
    }
}

Reference::Reference(std::vector<std::pair<Var, AnyArray>> bindings, std::size_t longest)
    : bindings_(std::move(bindings)), sum_factor_(lambda * std::sqrt(static_cast<long double>(longest))) {
    for (const auto& [var, array] : bindings_)
        exact_.bind(var, array);
}

std::vector<Evaluation<long double>>& Reference::runs(Element element) {
    auto& runs = runs_[element];
    for (std::uint64_t seed = runs.size() + 1; seed <= most_runs; ++seed) {
        runs.emplace_back();
        for (const auto& [var, array] : bindings_)
            runs.back().bind(var, array);
        runs.back().perturb(unit_roundoff(element), seed);
    }
    return runs;
}

void Reference::forget() {
    exact_.forget();
    for (auto& [element, runs] : runs_)
        for (Evaluation<long double>& run : runs)
            run.forget();
}

Truth Reference::truth(const Var& var, Element element) {
    Truth truth{value(var), {}};
    truth.tolerance = Array<long double>::from_shape(truth.value.shape());
    truth.tolerance.fill(0);
    for (Evaluation<long double>& run : runs(element)) {
        const Array<long double> other = run.value(var);
        for (std::size_t i = 0; i < other.size(); ++i) {
            const long double moved = std::abs(other.data()[i] - truth.value.data()[i]);
            truth.tolerance.data()[i] = std::isnan(moved) ? std::numeric_limits<long double>::infinity()
                                                          : std::max(truth.tolerance.data()[i], moved);
        }
    }
    for (std::size_t i = 0; i < truth.value.size(); ++i)
        truth.tolerance.data()[i] = sum_factor_ * truth.tolerance.data()[i] +
                                    library_error * unit_roundoff(element) * std::abs(truth.value.data()[i]);
    return truth;
}

Truth Reference::truth_of_any_form(const Var& var, Element element) {
    Truth truth = this->truth(var, element);
    long double largest = 0;
    for (const long double x : truth.value)
        if (std::isfinite(x)) largest = std::max(largest, std::abs(x));
    for (long double& tolerance : truth.tolerance)
        tolerance += library_error * unit_roundoff(element) * largest + smallest_normal(element);
    return truth;
}

} // namespace xtape::detail
