#include <xtape/autodiff/check/hand_step.hpp>
#include <xtape/autodiff/check/slips.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace xtape::detail {
namespace {

class Slips {
public:
    Slips(const Var& right, const std::vector<Var>& named, const std::vector<Dim>& extents,
          const std::vector<std::string>& activations)
        : right_(right), records_(*right.records()), named_(named), activations_(activations),
          cone_(made_of(right)) {
        if (!extents.empty() && extents[0].sized() && extents[0].extent() > 1) examples_ = extents[0];
    }

    std::vector<Edit> run() {
        const Known& k = known();
        for (auto id = cone_.rbegin(); id != cone_.rend(); ++id) {
            const Expression e(records_, *id);
            if (e.kind() != Kind::real) continue;
            if (e.is(k.matmul)) product(e);
            if (e.is(k.sum)) total(e);
            if (e.is(k.divide) && e[1].is(k.extent)) division(e);
            if (e.is(k.add)) penalties(e);
            if (e.is(k.where)) masks(e);
            if (e.is(k.multiply)) derivatives(e);
            if (e.is(k.square))
                attempt("has the derivative of {} in its place", e, [&] { return 2 * e[0].var(); });
            if (e.var().rank() == 2 && !e.var().name().empty()) names(e);
        }
        attempt("is divided by its norm", Expression(right_),
                [&] { return right_ / sqrt(sum(square(right_))); });
        return std::move(edits_);
    }

private:
    /// Records the version with another result at `at`, which `what` may mention; where the shapes do not
    /// allow it, there is none.
    template <class Replacement>
    void attempt(const std::string& what, const Expression& at, Replacement replacement) {
        Transaction transaction(records_);
        try {
            const Var by = replacement();
            if (!same_extents(by.shape(), at.shape())) return;
            const Var version = replaced(right_, at.id(), by);
            if (version.empty()) return;
            edits_.push_back({fmt::format(fmt::runtime(what), called(at.var())), version, 1});
            transaction.done();
        } catch (const ShapeError&) {
        }
    }

    [[nodiscard]] bool over_examples(const Expression& e, std::size_t axis) const {
        return examples_ && e.var().rank() > axis && e.shape()[axis] == *examples_;
    }

    /// Calls `make` with what takes part of the examples of an array whose axis they are, written as NumPy
    /// does.
    template <class Make>
    void part_of_examples(const Expression& e, Make make) {
        const auto n = static_cast<std::int64_t>(examples_->extent());
        struct Part {
            const char *what, *range;
            std::int64_t start, stop;
        };
        for (const Part& part : {Part{"takes only the last example in {}", "-1:", n - 1, n},
                                 Part{"takes only the first example in {}", ":1", 0, 1},
                                 Part{"leaves out the last example in {}", ":-1", 0, n - 1},
                                 Part{"leaves out the first example in {}", "1:", 1, n}})
            attempt(part.what, e, [&] {
                return make([&](const Var& x, std::int64_t axis) {
                    const std::string whole = called(x);
                    const std::string name = fmt::format(
                        fmt::runtime(whole.find(' ') == std::string::npos ? "{}[{}{}{}]" : "({})[{}{}{}]"),
                        whole, axis == 1 ? ":, " : "", part.range, axis == 0 && x.rank() == 2 ? ", :" : "");
                    if (const auto known = records_.find(name)) return records_.var(*known);
                    return named(name, slice(x, axis, part.start, part.stop));
                });
            });
    }

    void product(const Expression& e) {
        const Var a = e[0].var(), b = e[1].var();
        if (a.rank() != 2 || b.rank() != 2) return;
        const auto rows = [&] { return sum(a, {1}, Keep::dims); };
        const auto columns = [&] { return sum(b, {0}, Keep::dims); };
        if (over_examples(e[0], 1)) {
            part_of_examples(e, [&](auto part) { return matmul(part(a, 1), part(b, 0)); });
            attempt("has the product of the sums for {}", e, [&] { return matmul(rows(), columns()); });
            attempt("has the product of the means for the mean of {}", e,
                    [&] { return matmul(rows(), columns()) / as_number(right_, *examples_); });
            attempt("has the first factor of {} squared", e, [&] { return matmul(square(a), b); });
            attempt("has the second factor of {} squared", e, [&] { return matmul(a, square(b)); });
            return;
        }
        attempt("lacks the first factor of {}", e,
                [&] { return broadcast_to(b.shape()[0].is_one() ? b : columns(), e.shape()); });
        attempt("lacks the second factor of {}", e,
                [&] { return broadcast_to(a.shape()[1].is_one() ? a : rows(), e.shape()); });
        for (const Var& v : named_)
            if (v.rank() == 2 && v.kind() == Kind::real && !holds_examples(v))
                attempt("has an extra term " + v.name() + " beside {}", e, [&] { return e.var() + v; });
    }

    void total(const Expression& e) {
        const Var x = e[0].var();
        const Axes axes = e.attributes().axes("axes");
        if (axes.size() != 1) return;
        const std::int64_t axis = axes[0];
        if (!over_examples(e[0], static_cast<std::size_t>(axis))) return;
        const Op op = e.op(); // recording may move the tape's own
        const Attributes attributes = e.attributes();
        part_of_examples(e, [&](auto part) {
            const Var some = part(x, axis); // as a copy, since of a root the formula is printed, not the name
            return some.shape()[static_cast<std::size_t>(axis)].is_one() ? copy_of(reshape(some, e.shape()))
                                                                         : record(op, {some}, attributes);
        });
        attempt("sums over all axes in {}", e, [&] { return broadcast_to(sum(x), e.shape()); });
        attempt("has squares in the sum {}", e, [&] { return record(op, {square(x)}, attributes); });
    }

