#include <xtape/autodiff/check/verify.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace xtape {
namespace {

constexpr int perturbed_runs = 8;
constexpr long double lambda = 8;

/// One array of a person's and the Var that it claims to be.
struct Claim {
    std::string name;
    AnyArray array;
    Var var;
    std::uint32_t position; ///< on the tape: of the result itself, or of what the gradient is with respect to
    bool is_gradient;
    bool may_defer; ///< a gradient of an intermediate result
};

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

long double largest_difference(const Array<long double>& a, const Array<long double>& b, long double factor) {
    long double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const long double difference = std::abs(a.data()[i] - factor * b.data()[i]);
        if (!(difference <= largest)) largest = difference; // NaN becomes the largest and stays it
        if (std::isnan(largest)) break;
    }
    return largest;
}

long double largest_magnitude(const Array<long double>& a) {
    long double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a.data()[i]));
    return largest;
}

/// The tape's values in long double, and how far rounding in the elements of a person's arrays moves them.
class Reference {
public:
    explicit Reference(const std::vector<std::pair<Var, AnyArray>>& bindings) : bindings_(bindings) {
        for (const auto& [var, array] : bindings_)
            exact_.bind(var, array);
    }

    Array<long double> value(const Var& var) { return exact_.value(var); }

    long double tolerance(const Var& var, Element element) {
        const long double unit = unit_roundoff(element);
        const Array<long double> truth = value(var);
        long double moved = 0;
        for (Evaluation<long double>& run : runs(element))
            moved = std::max(moved, largest_difference(run.value(var), truth, 1));
        return lambda * std::sqrt(longest_) * moved + 4 * unit * largest_magnitude(truth);
    }

    /// Takes note of an extent that a sum may run over.
    void note_extents(const Extents& extents) {
        for (const std::size_t extent : extents)
            longest_ = std::max(longest_, static_cast<long double>(extent));
    }

private:
    std::vector<Evaluation<long double>>& runs(Element element) {
        auto& runs = runs_[element];
        for (int k = static_cast<int>(runs.size()); k < perturbed_runs; ++k) {
            runs.emplace_back();
            for (const auto& [var, array] : bindings_)
                runs.back().bind(var, array);
            runs.back().perturb(unit_roundoff(element), static_cast<std::uint64_t>(k) + 1);
        }
        return runs;
    }

    const std::vector<std::pair<Var, AnyArray>>& bindings_;
    Evaluation<long double> exact_;
    std::map<Element, std::vector<Evaluation<long double>>> runs_;
    long double longest_ = 1;
};

/// The extents by which what leads from a result to the cost divides: what a person who defers the mean has
/// left out of the result's gradient. An n of another term, as of λ/n in L2, is not among them.
long double deferred_factor(Records& records, std::uint32_t from, const Var& cost, Reference& truth) {
    const std::uint32_t to = cost.id();
    if (from >= to) return 1;
    std::vector<bool> depends(to - from + 1, false), used(to - from + 1, false);
    const auto operands = [&](std::uint32_t id) { return records.operands(records.record_of(id)); };
    depends[0] = true;
    for (std::uint32_t id = from + 1; id <= to; ++id)
        depends[id - from] =
            std::ranges::any_of(operands(id), [&](auto k) { return k >= from && depends[k - from]; });
    used[to - from] = true;
    long double factor = 1;
    for (std::uint32_t id = to; id > from; --id) {
        if (!used[id - from] || !depends[id - from]) continue;
        for (const std::uint32_t operand : operands(id)) {
            if (operand >= from) used[operand - from] = true;
            if (is_extent(records.op(records.record_of(operand))))
                factor *= truth.value(records.var(operand)).data()[0];
        }
    }
    return factor;
}

std::string position_text(std::size_t index, const Extents& extents) {
    std::string text;
    for (std::size_t axis = extents.size(); axis-- > 0;) {
        text = fmt::to_string(index % extents[axis]) + (text.empty() ? "" : ",") + text;
        index /= extents[axis];
    }
    return "[" + text + "]";
}

/// Where two arrays differ most, with both numbers.
std::string worst_entry(const Array<long double>& mine, const Array<long double>& truth,
                        const Extents& extents) {
    std::size_t worst = 0;
    long double largest = -1;
    for (std::size_t i = 0; i < mine.size(); ++i) {
        const long double difference = std::abs(mine.data()[i] - truth.data()[i]);
        if (std::isnan(difference) || difference > largest) {
            worst = i;
            largest = difference;
            if (std::isnan(difference)) break;
        }
    }
    return fmt::format("at {} yours is {:.6g}, the tape's {:.6g}", position_text(worst, extents),
                       static_cast<double>(mine.data()[worst]), static_cast<double>(truth.data()[worst]));
}

