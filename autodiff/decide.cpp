#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/guards.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace xtape {
namespace {

std::string name_of(std::int64_t guard) { return fmt::format("guard {}", guard); }

const Op guard_op =
    operation("xtape::decide")
        .operands({Kind::mask})
        .shape([](const Signature& s) { return ResultType(s.shape(), Kind::mask); })
        .forward([](auto& call) {
            const AnyArray& condition = call.operand(0);
            if (condition.size() != 1)
                call.template fail<ShapeError>(fmt::format("{} is {}, not one entry.", call.operand_name(0),
                                                           to_string(condition.extents())));
            detail::require_outcome(call.attributes().integer("guard"), call.operand_name(0),
                                    call.attributes().integer("outcome") != 0,
                                    condition.template data<bool>()[0]);
            call.give(0, condition);
        })
        .without_gradient()
        .notation("decide({0})", R"(\operatorname{decide}({0}))");

template <std::floating_point T>
bool outcome_of(const Var& condition, Evaluation<T>& evaluation) {
    const AnyArray& array = evaluation.array(condition);
    if (array.size() != 1)
        throw ShapeError(fmt::format("decide({0}): {0} is {1}, and one entry is decided on. Reduce it first: "
                                     "amin(x) > 0 says that all are, amax(x) > 0 that one is.",
                                     condition.to_string(), to_string(array.extents())));
    return array.data<bool>()[0];
}

/// Calls f with a T of the type.
template <class F>
bool in_type(Element element, F f) {
    switch (element) {
    case Element::f32:
        return f(float{});
    case Element::f80:
        return f(0.0L);
    default:
        return f(double{});
    }
}

/// What decisions on one tape have computed so far. The tape owns it, so it holds on to none of its Vars.
class Decisions {
public:
    static Decisions& on(Records& records) {
        if (!records.decisions()) records.decisions() = std::make_shared<Decisions>(records);
        return *static_cast<Decisions*>(records.decisions().get());
    }

    explicit Decisions(Records& records) : records_(records) {}

    void bind(const Var& input, const AnyArray& array) {
        std::apply([&](auto&... each) { (each.bind(unowned(input), array), ...); }, evaluations_);
        if (array.is_real()) bound_.insert_or_assign(input.id(), array.element());
    }

    bool outcome(const Var& condition) {
        return in_type(widest(condition.id()), [&](auto zero) {
            return outcome_of(unowned(condition), std::get<Evaluation<decltype(zero)>>(evaluations_));
        });
    }

    bool outcome(const Var& condition, std::initializer_list<Binding> bindings) {
        return in_type(widest(condition.id()), [&](auto zero) {
            Evaluation<decltype(zero)> evaluation(bindings);
            return outcome_of(condition, evaluation);
        });
    }

private:
    [[nodiscard]] Var unowned(const Var& var) const {
        return {std::shared_ptr<Records>(std::shared_ptr<void>(), &records_), var.id(), var.serial()};
    }

    /// The widest of the element types of the variables and bound inputs that a result needs.
    Element widest(std::uint32_t id) {
        const auto known = [&](std::uint32_t r) {
            const auto it = elements_.find(r);
            return it != elements_.end() && it->second.serial == records_.record(r).serial;
        };
        std::vector<std::uint32_t> open{records_.result(id).record}, found;
        while (!open.empty()) {
            const std::uint32_t r = open.back();
            open.pop_back();
            if (known(r)) continue;
            const Record& record = records_.record(r);
            elements_.insert_or_assign(r, Elements{record.serial, own_elements(r)});
            found.push_back(r);
            for (const std::uint32_t operand : records_.operands(record))
                open.push_back(records_.result(operand).record);
        }
        std::ranges::sort(found);
        for (const std::uint32_t r : found)
            for (const std::uint32_t operand : records_.operands(records_.record(r)))
                elements_.at(r).set |= elements_.at(records_.result(operand).record).set;
        const unsigned set = elements_.at(records_.result(id).record).set;
        return (set & bit(Element::f80)) != 0 ? Element::f80
               : set == bit(Element::f32)     ? Element::f32
                                              : Element::f64;
    }

    static unsigned bit(Element element) { return 1U << static_cast<unsigned>(element); }

