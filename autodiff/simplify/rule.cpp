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

bool Match::open(const Expression& e) const { return goal_ == Goal::stable || named(e) != Named::by_user; }

bool Match::free(const Expression& e) const {
    return goal_ == Goal::stable || named(e) == Named::no ||
           (through_names_ && named(e) == Named::as_adjoint);
}

} // namespace xtape
