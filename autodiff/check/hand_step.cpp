#include <xtape/autodiff/check/hand_step.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/print/writer.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <algorithm>
#include <unordered_map>

namespace xtape::detail {
namespace {

/// Repeats part of a tape on another one, with given arrays as inputs.
class Copy {
public:
    Copy(const Beginning& beginning, const std::vector<Given>& given) : from_(beginning), given_(given) {
        for (const Given& g : given) {
            cuts_.emplace(g.id, &g);
            size(beginning.records.result(g.id).shape, g.array);
        }
        for (const auto& [var, array] : beginning.bindings)
            size(var.shape(), array);
    }

    /// What these results need, by id, up to the given arrays or `through` them.
    [[nodiscard]] std::vector<bool> cone(std::vector<std::uint32_t> open, bool through = false) const {
        std::vector<bool> wanted(from_.records.result_count(), false);
        while (!open.empty()) {
            const std::uint32_t id = open.back();
            open.pop_back();
            if (wanted[id]) continue;
            wanted[id] = true;
            if (!through && cuts_.contains(id)) continue;
            for (const std::uint32_t operand : from_.records.operands(from_.records.record_of(id)))
                open.push_back(operand);
        }
        return wanted;
    }

    HandStep run(const Var& root, const std::vector<Var>& versions) {
        std::vector<std::uint32_t> ids{root.id()};
        const std::vector<bool> step = cone(ids);
        const std::vector<bool> of_cost = cone({from_.cost}, true);
        for (const auto& [id, name] : from_.records.names())
            if (id < from_.forward_end && id < root.id() && of_cost[id]) ids.push_back(id);
        for (const Var& version : versions)
            ids.push_back(version.id());
        const std::vector<bool> wanted = cone(ids);
        for (const std::uint32_t extent : from_.deferred)
            result_.deferred.push_back(dim_of(extent));
        const std::vector<bool> later = made_of(root.id());
        for (const Given& g : given_) {
            cut_in(g, later[g.id] && g.id != root.id() ? result_.later : result_.named);
            if (step[g.id]) result_.uses.push_back(g.name);
        }
        for (std::uint32_t id = 0; id < wanted.size(); ++id)
            if (wanted[id] && !moved_.contains(id)) repeat(id, id == root.id());
        result_.right = moved_.at(root.id());
        for (const Var& version : versions)
            result_.versions.push_back(moved_.at(version.id()));
        for (std::uint32_t id = 0; id < of_cost.size(); ++id)
            if (of_cost[id] && Expression(from_.records, id).is(known().extent)) note(dim_of(id));
        for (const Var& v : result_.named)
            for (const Dim& dim : v.shape().dims())
                note(dim);
        return std::move(result_);
    }

private:
    [[nodiscard]] Records& to() const { return *result_.tape.records(); }

    /// What is made of a result, by id, itself included.
    [[nodiscard]] std::vector<bool> made_of(std::uint32_t id) const {
        const Records& records = from_.records;
        std::vector<bool> made(records.result_count(), false);
        made[id] = true;
        for (++id; id < made.size(); ++id)
            made[id] = std::ranges::any_of(records.operands(records.record_of(id)),
                                           [&](std::uint32_t operand) { return made[operand]; });
        return made;
    }

    void size(const Shape& shape, const AnyArray& array) {
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            // A one would broadcast, and what is summed over it would vanish from the equations.
            if (!shape[axis].sized() && array.extents()[axis] != 1)
                extents_.emplace(shape[axis].name(), array.extents()[axis]);
    }

    /// With the extents that the person's arrays have, so that a mistake that only they allow can be
    /// recorded.
    [[nodiscard]] Dim sized(const Dim& dim) const {
        const auto it = dim.sized() ? extents_.end() : extents_.find(dim.name());
        return it == extents_.end() ? dim : Dim(dim.name(), it->second);
    }

    [[nodiscard]] Shape sized(const Shape& shape) const {
        std::vector<Dim> dims = shape.dims();
        std::ranges::transform(dims, dims.begin(), [&](const Dim& dim) { return sized(dim); });
        return Shape(std::move(dims));
    }

    [[nodiscard]] Attributes sized(const Attributes& attributes) const {
        std::vector<Attributes::Entry> entries = attributes.entries();
        for (auto& [name, value] : entries) {
            if (const Dim* dim = std::get_if<Dim>(&value))
                value = sized(*dim);
            else if (const Shape* shape = std::get_if<Shape>(&value))
                value = sized(*shape);
        }
        return Attributes(std::move(entries));
    }

    void cut_in(const Given& g, std::vector<Var>& among) {
        const Result like = from_.records.result(g.id);
        const Var input =
            to().var(to().append_leaf(input_op(), sized(like.shape), like.kind, std::monostate{}));
        to().name(input.id(), g.name);
        among.push_back(input);
        result_.bindings.emplace_back(input, g.array);
        Var value = input;
        if (g.deferred)
            for (const Dim& dim : result_.deferred)
                value = 1 / to().var(to().append(known().extent, {}, {{"dim", dim}})) * value;
        if (const auto it = cuts_.find(g.id); it->second == &g) moved_.emplace(g.id, value);
    }

    void note(const Dim& dim) {
        if (!dim.is_one() && std::ranges::find(result_.extents, dim) == result_.extents.end())
            result_.extents.push_back(dim);
    }

