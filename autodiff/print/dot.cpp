#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/print/dot.hpp>
#include <xtape/autodiff/print/names.hpp>
#include <xtape/autodiff/print/sheet.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

constexpr const char* forward_colour = "#1f5fa8";
constexpr const char* backward_colour = "#b3421f";

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '\n')
            result += "\\n";
        else if (static_cast<unsigned char>(c) >= ' ')
            result += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return result + "\"";
}

/// The operation with the numbers among its operands: `multiply(2, ·)`.
std::string operation_text(const Expression& e) {
    bool numbers = false;
    std::string list;
    for (std::size_t k = 0; k < e.size(); ++k) {
        const bool number = e[k].number() && e[k].size() == 0;
        numbers |= number;
        list += (k == 0 ? "" : ", ") +
                (number ? fmt::format("{}", static_cast<double>(*e[k].number())) : std::string("·"));
    }
    const std::string name = e.op().definition().short_name();
    return numbers ? fmt::format("{}({})", name, list) : name;
}

} // namespace

std::string dot(const std::vector<Var>& outputs) {
    if (outputs.empty()) throw ArgumentError("dot: there are no outputs. Give the Vars that are wanted.");
    Records& records = *outputs[0].records();
    std::vector<bool> needed(records.record_count(), false), forward(records.record_count(), false);
    for (const Var& output : outputs) {
        if (output.records().get() != &records)
            throw VarError(fmt::format("dot({}, {}): they are on two tapes. Draw each on its own.",
                                       outputs[0].to_string(), output.to_string()));
        needed[records.result(output.id()).record] = true;
    }
    bool any_gradient = false;
    for (const auto& [id, name] : records.names()) {
        const bool gradient = detail::differentiated(records, id, name).has_value();
        any_gradient |= gradient;
        if (!gradient) forward[records.result(id).record] = true;
    }
    for (std::uint32_t r = records.record_count(); r-- > 0;)
        for (const std::uint32_t operand : records.operands(records.record(r))) {
            const std::uint32_t source = records.result(operand).record;
            if (needed[r]) needed[source] = true;
            if (forward[r]) forward[source] = true;
        }

    std::string nodes, edges;
    for (std::uint32_t r = 0; r < records.record_count(); ++r) {
        const Record& record = records.record(r);
        const Expression e(records, record.first_result);
        if (!needed[r] || (e.number() && e.size() == 0)) continue;
        const std::string name = records.name_of(e.id());
        const bool leaf = records.leaf(e.id()) != nullptr;
        const std::string what = leaf && !name.empty() ? "" : operation_text(e) + "\n";
        const std::string label =
            fmt::format("{}{}{}", name.empty() ? "" : name + "\n", what, e.shape().to_string());
        nodes += fmt::format("  r{} [label={}, shape={}, color=\"{}\"];\n", r, quoted(label),
                             leaf ? "ellipse" : "box",
                             forward[r] || !any_gradient ? forward_colour : backward_colour);
        for (const std::uint32_t operand : records.operands(record)) {
            const Expression source(records, operand);
            if (source.number() && source.size() == 0) continue;
            edges += fmt::format("  r{} -> r{};\n", records.result(operand).record, r);
        }
    }
    return fmt::format(
        "digraph tape {{\n  rankdir=LR;\n  node [fontname=\"Helvetica\", penwidth=1.5];\n{}{}}}\n", nodes,
        edges);
}

} // namespace xtape
