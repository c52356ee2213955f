#include <xtape/autodiff/check/edits.hpp>
#include <xtape/autodiff/check/hand_step.hpp>
#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/path.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

namespace xtape::detail {

std::vector<std::uint32_t> made_of(const Var& root) {
    const Records& records = *root.records();
    std::set<std::uint32_t> seen;
    std::vector<std::uint32_t> open{root.id()};
    while (!open.empty()) {
        const std::uint32_t id = open.back();
        open.pop_back();
        if (!seen.insert(id).second) continue;
        for (const std::uint32_t operand : records.operands(records.record_of(id)))
            open.push_back(operand);
    }
    return {seen.begin(), seen.end()};
}

namespace {

/// One place where a result is used.
struct Use {
    std::uint32_t id; ///< of the result that uses it
    std::size_t operand;
};

/// False where an operation takes no operands of these shapes. Asked for the commonest ones before they are
/// recorded: most versions end here, and an exception costs as much as to evaluate one.
bool fit(const Op& op, const std::vector<Var>& operands) {
    if (operands.size() < 2) return true;
    const Shape& first = operands[0].shape();
    if (op.definition().elementwise)
        return std::all_of(operands.begin() + 1, operands.end(),
                           [&](const Var& v) { return broadcast(first, v.shape()).has_value(); });
    const Shape& second = operands[1].shape();
    return op != known().matmul || first.rank() != 2 || second.rank() != 2 ||
           same_extent(first[1], second[0]);
}

/// Repeats what depends on `target`, which becomes `by` where `use` says or else everywhere. Empty where the
/// shapes do not allow it.
Var rebuilt(const Var& root, const std::vector<std::uint32_t>& cone, std::uint32_t target, const Var& by,
            const std::optional<Use>& use) {
    Records& records = *root.records();
    if (target == root.id() && !use) return by;
    std::unordered_map<std::uint32_t, Var> changed;
    if (!use) changed.emplace(target, by);
    for (const std::uint32_t id : cone) {
        if (id <= target) continue;
        const Record record = records.record_of(id);
        std::vector<Var> operands = vars(records, records.operands(record));
        bool changes = false;
        for (std::size_t k = 0; k < operands.size(); ++k) {
            if (use && use->id == id && use->operand == k) {
                operands[k] = by;
                changes = true;
            } else if (const auto it = changed.find(operands[k].id()); it != changed.end()) {
                operands[k] = it->second;
                changes = true;
            }
        }
        if (changes) {
            // Axes and shapes among the attributes are those of the operands that the record had.
            if (!records.attributes(record).empty() &&
                !std::ranges::equal(operands, vars(records, records.operands(record)), {}, &Var::rank,
                                    &Var::rank))
                throw ShapeError("an operand of another rank");
            if (!fit(records.op(record), operands)) return {};
            const std::uint32_t first =
                records.append(records.op(record), operands, records.attributes(record));
            changed.emplace(id, records.var(first + id - record.first_result));
        }
    }
    const auto it = changed.find(root.id());
    return it == changed.end() ? root : it->second;
}

std::string text(const Dim& dim) { return dim.name().empty() ? dim.to_string() : dim.name(); }

class Editor {
public:
    Editor(const Var& right, const std::vector<Var>& named, const std::vector<Dim>& extents)
        : right_(right), records_(*right.records()), named_(named), extents_(extents), cone_(made_of(right)) {
    }

    std::vector<Edit> run() {
        left_out();
        signs();
        transpositions();
        exchanges(true);
        sums();
        products();
        exchanges(false);
        return std::move(edits_);
    }

    std::vector<Edit> run_rarer(const std::vector<Op>& forward) {
        functions(forward);
        insertions();
        return std::move(edits_);
    }

private:
    /// A result that many versions mention is written once.
    const std::string& called(const Var& v) {
        std::string& text = called_[v.id()];
        if (text.empty()) text = detail::called(v);
        return text;
    }

    /// Records one version; where the shapes do not allow it, there is none.
    template <class Replacement>
    void attempt(const std::string& what, std::uint32_t target, Replacement replacement,
                 const std::optional<Use>& use = {}) {
        Transaction transaction(records_);
        try {
            const Var by = replacement();
            if (by.same_as(records_.var(target))) return;
            const Var version = rebuilt(right_, cone_, target, by, use);
            if (version.empty()) return;
            edits_.push_back({what, version, 1});
            transaction.done();
        } catch (const ShapeError&) {
        }
    }

    template <class Visit>
    void each(Visit visit, bool masks = false) const {
        for (auto it = cone_.rbegin(); it != cone_.rend(); ++it)
            if (const Expression e(records_, *it);
                e.kind() == Kind::real || (masks && e.kind() == Kind::mask))
                visit(e);
    }

