#include <xtape/autodiff/check/doctor.hpp>
#include <xtape/autodiff/check/reference.hpp>
#include <xtape/autodiff/check/verify.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/print/names.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape {
namespace {

/// One array of a person's and the Var that it claims to be.
struct Claim {
    std::string name;
    AnyArray array;
    Var var;
    std::uint32_t position; ///< on the tape: of the result itself, or of what the gradient is with respect to
    bool is_gradient;
    bool may_defer; ///< a gradient of an intermediate result
};

/// The extents by which what leads from a result to the cost divides: a person who defers the mean has left
/// their product, or one of some of them, out of the result's gradient. An n of another term, as of λ/n in
/// L2, is not among them.
std::vector<std::uint32_t> deferred_extents(Records& records, std::uint32_t from, const Var& cost) {
    const std::uint32_t to = cost.id();
    if (from >= to) return {};
    std::vector<bool> depends(to - from + 1, false), used(to - from + 1, false);
    const auto operands = [&](std::uint32_t id) { return records.operands(records.record_of(id)); };
    depends[0] = true;
    for (std::uint32_t id = from + 1; id <= to; ++id)
        depends[id - from] =
            std::ranges::any_of(operands(id), [&](auto k) { return k >= from && depends[k - from]; });
    used[to - from] = true;
    std::vector<std::uint32_t> extents;
    for (std::uint32_t id = to; id > from; --id) {
        if (!used[id - from] || !depends[id - from]) continue;
        for (const std::uint32_t operand : operands(id)) {
            if (operand >= from) used[operand - from] = true;
            if (is_extent(records.op(records.record_of(operand)))) extents.push_back(operand);
        }
    }
    return extents;
}

/// The products of some or all of them.
std::vector<long double> products(Records& records, const std::vector<std::uint32_t>& extents,
                                  detail::Reference& reference) {
    std::vector<long double> factors{1};
    for (const std::uint32_t id : extents) {
        const long double extent = reference.value(records.var(id)).data()[0];
        const std::vector<long double> shorter = factors;
        for (const long double factor : shorter)
            factors.push_back(factor * extent);
    }
    std::erase(factors, 1);
    return factors;
}

/// What a person may have deferred: nothing or some of the extents, as far as the arrays have not told.
std::vector<std::vector<std::uint32_t>> conventions(const std::vector<std::uint32_t>& extents,
                                                    const std::optional<bool>& deferred) {
    std::vector<std::vector<std::uint32_t>> subsets{{}};
    for (const std::uint32_t id : extents) {
        const auto shorter = subsets;
        for (auto subset : shorter) {
            subset.push_back(id);
            subsets.push_back(std::move(subset));
        }
    }
    if (deferred) std::erase_if(subsets, [&](const auto& subset) { return subset.empty() == *deferred; });
    return subsets;
}

/// One comparison in progress: a person's array against factor times the truth.
struct Match {
    bool within = true;
    std::size_t entry = 0;       ///< with the largest difference; where some are not within, of those
    long double difference = -1; ///< there
    long double tolerance = 0;   ///< there
};

Match match(const Array<long double>& mine, const detail::Truth& truth, long double factor) {
    Match result;
    for (std::size_t i = 0; i < mine.size(); ++i) {
        const long double tolerance = factor * truth.tolerance.data()[i];
        const long double difference = std::abs(mine.data()[i] - factor * truth.value.data()[i]);
        const bool within = difference <= tolerance; // not so for a NaN
        const bool worse = within == result.within ? !(difference <= result.difference) : !within;
        if (worse && !std::isnan(result.difference))
            result = {within && result.within, i, difference, tolerance};
    }
    return result;
}

long double largest_magnitude(const Array<long double>& a) {
    long double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(a.data()[i]));
    return largest;
}

/// Whether rounding alone may move some entry by one hundredth of the largest: then agreement says nothing.
std::string noise(const detail::Truth& truth) {
    const long double largest = largest_magnitude(truth.value),
                      tolerance = largest_magnitude(truth.tolerance);
    if (tolerance <= 0.01L * largest) return "";
    return fmt::format(
        "noise: rounding alone moves it by {:.1e}, and its largest entry is {:.1e} (a kink, a saturated "
        "value, or a sum that cancels)",
        static_cast<double>(tolerance), static_cast<double>(largest));
}

/// Why a person's array of another shape cannot be compared.
std::string wrong_shape(const Extents& mine, const Extents& right) {
    const Extents turned(mine.rbegin(), mine.rend());
    const std::string yours = fmt::format("yours is {}", to_string(mine));
    if (turned == right) return yours + ": transposed";
    return yours + (size_of(mine) == size_of(right) ? ": reshape it to " + to_string(right) : "");
}

EntryDifferences differences(const Array<long double>& mine, const detail::Truth& truth, long double factor) {
    EntryDifferences result{{mine.shape().begin(), mine.shape().end()}, {}, {}};
    for (std::size_t i = 0; i < mine.size(); ++i) {
        result.values.push_back(static_cast<double>(mine.data()[i] - factor * truth.value.data()[i]));
        result.tolerance.push_back(static_cast<double>(factor * truth.tolerance.data()[i]));
    }
    return result;
}

