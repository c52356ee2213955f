#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/inside.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

template <class T>
std::string number_text(T value) {
    return std::isnan(value) ? "NaN" : fmt::format("{:.4g}", static_cast<double>(value));
}

/// The position of an operand's entry that was broadcast to `position` of the result.
Extents operand_position(const Extents& operand, const Extents& position) {
    Extents own(operand.size());
    for (std::size_t axis = 0; axis < operand.size(); ++axis)
        own[axis] = operand[axis] == 1 ? 0 : position[position.size() - operand.size() + axis];
    return own;
}

template <class T>
T entry(const AnyArray& array, const Extents& position) {
    std::size_t index = 0;
    for (std::size_t axis = 0; axis < position.size(); ++axis)
        index = index * array.extents()[axis] + position[axis];
    return array.data<T>()[index];
}

/// What the operands of a record are where its result went wrong.
template <class T>
class Explanation {
public:
    Explanation(const Records& records, const std::function<const AnyArray&(std::uint32_t)>& array)
        : records_(records), array_(array) {}

    std::string operands(const Record& record, const Extents& position) const {
        std::string text;
        for (const std::uint32_t id : records_.operands(record)) {
            if (records_.result(id).kind != Kind::real || is_number(id)) continue;
            const std::string name = records_.describe(id);
            text += (text.empty() ? "" : " and ") +
                    (records_.definition(record).elementwise
                         ? fmt::format("{} = {}", name, number_text(entry_of(id, position)))
                         : range(name, array_(id)));
        }
        return text;
    }

    /// The nearest operation before this one whose result is exactly 0 or 1 and that knows what that means.
    std::string saturation(const Record& record, const Extents& position, int depth = 3) const {
        if (depth == 0 || !records_.definition(record).elementwise) return "";
        for (const std::uint32_t id : records_.operands(record)) {
            if (records_.result(id).kind != Kind::real) continue;
            const Record& source = records_.record_of(id);
            const Definition& definition = records_.definition(source);
            const Extents own = operand_position(array_(id).extents(), position);
            const T value = entry<T>(array_(id), own);
            if (!definition.saturation.empty() && (value == 0 || value == 1))
                if (const auto argument = argument_of(source, array_(id).extents())) {
                    const Extents at = operand_position(array_(*argument).extents(), own);
                    return fmt::format(" {}{} = {} saturates {}: {}.", records_.describe(*argument),
                                       brackets(at), number_text(entry<T>(array_(*argument), at)),
                                       definition.short_name(), definition.saturation);
                }
            if (std::string text = saturation(source, own, depth - 1); !text.empty()) return text;
        }
        return "";
    }

    /// True where the entry is not finite though all that it was computed from is.
    [[nodiscard]] bool arose(const Record& record, const Extents& position) const {
        return std::ranges::all_of(records_.operands(record), [&](std::uint32_t id) {
            if (records_.result(id).kind != Kind::real) return true;
            return records_.definition(record).elementwise ? std::isfinite(entry_of(id, position))
                                                           : array_(id).all_finite();
        });
    }

private:
    /// The operand whose entries correspond to those of a result of these extents, one by one or by
    /// broadcasting.
    [[nodiscard]] std::optional<std::uint32_t> argument_of(const Record& record,
                                                           const Extents& extents) const {
        for (const std::uint32_t id : records_.operands(record))
            if (records_.result(id).kind == Kind::real)
                return records_.definition(record).elementwise || array_(id).extents() == extents
                           ? std::optional(id)
                           : std::nullopt;
        return std::nullopt;
    }
    [[nodiscard]] bool is_number(std::uint32_t id) const {
        const Leaf* leaf = records_.leaf(id);
        return leaf && std::holds_alternative<long double>(*leaf);
    }
    [[nodiscard]] T entry_of(std::uint32_t id, const Extents& position) const {
        return entry<T>(array_(id), operand_position(array_(id).extents(), position));
    }
    [[nodiscard]] static std::string range(const std::string& name, const AnyArray& array) {
        if (array.size() == 0) return fmt::format("{} has no entries", name);
        const T* data = array.data<T>();
        const auto [low, high] = std::minmax_element(data, data + array.size());
        return fmt::format("{} lies in [{}, {}]", name, number_text(*low), number_text(*high));
    }

    const Records& records_;
    const std::function<const AnyArray&(std::uint32_t)>& array_;
};

/// Where it arose inside the function that a record calls, maps or scans; empty where it has none.
template <class T>
std::string inside(const Records& records, const Record& record,
                   const std::function<const AnyArray&(std::uint32_t)>& array) {
    if (detail::functions_of(records, record).empty()) return "";
    std::optional<NonFinite> found;
    std::size_t runs = 0, at = 0;
    detail::observe_runs<T>(records, record, array, [&](detail::InnerRun<T> run) {
        ++runs;
        for (const Var& output : run.outputs)
            if (!found && (found = run.evaluation.first_nonfinite(output))) at = run.number;
    });
    if (!found) return "";
    const std::string run = detail::name_of_run(records.attributes(record), at, runs);
    return fmt::format(" Inside{}: {}", run.empty() ? "" : ", at " + run, found->message);
}

} // namespace

template <std::floating_point T>
std::optional<NonFinite> Evaluation<T>::first_nonfinite(const Var& var) {
    use(var.records());
    forget();
    const Needed needed = this->needed(*records_, var.id());
    evaluate(var);
    const std::function<const AnyArray&(std::uint32_t)> array = [this](std::uint32_t id) -> const AnyArray& {
        return values_.at(id).array;
    };
    const Explanation<T> explanation(*records_, array);
    const auto finite = [](T value) { return std::isfinite(value); };
    std::optional<NonFinite> from_leaf; // deliberate infinities among them, so only where nothing arose later
    for (const std::uint32_t index : needed.records) {
        const Record& record = records_->record(index);
        for (std::uint32_t id = record.first_result; id < record.first_result + record.result_count; ++id) {
            const AnyArray& result = array(id);
            if (result.all_finite()) continue;
            const bool is_leaf = records_->leaf(id) != nullptr;
            const T *data = result.data<T>(), *end = data + result.size();
            const T* first = std::find_if_not(data, end, finite);
            const auto position = [&] {
                return position_of(static_cast<std::size_t>(first - data), result.extents());
            };
            while (!is_leaf && first != end && !explanation.arose(record, position()))
                first = std::find_if_not(first + 1, end, finite);
            if (first == end) continue;
            const auto count = result.size() - static_cast<std::size_t>(std::count_if(data, end, finite));
            std::string message = fmt::format("{}: {} in {} of {} entries{}",
                                              is_leaf ? records_->describe(id) : records_->call(record),
                                              number_text(*first), count, result.size(),
                                              result.rank() == 0 ? "" : ", first " + brackets(position()));
            if (is_leaf) {
                message += ". It came with the array that it holds.";
                if (!from_leaf)
                    from_leaf = NonFinite{records_->var(id), count, position(), std::move(message)};
                continue;
            }
            const std::string operands = explanation.operands(record, position());
            message += (operands.empty() ? "" : ", where " + operands) + "." +
                       explanation.saturation(record, position()) + inside<T>(*records_, record, array);
            return NonFinite{records_->var(id), count, position(), std::move(message)};
        }
    }
    return from_leaf;
}

template std::optional<NonFinite> Evaluation<float>::first_nonfinite(const Var&);
template std::optional<NonFinite> Evaluation<double>::first_nonfinite(const Var&);
template std::optional<NonFinite> Evaluation<long double>::first_nonfinite(const Var&);

} // namespace xtape
