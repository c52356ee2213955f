#include <xtape/autodiff/check/fitted.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <string>

namespace xtape::detail {
namespace {

/// A number that a person's array tells, perhaps divided by an extent.
struct Number {
    long double value;
    std::optional<Dim> extent;

    [[nodiscard]] std::string written() const {
        return fmt::format("{:.6g}", static_cast<double>(value)) +
               (extent ? "/" + (extent->name().empty() ? extent->to_string() : extent->name()) : "");
    }
};

/// The versions with a number in them that give the person's array.
class Fit {
public:
    Fit(const HandStep& step, Comparer& comparer, const Array<long double>& yours)
        : step_(step), comparer_(comparer), yours_(yours) {}

    /// `make` records the version of a number c, which is linear in c and `base` where c is 0. `by_extent`: c
    /// may be divided by n as well. `what` says what the version is.
    void add(const Var& base, int size, bool by_extent, const std::function<Var(const Number&)>& make,
             const std::function<std::string(const Number&)>& what) {
        const auto c = number(base, make({1, {}}));
        if (!c || !comparer_.gives(make({*c, {}}), yours_, 1, 1)) return;
        std::vector<std::optional<Dim>> extents{std::nullopt};
        if (by_extent && !step_.extents.empty() && step_.extents[0].sized())
            extents.emplace_back(step_.extents[0]);
        constexpr int most_digits = 6;
        for (int digits = 1; digits <= most_digits; ++digits) {
            const std::size_t before = found_.size();
            for (const auto& extent : extents) {
                const long double whole = extent ? *c * static_cast<long double>(extent->extent()) : *c;
                const std::string text = fmt::format("{:.{}g}", static_cast<double>(whole), digits);
                const Number told{digits == most_digits ? whole : std::stold(text), extent};
                Edit edit{what(told), make(told), size, 1, {}};
                if (digits == most_digits || comparer_.gives(edit.result, yours_, 1, 1))
                    found_.push_back(std::move(edit));
            }
            if (found_.size() > before) return;
        }
    }

    /// The step times a number, of a few digits if such a one gives the array.
    void add_multiple() {
        const Var &right = step_.right, twice = 2 * right;
        const auto c = number(right, twice);
        if (!c) return;
        const long double exact = 1 + *c,
                          rounded = std::stold(fmt::format("{:.4g}", static_cast<double>(exact)));
        for (const long double factor : {rounded, exact}) {
            Edit edit = multiple(right, factor, 3);
            edit.unknowns = 1;
            if (!comparer_.gives(edit.result, yours_, 1, 1)) continue;
            found_.push_back(std::move(edit));
            return;
        }
    }

    std::vector<Edit> found() { return std::move(found_); }

private:
    /// The c with which base + c (one − base) is nearest to the person's array.
    std::optional<long double> number(const Var& base, const Var& one) {
        const Array<long double> from = comparer_.value(base), to = comparer_.value(one);
        if (from.shape() != yours_.shape() || to.shape() != yours_.shape()) return {};
        long double along = 0, length = 0;
        for (std::size_t i = 0; i < to.size(); ++i) {
            const long double d = to.data()[i] - from.data()[i];
            along += d * (yours_.data()[i] - from.data()[i]);
            length += d * d;
        }
        const long double c = along / length;
        return std::isfinite(c) && c != 0 ? std::optional(c) : std::nullopt;
    }

    const HandStep& step_;
    Comparer& comparer_;
    const Array<long double>& yours_;
    std::vector<Edit> found_;
};

/// The gradient of a parameter that the person has; empty where there is none.
Var gradient_of(const HandStep& step, const Var& v) {
    for (const std::vector<Var>* given : {&step.named, &step.later})
        if (const auto dv = std::ranges::find(*given, "d" + v.name(), &Var::name); dv != given->end())
            return *dv;
    return {};
}

} // namespace

std::vector<Edit> fitted(const HandStep& step, Comparer& comparer, const Array<long double>& yours) {
    Fit fit(step, comparer, yours);
    const auto times = [&](const Number& c, const Var& v) {
        return c.extent ? c.value / as_number(step.right, *c.extent) * v : c.value * v;
    };
    const auto add_terms = [&](const Var& base, const std::string& before, int size) {
        for (const Var& v : step.named)
            if (same_extents(v.shape(), step.right.shape()))
                fit.add(
                    base, size, true, [&](const Number& c) { return base + times(c, v); },
                    [&](const Number& c) {
                        return fmt::format("{}has an extra term {} {}", before, c.written(), v.name());
                    });
    };
    add_terms(step.right, "", 1);

    using Moved = std::vector<std::pair<Var, Var>>; // a parameter and its gradient
    const auto add_moved = [&](const Moved& moved) {
        fit.add(
            step.right, 1, false,
            [&](const Number& c) {
                Var result = step.right;
                for (const auto& [v, dv] : moved)
                    result = replaced_where_written(result, v.id(),
                                                    c.value < 0 ? v - -c.value * dv : v + c.value * dv);
                return result;
            },
            [&](const Number& c) {
                std::vector<std::string> now, before;
                for (const auto& [v, dv] : moved) {
                    before.push_back(v.name());
                    now.push_back(fmt::format("{0} {1} {2} d{0}", v.name(), c.value < 0 ? "−" : "+",
                                              Number{std::abs(c.value), {}}.written()));
                }
                const bool one = moved.size() == 1;
                return fmt::format("has {} where {} {}: {} to be updated already", fmt::join(now, " and "),
                                   fmt::join(before, " and "), one ? "belongs" : "belong",
                                   one ? "it seems" : "they seem");
            });
    };
    Moved all;
    for (const Var& v : step.named)
        if (const Var dv = Expression(v).is(variable_op()) ? gradient_of(step, v) : Var();
            !dv.empty() && !replaced_where_written(step.right, v.id(), dv).same_as(step.right)) {
            all.emplace_back(v, dv);
            add_moved({all.back()});
        }
    if (all.size() > 1) add_moved(all);

    fit.add_multiple(); // it says least
    for (const Edit& scaled : scalings(step.right, step.extents))
        add_terms(scaled.result, scaled.what + " and ", 2);
    return fit.found();
}

} // namespace xtape::detail