/// Compares one array. `deferred` is the convention that the gradients nearer to the cost are in, once one
/// has told.
Comparison compare(const Claim& claim, detail::Reference& reference, const std::vector<long double>& factors,
                   std::optional<bool>& deferred, const VerifyOptions& options) {
    const detail::Truth truth = reference.truth_of_any_form(claim.var, claim.array.element());
    const Extents extents(truth.value.shape().begin(), truth.value.shape().end());
    Comparison result{claim.name, to_string(extents), 0, std::numeric_limits<long double>::quiet_NaN(),
                      0,          Verdict::fail,      ""};
    if (claim.array.extents() != extents) {
        result.note = wrong_shape(claim.array.extents(), extents);
        return result;
    }
    const auto mine = claim.array.to<long double>();
    const Match exact = match(mine, truth, 1);
    Match best = exact;
    long double factor = 1;
    for (const long double candidate : factors) {
        const Match with = match(mine, truth, candidate);
        if (best.within || !with.within) continue;
        best = with;
        factor = candidate;
    }
    result.compared = mine.size();
    result.factor = factor;
    result.differences = differences(mine, truth, factor);
    result.difference = mine.size() > 0 ? best.difference : 0;
    result.tolerance = best.tolerance;
    const bool zero = mine.size() > 0 && largest_magnitude(truth.value) == 0;
    const bool declared = std::ranges::find(options.zero, claim.name) != options.zero.end();
    const bool tells =
        !factors.empty() && (factor != 1 || std::ranges::none_of(factors, [&](long double candidate) {
                                 return match(mine, truth, candidate).within;
                             }));
    if (const auto bad = std::ranges::find_if(truth.value, [](long double x) { return !std::isfinite(x); });
        bad != truth.value.end()) {
        result.verdict = Verdict::inconclusive;
        result.reason = "domain";
        result.note = fmt::format("the tape's own is {}: something is saturated, or outside the domain of a "
                                  "function; a cost of logits is finite for all",
                                  static_cast<double>(*bad));
    } else if (!best.within) {
        const std::string where =
            extents.empty() ? "" : "at " + brackets(position_of(best.entry, extents)) + " ";
        result.note = fmt::format("{}yours is {:.6g}", where, static_cast<double>(mine.data()[best.entry]));
        result.answer =
            fmt::format(", the tape's {:.6g}", static_cast<double>(truth.value.data()[best.entry]));
    } else if (zero && claim.is_gradient && !declared) {
        result.verdict = Verdict::inconclusive;
        result.note = "zero everywhere, as a gradient that was never computed is; declare it if it is meant";
    } else if (result.note = zero ? "" : noise(truth); !result.note.empty()) {
        result.verdict = Verdict::inconclusive;
    } else if (tells && deferred.value_or(factor != 1) != (factor != 1)) {
        const long double off = *deferred ? factors.back() : factor, meant = *deferred ? off : 1;
        const Match against = match(mine, truth, meant);
        result.difference = against.difference;
        result.tolerance = against.tolerance;
        result.factor = meant;
        result.differences = differences(mine, truth, meant);
        result.note = fmt::format("a factor {0:g} {1}: the gradients nearer to the cost {2}",
                                  static_cast<double>(off), *deferred ? "is missing" : "too much",
                                  *deferred ? "defer the mean" : "do not defer the mean");
    } else {
        if (tells) deferred = factor != 1;
        result.verdict = Verdict::pass;
        if (factor != 1)
            result.note = fmt::format("mean deferred: {:g} times the gradient of the cost",
                                      static_cast<double>(factor));
    }
    return result;
}

/// `: yours has an extra factor 1/n; db1, dW1 inherited` and, below, the equations.
std::string sentence(const std::string& name, const detail::Diagnosis& diagnosis,
                     const std::vector<std::string>& heirs) {
    if (diagnosis.causes.empty())
        return fmt::format(": nothing reproduces it: not one of {} versions of {} = {} with a mistake",
                           diagnosis.tried, name, diagnosis.right.text);
    std::string text = ": yours " + diagnosis.causes[0];
    if (!heirs.empty()) text += fmt::format("; {} inherited", fmt::join(heirs, ", "));
    if (!diagnosis.yours.empty() && !diagnosis.yours[0].text.empty())
        text += fmt::format("\n  yours: {0} = {1}\n  right: {0} = {2}", name, diagnosis.yours[0].text,
                            diagnosis.right.text);
    if (diagnosis.causes.size() > 1) {
        text += "\n  These data cannot tell that from:";
        for (std::size_t k = 1; k < diagnosis.causes.size(); ++k)
            text += (k > 1 ? "; " : " ") + diagnosis.causes[k];
        if (diagnosis.alike) text += ". Take data whose dimensions differ and are larger than 1.";
    }
    return text;
}

