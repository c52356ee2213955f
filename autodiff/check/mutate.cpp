#include <xtape/autodiff/check/mutate.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/shaping.hpp>

#include <algorithm>

namespace xtape {
namespace {

using Rule = std::function<Var(const Pullback&, std::size_t)>;

/// The rule of an operation whose body is differentiated. Each operand is copied, so that one Var in two
/// places has two derivatives.
Rule differentiated(const Definition& definition) {
    return [body = definition.body, attributes = definition.attributes](const Pullback& p, std::size_t k) {
        std::vector<Var> arguments;
        for (std::size_t i = 0; i < p.size(); ++i)
            arguments.push_back(p.input(i).kind() == Kind::real ? p.input(i) + 0 : p.input(i));
        const Var operand = arguments[k];
        for (const std::string& name : attributes)
            arguments.push_back(Operand(p.attributes().real(name)).on(p.cotangent().records()));
        const Var result = broadcast_to(body(arguments), p.cotangent().shape());
        return vjp(result, p.cotangent(), operand, Disconnected::zeros);
    };
}

/// The rule of an operation, one operand at a time.
Rule rule_of(const Definition& definition) {
    if (definition.vjp) return definition.vjp;
    if (!definition.vjp_all) return differentiated(definition);
    return [all = definition.vjp_all](const Pullback& p, std::size_t k) {
        return all(p, std::vector<std::size_t>{k})[0];
    };
}

/// The operation under another name, with `change` applied to each cotangent that its rule gives.
Op changed(const Op& op, const std::string& how,
           std::function<Var(const Pullback&, std::size_t, const Var&)> change) {
    Definition definition = op.definition();
    definition.name += how;
    const Rule right = rule_of(definition);
    definition.vjp_all = {};
    definition.vjp = [right, change = std::move(change)](const Pullback& p, std::size_t k) {
        const Var cotangent = right(p, k);
        return cotangent.empty() ? cotangent : change(p, k, cotangent);
    };
    return Op(std::move(definition));
}

Var off(const Pullback&, std::size_t, const Var& right) { return 1.001L * right; }

Var off_when_differentiated(const Pullback& p, std::size_t k, const Var& right) {
    const Var& x = p.input(k);
    return right + 0.001L * (x - stop_gradient(x)) * right;
}

Var off_when_broadcast(const Pullback& p, std::size_t k, const Var& right) {
    return same_extents(p.cotangent().shape(), p.input(k).shape()) ? right : 1.001L * right;
}

/// True where a derivative passes through at least one real operand.
bool differentiable(const Definition& definition) {
    if (!definition.vjp && !definition.vjp_all && !definition.body) return false;
    if (definition.takes_any_kind()) return definition.passes_gradient(0);
    for (std::size_t k = 0; k < definition.operands.size(); ++k)
        if (definition.kind_of(k) == Kind::real && definition.passes_gradient(k)) return true;
    return false;
}

} // namespace

std::vector<Op> wrong_versions(const Op& op) {
    if (!differentiable(op.definition())) return {};
    std::vector<Op> versions{changed(op, "_off_by_a_thousandth", off),
                             changed(op, "_wrong_second_derivative", off_when_differentiated)};
    if (op.definition().elementwise && op.definition().operands.size() > 1)
        versions.push_back(changed(op, "_wrong_when_broadcast", off_when_broadcast));
    return versions;
}

} // namespace xtape
