#include <xtape/autodiff/check/derivatives.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

std::vector<bool> needed_by(const Var& v) {
    const Records& records = *v.records();
    std::vector<bool> needed(v.id() + 1, false);
    needed[v.id()] = true;
    for (std::uint32_t id = v.id() + 1; id-- > 0;)
        if (needed[id])
            for (const std::uint32_t operand : records.operands(records.record_of(id)))
                needed[operand] = true;
    return needed;
}

} // namespace

std::vector<Applied> applied_functions(const Var& cost) {
    Records& records = *cost.records();
    const std::vector<bool> needed = needed_by(cost);
    std::vector<int> uses(needed.size(), 0);
    std::vector<Applied> found;
    for (std::uint32_t id = 0; id < needed.size(); ++id)
        if (needed[id])
            for (const std::uint32_t operand : records.operands(records.record_of(id)))
                ++uses[operand];
    for (std::uint32_t id = 0; id < needed.size(); ++id) {
        const Expression e(records, id);
        if (!needed[id] || e.size() != 1 || e.is(known().negative) || e[0].kind() != Kind::real) continue;
        if (e.kind() == Kind::real && uses[e[0].id()] == 1 && same_extents(e.shape(), e[0].shape()))
            found.push_back({e[0].var(), e.var(), {}, {}});
    }
    return found;
}

std::vector<Edit> exchanged_derivatives(const Var& right, const std::vector<Applied>& functions) {
    Records& records = *right.records();
    const std::vector<bool> needed = needed_by(right);
    std::vector<Edit> result;
    for (const Applied& function : functions) {
        const Var &operand = function.operand, &value = function.result;
        const Var &operand_gradient = function.operand_gradient, &cotangent = function.result_gradient;
        if (operand_gradient.id() >= needed.size() || !needed[operand_gradient.id()]) continue;
        const Op own = records.op(records.record_of(value.id()));
        const auto add = [&](const std::string& what, const Var& wrong) {
            result.push_back({what, replaced(right, operand_gradient.id(), wrong), 1});
        };
        for (const Op& other : similar_functions()) {
            if (other == own) continue;
            const std::string what =
                fmt::format("has the derivative of {} where that of {} belongs",
                            other.definition().short_name(), own.definition().short_name());
            const Attributes none;
            if (other.definition().vjp)
                add(what, other.definition().vjp(Pullback({operand}, {value}, {cotangent}, none), 0));
            add(what, vjp(record(other, {operand}), cotangent, operand));
            // A (1 − A) behind A − Y: softmax's own is in that already, and is taken for elementwise.
            if (!own.definition().elementwise && other.definition().vjp)
                add(fmt::format("has the derivative of {} as well", other.definition().short_name()),
                    other.definition().vjp(Pullback({operand}, {value}, {operand_gradient}, none), 0));
        }
        const Attributes attributes = records.attributes(records.record_of(value.id()));
        add(fmt::format("lacks the derivative of {}", own.definition().short_name()), cotangent);
        for (const Var& v : {operand, value})
            add(fmt::format("has {} where the derivative of {} belongs", v.to_string(),
                            own.definition().short_name()),
                cotangent * v);
        add(fmt::format("has the derivative of {} twice", own.definition().short_name()),
            vjp(record(own, {operand}, attributes), operand_gradient, operand));
        if (own.definition().elementwise) {
            add(fmt::format("has the derivative of {} at {} in place of {}", own.definition().short_name(),
                            value.to_string(), operand.to_string()),
                vjp(record(own, {value}, attributes), cotangent, value));
        }
    }
    return result;
}

} // namespace xtape::detail
