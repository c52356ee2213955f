#include <xtape/autodiff/decide.hpp>
#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/evaluate.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

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

/// The widest of the element types of the variables that a result needs.
Element widest(const Records& records, std::uint32_t id) {
    std::vector<bool> needed(records.result(id).record + 1, false);
    needed.back() = true;
    bool any = false, all_float = true;
    for (auto r = static_cast<std::uint32_t>(needed.size()); r-- > 0;) {
        if (!needed[r]) continue;
        const Record& record = records.record(r);
        for (const std::uint32_t operand : records.operands(record))
            needed[records.result(operand).record] = true;
        const Leaf* leaf = records.leaf(record.first_result);
        if (const auto* cell = leaf ? std::get_if<std::shared_ptr<Cell>>(leaf) : nullptr) {
            const Element element = (*cell)->array().element();
            if (element == Element::f80) return Element::f80;
            any = true;
            all_float &= element == Element::f32;
        }
    }
    return any && all_float ? Element::f32 : Element::f64;
}

template <std::floating_point T>
bool evaluated(const Var& condition, std::initializer_list<Binding> bindings) {
    Evaluation<T> evaluation(bindings);
    const AnyArray& array = evaluation.array(condition);
    if (array.size() != 1)
        throw ShapeError(fmt::format("decide({0}): {0} is {1}, and one entry is decided on. Reduce it first: "
                                     "amin(x) > 0 says that all are, amax(x) > 0 that one is.",
                                     condition.to_string(), to_string(array.extents())));
    return array.data<bool>()[0];
}

} // namespace

const Op& detail::decide_op() { return guard_op; }

std::vector<std::uint32_t> detail::guards_of(const Records& records, std::uint32_t record) {
    std::vector<std::uint32_t> guards;
    // They are numbered from 1, and a number that is not there is the first after the last.
    for (std::int64_t k = 1;; ++k) {
        const auto id = records.find(name_of(k));
        if (!id) return guards;
        const Record& guard = records.record_of(*id);
        if (records.op(guard) == guard_op &&
            (records.result(*id).record < record || records.attributes(guard).integer("everywhere") != 0))
            guards.push_back(*id);
    }
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

bool decide(const Var& condition, std::initializer_list<Binding> bindings) {
    Records& records = *condition.records();
    if (condition.kind() != Kind::mask)
        throw KindError(fmt::format("decide({0}): {0} is {1}, and a mask is meant. Compare it: decide({0} > "
                                    "0).",
                                    condition.to_string(), to_string(condition.kind())));
    bool outcome = false;
    try {
        switch (widest(records, condition.id())) {
        case Element::f32:
            outcome = evaluated<float>(condition, bindings);
            break;
        case Element::f80:
            outcome = evaluated<long double>(condition, bindings);
            break;
        default:
            outcome = evaluated<double>(condition, bindings);
        }
    } catch (const BindingError& error) {
        throw BindingError(fmt::format(
            "decide({}): what it needs has no value: {} Give one, decide(condition, {{{{x, array}}}}), or "
            "use where(condition, a, b), which records both branches; what call, map or scan run their "
            "function with cannot be decided on.",
            condition.to_string(), error.what()));
    }
    std::int64_t guard = 1;
    while (records.find(name_of(guard)))
        ++guard;
    Transaction transaction(records);
    const std::uint32_t id = records.append(
        guard_op, std::vector<Var>{condition},
        {{"guard", guard}, {"outcome", std::int64_t{outcome}}, {"everywhere", std::int64_t{0}}});
    records.name(id, name_of(guard));
    transaction.done();
    return outcome;
}

} // namespace xtape
