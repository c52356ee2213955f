#include <xtape/autodiff/print/sheet.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace xtape::detail {
namespace {

const std::vector<Var>& some(const std::vector<Var>& outputs) {
    if (outputs.empty())
        throw ArgumentError("equations: there are no outputs. Give the Vars that are wanted.");
    return outputs;
}

/// What the outputs need of the tape, by record.
std::vector<bool> needed_by(const Records& records, const std::vector<std::uint32_t>& ids) {
    std::vector<bool> needed(records.record_count(), false);
    for (const std::uint32_t id : ids)
        needed[records.result(id).record] = true;
    for (std::uint32_t r = records.record_count(); r-- > 0;)
        if (needed[r])
            for (const std::uint32_t operand : records.operands(records.record(r)))
                needed[records.result(operand).record] = true;
    return needed;
}

/// The outputs, and the named gradients among what they need.
std::vector<Var> with_gradients(const std::vector<Var>& outputs) {
    Records& records = *outputs[0].records();
    std::vector<Var> all = outputs;
    std::vector<std::uint32_t> ids;
    for (const Var& output : outputs)
        if (output.records().get() == &records) ids.push_back(output.id());
    const std::vector<bool> needed = needed_by(records, ids);
    for (const auto& [id, name] : records.names())
        if (needed[records.result(id).record] && differentiated(records, id, name))
            all.push_back(records.var(id));
    return all;
}

/// n times the result, where that is a product with 1/n: what a deferred mean leaves.
std::optional<std::uint32_t> without_mean(const Expression& e) {
    const Known& k = known();
    if (!e.is(k.multiply) || !e[0].is(k.divide)) return {};
    const bool mean = e[0][0].number() == 1.0L && e[0][1].is(k.extent);
    return mean ? std::optional(e[1].id()) : std::nullopt;
}

} // namespace

std::optional<std::uint32_t> differentiated(const Records& records, std::uint32_t id,
                                            const std::string& name) {
    const auto of = name.size() > 1 && name[0] == 'd' ? records.find(name.substr(1)) : std::nullopt;
    return of && *of < id ? of : std::nullopt;
}

std::optional<std::uint32_t> argument_of_activation(Records& records, std::uint32_t id) {
    constexpr std::size_t most = 64;
    std::vector<std::uint32_t> todo{id};
    std::set<std::uint32_t> arguments, seen;
    while (!todo.empty()) {
        const Expression e(records, todo.back());
        todo.pop_back();
        if (e.number() || !seen.insert(e.id()).second) continue;
        if (e.id() != id && !records.name_of(e.id()).empty()) {
            arguments.insert(e.id());
            continue;
        }
        if (!e.op().definition().elementwise || e.size() == 0 || seen.size() > most) return {};
        for (std::size_t k = 0; k < e.size(); ++k)
            todo.push_back(e[k].id());
    }
    return arguments.size() == 1 ? std::optional(*arguments.begin()) : std::nullopt;
}

Sheet::Sheet(const std::vector<Var>& outputs, const EquationOptions& options, bool keep_gradients)
    : options_(options), outputs_(some(outputs)), given_(*outputs[0].records()),
      simplified_(
          simplify(keep_gradients || options.mean == Mean::deferred ? with_gradients(outputs) : outputs,
                   {.goal = Goal::textbook,
                    .rules = options.rules,
                    .through_names = options.expanded || options.mean == Mean::deferred})),
      records_(*simplified_.tape.records()) {
    choose_references();
}

bool Sheet::is_output(std::uint32_t given) const {
    return std::ranges::any_of(outputs_, [&](const Var& v) { return v.id() == given; });
}

std::uint32_t Sheet::shown(std::uint32_t given) const {
    const std::uint32_t id = simplified_(given_.var(given)).id();
    const auto it = deferred_.find(id);
    return it == deferred_.end() ? id : it->second;
}

/// The names of a given result; the gradient of an intermediate result before that of a leaf, which may be
/// the same: dZ2, db2.
std::vector<std::string> Sheet::names_of(std::uint32_t given) const {
    std::vector<std::string> names;
    const auto [begin, end] = given_.names().equal_range(given);
    for (auto it = begin; it != end; ++it)
        names.push_back(it->second);
    std::stable_partition(names.begin(), names.end(), [&](const std::string& name) {
        const auto of = differentiated(given_, given, name);
        return !of || !given_.leaf(*of);
    });
    return names;
}

/// What the outputs themselves need, by record of the simplified tape.
std::vector<bool> Sheet::needed_by_outputs() const {
    std::vector<std::uint32_t> ids;
    for (const Var& output : outputs_)
        ids.push_back(simplified_(output).id());
    return needed_by(records_, ids);
}

/// How often each result is used in lines that could call it by a name: those of what was recorded after it
/// had one. What the forward pass shares with a gradient, as A2 − Y, it writes out.
std::vector<int> Sheet::uses_after_names(const std::vector<bool>& needed) const {
    constexpr std::uint32_t never = static_cast<std::uint32_t>(-1);
    std::vector<std::uint32_t> origin(records_.result_count(), never), named = origin; // on the given tape
    for (std::uint32_t id = given_.result_count(); id-- > 0;)
        if (const Var var = simplified_(given_.var(id)); !var.empty()) {
            origin[var.id()] = id;
            if (!given_.name_of(id).empty()) named[var.id()] = id;
        }
    std::vector<int> uses(records_.result_count(), 0);
    for (std::uint32_t r = records_.record_count(); r-- > 0;) {
        if (!needed[r]) continue;
        const Record& record = records_.record(r);
        const std::uint32_t user = origin[record.first_result];
        for (const std::uint32_t operand : records_.operands(record)) {
            if (user >= named[operand]) ++uses[operand];
            if (named[operand] == never) origin[operand] = std::min(origin[operand], user);
        }
    }
    return uses;
}

