#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/var.hpp>

#include <fmt/format.h>

namespace xtape {

const char* to_string(Kind kind) {
    switch (kind) {
    case Kind::real:
        return "a real";
    case Kind::index:
        return "an index";
    case Kind::mask:
        break;
    }
    return "a mask";
}

const std::shared_ptr<Records>& Var::records() const {
    if (!records_)
        throw VarError("A Var that belongs to no tape was used. Record it first, or name a leaf of a tape.");
    if (!records_->holds(id_, serial_)) {
        const std::string name = records_->rewound_name_of(id_, serial_);
        throw VarError(fmt::format(
            "Var {} was rewound: its tape was taken back past it. Record it again after rewind(), "
            "or take the mark later.",
            name.empty() ? fmt::format("%{}", id_) : name));
    }
    return records_;
}

Shape Var::shape() const { return records()->result(id_).shape; }
Kind Var::kind() const { return records()->result(id_).kind; }
std::string Var::name() const { return records()->name_of(id_); }
std::string Var::to_string() const { return records()->describe(id_); }

Var Operand::on(const std::shared_ptr<Records>& records, Kind meant) const {
    if (const Var* var = this->var()) return *var;
    if (const auto* number = std::get_if<long double>(&value_))
        return records->var(records->append_leaf(constant_op(), Shape(), Kind::real, *number));
    const auto& array = std::get<AnyArray>(value_);
    const Kind kind = array.is_real()                  ? Kind::real
                      : array.element() == Element::b8 ? Kind::mask
                      : meant == Kind::real            ? Kind::real
                                                       : Kind::index;
    return records->var(records->append_leaf(constant_op(), Shape(array.extents()), kind, array));
}

} // namespace xtape