    void left_out() {
        const Known& k = known();
        each([&](const Expression& e) {
            const Op op = e.op(); // recording may move the tape's own
            const auto keep = [&](const char* kind, std::size_t kept) {
                const Expression gone = e[1 - kept];
                attempt(fmt::format("lacks the {} {}", kind, called(gone.var())), e.id(),
                        [&] { return broadcast_to(e[kept].var(), e.shape()); });
            };
            if (e.is(k.multiply)) keep("factor", 1), keep("factor", 0);
            if (e.is(k.divide) && !e[0].number()) keep("divisor", 0);
            if (e.is(k.add) || e.is(k.subtract)) keep("term", 1), keep("term", 0);
            if (e.is(k.matmul))
                for (const std::size_t kept : {1U, 0U})
                    attempt(fmt::format("lacks the factor {}", called(e[1 - kept].var())), e.id(),
                            [&] { return e[kept].var(); });
            if (op.definition().elementwise && e.size() == 1 && !e.is(k.negative))
                attempt(fmt::format("has {} where {} belongs", called(e[0].var()), called(e.var())), e.id(),
                        [&] { return e[0].var(); });
            if (const std::optional<Var> mask = factor_of(e))
                attempt(fmt::format("lacks the factor {}", called(e[1].var())), e.id(),
                        [&] { return *mask; });
            if (e.is(k.where))
                for (const std::size_t kept : {1U, 2U})
                    attempt(fmt::format("lacks the condition of {}", called(e.var())), e.id(),
                            [&] { return broadcast_to(e[kept].var(), e.shape()); });
        });
    }

    void signs() {
        const Known& k = known();
        each([&](const Expression& e) {
            const auto sign = [&](const Expression& of, auto replacement) {
                attempt(fmt::format("has the opposite sign of {}", called(of.var())), e.id(), replacement);
            };
            if (e.is(k.add)) {
                sign(e[1], [&] { return e[0].var() - e[1].var(); });
                sign(e[0], [&] { return e[1].var() - e[0].var(); });
            }
            if (e.is(k.subtract)) {
                sign(e[1], [&] { return e[0].var() + e[1].var(); });
                sign(e, [&] { return e[1].var() - e[0].var(); });
                sign(e[0], [&] { return -(e[0].var() + e[1].var()); });
            }
            if (e.is(k.negative)) sign(e, [&] { return e[0].var(); });
            const Op op = e.op();
            if (op.definition().elementwise && e.size() == 1 && e[0].kind() == Kind::real &&
                !e.is(k.negative))
                attempt(fmt::format("has the opposite sign of {} in {}", called(e[0].var()), called(e.var())),
                        e.id(), [&] { return record(op, {-e[0].var()}, e.attributes()); });
        });
    }

    /// `where(m, x, 0)` is a product with a mask, as ReLU's derivative is one: that mask as ones and zeros.
    [[nodiscard]] static std::optional<Var> factor_of(const Expression& e) {
        if (!e.is(known().where) || e[2].number() != 0.0L) return {};
        const Var mask = e[0].var(), zero = e[2].var();
        return where(mask, zero + 1, zero);
    }

    void transpositions() {
        const Known& k = known();
        attempt("is transposed", right_.id(), [&] { return transpose(right_); });
        each([&](const Expression& e) {
            if (e.is(k.matmul) || e.is(k.multiply))
                for (std::size_t n = 0; n < 2; ++n) {
                    const Expression x = e[n];
                    const bool turned = x.is(k.transpose);
                    const std::string what = turned ? fmt::format("has {} not transposed", called(x[0].var()))
                                                    : fmt::format("has {} transposed", called(x.var()));
                    attempt(
                        what, x.id(), [&] { return turned ? x[0].var() : transpose(x.var()); },
                        Use{e.id(), n});
                }
            if (const std::optional<Var> mask = factor_of(e))
                attempt(fmt::format("has {} transposed", called(*mask)), e.id(),
                        [&] { return e[1].var() * transpose(*mask); });
            // As a column is, beside a column, that lost its second dimension: it is a row then.
            if (e.is(k.add) || e.is(k.subtract))
                for (std::size_t n = 0; n < 2; ++n)
                    if (const Expression x = e[n]; x.var().rank() == 2 && !x.number())
                        attempt(
                            fmt::format("has {} transposed", called(x.var())), x.id(),
                            [&] { return transpose(x.var()); }, Use{e.id(), n});
            if (!e.is(k.matmul)) return;
            const Var a = e[0].var(), b = e[1].var();
            attempt(fmt::format("has the factors of {} in the other order", called(e.var())), e.id(),
                    [&] { return matmul(b, a); });
        });
    }