void Sheet::choose_references() {
    const std::vector<bool> needed = needed_by_outputs();
    const std::vector<int> uses = uses_after_names(needed);
    for (int round = 0; round < 2; ++round) // what a leaf's gradient is called counts where nothing else does
        for (const auto& [given, name] : given_.names()) {
            const Var var = simplified_(given_.var(given));
            if (var.empty() || records_.leaf(var.id())) continue;
            const auto of = differentiated(given_, given, name);
            if ((of && given_.leaf(*of) ? 1 : 0) != round) continue;
            std::uint32_t id = var.id();
            bool once = uses[id] <= 1;
            if (of && options_.mean == Mean::deferred && !given_.leaf(*of))
                if (const auto n_times = without_mean({records_, id})) {
                    deferred_[id] = *n_times;
                    id = *n_times;
                    once = true; // what else uses it is not known to be a gradient
                }
            const bool written_out =
                of &&
                (options_.expanded || (once && !is_output(given) && argument_of_activation(given_, *of)));
            if (!written_out) references_.try_emplace(id, Reference{name, given});
        }
}

std::string Sheet::written(const std::string& name) const {
    const auto id = given_.find(name);
    const bool gradient = id && differentiated(given_, *id, name);
    if (options_.cost.empty() || !gradient) return written_name(name, options_.markup);
    const std::string cost = written_name(options_.cost, options_.markup),
                      of = written_name(name.substr(1), options_.markup);
    return options_.markup == Markup::text ? fmt::format("∂{}/∂{}", cost, of)
                                           : fmt::format("\\frac{{\\partial {}}}{{\\partial {}}}", cost, of);
}

std::string Sheet::title(const Var& given) const {
    std::string title;
    for (const std::string& name : names_of(given.id()))
        title += (title.empty() ? "" : " = ") + written(name);
    return title;
}

std::string Sheet::right_side(const std::string& title, std::uint32_t id, Writer& writer) const {
    const auto reference = references_.find(id);
    if (reference != references_.end() && title.find(written(reference->second.name)) == std::string::npos)
        return written(reference->second.name);
    return writer.write(id);
}

Writer Sheet::writer(const std::uint32_t& line) const {
    return Writer(records_, options_.markup, [this, &line](std::uint32_t id) {
        const auto it = references_.find(id);
        return it == references_.end() || it->second.given > line ? std::string{} : written(it->second.name);
    });
}

Writer Sheet::writer_of(Records& records, const std::uint32_t& line) const {
    return Writer(records, options_.markup, [this, &records, &line](std::uint32_t id) {
        std::string best;
        const auto [begin, end] = records.names().equal_range(id);
        for (auto it = begin; it != end && !records.leaf(id); ++it) {
            const auto given = given_.find(it->second);
            if (!given || *given > line) continue;
            const auto of = differentiated(given_, *given, it->second);
            if (best.empty() || !(of && given_.leaf(*of))) best = it->second;
        }
        return best.empty() ? best : written(best);
    });
}

std::vector<Sheet::Line> Sheet::lines(bool all_gradients) const {
    const std::vector<bool> needed = needed_by_outputs();
    std::vector<Line> lines;
    for (const auto& [given, name] : given_.names()) {
        if (given_.leaf(given) || simplified_(given_.var(given)).empty()) continue;
        const std::uint32_t id = shown(given);
        const auto of = differentiated(given_, given, name);
        const bool leaf_gradient = of && given_.leaf(*of);
        const auto reference = references_.find(id);
        const bool called = reference != references_.end() && reference->second.name == name &&
                            needed[records_.result(id).record] && !(of && options_.expanded);
        const bool alias = of && !leaf_gradient && names_of(given)[0] != name; // dA2 of A2 = Z2 is dZ2
        if ((is_output(given) && !alias) || called || (all_gradients && of && !leaf_gradient))
            lines.push_back({name, id, given, of});
    }
    for (const Var& output : outputs_)
        if (names_of(output.id()).empty()) lines.push_back({"", shown(output.id()), output.id(), {}});

    // In the order of the given tape; the gradient of a leaf after the last named result that it is made of.
    std::vector<std::uint32_t> last(given_.result_count(), 0);
    for (std::uint32_t id = 0; id < given_.result_count(); ++id)
        for (const std::uint32_t operand : given_.operands(given_.record_of(id))) {
            const bool named = !given_.leaf(operand) && !given_.name_of(operand).empty();
            last[id] = std::max({last[id], last[operand], named ? operand : 0});
        }
    const auto key = [&](const Line& line) {
        const bool leaf_gradient = line.of && given_.leaf(*line.of);
        if (!leaf_gradient) return std::tuple(line.given, 0U, 0U);
        const bool alias = names_of(line.given)[0] != line.name;
        return std::tuple(alias ? line.given : last[line.given], 1U, *line.of);
    };
    std::ranges::stable_sort(lines, {}, key);
    return lines;
}

} // namespace xtape::detail