/// The equations of a finding: one for each cause, and the right one.
std::vector<FoundEquation> found_equations(const std::string& name, const detail::Diagnosis& diagnosis) {
    std::vector<FoundEquation> found;
    const auto add = [&](const char* whose, const std::string& cause, const detail::Formula& formula) {
        found.push_back({whose, cause, name + " = " + formula.text,
                         written_name(name, Markup::latex) + " = " + formula.latex});
    };
    for (std::size_t k = 0; k < diagnosis.yours.size(); ++k)
        if (!diagnosis.yours[k].text.empty())
            add(k == 0 ? "yours" : "or yours", diagnosis.causes[k], diagnosis.yours[k]);
    add("right", "", diagnosis.right);
    return found;
}

/// Says of each comparison that failed why, or from which other it has inherited its error.
void explain(const Var& cost, std::vector<Comparison>& comparisons, const std::vector<Claim>& claims,
             const detail::Beginning& beginning, const std::vector<std::vector<std::uint32_t>>& conventions,
             std::size_t longest) {
    Records& records = *cost.records();
    std::vector<detail::HandArray> arrays;
    for (std::size_t k = 0; k < claims.size(); ++k)
        arrays.push_back({claims[k].name, claims[k].array, claims[k].var, claims[k].may_defer,
                          comparisons[k].verdict == Verdict::fail});
    if (std::ranges::none_of(arrays, &detail::HandArray::failed)) return;
    std::vector<detail::Applied> functions = detail::applied_functions(cost);
    std::vector<Var> wrt;
    for (const Claim& claim : claims)
        if (claim.is_gradient) wrt.push_back(records.var(claim.position));
    for (const detail::Applied& f : functions)
        wrt.insert(wrt.end(), {f.operand, f.result});
    // One walk, so that the gradients of functions are the very ones that the others are made of.
    const std::vector<Var> gradients = gradient(cost, wrt, Disconnected::zeros);
    std::size_t next = 0;
    for (std::size_t k = 0; k < claims.size(); ++k)
        if (claims[k].is_gradient) arrays[k].var = gradients[next++];
    for (detail::Applied& f : functions) {
        f.operand_gradient = gradients[next++];
        f.result_gradient = gradients[next++];
    }
    const auto diagnoses = detail::diagnose(beginning, arrays, functions, conventions, longest);
    for (std::size_t k = 0; k < diagnoses.size(); ++k) {
        if (!arrays[k].failed) continue;
        std::vector<std::string> heirs;
        for (std::size_t other = 0; other < diagnoses.size(); ++other)
            if (diagnoses[other].inherited && std::ranges::count(diagnoses[other].from, arrays[k].name) > 0)
                heirs.push_back(arrays[other].name);
        if (!diagnoses[k].inherited) {
            comparisons[k].finding = sentence(arrays[k].name, diagnoses[k], heirs);
            comparisons[k].equations = found_equations(arrays[k].name, diagnoses[k]);
            continue;
        }
        comparisons[k].answer.clear();
        comparisons[k].note =
            !diagnoses[k].unusable.empty()
                ? fmt::format("made of {}, whose shape is wrong", fmt::join(diagnoses[k].unusable, ", "))
            : diagnoses[k].from.empty()
                ? "right, given your own arrays"
                : fmt::format("inherited from {}", fmt::join(diagnoses[k].from, ", "));
    }
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
        if (std::ranges::count(mine, name, &NamedArrays::value_type::first) > 1)
            throw NameError(fmt::format("verify: {} is given twice. Give each array once.", name));
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
    const std::uint32_t forward_end = records.result_count();
    const std::vector<Var> gradients = gradient(cost, wrt);
    std::size_t next = 0;
    for (Claim& claim : claims)
        if (claim.is_gradient) claim.var = gradients[next++];
    // Of two names of one result (Z and A where the activation is the identity) the tape gave the first
    // first.
    const auto order = [&](const Claim& c) {
        const std::string& name = records.name_of(c.position);
        return std::pair(c.position, c.name != (c.is_gradient ? "d" + name : name));
    };
    std::ranges::stable_sort(claims, [&](const Claim& a, const Claim& b) {
        if (a.is_gradient != b.is_gradient) return b.is_gradient;
        return a.is_gradient ? order(a) > order(b) : order(a) < order(b);
    });

    std::size_t longest = 1;
    const auto note_extents = [&](const AnyArray& array) {
        for (const std::size_t extent : array.extents())
            longest = std::max(longest, extent);
    };
    for (const auto& [var, array] : bindings)
        note_extents(array);
    for (const Claim& claim : claims)
        note_extents(claim.array);
    detail::Reference reference(bindings, longest);
    Report report(fmt::format("Your arrays against the tape of {}", cost.to_string()));
    std::optional<bool> deferred;
    std::vector<std::uint32_t> extents;
    std::vector<Comparison> comparisons;
    for (const Claim& claim : claims) {
        const auto own =
            claim.may_defer ? deferred_extents(records, claim.position, cost) : std::vector<std::uint32_t>{};
        if (extents.empty()) extents = own;
        comparisons.push_back(
            compare(claim, reference, products(records, own, reference), deferred, options));
    }
    explain(cost, comparisons, claims, {records, cost.id(), forward_end, bindings, {}},
            conventions(extents, deferred), longest);
    for (Comparison& comparison : comparisons)
        report.add(std::move(comparison));
    return report;
}

} // namespace xtape
