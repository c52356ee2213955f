#include <xtape/autodiff/ops.hpp>
#include <xtape/autodiff/simplify/expression.hpp>

#include <algorithm>

namespace xtape {
namespace {

Op builtin(const std::vector<Op>& all, const std::string& name) {
    const auto it = std::ranges::find(all, "xtape::" + name, &Op::name);
    if (it == all.end()) throw_unknown("No built-in operation", name, {});
    return *it;
}

} // namespace

const Known& known() {
    static const Known operations = [] {
        const std::vector<Op> all = builtin_ops();
        const auto op = [&](const char* name) { return builtin(all, name); };
        return Known{op("add"),        op("subtract"), op("multiply"),  op("divide"),  op("negative"),
                     op("reciprocal"), op("square"),   op("pow"),       op("exp"),     op("log"),
                     op("log1p"),      op("sigmoid"),  op("softplus"),  op("softmax"), op("log_softmax"),
                     op("logsumexp"),  op("matmul"),   op("transpose"), op("sum"),     op("broadcast_to"),
                     op("reshape"),    op("extent"),   op("where"),     op("less"),    op("less_equal"),
                     op("one_hot"),    op("copy")};
    }();
    return operations;
}

bool Expression::single() const { return std::ranges::all_of(shape().dims(), &Dim::is_one); }

std::optional<long double> Expression::number() const {
    Expression e = *this;
    while (e.is(known().broadcast_to) || e.is(known().reshape))
        e = e[0];
    if (!e.is(constant_op())) return {};
    const Leaf* leaf = e.records_->leaf(e.id_);
    const auto* number = leaf ? std::get_if<long double>(leaf) : nullptr;
    return number ? std::optional(*number) : std::nullopt;
}

bool same_structure(Expression a, Expression b) {
    std::vector<std::pair<Expression, Expression>> pairs{{a, b}};
    for (std::size_t compared = 0; !pairs.empty(); ++compared) {
        const auto [x, y] = pairs.back();
        pairs.pop_back();
        if (x == y) continue;
        if (compared == 100 || !(x.op() == y.op()) || x.size() != y.size() ||
            x.attributes() != y.attributes())
            return false;
        if (x.size() == 0 && (!x.number() || x.number() != y.number()) && !x.is(known().extent)) return false;
        for (std::size_t k = 0; k < x.size(); ++k)
            pairs.emplace_back(x[k], y[k]);
    }
    return true;
}

Var with_shape_of(const Var& value, const Expression& like) { return broadcast_to(value, like.shape()); }

} // namespace xtape