    /// What has a name for another, or what has none for something that has.
    void exchanges(bool names_for_names) {
        std::unordered_map<std::uint32_t, int> uses;
        each(
            [&](const Expression& e) {
                for (std::size_t n = 0; n < e.size(); ++n) {
                    const Expression x = e[n];
                    if (x.kind() != Kind::real || x.number() || x.var().rank() == 0) continue;
                    if (x.var().name().empty() == names_for_names) continue;
                    if (++uses[x.id()] == 2)
                        for (const Var& v : named_)
                            exchange(x, v, {});
                    for (const Var& v : named_)
                        exchange(x, v, Use{e.id(), n});
                }
            },
            true);
    }

    void exchange(const Expression& x, const Var& v, const std::optional<Use>& use) {
        if (v.rank() != x.var().rank() || v.kind() != Kind::real || v.id() == x.id()) return;
        attempt(
            fmt::format("has {} where {} belongs", called(v), called(x.var())), x.id(), [&] { return v; },
            use);
    }

    void sums() {
        each([&](const Expression& e) {
            if (!e.is(known().sum)) return;
            const Var x = e[0].var();
            attempt(fmt::format("lacks the sum {}", called(e.var())), e.id(), [&] { return x; });
            for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(x.rank()); ++axis)
                for (const Keep keep : {Keep::dims, Keep::none})
                    attempt(fmt::format("sums over axis {}", axis), e.id(),
                            [&] { return sum(x, {axis}, keep); });
            attempt("sums over all axes", e.id(), [&] { return sum(x); });
            attempt("takes the largest entry in place of the sum", e.id(),
                    [&] { return amax(x, e.attributes().axes("axes"), Keep::dims); });
        });
    }

    void products() {
        const Known& k = known();
        each([&](const Expression& e) {
            const bool matrices = e.is(k.matmul);
            const std::optional<Var> mask = factor_of(e);
            if (!matrices && !mask && !e.is(k.multiply)) return;
            const Var a = e[mask ? 1 : 0].var(), b = mask ? *mask : e[1].var();
            if (a.rank() < 2 || b.rank() < 2) return;
            for (const Var& x : {a, transpose(a)})
                for (const Var& y : {b, transpose(b)})
                    attempt(fmt::format("has {} product in {}", matrices ? "an elementwise" : "a matrix",
                                        called(e.var())),
                            e.id(), [&] { return matrices ? x * y : matmul(x, y); });
            if (!matrices) return;
            for (const Var& y : {b, transpose(b)})
                for (const Axes& axes : {Axes{0, 1}, Axes{0}, Axes{1}})
                    attempt(fmt::format("has the sum of an elementwise product for {}", called(e.var())),
                            e.id(), [&] { return sum(a * y, axes, Keep::dims); });
        });
    }

    /// Another function in the place of one, the same over another axis, and one of those of the forward pass
    /// where there is none.
    void functions(const std::vector<Op>& forward) {
        const Known& k = known();
        const std::vector<Op> similar = similar_functions();
        each([&](const Expression& e) {
            const Op op = e.op();
            const bool whole = op == k.softmax || op == k.log_softmax;
            if (!whole && std::ranges::find(similar, op) == similar.end()) return;
            const Var x = e[0].var();
            const auto other = [&](const Op& by, const Attributes& attributes) {
                attempt(fmt::format("has {} where {} belongs", by.definition().short_name(),
                                    op.definition().short_name()),
                        e.id(), [&] { return record(by, {x}, attributes); });
            };
            for (const Op& by : similar)
                if (by != op) other(by, {});
            for (std::int64_t axis = 0; axis < static_cast<std::int64_t>(x.rank()); ++axis)
                if (const Attributes over{{"axes", Axes{axis}}}; !whole)
                    other(k.softmax, over);
                else
                    attempt(fmt::format("has {} over axis {}", op.definition().short_name(), axis), e.id(),
                            [&] { return record(op, {x}, over); });
        });
        each([&](const Expression& e) {
            for (std::size_t n = 0; n < e.size(); ++n)
                if (const Var x = e[n].var(); x.kind() == Kind::real && x.rank() == 2 && !x.name().empty())
                    for (const Op& op : forward)
                        attempt(
                            fmt::format("has {} of {} where {} belongs", op.definition().short_name(),
                                        called(x), called(x)),
                            x.id(), [&] { return record(op, {x}); }, Use{e.id(), n});
        });
    }