Comparison compare(const Claim& claim, Reference& truth, long double factor, std::optional<bool>& deferred,
                   const VerifyOptions& options) {
    const Array<long double> right = truth.value(claim.var);
    const Extents extents(right.shape().begin(), right.shape().end());
    Comparison result{claim.name, to_string(extents), 0, std::numeric_limits<long double>::quiet_NaN(),
                      0,          Verdict::fail,      ""};
    if (claim.array.extents() != extents) {
        const Extents turned(claim.array.extents().rbegin(), claim.array.extents().rend());
        result.note = fmt::format("yours is {}{}", to_string(claim.array.extents()),
                                  turned == extents                                    ? ": transposed"
                                  : size_of(claim.array.extents()) == size_of(extents) ? ": reshape it"
                                                                                       : "");
        return result;
    }
    const auto mine = claim.array.to<long double>();
    result.compared = mine.size();
    result.tolerance = truth.tolerance(claim.var, claim.array.element());
    result.difference = largest_difference(mine, right, 1);
    const bool exact = result.difference <= result.tolerance;
    const bool defers = claim.may_defer && factor != 1 &&
                        largest_difference(mine, right, factor) <= factor * result.tolerance;
    const bool zero = largest_magnitude(right) == 0;
    if (exact && zero && claim.is_gradient &&
        std::ranges::find(options.zero, claim.name) == options.zero.end()) {
        result.verdict = Verdict::inconclusive;
        result.note = "zero everywhere, as a gradient that was never computed is; declare it if it is meant";
    } else if (!exact && !defers) {
        result.note = mine.size() > 0 ? worst_entry(mine, right, extents) : "";
    } else if (claim.may_defer && factor != 1 && !zero) {
        if (!deferred) deferred = defers;
        if (*deferred == defers) {
            result.verdict = Verdict::pass;
            if (defers) {
                result.difference = largest_difference(mine, right, factor);
                result.tolerance *= factor;
                result.note = fmt::format("mean deferred: {:g} times the gradient of the cost",
                                          static_cast<double>(factor));
            }
        } else {
            result.note = fmt::format("a factor {0:g} {1}: the gradients nearer to the cost {2}",
                                      static_cast<double>(factor), *deferred ? "is missing" : "too much",
                                      *deferred ? "defer the mean" : "do not defer the mean");
        }
    } else {
        result.verdict = Verdict::pass;
    }
    return result;
}

} // namespace

Report verify(const Var& cost, const NamedArrays& mine, const VerifyOptions& options) {
    Records& records = *cost.records();
    // Rewound when it leaves the scope: the gradients are appended for this check only.
    const Transaction appended(records);
    const std::vector<std::pair<std::uint32_t, std::string>> named(records.names().begin(),
                                                                   records.names().end());

    std::vector<std::pair<Var, AnyArray>> bindings;
    std::vector<Claim> claims;
    std::vector<std::string> known;
    for (const auto& [id, name] : named) {
        known.push_back(name);
        if (records.result(id).kind == Kind::real && id != cost.id()) known.push_back("d" + name);
    }
    for (const auto& [name, array] : mine) {
        const auto id = records.find(name);
        const auto of = name.size() > 1 && name[0] == 'd' ? records.find(name.substr(1)) : std::nullopt;
        if (id && records.leaf(*id)) {
            if (!array.all_finite())
                throw BindingError(
                    fmt::format("verify: {} holds a NaN or an infinity, so nothing that depends "
                                "on it can be compared. Mend the array.",
                                name));
            bindings.emplace_back(records.var(*id), array);
        } else if (of) {
            claims.push_back({name, array, records.var(*of), *of, true, records.leaf(*of) == nullptr});
        } else if (id) {
            claims.push_back({name, array, records.var(*id), *id, false, false});
        } else {
            throw_unknown("verify: nothing on this tape", name, known);
        }
    }

    std::vector<Var> wrt;
    for (const Claim& claim : claims)
        if (claim.is_gradient) wrt.push_back(claim.var);
    const std::vector<Var> gradients = gradient(cost, wrt);
    std::size_t next = 0;
    for (Claim& claim : claims)
        if (claim.is_gradient) claim.var = gradients[next++];
    std::ranges::stable_sort(claims, [](const Claim& a, const Claim& b) {
        if (a.is_gradient != b.is_gradient) return b.is_gradient;
        return a.is_gradient ? a.position > b.position : a.position < b.position;
    });

    Reference truth(bindings);
    for (const auto& [var, array] : bindings)
        truth.note_extents(array.extents());
    for (const Claim& claim : claims)
        truth.note_extents(claim.array.extents());
    Report report(fmt::format("Your arrays against the tape of {}", cost.to_string()));
    std::optional<bool> deferred;
    for (const Claim& claim : claims)
        report.add(compare(claim, truth,
                           claim.may_defer ? deferred_factor(records, claim.position, cost, truth) : 1,
                           deferred, options));
    return report;
}

} // namespace xtape
