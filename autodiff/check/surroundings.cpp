#include <xtape/autodiff/check/surroundings.hpp>

#include <cmath>
#include <limits>

namespace xtape::detail {

void Dot::add(const Array<long double>& weights, const AnyArray& array) {
    const auto* entries = array.data<long double>();
    for (std::size_t i = 0; i < weights.size(); ++i) {
        sum += weights.data()[i] * entries[i];
        magnitude += std::abs(weights.data()[i] * entries[i]);
    }
}

Dot Weighted::at(Evaluation<long double>& evaluation) const {
    Dot dot;
    for (std::size_t k = 0; k < results.size(); ++k)
        dot.add(weights[k], evaluation.array(results[k]));
    return dot;
}

Surroundings::Surroundings(const Weighted& function, const std::vector<Var>& wrt, const Branches& branches,
                           Evaluation<long double>& here, Evaluation<long double>& there)
    : function_(function), wrt_(wrt), branches_(branches), here_(here), there_(there),
      taken_(branches.at(here)) {
    for (const Var& w : wrt)
        x_.push_back(here.value(w));
    moved_ = x_;
}

long double Surroundings::at(std::size_t k, std::size_t i, long double value) {
    moved_[k].data()[i] = value;
    there_.bind(wrt_[k], moved_[k]);
    return function_.at(there_).sum;
}

void Surroundings::put_back(std::size_t k) {
    moved_[k] = x_[k];
    there_.bind(wrt_[k], moved_[k]);
}

long double Surroundings::along(const std::vector<Array<long double>>& direction, long double h) {
    for (std::size_t k = 0; k < x_.size(); ++k) {
        moved_[k] = x_[k] + h * direction[k];
        there_.bind(wrt_[k], moved_[k]);
    }
    return function_.at(there_).sum;
}

Surroundings::Probe Surroundings::probe(const std::function<long double()>& move) {
    try {
        if (std::isfinite(move())) return {branches_.at(there_), ""};
        if (const auto left = branches_.change(taken_, branches_.at(there_), here_);
            left && left->reason == "domain")
            return {{}, left->text};
        for (const Var& result : function_.results)
            if (const auto found = there_.first_nonfinite(result)) return {{}, found->message};
        return {{}, "the function overflows"};
    } catch (const DomainError& error) {
        return {{}, error.what()};
    }
}

std::optional<Branches::Change> Surroundings::change(const Probe& probe) const {
    if (!probe.taken) return Branches::Change{"domain", probe.trouble};
    return branches_.change(taken_, *probe.taken, here_);
}

std::optional<Branches::Change> Surroundings::obstacle(std::size_t k, std::size_t i, long double h) {
    const long double x = x_[k].data()[i];
    std::optional<Branches::Change> found;
    for (const long double point : {x + h, x - h})
        if (auto there = change(probe([&] { return at(k, i, point); }));
            there && (!found || there->reason == "domain"))
            found = std::move(there);
    return found;
}

std::optional<Branches::Change> Surroundings::obstacle(const std::vector<Array<long double>>& direction,
                                                       long double h) {
    return change(probe([&] { return along(direction, h); }));
}

Estimate Surroundings::slope(std::size_t k, std::size_t i, long double h, long double noise, Side side) {
    try {
        return derivative([&](long double value) { return at(k, i, value); }, x_[k].data()[i], h, noise,
                          side);
    } catch (const DomainError&) {
        constexpr auto limits = std::numeric_limits<long double>();
        return {limits.quiet_NaN(), limits.infinity()};
    }
}

std::optional<Estimate> Surroundings::one_sided(std::size_t k, std::size_t i, Side side, long double smallest,
                                                long double largest, long double noise) {
    const long double x = x_[k].data()[i], sign = side == Side::right ? 1 : -1;
    const auto beside = [&](long double h) { return probe([&] { return at(k, i, x + sign * h); }); };
    const Probe next = beside(smallest);
    if (!next.taken) return std::nullopt;
    for (long double h = largest; h > smallest; h /= shrink) {
        const Probe far = beside(2 * h);
        if (far.taken && !branches_.change(*next.taken, *far.taken, here_))
            return slope(k, i, h, noise, side);
    }
    return slope(k, i, smallest, noise, side);
}

} // namespace xtape::detail
