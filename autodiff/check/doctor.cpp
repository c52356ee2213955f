#include <xtape/autodiff/check/doctor.hpp>
#include <xtape/autodiff/check/edits.hpp>
#include <xtape/autodiff/check/reference.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
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

/// A person's array under the right shape, where it is the transpose or has the same entries in a row.
std::optional<AnyArray> with_shape(const AnyArray& array, const Extents& extents) {
    if (array.extents() == extents) return array;
    if (array.rank() == 2 && extents == Extents(array.extents().rbegin(), array.extents().rend()))
        return AnyArray(Array<long double>(xt::transpose(array.to<long double>())));
    if (array.size() == size_of(extents)) return array.reshaped(extents);
    return {};
}

std::string short_text(long double number) { return fmt::format("{:.6g}", static_cast<double>(number)); }

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

/// Values of one step, and whether they are the person's.
class Comparer {
public:
    Comparer(const HandStep& step, const HandArray& mine, std::size_t longest)
        : reference_(step.bindings, longest), element_(mine.array.element()) {}

    [[nodiscard]] Array<long double> value(const Var& v) { return reference_.value(v); }

    /// True where one is a multiple of the other, roughly.
    [[nodiscard]] bool proportional(const Var& candidate, const Array<long double>& mine) {
        const Array<long double> value = evaluated(candidate);
        if (value.shape() != mine.shape()) return false;
        long double both = 0, own = 0, largest = 0;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            both += value.data()[i] * mine.data()[i];
            own += value.data()[i] * value.data()[i];
            largest = std::max(largest, std::abs(mine.data()[i]));
        }
        for (std::size_t i = 0; i < mine.size(); ++i)
            if (!(std::abs(mine.data()[i] - both / own * value.data()[i]) <= coarse() * largest))
                return false;
        return true;
    }

    /// True where the difference is within what rounding explains, and that is little.
    [[nodiscard]] bool gives(const Var& candidate, const Array<long double>& mine) {
        const Array<long double> value = evaluated(candidate);
        if (value.shape() != mine.shape()) return false;
        long double largest = 0, difference = 0;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const long double d = std::abs(value.data()[i] - mine.data()[i]);
            if (!std::isfinite(d)) return false;
            difference = std::max(difference, d);
            largest = std::max(largest, std::abs(mine.data()[i]));
        }
        if (difference > coarse() * largest) return false;
        const Truth truth = reference_.truth(candidate, element_);
        for (std::size_t i = 0; i < mine.size(); ++i)
            if (!(std::abs(value.data()[i] - mine.data()[i]) <= truth.tolerance.data()[i])) return false;
        return true;
    }

private:
    [[nodiscard]] long double coarse() const { return element_ == Element::f32 ? 1e-3L : 1e-8L; }

    /// Not all of thousands of versions are remembered at once.
    [[nodiscard]] Array<long double> evaluated(const Var& candidate) {
        constexpr std::size_t most = 64;
        if (++evaluated_ % most == 0) reference_.forget();
        return reference_.value(candidate);
    }

    Reference reference_;
    Element element_;
    std::size_t evaluated_ = 0;
};

/// True where both are equal in general, not on the person's data alone.
bool same_everywhere(const Var& a, const Var& b, Evaluation<long double>& probe) {
    const Array<long double> x = probe.value(a), y = probe.value(b);
    if (x.shape() != y.shape()) return false;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (!(std::abs(x.data()[i] - y.data()[i]) <= 1e-12L * std::abs(x.data()[i]))) return false;
    return true;
}

/// The step's inputs as other numbers, on which only versions that are equal in general are equal.
Evaluation<long double> probe_of(const HandStep& step) {
    Evaluation<long double> probe;
    Draw draw(20);
    for (const auto& [var, array] : step.bindings) {
        if (!array.is_real()) {
            probe.bind(var, array);
            continue;
        }
        Array<long double> values = array.to<long double>();
        for (std::size_t i = 0; i < values.size(); ++i)
            values.data()[i] = draw.uniform(0.125, 0.875);
        probe.bind(var, AnyArray(std::move(values)));
    }
    return probe;
}

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
        const std::vector<Edit> derivatives = exchanged_derivatives(mine.var, functions_);
        std::vector<Var> versions;
        for (const Edit& edit : derivatives)
            versions.push_back(edit.result);
        const HandStep textbook = textbook_step(beginning_, mine.var, deferred, given, versions);
        Diagnosis diagnosis;
        diagnosis.right = formula(textbook.right);
        for (std::size_t k = 0; k < arrays_.size(); ++k)
            if (arrays_[k].failed && std::ranges::find(textbook.uses, arrays_[k].name) != textbook.uses.end())
                diagnosis.from.push_back(arrays_[k].name);
        if (!mine.array.all_finite()) {
            diagnosis.causes.push_back("holds a NaN or an infinity");
            diagnosis.size = unexplained;
            return diagnosis;
        }
        if (examine(textbook, mine, derivatives, diagnosis)) return diagnosis;
        const HandStep mechanical = mechanical_step(beginning_, mine.var, deferred, given, versions);
        if (!examine(mechanical, mine, derivatives, diagnosis)) diagnosis.size = unexplained;
        return diagnosis;
    }