    void insertions() {
        const Known& k = known();
        each([&](const Expression& e) {
            const Var x = e.var();
            if (e.is(k.add) || e.is(k.subtract))
                for (const std::size_t n : {0U, 1U})
                    for (const Edit& scaled : scalings(e[n].var(), extents_))
                        attempt(
                            fmt::format("{} in its term {}", scaled.what, called(e[n].var())), e[n].id(),
                            [&] { return scaled.result; }, Use{e.id(), n});
            if (x.rank() == 0 || e.number()) return;
            const bool compared = is_compared(e);
            // A before Z; in a comparison there is but the sign of one number, which data may share.
            for (auto v = named_.rbegin(); v != named_.rend(); ++v)
                if (v->kind() == Kind::real && v->rank() == x.rank() && broadcast(v->shape(), x.shape()) &&
                    !(compared && Expression(*v).single()))
                    attempt(fmt::format("has an extra factor {}", called(*v)), e.id(),
                            [&] { return x * *v; });
        });
    }

    /// True where only a comparison uses it.
    [[nodiscard]] bool is_compared(const Expression& x) const {
        return x.id() != right_.id() && std::ranges::all_of(cone_, [&](std::uint32_t id) {
                   const Expression e(records_, id);
                   for (std::size_t n = 0; n < e.size(); ++n)
                       if (e[n] == x && !e.is(known().less) && !e.is(known().less_equal)) return false;
                   return true;
               });
    }

    Var right_;
    Records& records_;
    const std::vector<Var>& named_;
    const std::vector<Dim>& extents_;
    std::vector<std::uint32_t> cone_;
    std::vector<Edit> edits_;
    std::unordered_map<std::uint32_t, std::string> called_;
};

} // namespace

Var as_number(const Var& like, const Dim& dim) {
    Records& records = *like.records();
    return records.var(records.append(known().extent, {}, {{"dim", dim}}));
}

std::vector<Edit> scalings(const Var& right, const std::vector<Dim>& extents) {
    std::set<std::string> divided; // by these the equation itself divides
    for (const std::uint32_t id : made_of(right))
        if (const Expression e(*right.records(), id); e.is(known().divide) && e[1].is(known().extent))
            divided.insert(text(e[1].attributes().get<Dim>("dim")));
    std::vector<Edit> result{{"has the opposite sign", -right, 0}};
    const auto by = [&](const Dim& dim) {
        const std::string name = text(dim);
        result.push_back({"has an extra factor 1/" + name, right / as_number(right, dim), 0});
        result.push_back(
            {divided.contains(name) ? "lacks the factor 1/" + name : "has an extra factor " + name,
             as_number(right, dim) * right, 0});
    };
    if (!extents.empty()) by(extents[0]);
    result.push_back({"has an extra factor 2", 2 * right, 0});
    result.push_back({"has an extra factor 1/2", right / 2, 0});
    for (std::size_t i = 1; i < extents.size(); ++i)
        by(extents[i]);
    return result;
}

Edit multiple(const Var& right, long double factor, int size) {
    const bool told = std::stold(fmt::format("{:.4g}", static_cast<double>(factor))) == factor;
    return {fmt::format("is {:.6g} times what it should be{}", static_cast<double>(factor),
                        told ? "" : " on these data, for which no reason is known"),
            factor * right,
            size,
            0,
            factor,
            !told};
}

std::vector<Edit> edits(const Var& right, const std::vector<Var>& named, const std::vector<Dim>& extents) {
    return Editor(right, named, extents).run();
}

std::vector<Edit> rarer_edits(const Var& right, const std::vector<Var>& named,
                              const std::vector<Dim>& extents, const std::vector<Op>& forward) {
    return Editor(right, named, extents).run_rarer(forward);
}

std::vector<Op> similar_functions() {
    std::vector<Op> all(activation_ops().begin(), activation_ops().end());
    all.push_back(known().exp);
    all.insert(all.end(), hyperbolic_ops().begin(), hyperbolic_ops().end());
    std::erase_if(all, [](const Op& op) {
        const Definition& d = op.definition();
        return !d.elementwise || d.operands.size() != 1 || !d.attributes.empty() || !d.domain.empty();
    });
    return all;
}

Var replaced(const Var& right, std::uint32_t target, const Var& by) {
    return rebuilt(right, made_of(right), target, by, {});
}

Var replaced_where_written(const Var& right, std::uint32_t target, const Var& by) {
    std::vector<std::uint32_t> cone = made_of(right);
    std::erase_if(cone, [&](std::uint32_t id) {
        return id > target && id != right.id() && !right.records()->name_of(id).empty();
    });
    return rebuilt(right, cone, target, by, {});
}

} // namespace xtape::detail
