#include <xtape/autodiff/check/branches.hpp>
#include <xtape/autodiff/check/check_gradients.hpp>
#include <xtape/autodiff/check/ladder.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/tape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

using detail::Subject;
using detail::Tallies;
using detail::Tally;

void check_options(const Subject& subject, const GradientOptions& options) {
    if (options.order < 1 || options.order > 2)
        throw ArgumentError(fmt::format(
            "check_gradients: order {}: 1 checks the gradient, 2 its gradient too.", options.order));
    const auto known = [&](const std::string& name) {
        if (std::ranges::find(subject.names, name.substr(0, name.find('['))) == subject.names.end())
            throw_unknown("check_gradients: no array", name, subject.names);
    };
    std::ranges::for_each(options.only, known);
    std::ranges::for_each(options.zero, known);
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

/// One check of one recorded function.
class Check {
public:
    /// `arguments` is what the check was called with, for the line that repeats it.
    Check(Records& records, Subject subject, std::string arguments, const GradientOptions& options)
        : records_(records), subject_(std::move(subject)), arguments_(std::move(arguments)),
          options_(options) {
        check_options(subject_, options);
        for (const Var& w : subject_.wrt) {
            const auto it = std::ranges::find_if(subject_.bindings,
                                                 [&](const auto& bound) { return bound.first.same_as(w); });
            extents_.push_back(it->second.extents());
        }
    }

    Report run() {
        detail::Climb how;
        how.seed = options_.seed;
        how.orders = options_.order;
        how.entries = options_.entries;
        how.only = [this](std::size_t k, std::size_t i) {
            return options_.only.empty() || contains(options_.only, subject_.names[k]) ||
                   contains(options_.only, entry_name(k, position_of(i, extents_[k])));
        };
        how.tally = [this](detail::Step step, int order, std::size_t k) -> Tally& {
            return tally(step, order, k);
        };
        how.where = [](std::size_t, const Extents& position) { return brackets(position); };
        how.repeat = [this](std::size_t k, const Extents& position) {
            return fmt::format(" Repeat with check_gradients({}, {{.seed = {}, .only = {{\"{}\"}}}}).",
                               arguments_, options_.seed, entry_name(k, position));
        };
        detail::climb(records_, subject_, how);
        check_zeros();
        check_any();
        return report();
    }

    /// What was found so far.
    [[nodiscard]] Report report() const {
        return tallies_.report(
            fmt::format("Gradients against differences in long double, seed {}", options_.seed));
    }
    Tally& deterministic() { return tallies_.of("deterministic"); }

private:
    std::string entry_name(std::size_t k, const Extents& position) const {
        return subject_.names[k] + brackets(position);
    }

    Tally& tally(detail::Step step, int order, std::size_t k) {
        switch (step) {
        case detail::Step::deterministic:
            return tallies_.of("deterministic");
        case detail::Step::value:
            return tallies_.of("value");
        case detail::Step::linear:
            return tallies_.of("linear in cotangent");
        case detail::Step::jvp:
            return tallies_.of("jvp");
        case detail::Step::remainder:
            return tallies_.of(order == 1 ? "Taylor remainder" : "Taylor remainder, order 2");
        case detail::Step::entries:
            break;
        }
        return tallies_.of((order == 1 ? "d" : "dd") + subject_.names[k], to_string(extents_[k]));
    }

    /// A gradient that is zero everywhere passes only where that is declared.
    void check_zeros() {
        const detail::Branches way(records_, subject_.results);
        for (std::size_t k = 0; k < subject_.wrt.size(); ++k) {
            const std::string& name = subject_.names[k];
            Tally& tally = this->tally(detail::Step::entries, 1, k);
            const bool declared = contains(options_.zero, name);
            if (tally.verdict() != Verdict::pass || tally.compared() == 0) continue;
            if (declared && !tally.all_zero())
                tally.fail(fmt::format(": declared zero, and it is not: one entry is {:.6g}.",
                                       static_cast<double>(tally.largest())));
            else if (!declared && !way.depends_on(subject_.wrt[k]))
                tally.fail(fmt::format(": the function ignores {0}, and its gradient is zero everywhere. "
                                       "Declare .zero = {{\"{0}\"}} where that is meant.",
                                       name));
            else if (!declared && tally.all_zero())
                tally.fail(fmt::format(": zero everywhere, as a gradient that was never computed is. Declare "
                                       ".zero = {{\"{}\"}} where that is meant, or choose another point.",
                                       name));
        }
    }

    /// Something is to be compared, or the check has said why not.
    void check_any() {
        const auto says = [](const Tally& tally) { return tally.used(); };
        bool any = says(deterministic()) || says(tallies_.of("value"));
        for (std::size_t k = 0; k < subject_.wrt.size(); ++k)
            any |= says(tally(detail::Step::entries, 1, k));
        if (!any)
            tallies_.of("entries").fail(
                ": nothing was compared: the arrays are empty, or .only names no entry "
                "of them.");
    }

    Records& records_;
    Subject subject_;
    std::string arguments_;
    const GradientOptions& options_;
    std::vector<Extents> extents_;
    Tallies tallies_;
};

void require_real(const NamedArrays& at) {
    for (const auto& [name, array] : at)
        if (!array.is_real())
            throw KindError(
                fmt::format("check_gradients: {} holds indices or a mask, which have no gradient. "
                            "Let f hold it as a constant.",
                            name));
}

/// The real ones among some results; throws where there is none.
std::vector<Var> real_ones(const std::vector<Var>& results) {
    std::vector<Var> real;
    for (const Var& result : results)
        if (result.kind() == Kind::real) real.push_back(result);
    if (real.empty())
        throw ArgumentError("check_gradients: the function returns nothing real, so it has no gradient.");
    return real;
}

struct Recording {
    Tape tape;
    Subject subject;

    Recording(const detail::Recorded& f, const NamedArrays& at) {
        std::vector<Var> inputs;
        for (const auto& [name, array] : at) {
            inputs.push_back(tape.variable(name, array.to<long double>())); // has a value, to decide on
            subject.names.push_back(name);
            subject.bindings.emplace_back(inputs.back(), array.to<long double>());
        }
        subject.wrt = inputs;
        subject.results = real_ones(f(inputs));
    }
};

/// Why two recordings of one function are not the same; empty where they are.
std::string difference(const Recording& a, const Recording& b) {
    if (a.tape.size() != b.tape.size() || a.subject.results.size() != b.subject.results.size())
        return fmt::format("one has {} records, another {}", a.tape.size(), b.tape.size());
    Evaluation<long double> first, second;
    for (const auto& [var, array] : a.subject.bindings)
        first.bind(var, array);
    for (const auto& [var, array] : b.subject.bindings)
        second.bind(var, array);
    for (std::size_t k = 0; k < a.subject.results.size(); ++k) {
        const auto x = first.value(a.subject.results[k]), y = second.value(b.subject.results[k]);
        if (x.shape() != y.shape())
            return fmt::format("one is {}, another {}", to_string(Extents(x.shape())),
                               to_string(Extents(y.shape())));
        for (std::size_t i = 0; i < x.size(); ++i) {
            const long double left = x.data()[i], right = y.data()[i];
            if (left == right || (std::isnan(left) && std::isnan(right))) continue;
            const auto [one, other] = detail::told_apart(left, right);
            const std::string at = brackets(position_of(i, Extents(x.shape())));
            return fmt::format("one gives {}{}, another {}", one, at.empty() ? "" : " at " + at, other);
        }
    }
    return "";
}

} // namespace

