#include <xtape/autodiff/check/comparer.hpp>
#include <xtape/autodiff/check/doctor.hpp>
#include <xtape/autodiff/check/fitted.hpp>
#include <xtape/autodiff/check/slips.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace xtape::detail {
namespace {

/// How unlikely it is that nothing explains an array: more than any mistake that is known.
constexpr int unexplained = 10;

/// How many versions with two mistakes are compared, at most, times the entries of the step's arrays (at
/// least `few`, below which the records and not the entries take the time): some 0.3 s.
constexpr std::size_t most_pairs_by_entries = 4'000'000, few = 200;

/// A person's array under the right shape, where it is the transpose or has the same entries in a row.
std::optional<AnyArray> with_shape(const AnyArray& array, const Extents& extents) {
    if (array.extents() == extents) return array;
    if (array.rank() == 2 && extents == Extents(array.extents().rbegin(), array.extents().rend()))
        return AnyArray(Array<long double>(xt::transpose(array.to<long double>())));
    if (array.size() == size_of(extents)) return array.reshaped(extents);
    return {};
}

/// True where two dimensions are equal, or one is 1, though nothing demands it: what is wrong in general may
/// then be right, or look like something else.
bool alike(const HandStep& step) {
    std::map<std::string, std::size_t> extents;
    for (const auto& [var, array] : step.bindings)
        for (std::size_t axis = 0; axis < array.rank(); ++axis)
            extents.emplace(var.shape()[axis].name(), array.extents()[axis]);
    extents.erase("");
    std::set<std::size_t> different{1};
    return !std::ranges::all_of(extents, [&](const auto& e) { return different.insert(e.second).second; });
}

/// The step's inputs as other numbers, on which only versions that are equal in general are equal: all
/// positive, as probabilities are, and of both signs, on both sides of kinks.
class Probes {
public:
    explicit Probes(const HandStep& step) {
        Draw draw(20);
        for (const bool positive : {true, false})
            for (const auto& [var, array] : step.bindings) {
                Evaluation<long double>& probe = positive ? positive_ : signed_;
                if (!array.is_real()) {
                    probe.bind(var, array);
                    continue;
                }
                Array<long double> values = array.to<long double>();
                for (long double& x : values)
                    x = draw.uniform(0.125, 0.875) * (positive || draw.uniform(0, 1) < 0.5 ? 1 : -1);
                probe.bind(var, AnyArray(std::move(values)));
            }
    }

    [[nodiscard]] bool same(const Var& a, const Var& b) {
        return same(positive_.value(a), positive_.value(b)) && same(signed_.value(a), signed_.value(b));
    }

private:
    /// To 1e-12, which is far above long double's rounding, and far below what differs by more than that.
    static bool same(const Array<long double>& x, const Array<long double>& y) {
        if (x.shape() != y.shape()) return false;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (!(std::abs(x.data()[i] - y.data()[i]) <= 1e-12L * std::abs(x.data()[i])) &&
                !(std::isnan(x.data()[i]) && std::isnan(y.data()[i])))
                return false;
        return true;
    }

    Evaluation<long double> positive_, signed_;
};

class Doctor {
public:
    Doctor(Beginning beginning, const std::vector<HandArray>& arrays, const std::vector<Applied>& functions,
           std::size_t longest)
        : beginning_(std::move(beginning)), arrays_(arrays), functions_(functions), longest_(longest) {
        for (const HandArray& a : arrays_) {
            const auto mended = a.array.all_finite() ? with_shape(a.array, extents_of(a)) : std::nullopt;
            given_.push_back(mended ? std::optional(Given{a.name, a.var.id(), *mended, a.intermediate})
                                    : std::nullopt);
        }
        for (const Applied& f : functions_) {
            activations_.push_back(f.result.name());
            if (const Op op = Expression(f.result).op(); op.definition().elementwise &&
                                                         op.definition().attributes.empty() &&
                                                         std::ranges::find(forward_, op) == forward_.end())
                forward_.push_back(op);
        }
    }

