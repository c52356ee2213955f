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

/// How many versions with two mistakes are compared, at most, times the entries of the step's arrays (at
/// least `few`, below which the records and not the entries take the time): some 0.3 s.
constexpr std::size_t most_pairs_by_entries = 4'000'000, few = 200;

/// Beyond this part of the largest entry `verify` itself holds that agreement says nothing; and by chance
/// alone not more than this part of all diagnoses may be wrong.
constexpr long double hundredth = 0.01L;

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

/// A number that a person's array tells, perhaps divided by an extent.
struct Number {
    long double value;
    std::optional<Dim> extent;

    [[nodiscard]] std::string written() const {
        return fmt::format("{:.6g}", static_cast<double>(value)) +
               (extent ? "/" + (extent->name().empty() ? extent->to_string() : extent->name()) : "");
    }
};

/// Values of one step, and whether they are the person's.
class Comparer {
public:
    Comparer(const HandStep& step, const HandArray& mine, std::size_t longest)
        : reference_(step.bindings, longest), element_(mine.array.element()) {}

    [[nodiscard]] Array<long double> value(const Var& v) { return reference_.value(v); }

    /// True where one is roughly a multiple of the other: a sieve, of which `gives` decides what remains.
    [[nodiscard]] bool proportional(const Var& candidate, const Array<long double>& mine) {
        if (!may_be(candidate, mine)) return false;
        const Array<long double> value = evaluated(candidate);
        if (value.shape() != mine.shape()) return false;
        long double both = 0, own = 0;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            both += value.data()[i] * mine.data()[i];
            own += value.data()[i] * value.data()[i];
        }
        const long double most = hundredth * largest(mine);
        for (std::size_t i = 0; i < mine.size(); ++i)
            if (!(std::abs(mine.data()[i] - both / own * value.data()[i]) <= most)) return false;
        return true;
    }

    /// True where the difference is within what rounding explains, of the version and of the largest entry (a
    /// person's own formula may cancel where the tape's does not, as 1 − A² does), and where numbers drawn at
    /// random would not give these as well, for one of `tried` versions: entries that agree to a part t of
    /// the largest do so with the probability t, but for zeros, which have other reasons, and for as many as
    /// were taken from the person's array.
    [[nodiscard]] bool gives(const Var& candidate, const Array<long double>& mine, std::size_t tried,
                             int unknowns = 0) {
        if (!may_be(candidate, mine)) return false;
        const Array<long double> value = evaluated(candidate);
        if (value.shape() != mine.shape()) return false;
        const long double most = largest(mine);
        for (std::size_t i = 0; i < mine.size(); ++i)
            if (!(std::abs(value.data()[i] - mine.data()[i]) <= hundredth * most)) return false;
        const Truth truth = reference_.truth(candidate, element_);
        std::vector<long double> chances;
        for (std::size_t i = 0; i < mine.size(); ++i) {
            const long double tolerance =
                truth.tolerance.data()[i] + library_error * unit_roundoff(element_) * most;
            if (!(std::abs(value.data()[i] - mine.data()[i]) <= tolerance)) return false;
            if (mine.data()[i] != 0) chances.push_back(std::min(1.0L, tolerance / most));
        }
        std::ranges::sort(chances);
        long double chance = static_cast<long double>(tried);
        for (std::size_t i = static_cast<std::size_t>(unknowns); i < chances.size(); ++i)
            chance *= chances[i];
        return chance <= hundredth;
    }

    /// The value on the person's arrays, to see whether two versions differ there.
    [[nodiscard]] Array<long double> evaluated(const Var& candidate) {
        // Not all of thousands of versions are remembered at once.
        constexpr std::size_t most = 64;
        if (++evaluated_ % most == 0) reference_.forget();
        return reference_.value(candidate);
    }

private:
    /// Most versions of another shape need not be evaluated.
    static bool may_be(const Var& candidate, const Array<long double>& mine) {
        const Shape& shape = candidate.shape();
        return !shape.sized() || std::ranges::equal(shape.dims(), mine.shape(), {}, &Dim::extent);
    }

    static long double largest(const Array<long double>& a) {
        long double result = 0;
        for (const long double x : a)
            result = std::max(result, std::abs(x));
        return result;
    }

    Reference reference_;
    Element element_;
    std::size_t evaluated_ = 0;
};

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
        const std::vector<Edit> derivatives = exchanged_derivatives(mine.var, within(given));
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
        if (examine(mechanical, mine, derivatives, diagnosis)) return diagnosis;
        if (!examine_pairs(textbook, mine, derivatives, diagnosis)) diagnosis.size = unexplained;
        return diagnosis;
    }

