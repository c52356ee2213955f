#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/guards.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/autodiff/step.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

/// An array's shape with the names of the input that it is bound to: `(n0=3 × n=400)` is printed as the array
/// has it.
std::string mismatch(const Records& records, std::uint32_t id, const AnyArray& array) {
    return fmt::format("{} is {}, and the array bound to it is {}", records.describe(id),
                       records.result(id).shape.to_string(), to_string(array.extents()));
}

/// The array with the element type of the kind, checked against the shape.
template <class T>
AnyArray fitted(const Records& records, std::uint32_t id, const AnyArray& array) {
    const auto& [shape, kind, record] = records.result(id);
    bool fits = shape.rank() == array.rank();
    for (std::size_t axis = 0; fits && axis < shape.rank(); ++axis)
        fits = !shape[axis].sized() || shape[axis].extent() == array.extents()[axis];
    if (!fits) {
        const bool turned = shape.rank() == 2 && array.rank() == 2 &&
                            (!shape[0].sized() || shape[0].extent() == array.extents()[1]) &&
                            (!shape[1].sized() || shape[1].extent() == array.extents()[0]);
        throw BindingError(mismatch(records, id, array) + (turned
                                                               ? ": it seems to be transposed."
                                                               : ". Reshape it, or record with its shape."));
    }
    try {
        return kind == Kind::real   ? array.as<T>()
               : kind == Kind::mask ? array.as<bool>()
                                    : array.as<std::int64_t>();
    } catch (const KindError& error) {
        throw BindingError(fmt::format("{} is {}: {}", records.describe(id), to_string(kind), error.what()));
    }
}

} // namespace

template <std::floating_point T>
Evaluation<T>::Evaluation(std::initializer_list<Binding> bindings) {
    for (const Binding& binding : bindings)
        bind(binding.var, binding.array);
}

template <std::floating_point T>
void Evaluation<T>::use(const std::shared_ptr<Records>& records) {
    if (!records_) records_ = records;
    if (records_ != records)
        throw VarError(
            "An evaluation holds bindings and values of one tape, and was given a Var of another. Use one "
            "Evaluation for each tape.");
}

template <std::floating_point T>
Evaluation<T>& Evaluation<T>::bind(const Var& target, AnyArray array) {
    use(target.records());
    const Leaf* leaf = records_->leaf(target.id());
    if (!leaf || std::holds_alternative<long double>(*leaf) || std::holds_alternative<AnyArray>(*leaf))
        throw BindingError(fmt::format(
            "{} is neither an input nor a variable, so no array can be bound to it.", target.to_string()));
    bindings_.insert_or_assign(target.id(), Held{target.serial(), fitted<T>(*records_, target.id(), array)});
    ambiguous_ = differ();
    forget();
    return *this;
}

/// True where two bound arrays, or two axes of one, give one unsized dimension different extents.
template <std::floating_point T>
bool Evaluation<T>::differ() const {
    Environment seen;
    for (const auto& [id, held] : bindings_) {
        if (!records_->holds(id, held.serial)) continue;
        const Shape& shape = records_->result(id).shape;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
            if (shape[axis].sized()) continue;
            const std::size_t extent = held.array.extents()[axis];
            const auto known = seen.find(shape[axis].name());
            if (known && *known != extent) return true;
            if (!known) seen.set(shape[axis].name(), extent);
        }
    }
    return false;
}

template <std::floating_point T>
void Evaluation<T>::forget() {
    values_.clear();
    cells_.clear();
}

template <std::floating_point T>
void Evaluation<T>::perturb(T unit, std::uint64_t seed) {
    unit_ = unit;
    draw_ = Draw(seed);
    forget();
}