    [[nodiscard]] Diagnosis look_at(std::size_t index) {
        const HandArray& mine = arrays_[index];
        std::vector<Given> given;
        for (std::size_t k = 0; k < arrays_.size(); ++k)
            if (given_[k] && k != index && (k < index || given_[k]->id != mine.var.id()))
                given.push_back(*given_[k]);
        const bool deferred = mine.intermediate && !beginning_.deferred.empty();
        if (beginning_.deferred.empty())
            for (Given& g : given)
                g.deferred = false;
        std::vector<Edit> derivatives = exchanged_derivatives(mine.var, within(given));
        for (const Edit& edit : without_derivative(mine.var, given))
            derivatives.push_back(edit);
        std::vector<Var> versions;
        for (const Edit& edit : derivatives)
            versions.push_back(edit.result);
        const auto written = [&](Form form) {
            return hand_step(beginning_, mine.var, deferred, given, versions, form);
        };
        const HandStep textbook = written(Form::textbook);
        Diagnosis diagnosis;
        diagnosis.right = formula(textbook.right);
        diagnosis.unusable = unusable(mine.var, given);
        for (std::size_t k = 0; k < arrays_.size(); ++k)
            if (arrays_[k].failed && std::ranges::find(textbook.uses, arrays_[k].name) != textbook.uses.end())
                diagnosis.from.push_back(arrays_[k].name);
        if (!mine.array.all_finite()) {
            diagnosis.causes.push_back("holds a NaN or an infinity");
            diagnosis.size = unexplained;
            return diagnosis;
        }
        std::optional<HandStep> chain_rule;
        const auto explained = [&](const AnyArray& array) {
            if (examine(textbook, mine, array, derivatives, diagnosis)) return true;
            if (!chain_rule) chain_rule = written(Form::chain_rule);
            return examine(*chain_rule, mine, array, derivatives, diagnosis);
        };
        if (explained(mine.array)) return diagnosis;
        if (const auto mended = with_shape(mine.array, extents_of(mine));
            mended && mended->extents() != mine.array.extents() && explained(*mended)) {
            const std::string shape = mended->rank() == mine.array.rank()
                                          ? "is transposed"
                                          : "has the shape " + to_string(mine.array.extents());
            for (std::string& cause : diagnosis.causes)
                cause = shape + " and " + cause;
            ++diagnosis.size;
            return diagnosis;
        }
        if (examine_pairs(textbook, mine, derivatives, diagnosis)) return diagnosis;
        diagnosis.size = unexplained;
        diagnosis.inherited = !diagnosis.unusable.empty();
        return diagnosis;
    }

    /// Factors that other arrays have told: the same mistake is likely to be made again, and one entry is
    /// enough to recognise it.
    void expect(std::vector<long double> factors) { factors_ = std::move(factors); }

private:
    /// Arrays that the root is made of and that have no shape in which they could be.
    [[nodiscard]] std::vector<std::string> unusable(const Var& root, const std::vector<Given>& given) const {
        const Records& records = beginning_.records;
        std::vector<std::string> found;
        std::set<std::uint32_t> seen;
        std::vector<std::uint32_t> open{root.id()};
        while (!open.empty()) {
            const std::uint32_t id = open.back();
            open.pop_back();
            if (!seen.insert(id).second || std::ranges::count(given, id, &Given::id) > 0) continue;
            for (std::size_t k = 0; k < arrays_.size(); ++k)
                if (id != root.id() && !given_[k] && arrays_[k].var.id() == id)
                    found.push_back(arrays_[k].name);
            for (const std::uint32_t operand : records.operands(records.record_of(id)))
                open.push_back(operand);
        }
        return found;
    }

    [[nodiscard]] Extents extents_of(const HandArray& a) {
        Evaluation<long double> evaluation;
        for (const auto& [var, array] : beginning_.bindings)
            evaluation.bind(var, array);
        return evaluation.array(a.var).extents();
    }

    /// True where an array that it begins from is given in another shape, which its result then has as well.
    [[nodiscard]] bool uses_misshapen(const HandStep& step) {
        return std::ranges::any_of(arrays_, [&](const HandArray& a) {
            return std::ranges::count(step.uses, a.name) > 0 && a.array.extents() != extents_of(a);
        });
    }

    /// The functions whose derivative is taken in a step from these arrays, and not before it.
    [[nodiscard]] std::vector<Applied> within(const std::vector<Given>& given) const {
        std::vector<Applied> found = functions_;
        std::erase_if(found, [&](const Applied& f) {
            return std::ranges::count(given, f.operand_gradient.id(), &Given::id) > 0;
        });
        return found;
    }

