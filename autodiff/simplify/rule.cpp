#include <xtape/autodiff/simplify/rule.hpp>

namespace xtape {

const char* to_string(Agreement agreement) {
    switch (agreement) {
    case Agreement::exact:
        return "exact";
    case Agreement::rounding:
        return "rounding";
    case Agreement::real:
        break;
    }
    return "real";
}

bool Match::open(const Expression& e) const { return goal() == Goal::stable || named(e) != Named::by_user; }

bool Match::free(const Expression& e) const {
    return goal() == Goal::stable || named(e) == Named::no ||
           (context_.through_names && named(e) == Named::as_adjoint);
}

std::optional<Expression> Match::find(const Op& op, const Expression& operand) const {
    const auto id = context_.find(op, operand.id());
    return id ? std::optional(Expression(records(), *id)) : std::nullopt;
}

} // namespace xtape
