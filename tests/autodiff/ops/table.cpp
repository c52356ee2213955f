/// The reference table of all operations, autodiff/ops/README.md, from their definitions: the derivative of
/// each is the records that its rule appends. `operations_table <page>` fails where the page is out of date;
/// with `--write` it writes it.

#include "../written_page.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/autodiff/ops/families.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

using namespace xtape;

namespace {

constexpr int highest = std::numeric_limits<int>::max();

struct Text {
    std::string text;
    int precedence = highest;
};

std::string number(long double value) {
    const auto text = fmt::format("{:.6g}", static_cast<double>(std::abs(value)));
    return (value < 0 ? "−" : "") + (text == "inf" ? "∞" : text == "nan" ? "NaN" : text);
}

std::string print(const Attribute& attribute) {
    if (const auto* real = std::get_if<long double>(&attribute)) return number(*real);
    return Attributes({{"a", attribute}}).to_string().substr(2);
}

/// Writes what is recorded by the notations of its operations. What has a name is written by it; a number or
/// an attribute that is one of the operation's own is written by the attribute's name.
class Writer {
public:
    void name(const Var& var, const std::string& name) { names_[var.id()] = name; }
    void name(const Attribute& value, const std::string& name) { attributes_.emplace_back(value, name); }

    Text write(const Var& var) const {
        Records& records = *var.records();
        if (const auto it = names_.find(var.id()); it != names_.end()) return {it->second};
        if (const Leaf* leaf = records.leaf(var.id())) {
            const auto* value = std::get_if<long double>(leaf);
            if (!value) return {"constant"};
            return {written(*value), *value < 0 ? 25 : highest};
        }
        const Record& record = records.record_of(var.id());
        const Definition& definition = records.definition(record);
        std::vector<Var> operands;
        for (const std::uint32_t id : records.operands(record))
            operands.push_back(records.var(id));
        Notation notation = definition.notation;
        // A number times something is written without a sign.
        if (definition.name == "xtape::multiply" && (is_number(operands[0]) || is_number(operands[1]))) {
            if (!is_number(operands[0])) std::swap(operands[0], operands[1]);
            notation.text = "{0} {1}";
        }
        std::string text = fill(notation, operands, records.attributes(record));
        if (record.result_count > 1) text += fmt::format("[{}]", var.id() - record.first_result);
        return {text, notation.precedence};
    }

    std::string fill(const Notation& notation, const std::vector<Var>& operands,
                     const Attributes& attributes) const {
        std::string text;
        int depth = 0;
        bool bars = false;
        const std::string& form = notation.text;
        for (std::size_t i = 0; i < form.size();) {
            const std::size_t end = form[i] == '{' ? form.find('}', i) : std::string::npos;
            if (end == std::string::npos) {
                depth += form[i] == '(' || form[i] == '[' ? 1 : form[i] == ')' || form[i] == ']' ? -1 : 0;
                if (form[i] == '|' || form.substr(i, 3) == "‖") bars = !bars;
                text += form[i++];
                continue;
            }
            const std::string key = form.substr(i + 1, end - i - 1);
            if (key == "…") {
                for (std::size_t k = 0; k < operands.size(); ++k)
                    text += (k == 0 ? "" : ", ") + write(operands[k]).text;
            } else if (std::isdigit(static_cast<unsigned char>(key[0])) != 0) {
                const Text operand = write(operands.at(std::stoul(key)));
                const bool lower = operand.precedence < notation.precedence ||
                                   (operand.precedence == notation.precedence && i > 0);
                const bool wrapped = depth == 0 && !bars && lower && operand.precedence < highest;
                text += wrapped ? "(" + operand.text + ")" : operand.text;
            } else {
                const auto& entries = attributes.entries();
                const auto it = std::ranges::find(entries, key, &Attributes::Entry::first);
                text += it == entries.end() ? key : written(key, it->second);
            }
            i = end + 1;
        }
        return text;
    }

private:
    /// An attribute by its name where the operation of the row has it too, or one less.
    std::string written(const std::string& key, const Attribute& value) const {
        const auto next = [](const Attribute& known) -> Attribute {
            const auto* real = std::get_if<long double>(&known);
            return real ? Attribute(*real + 1) : known;
        };
        for (const auto& [known, name] : attributes_) {
            if (name == key && known == value) return name;
            if (name == key && next(known) == value) return name + " + 1";
        }
        return print(value);
    }