    /// The versions of a step from dZ that are derived from dA, which the person may not have shown.
    [[nodiscard]] std::vector<Edit> without_derivative(const Var& root,
                                                       const std::vector<Given>& given) const {
        std::vector<Edit> found;
        for (const Applied& f : functions_) {
            const Var &dz = f.operand_gradient, &da = f.result_gradient;
            if (std::ranges::count(given, dz.id(), &Given::id) == 0 ||
                std::ranges::count(given, da.id(), &Given::id) > 0)
                continue;
            if (const Var version = replaced(root, dz.id(), da); !version.empty() && !version.same_as(root))
                found.push_back(
                    {"lacks the derivative of " + Expression(f.result).op().definition().short_name(),
                     version, 1});
        }
        return found;
    }

    /// True where this form of the step explains the array, which is `mine` or that in the right shape.
    bool examine(const HandStep& step, const HandArray& mine, const AnyArray& array,
                 const std::vector<Edit>& derivatives, Diagnosis& diagnosis) {
        Comparer comparer(step, mine.array.element(), longest_);
        const Array<long double> yours = array.to<long double>(), right = comparer.value(step.right);
        if (const auto mended = with_shape(array, Extents(right.shape().begin(), right.shape().end()));
            mended && comparer.gives(step.right, mended->to<long double>(), 1)) {
            diagnosis.inherited = yours.shape() == right.shape() || uses_misshapen(step);
            if (!diagnosis.inherited)
                diagnosis.causes.push_back(yours.dimension() == right.dimension()
                                               ? "is transposed"
                                               : "has the right entries in the shape " +
                                                     to_string(array.extents()));
            return true;
        }
        const auto zero = [](const auto& a) { return std::ranges::all_of(a, [](auto x) { return x == 0; }); };
        if (zero(yours)) {
            diagnosis.inherited = yours.shape() == right.shape() && zero(right);
            if (!diagnosis.inherited) diagnosis.causes.push_back("is zero everywhere");
            return true;
        }
        std::vector<Edit> scaled = scalings(step.right, step.extents);
        for (const long double factor : factors_)
            scaled.push_back(multiple(step.right, factor, 0));
        if (settle(step, scaled, comparer, yours, diagnosis)) return true;
        std::vector<Edit> once = likely(step, derivatives);
        for (Edit& edit : slips(step.right, step.named, step.extents, activations_))
            once.push_back(std::move(edit));
        for (Edit& edit : rarer_edits(step.right, step.named, step.extents, forward_))
            once.push_back(std::move(edit));
        if (settle(step, once, comparer, yours, diagnosis)) return true;
        std::vector<Edit> more = fitted(step, comparer, yours);
        for (const Edit& edit : once)
            if (comparer.proportional(edit.result, yours))
                for (Edit& scaled : scalings(edit.result, step.extents))
                    more.push_back({edit.what + " and " + scaled.what, scaled.result, 2});
        return settle(step, more, comparer, yours, diagnosis);
    }

    static std::vector<Edit> likely(const HandStep& step, const std::vector<Edit>& derivatives) {
        std::vector<Edit> once = edits(step.right, step.named, step.extents);
        for (std::size_t k = 0; k < derivatives.size(); ++k)
            once.push_back({derivatives[k].what, step.versions[k], 1});
        return once;
    }

    /// The versions with a second mistake in each of those with one that differ on these data.
    bool examine_pairs(const HandStep& step, const HandArray& mine, const std::vector<Edit>& derivatives,
                       Diagnosis& diagnosis) {
        Comparer comparer(step, mine.array.element(), longest_);
        const Array<long double> yours = mine.array.to<long double>();
        std::set<std::vector<long double>> values;
        const auto is_new = [&](const Var& v) {
            const Array<long double> value = comparer.evaluated(v);
            std::vector<long double> key(value.shape().begin(), value.shape().end());
            key.insert(key.end(), value.begin(), value.end());
            return std::ranges::none_of(key, [](long double x) { return std::isnan(x); }) &&
                   values.insert(std::move(key)).second;
        };
        std::size_t entries = 0;
        for (const auto& [var, array] : step.bindings)
            entries += array.size();
        const std::size_t most_pairs = most_pairs_by_entries / std::max(few, entries);
        std::vector<Edit> pairs;
        if (!is_new(step.right)) return false;
        for (const Edit& first : likely(step, derivatives)) {
            if (pairs.size() >= most_pairs) break;
            if (!is_new(first.result)) continue;
            for (Edit& second : edits(first.result, step.named, step.extents))
                pairs.push_back({first.what + " and " + second.what, second.result, 2});
        }
        return settle(step, pairs, comparer, yours, diagnosis);
    }

