#include <xtape/autodiff/check/branches.hpp>
#include <xtape/autodiff/check/tally.hpp>
#include <xtape/autodiff/inside.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

/// The first entry in which two arrays of one size differ; their size where there is none.
template <class T>
std::size_t first_difference(const AnyArray& a, const AnyArray& b) {
    const T *x = a.data<T>(), *y = b.data<T>();
    return static_cast<std::size_t>(std::mismatch(x, x + a.size(), y).first - x);
}

std::size_t first_difference(const AnyArray& a, const AnyArray& b) {
    if (a.extents() != b.extents() || a.element() != b.element()) return 0;
    switch (a.element()) {
    case Element::f32:
        return first_difference<float>(a, b);
    case Element::f64:
        return first_difference<double>(a, b);
    case Element::f80:
        return first_difference<long double>(a, b);
    case Element::i64:
        return first_difference<std::int64_t>(a, b);
    case Element::b8:
        break;
    }
    return first_difference<bool>(a, b);
}

const Interval& domain_of(const Definition& definition, std::size_t operand) {
    return definition.domain[std::min(operand, definition.domain.size() - 1)];
}

} // namespace

Branches::Branches(Records& records, const std::vector<Var>& results) : records_(records) {
    std::vector<std::uint32_t> open;
    seen_.assign(records.result_count(), false);
    const auto reach = [&](std::uint32_t id) {
        if (id >= seen_.size()) seen_.resize(records_.result_count(), false);
        if (!seen_[id]) open.push_back(id);
        seen_[id] = true;
    };
    for (const Var& result : results)
        reach(result.id());
    std::vector<bool> visited;
    while (!open.empty()) {
        const std::uint32_t index = records_.result(open.back()).record;
        open.pop_back();
        if (index >= visited.size()) visited.resize(records_.record_count(), false);
        if (visited[index]) continue;
        visited[index] = true;
        std::vector<std::uint32_t> next;
        visit(index, next);
        for (const std::uint32_t id : next)
            reach(id);
    }
    std::ranges::stable_sort(watches_, [](const Watch& a, const Watch& b) {
        return a.of_domain() > b.of_domain() || (a.of_domain() == b.of_domain() && a.record < b.record);
    });
}

/// Watches one record and opens what it is computed from.
void Branches::visit(std::uint32_t index, std::vector<std::uint32_t>& open) {
    const Record record = records_.record(index);
    const Definition& definition = records_.definition(record);
    if (records_.leaf(record.first_result)) return;
    for (const std::uint32_t id : records_.operands(record))
        open.push_back(id);
    for (std::uint32_t k = 0; k < record.result_count; ++k)
        if (records_.result(record.first_result + k).kind != Kind::real)
            watches_.push_back({What::result, index, k});
    for (std::uint32_t k = 0; k < record.operand_count && !definition.domain.empty(); ++k)
        if (definition.kind_of(k) == Kind::real) watches_.push_back({What::domain, index, k});
    for (const Graph& function : functions_of(records_, record)) {
        Unfolded unfolded(function);
        const std::vector<Watch> inner = Branches(*unfolded.tape.records(), unfolded.outputs).watches_;
        if (std::ranges::any_of(inner, &Watch::of_domain))
            watches_.push_back({What::domain_in_function, index, 0});
        if (!std::ranges::all_of(inner, &Watch::of_domain)) watches_.push_back({What::function, index, 0});
    }
    if (definition.branch)
        watches_.push_back({What::kink, index, 0});
    else if (definition.body)
        trace(index, open);
}

/// Records the body of an operation and opens its result.
void Branches::trace(std::uint32_t index, std::vector<std::uint32_t>& open) {
    const Record record = records_.record(index);
    const Definition& definition = records_.definition(record);
    std::vector<Var> arguments;
    for (const std::uint32_t id : records_.operands(record))
        arguments.push_back(records_.var(id));
    for (const std::string& name : definition.attributes)
        arguments.push_back(Operand(records_.attributes(record).real(name)).on(records_.shared_from_this()));
    open.push_back(definition.body(arguments).id());
}

/// The domains, or all else, that is watched inside the functions of a record, of all runs one after the
/// other.
AnyArray Branches::taken_inside(const Record& record, bool domains,
                                Evaluation<long double>& evaluation) const {
    std::vector<long double> entries;
    std::unique_ptr<Branches> inner;
    observe_runs<long double>(
        records_, record,
        [&](std::uint32_t id) -> const AnyArray& { return evaluation.array(records_.var(id)); },
        [&](InnerRun<long double> run) {
            if (run.number == 0) inner = std::make_unique<Branches>(run.records, run.outputs);
            for (const Watch& watch : inner->watches_) {
                if (watch.of_domain() != domains) continue;
                const Array<long double> numbers = inner->take(watch, run.evaluation).to<long double>();
                entries.insert(entries.end(), numbers.begin(), numbers.end());
            }
        });
    auto [array, to] = AnyArray::zeros<long double>({entries.size()});
    std::ranges::copy(entries, to);
    return array;
}