    /// The type of a variable, or of an input that is bound.
    [[nodiscard]] unsigned own_elements(std::uint32_t r) const {
        const std::uint32_t id = records_.record(r).first_result;
        if (const auto bound = bound_.find(id); bound != bound_.end()) return bit(bound->second);
        const Leaf* leaf = records_.leaf(id);
        const auto* cell = leaf ? std::get_if<std::shared_ptr<Cell>>(leaf) : nullptr;
        return cell ? bit((*cell)->array().element()) : 0;
    }

    /// A set of element types, as bits.
    struct Elements {
        std::uint64_t serial;
        unsigned set;
    };

    Records& records_;
    std::tuple<Evaluation<float>, Evaluation<double>, Evaluation<long double>> evaluations_;
    std::unordered_map<std::uint32_t, Element> bound_;     ///< by the id of an input
    std::unordered_map<std::uint32_t, Elements> elements_; ///< by record, of all that it needs
};

} // namespace

const Op& detail::decide_op() { return guard_op; }

std::int64_t detail::last_guard(const Records& records) {
    const auto exists = [&](std::int64_t number) { return records.find(name_of(number)).has_value(); };
    std::int64_t last = 0, beyond = 1;
    for (; exists(beyond); beyond *= 2)
        last = beyond;
    while (beyond - last > 1) {
        const std::int64_t middle = last + (beyond - last) / 2;
        (exists(middle) ? last : beyond) = middle;
    }
    return last;
}

std::optional<std::uint32_t> detail::guard(const Records& records, std::int64_t number) {
    const auto id = records.find(name_of(number));
    return id && records.op(records.record_of(*id)) == guard_op ? id : std::nullopt;
}

bool detail::guards_all(const Records& records, std::uint32_t guard) {
    return records.attributes(records.record_of(guard)).integer("everywhere") != 0;
}

std::vector<std::uint32_t> detail::guards_of(const Records& records, std::uint32_t record) {
    std::vector<std::uint32_t> guards;
    for (std::int64_t number = 1, last = last_guard(records); number <= last; ++number)
        if (const auto id = guard(records, number);
            id && (records.result(*id).record < record || guards_all(records, *id)))
            guards.push_back(*id);
    return guards;
}

Attributes detail::guarding_all(const Attributes& guard) {
    return {{"guard", guard.integer("guard")},
            {"outcome", guard.integer("outcome")},
            {"everywhere", std::int64_t{1}}};
}

void detail::require_outcome(std::int64_t guard, const std::string& condition, bool recorded, bool now) {
    if (recorded == now) return;
    throw GuardError(fmt::format(
        "{}: decide({}) was {} when the branch after it was recorded, and is {} for these arrays. "
        "Record again for them, or use where(condition, a, b), which records both branches.",
        name_of(guard), condition, recorded, now));
}

detail::DecidingOn::DecidingOn(Records& records, std::span<const Var> inputs,
                               std::span<const AnyArray> arrays)
    : records_(records) {
    for (std::size_t k = 0; k < inputs.size(); ++k)
        Decisions::on(records).bind(inputs[k], arrays[k]);
}

detail::DecidingOn::~DecidingOn() { records_.decisions().reset(); }

bool decide(const Var& condition, std::initializer_list<Binding> bindings) {
    Records& records = *condition.records();
    if (condition.kind() != Kind::mask)
        throw KindError(fmt::format("decide({0}): {0} is {1}, and a mask is meant. Compare it: decide({0} > "
                                    "0).",
                                    condition.to_string(), to_string(condition.kind())));
    bool outcome = false;
    try {
        Decisions& decisions = Decisions::on(records);
        outcome =
            bindings.size() == 0 ? decisions.outcome(condition) : decisions.outcome(condition, bindings);
    } catch (const BindingError& error) {
        throw BindingError(fmt::format(
            "decide({}): what it needs has no value: {} Give one, decide(condition, {{{{x, array}}}}), or "
            "use where(condition, a, b), which records both branches; what call, map or scan run their "
            "function with cannot be decided on.",
            condition.to_string(), error.what()));
    }
    const std::int64_t guard = detail::last_guard(records) + 1;
    Transaction transaction(records);
    const std::uint32_t id = records.append(
        guard_op, std::vector<Var>{condition},
        {{"guard", guard}, {"outcome", std::int64_t{outcome}}, {"everywhere", std::int64_t{0}}});
    records.name(id, name_of(guard));
    transaction.done();
    return outcome;
}

} // namespace xtape