private:
    [[nodiscard]] Extents extents_of(const HandArray& a) {
        Evaluation<long double> evaluation;
        for (const auto& [var, array] : beginning_.bindings)
            evaluation.bind(var, array);
        return evaluation.array(a.var).extents();
    }

    /// True where this form of the step explains the array.
    bool examine(const HandStep& step, const HandArray& mine, const std::vector<Edit>& derivatives,
                 Diagnosis& diagnosis) {
        Comparer comparer(step, mine, longest_);
        const Array<long double> yours = mine.array.to<long double>(), right = comparer.value(step.right);
        if (const auto mended = with_shape(mine.array, Extents(right.shape().begin(), right.shape().end()));
            mended && comparer.gives(step.right, mended->to<long double>())) {
            diagnosis.inherited = yours.shape() == right.shape();
            if (!diagnosis.inherited)
                diagnosis.causes.push_back(yours.dimension() == right.dimension()
                                               ? "is transposed"
                                               : "has the right entries in the shape " +
                                                     to_string(mine.array.extents()));
            return true;
        }
        if (std::ranges::all_of(yours, [](long double x) { return x == 0; })) {
            diagnosis.causes.push_back("is zero everywhere");
            return true;
        }
        const std::vector<Edit> scaled = scalings(step.right, step.named);
        if (settle(step, scaled, comparer, yours, diagnosis)) return true;
        std::vector<Edit> once = edits(step.right, step.named);
        for (std::size_t k = 0; k < derivatives.size(); ++k)
            once.push_back({derivatives[k].what, step.versions[k], 1});
        if (settle(step, once, comparer, yours, diagnosis)) return true;
        std::vector<Edit> more = fitted(step, comparer, yours);
        for (const Edit& edit : once)
            if (comparer.proportional(edit.result, yours))
                for (Edit& scaled : scalings(edit.result, step.named))
                    more.push_back({edit.what + " and " + scaled.what, scaled.result, 2});
        return settle(step, more, comparer, yours, diagnosis);
    }

    /// The step with one unknown number in it that the person's array tells: another term c V, a parameter
    /// that has moved by c dV already, or a factor c.
    static std::vector<Edit> fitted(const HandStep& step, Comparer& comparer,
                                    const Array<long double>& yours) {
        const Array<long double> right = comparer.value(step.right);
        std::vector<Edit> result;
        if (yours.size() < 3 || yours.shape() != right.shape()) return result;
        const auto fit = [&](const Var& direction, const auto& what) {
            const Array<long double> d = comparer.value(direction);
            if (d.shape() != right.shape()) return;
            long double along = 0, length = 0;
            for (std::size_t i = 0; i < d.size(); ++i) {
                along += d.data()[i] * (yours.data()[i] - right.data()[i]);
                length += d.data()[i] * d.data()[i];
            }
            const long double c = along / length;
            if (std::isfinite(c) && c != 0) result.push_back({what(c), step.right + c * direction, 1});
        };
        for (const Var& v : step.named)
            if (same_extents(v.shape(), step.right.shape()))
                fit(v, [&](long double c) {
                    return fmt::format("has an extra term {} {}", short_text(c), v.name());
                });
        for (const Var& v : step.named) {
            const auto dv = std::ranges::find(step.named, "d" + v.name(), &Var::name);
            if (!Expression(v).is(variable_op()) || dv == step.named.end()) continue;
            if (const Var moved = replaced(step.right, v.id(), *dv); !moved.same_as(step.right))
                fit(moved, [&](long double c) {
                    return fmt::format(
                        "has {0} {1} {2} d{0} where {0} belongs: it seems to be updated already", v.name(),
                        c < 0 ? "−" : "+", short_text(std::abs(c)));
                });
        }
        fit(step.right,
            [](long double c) { return fmt::format("is {} times what it should be", short_text(1 + c)); });
        if (!result.empty()) result.back().size = 3; // the last says least
        return result;
    }

    /// Takes the smallest versions that give the person's numbers, one of each class that is equal in
    /// general.
    static bool settle(const HandStep& step, const std::vector<Edit>& versions, Comparer& comparer,
                       const Array<long double>& yours, Diagnosis& diagnosis) {
        std::vector<const Edit*> found;
        std::optional<Evaluation<long double>> probe;
        for (const Edit& version : versions) {
            if (!found.empty() && version.size > found[0]->size) continue;
            if (!comparer.gives(version.result, yours)) continue;
            if (!found.empty() && version.size < found[0]->size) found.clear();
            if (!probe) probe = probe_of(step);
            if (std::ranges::none_of(found, [&](const Edit* other) {
                    return version.what == other->what ||
                           (version.size > 0 && same_everywhere(other->result, version.result, *probe));
                }))
                found.push_back(&version);
        }
        diagnosis.tried += versions.size();
        if (found.empty()) return false;
        for (const Edit* version : found)
            diagnosis.causes.push_back(version->what);
        const Var& first = found[0]->result;
        diagnosis.yours = formula(found[0]->size == 0 ? simplify(first)(first) : first);
        diagnosis.right = formula(step.right);
        diagnosis.alike = found.size() > 1 && alike(step);
        diagnosis.size = found[0]->size;
        return true;
    }

    Beginning beginning_;
    const std::vector<HandArray>& arrays_;
    const std::vector<Applied>& functions_;
    std::size_t longest_;
    std::vector<std::optional<Given>> given_;
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
        std::pair<std::size_t, int> mistakes{0, 0};
        for (std::size_t k = 0; k < arrays.size(); ++k) {
            if (!arrays[k].failed) continue;
            diagnoses[k] = doctor.look_at(k);
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