    /// Takes the smallest versions that give the person's numbers, one of each class that is equal in
    /// general.
    static bool settle(const HandStep& step, const std::vector<Edit>& versions, Comparer& comparer,
                       const Array<long double>& yours, Diagnosis& diagnosis) {
        std::vector<const Edit*> found;
        std::optional<Probes> probes;
        for (const Edit& version : versions) {
            if (!found.empty() && version.size > found[0]->size) continue;
            if (!comparer.gives(version.result, yours, versions.size(), version.unknowns)) continue;
            if (!found.empty() && version.size < found[0]->size) found.clear();
            if (!probes) probes.emplace(step);
            if (std::ranges::none_of(found, [&](const Edit* other) {
                    return version.what == other->what ||
                           (version.size > 0 && probes->same(other->result, version.result));
                }))
                found.push_back(&version);
        }
        diagnosis.tried += versions.size();
        if (found.empty()) return false;
        for (const Edit* version : found) {
            const Var& wrong = version->result;
            diagnosis.causes.push_back(version->what);
            diagnosis.yours.push_back(version->observed    ? Formula{}
                                      : version->size == 0 ? formula(simplify(wrong)(wrong))
                                                           : formula(wrong));
        }
        diagnosis.right = formula(step.right);
        diagnosis.alike = found.size() > 1 && alike(step);
        diagnosis.size = found[0]->size;
        diagnosis.factor = found[0]->factor;
        return true;
    }

    Beginning beginning_;
    const std::vector<HandArray>& arrays_;
    const std::vector<Applied>& functions_;
    std::size_t longest_;
    std::vector<std::optional<Given>> given_;
    std::vector<Op> forward_;              ///< elementwise functions
    std::vector<std::string> activations_; ///< the names of their results and of softmax's
    std::vector<long double> factors_;
};

} // namespace

std::vector<Diagnosis> diagnose(Beginning beginning, const std::vector<HandArray>& arrays,
                                const std::vector<Applied>& functions,
                                const std::vector<std::vector<std::uint32_t>>& conventions,
                                std::size_t longest) {
    std::vector<Diagnosis> best;
    std::pair<std::size_t, int> least{arrays.size() + 1, 0};
    for (const std::vector<std::uint32_t>& convention : conventions) {
        beginning.deferred = convention;
        Doctor doctor(beginning, arrays, functions, longest);
        std::vector<Diagnosis> diagnoses(arrays.size());
        std::vector<long double> factors;
        for (std::size_t k = 0; k < arrays.size(); ++k) {
            if (!arrays[k].failed) continue;
            Diagnosis& diagnosis = diagnoses[k] = doctor.look_at(k);
            // It cannot be told from that array what it gives, but the same cause explains both.
            for (std::size_t j = 0; j < k && !diagnosis.causes.empty(); ++j)
                if (std::ranges::count(diagnosis.unusable, arrays[j].name) > 0 &&
                    diagnoses[j].causes == diagnosis.causes) {
                    diagnosis.inherited = true;
                    diagnosis.causes.clear();
                }
            if (diagnosis.factor) factors.push_back(*diagnoses[k].factor);
        }
        doctor.expect(factors);
        std::pair<std::size_t, int> mistakes{0, 0};
        for (std::size_t k = 0; k < arrays.size(); ++k) {
            if (!arrays[k].failed) continue;
            const bool again = !factors.empty() && !diagnoses[k].inherited && diagnoses[k].causes.empty();
            if (again) diagnoses[k] = doctor.look_at(k);
            mistakes.first += diagnoses[k].inherited ? 0 : 1;
            mistakes.second += diagnoses[k].size;
        }
        if (mistakes >= least) continue;
        least = mistakes;
        best = std::move(diagnoses);
    }
    return best;
}

} // namespace xtape::detail
