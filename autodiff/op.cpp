#include <xtape/autodiff/op.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

namespace xtape {

namespace {

/// What to do where two shapes do not broadcast.
std::string broadcast_remedy(const Shape& a, const Shape& b) {
    const Shape turned(std::vector<Dim>(b.dims().rbegin(), b.dims().rend()));
    if (xtape::broadcast(a, turned)) return "One of them seems to be transposed; use transpose().";
    if (b.rank() == 1 && a.rank() == 2 && same_extent(a[0], b[0]))
        return "Use expand_dims(x, {1}) for a column.";
    return "Extents must be equal, or one of them 1, counted from the last axis.";
}

} // namespace

Shape Signature::broadcast() const {
    Shape result = operands_.empty() ? Shape() : shape(0);
    for (std::size_t k = 1; k < size(); ++k) {
        const auto next = xtape::broadcast(result, shape(k));
        if (!next)
            fail(why_not_broadcast(result, shape(k)) + ". " + broadcast_remedy(shape(k - 1), shape(k)));
        result = *next;
    }
    return result;
}

std::string Signature::call() const {
    return detail::call_text(op_, size(), [&](std::size_t k) { return operand(k); });
}

std::string detail::call_text(std::string_view op, std::size_t operands,
                              const std::function<std::string(std::size_t)>& describe) {
    std::string text;
    for (std::size_t k = 0; k < operands; ++k)
        text += (k == 0 ? "" : ", ") + describe(k);
    const auto start = op.rfind("::");
    return fmt::format("{}({})", start == std::string_view::npos ? op : op.substr(start + 2), text);
}

void detail::throw_out_of_range(const char* what, std::size_t k, std::size_t size) {
    throw OpError(
        fmt::format("A rule asked for {0} {1}, counted from 0, of an operation with {2}. Ask for {0} "
                    "0 to {3}.",
                    what, k, size, size == 0 ? 0 : size - 1));
}

void Signature::fail(const std::string& why) const {
    std::string shapes;
    for (const Var& operand : operands_)
        shapes += fmt::format("{}{} is {}", shapes.empty() ? "" : ", ", operand.to_string(),
                              operand.shape().to_string());
    throw ShapeError(fmt::format("{}: {}: {}", call(), shapes, why));
}

std::optional<std::size_t> Environment::find(const std::string& name) const {
    for (const auto& [known, extent] : extents_)
        if (known == name) return extent;
    return std::nullopt;
}

std::size_t Environment::extent(const Dim& dim) const {
    if (dim.sized()) return dim.extent();
    if (const auto known = find(dim.name())) return *known;
    throw BindingError(
        fmt::format("the extent of {0}, which is not known: no bound array has a dimension {0}. Bind an "
                    "input that has one.",
                    dim.name()));
}

Extents Environment::extents(const Shape& shape) const {
    Extents extents;
    for (const Dim& dim : shape.dims())
        extents.push_back(extent(dim));
    return extents;
}

std::string Definition::short_name() const {
    const auto start = name.rfind("::");
    return start == std::string::npos ? name : name.substr(start + 2);
}

Op::Op(Definition definition) : definition_(std::make_shared<const Definition>(std::move(definition))) {
    if (definition_->name.find("::") == std::string::npos)
        throw OpError(fmt::format(
            "An operation needs a name, qualified with its library as \"mylib::mish\" is, and got "
            "\"{}\".",
            definition_->name));
    if (!definition_->shape && definition_->elementwise)
        throw OpError(fmt::format("{} has no forward function. Add .forward([](auto x) {{ return … }}).",
                                  definition_->name));
    if (!definition_->shape)
        throw OpError(fmt::format("{} has no shape rule. Add .shape([](const Signature& s) {{ return … }}).",
                                  definition_->name));
    if (definition_->variadic && !definition_->differentiable.empty())
        throw OpError(fmt::format("{} takes any number of operands: give one rule for all by vjp_each.",
                                  definition_->name));
    if (const auto rules = definition_->differentiable.size();
        rules > 0 && rules != definition_->operands.size())
        throw OpError(
            fmt::format("{} has {} operands and {} derivative rules. Give one for each, or no_gradient.",
                        definition_->name, definition_->operands.size(), rules));
}

Var record(const Op& op, std::initializer_list<Operand> operands, Attributes attributes) {
    std::shared_ptr<Records> records;
    for (const Operand& operand : operands)
        if (operand.var() && !records) records = operand.var()->records();
    if (!records)
        throw VarError(
            fmt::format("{}: none of its operands is on a tape. Make one with tape.constant(value).",
                        op.definition().short_name()));
    Transaction transaction(*records);
    std::vector<Var> vars;
    vars.reserve(operands.size());
    for (const Operand& operand : operands)
        vars.push_back(operand.on(records, op.definition().kind_of(vars.size())));
    const std::uint32_t id = records->append(op, vars, std::move(attributes));
    if (const auto count = records->record_of(id).result_count; count != 1)
        throw OpError(fmt::format("{} has {} results. Record it with record_all().", op.name(), count));
    transaction.done();
    return records->var(id);
}

std::vector<Var> record_all(const Op& op, std::span<const Var> operands, Attributes attributes) {
    if (operands.empty())
        throw VarError(
            fmt::format("{}: it has no operands, so it is not known on which tape to record it.", op.name()));
    const std::shared_ptr<Records>& records = operands[0].records();
    const std::uint32_t id = records->append(op, operands, std::move(attributes));
    std::vector<Var> results;
    for (std::uint32_t k = 0; k < records->record_of(id).result_count; ++k)
        results.push_back(records->var(id + k));
    return results;
}

} // namespace xtape