    [[nodiscard]] Dim dim_of(std::uint32_t extent) const {
        return sized(from_.records.attributes(from_.records.record_of(extent)).get<Dim>("dim"));
    }

    void repeat(std::uint32_t id, bool is_root) {
        const Records& records = from_.records;
        const Record record = records.record_of(id);
        if (const Leaf* value = records.leaf(id)) {
            const Result like = records.result(id);
            const Shape shape = sized(like.shape);
            moved_.emplace(id, to().var(to().append_leaf(records.op(record), shape, like.kind, *value)));
            for (const auto& [var, array] : from_.bindings)
                if (var.id() == id) result_.bindings.emplace_back(moved_.at(id), array);
        } else {
            std::vector<Var> operands;
            for (const std::uint32_t operand : records.operands(record))
                operands.push_back(moved_.at(operand));
            const std::uint32_t first =
                to().append(records.op(record), operands, sized(records.attributes(record)));
            for (std::uint32_t k = 0; k < record.result_count; ++k)
                moved_.try_emplace(record.first_result + k, to().var(first + k));
        }
        const std::string name = records.name_of(id);
        if (is_root || name.empty() || id >= from_.forward_end) return;
        to().name(moved_.at(id).id(), name);
        result_.named.push_back(moved_.at(id));
    }

    const Beginning& from_;
    const std::vector<Given>& given_;
    std::unordered_map<std::uint32_t, const Given*> cuts_;
    std::unordered_map<std::uint32_t, Var> moved_;
    std::unordered_map<std::string, std::size_t> extents_; ///< of the dimensions that the tape leaves open
    HandStep result_;
};

/// Without its factors 1/n, where n is deferred; empty where it has not all of them in front.
Var without_deferred(const Beginning& beginning, Var v) {
    const Known& k = known();
    for (std::size_t i = 0; i < beginning.deferred.size(); ++i) {
        const Expression e(v);
        if (!e.is(k.multiply) || !e[0].is(k.divide) || e[0][0].number() != 1.0L || !e[0][1].is(k.extent))
            return {};
        v = e[1].var();
    }
    return v;
}

Var times_deferred(const std::vector<Dim>& deferred, Var v) {
    for (const Dim& dim : deferred)
        v = v.records()->var(v.records()->append(known().extent, {}, {{"dim", dim}})) * v;
    return v;
}

/// Those that hold for floating-point numbers, but not at products: whose factors are whose is kept.
std::vector<Rule> chain_rules() {
    std::vector<Rule> rules;
    for (Rule rule : standard_rules()) {
        std::erase(rule.at, known().multiply); // one at nothing else, or at everything, is left out
        if (rule.agreement != Agreement::real && !rule.at.empty()) rules.push_back(std::move(rule));
    }
    return rules;
}

/// A step by these rules; `finish` may take a result of it further.
template <class Finish>
HandStep rewritten(const HandStep& step, std::vector<Rule> rules, Finish finish) {
    std::vector<Var> outputs{step.right};
    for (const auto* vars : {&step.named, &step.later, &step.versions})
        outputs.insert(outputs.end(), vars->begin(), vars->end());
    Simplified simplified = simplify(outputs, {.rules = std::move(rules)});
    HandStep result;
    result.right = finish(simplified(step.right));
    for (const Var& version : step.versions)
        result.versions.push_back(finish(simplified(version)));
    for (const Var& v : step.named)
        result.named.push_back(simplified(v));
    for (const Var& v : step.later)
        result.later.push_back(simplified(v));
    for (const auto& [var, array] : step.bindings)
        if (const Var v = simplified(var); !v.empty()) result.bindings.emplace_back(v, array);
    result.uses = step.uses;
    result.extents = step.extents;
    result.deferred = step.deferred;
    result.tape = std::move(simplified.tape);
    return result;
}

/// Without a name for the result of the step itself, which its formula is to be written out.
std::string written(const Var& result, bool by_name, Markup markup) {
    Records& records = *result.records();
    const auto name_of = [&](std::uint32_t id) {
        const std::string name = records.name_of(id);
        return name.empty() ? name : written_name(name, markup);
    };
    if (const std::string name = name_of(result.id());
        !name.empty() && (by_name || records.leaf(result.id())))
        return name;
    Writer writer(records, markup, name_of);
    std::string text = writer.write(result.id());
    for (const auto& [name, line] : writer.take_lines())
        text += (markup == Markup::latex ? ", \\quad " : ", ") + name + " = " + line;
    return text;
}

} // namespace

HandStep hand_step(const Beginning& beginning, const Var& root, bool root_deferred,
                   const std::vector<Given>& given, const std::vector<Var>& versions, Form form) {
    HandStep step = Copy(beginning, given).run(root, versions);
    if (form == Form::textbook)
        return rewritten(step, standard_rules(), [&](const Var& now) {
            if (!root_deferred) return now;
            const Var without = without_deferred(beginning, now);
            return without.empty() ? times_deferred(step.deferred, now) : without;
        });
    if (root_deferred) {
        step.right = times_deferred(step.deferred, step.right);
        for (Var& version : step.versions)
            version = times_deferred(step.deferred, version);
    }
    return rewritten(step, chain_rules(), [](const Var& now) { return now; });
}

Formula formula(const Var& result) {
    return {written(result, false, Markup::text), written(result, false, Markup::latex)};
}
std::string called(const Var& result) { return written(result, true, Markup::text); }

} // namespace xtape::detail