private:
    [[nodiscard]] Extents extents_of(const HandArray& a) {
        Evaluation<long double> evaluation;
        for (const auto& [var, array] : beginning_.bindings)
            evaluation.bind(var, array);
        return evaluation.array(a.var).extents();
    }

    /// The functions whose derivative is taken in a step from these arrays, and not before it.
    [[nodiscard]] std::vector<Applied> within(const std::vector<Given>& given) const {
        std::vector<Applied> found = functions_;
        std::erase_if(found, [&](const Applied& f) {
            return std::ranges::count(given, f.operand_gradient.id(), &Given::id) > 0;
        });
        return found;
    }

    /// True where this form of the step explains the array.
    bool examine(const HandStep& step, const HandArray& mine, const std::vector<Edit>& derivatives,
                 Diagnosis& diagnosis) {
        Comparer comparer(step, mine, longest_);
        const Array<long double> yours = mine.array.to<long double>(), right = comparer.value(step.right);
        if (const auto mended = with_shape(mine.array, Extents(right.shape().begin(), right.shape().end()));
            mended && comparer.gives(step.right, mended->to<long double>(), 1)) {
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
        const std::vector<Edit> scaled = scalings(step.right, step.extents);
        if (settle(step, scaled, comparer, yours, diagnosis)) return true;
        std::vector<Edit> once = likely(step, derivatives);
        for (Edit& edit : rarer_edits(step.right, step.named, step.extents))
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
        Comparer comparer(step, mine, longest_);
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

    /// The step with one unknown number in it that the person's array tells: another term c V, a parameter
    /// that has moved by c dV already, or a factor c. The number is that of the fewest digits that gives the
    /// array: c itself or c n by n, as in λ/n, or both where they are equally short.
    static std::vector<Edit> fitted(const HandStep& step, Comparer& comparer,
                                    const Array<long double>& yours) {
        const Array<long double> right = comparer.value(step.right);
        std::vector<Edit> result;
        if (yours.shape() != right.shape()) return result;
        const auto fit = [&](const Var& direction, int size, bool by_extent, const auto& what) {
            const Array<long double> d = comparer.value(direction);
            if (d.shape() != right.shape()) return;
            long double along = 0, length = 0;
            for (std::size_t i = 0; i < d.size(); ++i) {
                along += d.data()[i] * (yours.data()[i] - right.data()[i]);
                length += d.data()[i] * d.data()[i];
            }
            const long double c = along / length;
            if (!std::isfinite(c) || c == 0) return;
            const auto version = [&](const Number& number) {
                if (direction.same_as(step.right))
                    return Edit{what(number), (1 + number.value) * direction, size, 1};
                const Var value = number.extent
                                      ? number.value / as_number(step.right, *number.extent) * direction
                                      : number.value * direction;
                return Edit{what(number), step.right + value, size, 1};
            };
            if (!comparer.gives(version({c, {}}).result, yours, 1, 1)) return;
            std::vector<std::optional<Dim>> extents{std::nullopt};
            if (by_extent && !step.extents.empty() && step.extents[0].sized())
                extents.emplace_back(step.extents[0]);
            constexpr int most_digits = 6;
            for (int digits = 1; digits <= most_digits; ++digits) {
                const std::size_t before = result.size();
                for (const auto& extent : extents) {
                    const long double whole = extent ? c * static_cast<long double>(extent->extent()) : c;
                    const std::string text = fmt::format("{:.{}g}", static_cast<double>(whole), digits);
                    Edit edit = version({digits == most_digits ? whole : std::stold(text), extent});
                    if (digits == most_digits || comparer.gives(edit.result, yours, 1, 1))
                        result.push_back(std::move(edit));
                }
                if (result.size() > before) return;
            }
        };
        for (const Var& v : step.named)
            if (same_extents(v.shape(), step.right.shape()))
                fit(v, 1, true, [&](const Number& c) {
                    return fmt::format("has an extra term {} {}", c.written(), v.name());
                });
        for (const Var& v : step.named) {
            const auto dv = std::ranges::find(step.named, "d" + v.name(), &Var::name);
            if (!Expression(v).is(variable_op()) || dv == step.named.end()) continue;
            if (const Var moved = replaced(step.right, v.id(), *dv); !moved.same_as(step.right))
                fit(moved, 1, false, [&](const Number& c) {
                    return fmt::format(
                        "has {0} {1} {2} d{0} where {0} belongs: it seems to be updated already", v.name(),
                        c.value < 0 ? "−" : "+", Number{std::abs(c.value), {}}.written());
                });
        }
        fit(step.right, 3, false, [](const Number& c) { // it says least
            return fmt::format("is {:.6g} times what it should be", static_cast<double>(1 + c.value));
        });
        return result;
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