AnyArray Branches::take(const Watch& watch, Evaluation<long double>& evaluation) const {
    const Record& record = records_.record(watch.record);
    const Definition& definition = records_.definition(record);
    if (watch.what == What::result)
        return evaluation.array(records_.var(record.first_result + watch.position));
    if (watch.what == What::function || watch.what == What::domain_in_function)
        return taken_inside(record, watch.of_domain(), evaluation);
    if (watch.what == What::domain) {
        const Interval& domain = domain_of(definition, watch.position);
        const AnyArray& operand = evaluation.array(records_.var(records_.operands(record)[watch.position]));
        auto [inside, to] = AnyArray::zeros<bool>(operand.extents());
        std::transform(operand.data<long double>(), operand.data<long double>() + operand.size(), to,
                       [&](long double x) { return x >= domain.low && x <= domain.high; });
        return inside;
    }
    std::vector<AnyArray> operands;
    for (const std::uint32_t id : records_.operands(record))
        operands.push_back(evaluation.array(records_.var(id)));
    std::vector<Extents> extents;
    for (std::uint32_t k = 0; k < record.result_count; ++k)
        extents.push_back(evaluation.array(records_.var(record.first_result + k)).extents());
    const Environment environment;
    Call<long double> call(definition.name, operands, records_.attributes(record), extents, environment,
                           [&](std::size_t k) { return records_.describe(records_.operands(record)[k]); });
    definition.branch(call);
    if (call.results().empty() || !call.results()[0])
        throw OpError(fmt::format("{}: its .kink gave nothing. Return an array of numbers that change where "
                                  "the derivative jumps.",
                                  definition.name));
    return *call.results()[0];
}

Branches::Taken Branches::at(Evaluation<long double>& evaluation) const {
    Taken taken;
    taken.reserve(watches_.size());
    for (const Watch& watch : watches_)
        taken.push_back(take(watch, evaluation));
    return taken;
}

std::optional<Branches::Change> Branches::change(const Taken& here, const Taken& there,
                                                 Evaluation<long double>& evaluation) const {
    for (std::size_t w = 0; w < watches_.size(); ++w) {
        const std::size_t entry = first_difference(here[w], there[w]);
        if (here[w].size() == 0 || entry == here[w].size()) continue;
        const bool domain = watches_[w].of_domain();
        return Change{domain ? "domain" : "kink",
                      describe(watches_[w], entry, here[w].extents(), evaluation) +
                          (domain ? " leaves its domain" : " changes branch")};
    }
    return std::nullopt;
}

/// `relu at Z1[2,17] = 3e-12`; without the entry where it is not known which one it is.
std::string Branches::describe(const Watch& watch, std::size_t entry, const Extents& extents,
                               Evaluation<long double>& evaluation) const {
    const Record& record = records_.record(watch.record);
    const Definition& definition = records_.definition(record);
    const auto operands = records_.operands(record);
    const auto is_constant = [&](std::uint32_t id) {
        const Leaf* leaf = records_.leaf(id);
        return leaf &&
               (std::holds_alternative<long double>(*leaf) || std::holds_alternative<AnyArray>(*leaf));
    };
    std::uint32_t id = operands[watch.what == What::domain ? watch.position : 0];
    if (watch.what != What::domain)
        for (const std::uint32_t operand : operands)
            if (records_.result(operand).kind == Kind::real && !is_constant(operand)) {
                id = operand;
                break;
            }
    const bool inside = watch.what == What::function || watch.what == What::domain_in_function;
    const std::string at =
        (inside ? "the function of " : "") + definition.short_name() + " at " + records_.describe(id);
    const AnyArray& array = evaluation.array(records_.var(id));
    const bool entrywise = definition.elementwise || watch.what == What::domain;
    if (!entrywise || !array.is_real() || array.size() == 0) {
        return definition.kink.empty() ? at : fmt::format("{} ({})", at, definition.kink);
    }
    const Extents position = position_of(entry, extents);
    Extents own(array.rank());
    std::size_t index = 0;
    for (std::size_t axis = 0; axis < array.rank(); ++axis) {
        own[axis] = array.extents()[axis] == 1 ? 0 : position[position.size() - array.rank() + axis];
        index = index * array.extents()[axis] + own[axis];
    }
    return fmt::format("{}{} = {:.3g}", at, brackets(own), array.data<long double>()[index]);
}

} // namespace xtape::detail