Report detail::check_recorded(const Recorded& f, const NamedArrays& at, const GradientOptions& options) {
    require_real(at);
    Recording recording(f, at);
    const Recording again(f, at);
    const bool positional = at.size() > 0 && (at[0].first == "x" || at[0].first == "x0");
    const std::string arrays = positional
                                   ? fmt::format("{}", fmt::join(recording.subject.names, ", "))
                                   : fmt::format("{{{{\"{}\", …}}, …}}", at.empty() ? "" : at[0].first);
    Check check(*recording.tape.records(), recording.subject, "f, " + arrays, options);
    const std::string why = difference(recording, again);
    // Two evaluations that differ are found on the ladder.
    if (why.empty() || !difference(recording, recording).empty()) return check.run();
    check.deterministic().fail(": not deterministic: of two recordings " + why + ".");
    return check.report();
}

Report check_gradients(const Var& result, const std::vector<Var>& wrt, const std::vector<Binding>& at,
                       const GradientOptions& options) {
    Records& records = *result.records();
    const Transaction appended(records); // rewound when it leaves the scope
    Subject subject;
    for (const Binding& binding : at)
        subject.bindings.emplace_back(
            binding.var, binding.array.is_real() ? AnyArray(binding.array.to<long double>()) : binding.array);
    for (const Var& w : wrt) {
        if (w.kind() != Kind::real)
            throw KindError(fmt::format("check_gradients: {} is {}, which has no derivative.", w.to_string(),
                                        to_string(w.kind())));
        subject.names.push_back(w.to_string());
        const bool bound = std::ranges::any_of(subject.bindings,
                                               [&](const auto& binding) { return binding.first.same_as(w); });
        if (!bound) subject.bindings.emplace_back(w, w.value<long double>());
    }
    subject.wrt = wrt;
    subject.results = real_ones({result});
    return Check(records, std::move(subject), result.to_string() + ", {…}, {…}", options).run();
}

} // namespace xtape