    /// A shape or a number in a rule by the name of what it came from.
    std::string written(const Attribute& value) const {
        for (const auto& [known, name] : attributes_)
            if (known == value) return name;
        return print(value);
    }

    static bool is_number(const Var& var) {
        const Leaf* leaf = var.records()->leaf(var.id());
        return leaf && std::holds_alternative<long double>(*leaf);
    }

    std::map<std::uint32_t, std::string> names_;
    std::vector<std::pair<Attribute, std::string>> attributes_;
};

/// The first sample that has entries, or matrices of one shape.
Sample sample_of(const Definition& definition) {
    Draw draw(1);
    if (!definition.elementwise) {
        const std::vector<Sample> samples = definition.samples(draw);
        const auto has_entries = [](const Sample& s) {
            return std::ranges::none_of(s.operands, [](const AnyArray& x) { return x.size() == 0; });
        };
        return *std::ranges::find_if(samples, has_entries);
    }
    Sample sample;
    for (const Kind kind : definition.operands)
        sample.operands.push_back(kind == Kind::mask    ? AnyArray(draw.masks({3, 2}))
                                  : kind == Kind::index ? AnyArray(draw.indices({3, 2}, 3))
                                                        : AnyArray(draw.reals({3, 2})));
    std::vector<Attributes::Entry> attributes;
    for (std::size_t k = 0; k < definition.attributes.size(); ++k)
        attributes.emplace_back(definition.attributes[k], definition.attribute_samples.at(k));
    sample.attributes = Attributes(std::move(attributes));
    return sample;
}

/// x for the only real operand, a, b, c for several; m for a mask, i for an index.
std::vector<std::string> operand_names(const Definition& definition, std::size_t count) {
    std::map<Kind, std::size_t> used, total;
    for (std::size_t k = 0; k < count; ++k)
        ++total[definition.kind_of(k)];
    std::vector<std::string> names;
    for (std::size_t k = 0; k < count; ++k) {
        const Kind kind = definition.kind_of(k);
        const char first = kind == Kind::mask    ? 'm'
                           : kind == Kind::index ? 'i'
                           : total[kind] == 1    ? 'x'
                                                 : 'a';
        names.emplace_back(1, static_cast<char>(first + static_cast<char>(used[kind]++)));
    }
    return names;
}

std::string domain_text(const std::vector<Interval>& domain, const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t k = 0; k < domain.size(); ++k) {
        const auto [low, high] = domain[k];
        const std::string name = domain.size() == 1 && names.size() > 1 ? "each" : names[k];
        const std::string part = std::isinf(low) && std::isinf(high) ? ""
                                 : std::isinf(low)                   ? name + " ≤ " + number(high)
                                 : std::isinf(high)                  ? name + " ≥ " + number(low)
                                                    : number(low) + " ≤ " + name + " ≤ " + number(high);
        text += (text.empty() || part.empty() ? "" : ", ") + part;
    }
    return text;
}

/// `mask`, `index`.
std::string bare(Kind kind) { return kind == Kind::mask ? "mask" : kind == Kind::index ? "index" : "real"; }

std::string code(std::string text) {
    if (text.empty()) return "";
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
        text.insert(at, "\\");
    return "`" + text.substr(0, text.find_last_not_of(' ') + 1) + "`";
}

/// The cotangent of operand k, as the rule records it; that of the body where there is no rule.
Var cotangent(const Definition& definition, const Pullback& pullback, std::size_t k) {
    if (definition.vjp) return definition.vjp(pullback, k);
    return vjp(pullback.output(), pullback.cotangent(), pullback.input(k), Disconnected::zeros);
}

