#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/parameters.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::nn {

Parameters::Parameters(const Parameters& other) {
    for (const std::string& name : other.names_)
        add(name, other.cell(name)->array());
    frozen_ = other.frozen_;
}

Parameters& Parameters::operator=(const Parameters& other) { return *this = Parameters(other); }

void Parameters::add(const std::string& name, const AnyArray& array) {
    if (name.empty()) throw NameError("Parameters::add: a name cannot be empty.");
    if (contains(name))
        throw NameError(fmt::format("Parameters::add: there is a {0} already. Use assign(\"{0}\", array) to "
                                    "replace its values.",
                                    name));
    auto cell = std::make_shared<xtape::Cell>(AnyArray(array.to<double>()));
    names_.reserve(names_.size() + 1);
    cells_.emplace(name, std::move(cell));
    names_.push_back(name);
}

const std::shared_ptr<xtape::Cell>& Parameters::cell(const std::string& name) const {
    if (const auto it = cells_.find(name); it != cells_.end()) return it->second;
    throw_unknown("Parameters: nothing", name, names_);
}

Array<double> Parameters::operator[](const std::string& name) const {
    return cell(name)->array().to<double>();
}

void Parameters::assign(const std::string& name, const AnyArray& array) {
    xtape::Cell& target = *cell(name);
    if (array.extents() != target.array().extents())
        throw ShapeError(fmt::format("Parameters::assign: {} is {}, and the array is {}. A parameter keeps "
                                     "its shape; reshape the array.",
                                     name, xtape::to_string(target.array().extents()),
                                     xtape::to_string(array.extents())));
    target.assign(AnyArray(array.to<double>()));
}

void Parameters::freeze(const std::vector<std::string>& names) {
    for (const std::string& name : names)
        (void)cell(name);
    frozen_.insert(names.begin(), names.end());
}

void Parameters::unfreeze(const std::vector<std::string>& names) {
    for (const std::string& name : names)
        (void)cell(name);
    for (const std::string& name : names)
        frozen_.erase(name);
}

bool Parameters::frozen(const std::string& name) const {
    (void)cell(name);
    return !moves(name);
}

std::size_t Parameters::count() const {
    std::size_t total = 0;
    for (const auto& [name, cell] : cells_)
        if (moves(name)) total += cell->array().size();
    return total;
}

Array<double> Parameters::flat() const {
    auto values = Array<double>::from_shape({count()});
    double* to = values.data();
    for (const std::string& name : names_) {
        if (!moves(name)) continue;
        const AnyArray& array = cell(name)->array();
        to = std::copy_n(array.data<double>(), array.size(), to);
    }
    return values;
}

Array<double> Parameters::flat(const std::vector<Array<double>>& gradients) const {
    if (gradients.size() != names_.size())
        throw ShapeError(fmt::format(
            "Parameters::flat: {} gradients for {} parameters: {}. Give one for each, in this order.",
            gradients.size(), names_.size(), fmt::join(names_, ", ")));
    auto values = Array<double>::from_shape({count()});
    double* to = values.data();
    for (std::size_t k = 0; k < names_.size(); ++k) {
        const Extents& wanted = cell(names_[k])->array().extents();
        if (gradients[k].shape() != wanted)
            throw ShapeError(fmt::format(
                "Parameters::flat: {} is {}, and its gradient is {}. Give gradients in the order of "
                "names(): {}.",
                names_[k], xtape::to_string(wanted), xtape::to_string(gradients[k].shape()),
                fmt::join(names_, ", ")));
        if (!moves(names_[k])) continue;
        to = std::copy(gradients[k].storage().begin(), gradients[k].storage().end(), to);
    }
    return values;
}

void Parameters::assign_flat(std::span<const double> values) {
    if (values.size() != count())
        throw ShapeError(fmt::format("Parameters::assign_flat: {} numbers for parameters of {} that are not "
                                     "frozen. Give as many as flat() does, in its order.",
                                     values.size(), count()));
    for (const std::string& name : names_) {
        if (!moves(name)) continue;
        xtape::Cell& target = *cell(name);
        auto [array, data] = AnyArray::zeros<double>(target.array().extents());
        std::copy_n(values.data(), array.size(), data);
        values = values.subspan(array.size());
        target.assign(std::move(array));
    }
}

std::map<std::string, Var> Parameters::unflatten(const Var& flat) const {
    if (flat.shape().to_string() != Shape(Extents{count()}).to_string())
        throw ShapeError(
            fmt::format("Parameters::unflatten: {} is {}, for parameters of {} numbers that are not "
                        "frozen. Give a Var ({}), laid out as flat() does.",
                        flat.to_string(), flat.shape().to_string(), count(), count()));
    Transaction transaction(*flat.records());
    std::map<std::string, Var> result;
    std::int64_t from = 0;
    for (const std::string& name : names_) {
        const AnyArray& array = cell(name)->array();
        if (!moves(name)) {
            result.emplace(name, Operand(array.to<double>()).on(flat.records()));
            continue;
        }
        const auto to = from + static_cast<std::int64_t>(array.size());
        result.emplace(name, reshape(slice(flat, 0, from, to), Shape(array.extents())));
        from = to;
    }
    transaction.done();
    return result;
}

Var Parameters::record(Tape& tape, const std::string& name, const std::vector<std::string>& dims) const {
    return tape.variable(name, cell(name), dims);
}

} // namespace xtape::nn
