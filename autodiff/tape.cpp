#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/tape.hpp>

#include <fmt/format.h>

#include <utility>

namespace xtape {

Tape::Tape() : records_(std::make_shared<Records>()) {}
Tape::Tape(Tape&& other) : records_(std::exchange(other.records_, std::make_shared<Records>())) {}
Tape& Tape::operator=(Tape&& other) {
    std::swap(records_, other.records_);
    other.records_ = std::make_shared<Records>();
    return *this;
}

namespace {

/// Appends a named leaf, or nothing where the name cannot be had.
Var named_leaf(Records& records, const Op& op, const std::string& name, Shape shape, Kind kind, Leaf leaf) {
    const std::uint32_t count = records.record_count();
    const std::uint32_t id = records.append_leaf(op, std::move(shape), kind, std::move(leaf));
    try {
        records.name(id, name);
    } catch (...) {
        records.truncate(count);
        throw;
    }
    return records.var(id);
}

} // namespace

Var Tape::input(const std::string& name, Shape shape, Kind kind) {
    return named_leaf(*records_, input_op(), name, std::move(shape), kind, std::monostate{});
}

Var Tape::variable(const std::string& name, const AnyArray& value, const std::vector<std::string>& dims) {
    return variable(name, std::make_shared<Cell>(value.owned()), dims);
}

Var Tape::variable(const std::string& name, std::shared_ptr<Cell> cell,
                   const std::vector<std::string>& dims) {
    if (!cell)
        throw ArgumentError(fmt::format("variable({}): its cell is null. Give one that exists.", name));
    const AnyArray& value = cell->array();
    if (!value.is_real())
        throw KindError(
            fmt::format("variable({}): its array holds indices or a mask, which have no gradient. Give real "
                        "numbers, or use input(\"{}\", shape, Kind::index).",
                        name, name));
    if (!dims.empty() && dims.size() != value.rank())
        throw ShapeError(fmt::format("variable({}): {} names for an array {}. Name each dimension once.",
                                     name, dims.size(), to_string(value.extents())));
    std::vector<Dim> shape;
    for (std::size_t axis = 0; axis < value.rank(); ++axis)
        shape.emplace_back(dims.empty() ? std::string{} : dims[axis], value.extents()[axis]);
    return named_leaf(*records_, variable_op(), name, Shape(std::move(shape)), Kind::real, std::move(cell));
}

void Tape::assign(const Var& variable, const AnyArray& value) {
    const Leaf* leaf = variable.records() == records_ ? records_->leaf(variable.id()) : nullptr;
    const auto* cell = leaf ? std::get_if<std::shared_ptr<Cell>>(leaf) : nullptr;
    if (!cell)
        throw VarError(fmt::format(
            "assign({}): it is not a variable of this tape. Only a variable has a value of its own; "
            "bind an array to an input.",
            variable.to_string()));
    if (value.extents() != (*cell)->array().extents())
        throw BindingError(fmt::format("assign({0}): {0} is {1}, and the array is {2}. A variable keeps its "
                                       "shape; reshape the array.",
                                       variable.to_string(), variable.shape().to_string(),
                                       to_string(value.extents())));
    switch ((*cell)->array().element()) {
    case Element::f32:
        return (*cell)->assign(value.as<float>());
    case Element::f64:
        return (*cell)->assign(value.as<double>());
    default:
        return (*cell)->assign(value.as<long double>());
    }
}

Var Tape::constant(const Operand& value) { return value.on(records_); }

Tape::Mark Tape::mark() const {
    Mark mark;
    mark.records = records_.get();
    mark.count = records_->record_count();
    mark.serial = mark.count == 0 ? 0 : records_->record(mark.count - 1).serial;
    return mark;
}

void Tape::rewind(const Mark& mark) {
    const bool holds = mark.records == records_.get() && mark.count <= records_->record_count() &&
                       (mark.count == 0 || records_->record(mark.count - 1).serial == mark.serial);
    if (!holds)
        throw VarError(
            "rewind: the mark is of another tape, or its tape was taken back past it. Take a mark again "
            "after rewind().");
    records_->truncate(mark.count);
}

std::size_t Tape::size() const { return records_->record_count(); }

Var Tape::operator[](const std::string& name) const {
    if (const auto id = records_->find(name)) return records_->var(*id);
    throw_unknown("Nothing on this tape", name, names());
}

std::vector<std::string> Tape::names() const {
    std::vector<std::string> names;
    for (const auto& [id, name] : records_->names())
        names.push_back(name);
    return names;
}

Var named(const std::string& name, Var var) {
    var.records()->name(var.id(), name);
    return var;
}

} // namespace xtape