/// The records that a result and the guards that it rests on need and that are not remembered, and the inputs
/// among them, found without recursion.
template <std::floating_point T>
typename Evaluation<T>::Needed Evaluation<T>::needed(const Records& records, std::uint32_t id) const {
    Needed found;
    std::vector<std::uint32_t> open{records.result(id).record};
    std::unordered_map<std::uint32_t, bool> seen{{open[0], true}};
    for (std::int64_t number = detail::last_guard(records); number > 0; --number) {
        const auto guard = detail::guard(records, number);
        if (!guard) continue;
        const std::uint32_t index = records.result(*guard).record;
        const bool everywhere = detail::guards_all(records, *guard);
        if (!everywhere && index >= open[0]) continue;
        // Whatever was computed after a guard, that guard or a later one, rests on all guards before.
        const auto held = values_.find(*guard);
        if (!everywhere && held != values_.end() && held->second.serial == records.record(index).serial)
            break;
        if (seen.try_emplace(index, true).second) open.push_back(index);
    }
    while (!open.empty()) {
        const std::uint32_t index = open.back();
        open.pop_back();
        const Record& record = records.record(index);
        const auto held = values_.find(record.first_result);
        if (held != values_.end() && held->second.serial == record.serial) continue;
        found.records.push_back(index);
        if (const Leaf* leaf = records.leaf(record.first_result);
            leaf && std::holds_alternative<std::monostate>(*leaf))
            found.inputs.push_back(record.first_result);
        for (const std::uint32_t operand : records.operands(record))
            if (const std::uint32_t source = records.result(operand).record;
                seen.try_emplace(source, true).second)
                open.push_back(source);
    }
    std::ranges::sort(found.records);
    return found;
}

/// The extents of unsized dimensions: from the inputs that are needed, then, for names that these do not
/// have, from the other bound ones. Each must agree among themselves.
template <std::floating_point T>
Environment Evaluation<T>::environment(const Records& records, const Needed& needed) const {
    Environment environment;
    std::unordered_map<std::string, std::uint32_t> givers;
    const auto take = [&](std::uint32_t id, const std::unordered_map<std::string, std::uint32_t>& settled) {
        const auto held = bindings_.find(id);
        if (held == bindings_.end() || !records.holds(id, held->second.serial)) return;
        const Shape& shape = records.result(id).shape;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
            if (shape[axis].sized()) continue;
            const std::string& name = shape[axis].name();
            const std::size_t extent = held->second.array.extents()[axis];
            const auto known = environment.find(name);
            if (!known) {
                environment.set(name, extent);
                givers[name] = id;
            } else if (*known != extent && !settled.contains(name)) {
                throw BindingError(
                    fmt::format("{0} is {1} in {2} and {3} in {4}. Bind arrays of the same {0}.", name,
                                *known, records.describe(givers[name]), extent, records.describe(id)));
            }
        }
    };
    for (const std::uint32_t id : needed.inputs)
        take(id, {});
    const auto settled = givers;
    for (const auto& [id, held] : bindings_)
        take(id, settled);
    return environment;
}

template <std::floating_point T>
std::string Evaluation<T>::bound_names(const Records& records) const {
    std::vector<std::string> names;
    for (const auto& [id, held] : bindings_)
        if (records.holds(id, held.serial)) names.push_back(records.describe(id));
    std::ranges::sort(names);
    return names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "));
}

template <std::floating_point T>
AnyArray Evaluation<T>::leaf(const Records& records, std::uint32_t id) {
    const auto held = bindings_.find(id);
    if (held != bindings_.end() && records.holds(id, held->second.serial)) return held->second.array;
    const Leaf& leaf = *records.leaf(id);
    if (const auto* cell = std::get_if<std::shared_ptr<Cell>>(&leaf)) {
        cells_.insert_or_assign(id, std::pair(*cell, (*cell)->version()));
        return (*cell)->array().as<T>();
    }
    if (!std::holds_alternative<std::monostate>(leaf)) return detail::constant<T>(records, id);
    const std::string name = records.describe(id);
    throw BindingError(
        fmt::format("input {} {}, which has no array. Bound: {}. Bind one: .value({{{{{}, array}}}}).", name,
                    records.result(id).shape.to_string(), bound_names(records), name));
}