    void division(const Expression& e) {
        if (!examples_ || e[1].attributes().get<Dim>("dim") != *examples_) return;
        const std::string n = called(e[1].var());
        attempt("has " + n + " − 1 where " + n + " belongs in {}", e,
                [&] { return e[0].var() / (e[1].var() - 1); });
        attempt("has " + n + " + 1 where " + n + " belongs in {}", e,
                [&] { return e[0].var() / (e[1].var() + 1); });
    }

    /// The one named result that a term c V is made of, beside numbers.
    [[nodiscard]] std::optional<Var> scaled(const Expression& term) const {
        std::optional<Var> found;
        for (const std::uint32_t id : made_of(term.var())) {
            const Expression e(records_, id);
            if (e.is(known().matmul) || e.is(known().sum)) return {};
            if (e.var().name().empty() || e.var().rank() == 0) continue;
            if (found || !same_extents(e.shape(), term.shape())) return {};
            found = e.var();
        }
        return found;
    }

    /// λW is the derivative of λ/2 ΣW²; what else is taken for it, and of what.
    void penalties(const Expression& e) {
        for (const std::size_t n : {0U, 1U}) {
            const std::optional<Var> w = scaled(e[n]);
            if (!w) continue;
            const Var other = e[1 - n].var(), term = e[n].var();
            const auto of = [&](const std::string& what, auto by) {
                attempt("has " + what + " where " + w->name() + " belongs in {}", e,
                        [&] { return other + replaced(term, w->id(), by()); });
            };
            of(w->name() + "²", [&] { return square(*w); });
            of("½ " + w->name() + "²", [&] { return square(*w) / 2; });
            of("sign(" + w->name() + ")", [&] { return sign(*w); });
            of("the sum of " + w->name(), [&] { return broadcast_to(sum(*w), w->shape()); });
            of(called(other), [&] { return other; });
        }
    }

    /// where(mask, x, 0) is x times the derivative of ReLU.
    void masks(const Expression& e) {
        const Expression mask = e[0];
        const bool compares = mask.is(known().less) || mask.is(known().less_equal);
        if (!compares || e[2].number() != 0.0L || mask[0].number() != 0.0L) return;
        const Var x = e[1].var(), zero = e[2].var(), z = mask[1].var();
        const std::string condition = called(mask.var());
        attempt("has the comparison " + condition + " the other way round", e,
                [&] { return where(less(z, mask[0].var()), x, zero); });
        attempt("compares with 1 in " + condition, e, [&] { return where(less(1, z), x, zero); });
        attempt("has the sign where the condition " + condition + " belongs", e, [&] { return x * sign(z); });
        attempt("has a slope of 0.01 where " + condition + " does not hold", e,
                [&] { return e.var() + 0.01L * where(less(z, mask[0].var()), x, zero); });
        attempt("has the condition on {} itself as well", e[1],
                [&] { return where(less(zero, x), x, zero); });
    }

    /// Something else than the product with a derivative, whose own factors are two where it is A (1 − A).
    void derivatives(const Expression& e) {
        const auto other = [&](const Var& x, const Var& slope) {
            if (x.rank() == 0 || slope.rank() == 0) return;
            attempt("adds " + called(slope) + " where it belongs as a factor", e, [&] { return x + slope; });
            attempt("divides by " + called(slope) + " where it belongs as a factor", e,
                    [&] { return x / slope; });
        };
        other(e[0].var(), e[1].var());
        if (e[0].is(known().multiply)) {
            Transaction transaction(records_);
            const std::size_t before = edits_.size();
            other(e[0][0].var(), e[0][1].var() * e[1].var());
            if (edits_.size() > before) transaction.done();
        }
    }

    /// What is taken for a result that has a name: a derivative for an activation, a class for a probability,
    /// shares for weights.
    void names(const Expression& e) {
        const Var v = e.var();
        const auto instead = [&](const std::string& what, auto by) {
            attempt("has " + what + " where {} belongs", e, by);
        };
        if (std::ranges::count(activations_, v.name()) > 0) {
            instead("1 − " + v.name() + "²", [&] { return 1 - square(v); });
            instead("1 − 2 " + v.name(), [&] { return 1 - 2 * v; });
            instead("the class " + v.name() + " > ½", [&] { return where(less(0.5, v), 1, 0); });
        }
        if (holds_examples(v)) return;
        instead(v.name() + "²", [&] { return square(v); });
        for (const std::int64_t axis : {0, 1})
            instead(v.name() + " divided by its sums over axis " + std::to_string(axis),
                    [&] { return v / sum(v, {axis}, Keep::dims); });
    }

    [[nodiscard]] bool holds_examples(const Var& v) const {
        return examples_ && std::ranges::count(v.shape().dims(), *examples_) > 0;
    }

    Var right_;
    Records& records_;
    const std::vector<Var>& named_;
    const std::vector<std::string>& activations_;
    std::optional<Dim> examples_;
    std::vector<std::uint32_t> cone_;
    std::vector<Edit> edits_;
};

} // namespace

std::vector<Edit> slips(const Var& right, const std::vector<Var>& named, const std::vector<Dim>& extents,
                        const std::vector<std::string>& activations) {
    return Slips(right, named, extents, activations).run();
}

} // namespace xtape::detail