std::string row(const Op& op) {
    const Definition& definition = op.definition();
    const Sample sample = sample_of(definition);
    const std::vector<std::string> names = operand_names(definition, sample.operands.size());
    Tape tape;
    Writer writer;
    std::string parameters, kinds;
    for (const auto& [name, value] : sample.attributes.entries()) {
        writer.name(value, name);
        parameters += (parameters.empty() && !names.empty() ? "; " : parameters.empty() ? "" : ", ") + name;
    }
    std::vector<Var> operands, results, cotangents;
    for (std::size_t k = 0; k < names.size(); ++k) {
        const Shape shape(sample.operands[k].extents());
        operands.push_back(tape.input(names[k], shape, definition.kind_of(k)));
        writer.name(operands[k], names[k]);
        if (!definition.elementwise) writer.name(Attribute(shape), "shape of " + names[k]);
    }
    const std::uint32_t first = tape.records()->append(op, operands, sample.attributes);
    const std::uint32_t count = tape.records()->record_of(first).result_count;
    const std::string written = writer.fill(definition.notation, operands, sample.attributes);
    bool differentiable = false;
    for (std::uint32_t k = 0; k < count; ++k) {
        const std::string index = count == 1 ? "" : std::to_string(k);
        results.push_back(tape.records()->var(first + k));
        writer.name(results[k], "y" + index);
        const bool real = results[k].kind() == Kind::real;
        cotangents.push_back(real ? tape.input("g" + index, results[k].shape()) : Var());
        if (real) writer.name(cotangents[k], "g" + index);
        differentiable |= real;
        if (!real) kinds += (kinds.empty() ? " → " : ", ") + bare(results[k].kind());
    }
    std::string derivative;
    const Pullback pullback(operands, results, cotangents, sample.attributes);
    for (std::size_t k = 0; k < names.size() && differentiable; ++k) {
        if (definition.kind_of(k) != Kind::real || !definition.passes_gradient(k)) continue;
        const Var var = cotangent(definition, pullback, k);
        derivative += fmt::format("{}d{} = {}", derivative.empty() ? "" : ", ", names[k],
                                  var.empty() ? "0" : writer.write(var).text);
    }
    const std::string arguments =
        fmt::format("{}{}", fmt::join(names, ", "), definition.variadic ? ", …" : "");
    return fmt::format("| {}{} | {} | {} | {} | {} |\n",
                       code(definition.short_name() + "(" + arguments + parameters + ")"), kinds,
                       code(written), derivative.empty() ? "none" : code(derivative), definition.kink,
                       domain_text(definition.domain, names));
}

std::string page() {
    std::string tables;
    std::size_t count = 0;
    for (const auto& [title, family] : builtin_families()) {
        tables += fmt::format("\n## {}\n\n| operation | written | derivative | kink | domain |\n"
                              "|---|---|---|---|---|\n",
                              title);
        for (const Op& op : family)
            tables += row(op);
        count += family.size();
    }
    return fmt::format(R"(# The operations

All {} operations of which everything else is made, by family, from their definitions: this page is written by
`operations_table autodiff/ops/README.md --write`, and a test fails where it is out of date.

The derivative of each is what its rule records, written by the operations' own notations: `g` is the cotangent of the
result `y`, and `dx` what the rule passes on to the operand `x`, before it is summed over the axes along which `x` was
broadcast. Real operands are `x` or `a`, `b`, `c`; masks `m`, indices `i`; attributes stand behind a semicolon. ∘ is
the entrywise product, a product without a sign the matrix product or one with a number. Where the derivative jumps
stands under kink; outside its domain an operation gives no number. Functions made of several operations (`mean`,
`prod`, `log_sigmoid`, …) are in the headers of this directory.
{})",
                       count, tables);
}

} // namespace

int main(int argc, char** argv) { return written_page(argc, argv, page); }