template <std::floating_point T>
AnyArray Evaluation<T>::perturbed(const AnyArray& array) {
    if (unit_ == 0 || array.element() != element_of<T>) return array;
    auto [result, data] = AnyArray::zeros<T>(array.extents());
    const T* source = array.data<T>();
    for (std::size_t i = 0; i < array.size(); ++i)
        data[i] = source[i] * (1 + unit_ * static_cast<T>(draw_.uniform(-1, 1)));
    return result;
}

template <std::floating_point T>
void Evaluation<T>::compute(const Records& records, std::uint32_t index, const Environment& environment) {
    const Record& record = records.record(index);
    if (records.leaf(record.first_result)) {
        values_.insert_or_assign(record.first_result,
                                 Held{record.serial, leaf(records, record.first_result)});
        return;
    }
    std::vector<AnyArray> operands;
    operands.reserve(record.operand_count);
    for (const std::uint32_t id : records.operands(record))
        operands.push_back(values_.at(id).array);
    std::vector<Extents> extents;
    for (std::uint32_t k = 0; k < record.result_count; ++k)
        extents.push_back(environment.extents(records.result(record.first_result + k).shape));
    auto results = detail::compute<T>(records, record, std::move(operands), extents, environment,
                                      [this](const AnyArray& array) { return perturbed(array); });
    for (std::uint32_t k = 0; k < record.result_count; ++k)
        values_.insert_or_assign(record.first_result + k, Held{record.serial, std::move(results[k])});
}

template <std::floating_point T>
const AnyArray& Evaluation<T>::evaluate(const Var& var) {
    use(var.records());
    const auto changed = [](const auto& used) { return used.second.first->version() != used.second.second; };
    // Where bound arrays differ in a dimension, which extent is meant depends on what is asked for.
    if (ambiguous_ || std::ranges::any_of(cells_, changed)) forget();
    const Records& records = *records_;
    const Needed needed = this->needed(records, var.id());
    if (!needed.records.empty()) {
        const Environment environment = this->environment(records, needed);
        try {
            for (const std::uint32_t index : needed.records)
                compute(records, index, environment);
        } catch (const BindingError& error) {
            throw BindingError(fmt::format("{} needs {}", var.to_string(), error.what()));
        }
    }
    return values_.at(var.id()).array;
}

template <std::floating_point T>
Array<T> Evaluation<T>::value(const Var& var) {
    return evaluate(var).template to<T>();
}

template <std::floating_point T>
const AnyArray& Evaluation<T>::array(const Var& var) {
    return evaluate(var);
}

template <std::floating_point T>
T Evaluation<T>::item(const Var& var) {
    const AnyArray& array = evaluate(var);
    if (array.size() != 1)
        throw ShapeError(fmt::format("item(): {} is {}, not one number. Use value().", var.to_string(),
                                     to_string(array.extents())));
    return array.to<T>().data()[0];
}

template <std::floating_point T>
Array<T> Var::value(std::initializer_list<Binding> bindings) const {
    (void)records();
    return Evaluation<T>(bindings).value(*this);
}

template <std::floating_point T>
T Var::item(std::initializer_list<Binding> bindings) const {
    (void)records();
    return Evaluation<T>(bindings).item(*this);
}

template Array<float> Var::value(std::initializer_list<Binding>) const;
template Array<double> Var::value(std::initializer_list<Binding>) const;
template Array<long double> Var::value(std::initializer_list<Binding>) const;
template float Var::item(std::initializer_list<Binding>) const;
template double Var::item(std::initializer_list<Binding>) const;
template long double Var::item(std::initializer_list<Binding>) const;

template class Evaluation<float>;
template class Evaluation<double>;
template class Evaluation<long double>;

} // namespace xtape
