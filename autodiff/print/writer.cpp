#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/print/writer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xtape {
namespace {

// Precedences, weakest first: a − b, Σ x, a ∘ b, A B, a/b, x², names.
constexpr int additive = 10, summation = 15, elementwise_product = 20, juxtaposition = 22, ratio = 24,
              postfix = 30, atom = std::numeric_limits<int>::max();

// A formula that is longer becomes a line of its own where it is used twice; a very long one in any case.
constexpr std::size_t long_if_shared = 60, very_long = 400;

/// The dimensions that are not known to be one, in order.
std::vector<Dim> wide(const Shape& shape) {
    std::vector<Dim> dims;
    for (const Dim& dim : shape.dims())
        if (!dim.is_one()) dims.push_back(dim);
    return dims;
}

/// True for a reshape that only adds or removes axes of one entry.
bool keeps_entries(const Expression& e) {
    return e.is(known().reshape) && same_extents(Shape(wide(e.shape())), Shape(wide(e[0].shape())));
}

/// How the number is written that textbooks write as a fraction.
constexpr std::string_view half = "0.5";

bool starts_with_digit(const std::string& text) { return !text.empty() && text[0] >= '0' && text[0] <= '9'; }
bool ends_with(const std::string& text, std::initializer_list<const char*> endings) {
    return std::ranges::any_of(endings, [&](const char* e) { return text.ends_with(e); });
}
bool starts_with(std::string_view text, std::initializer_list<const char*> beginnings) {
    return std::ranges::any_of(beginnings, [&](const char* b) { return text.starts_with(b); });
}

} // namespace

std::string Writer::in_parentheses(const std::string& text) const {
    return latex() ? "\\left(" + text + "\\right)" : "(" + text + ")";
}

std::string Writer::with_sign(const Written& w) const {
    return (w.minus ? latex() ? "-" : "−" : "") + w.text;
}

std::string Writer::fit(const Written& w, int least) const {
    return w.minus || w.precedence < least ? in_parentheses(with_sign(w)) : w.text;
}

std::string Writer::dim_text(const Dim& dim) const {
    if (!dim.name().empty()) return written_name(dim.name(), markup_);
    return fmt::to_string(dim.extent());
}

/// The operand without axes of one entry and, where the operation repeats it by itself, without repetition.
Expression Writer::visible(Expression operand, bool repeats) const {
    const auto passes = [&](const Expression& e) {
        return e.is(known().broadcast_to) ? repeats : keeps_entries(e);
    };
    while (name_(operand.id()).empty() && passes(operand))
        operand = operand[0];
    return operand;
}

std::vector<Expression> Writer::parts(const Expression& e) const {
    const bool repeats = e.op().definition().elementwise;
    std::vector<Expression> result;
    for (std::size_t k = 0; k < e.size(); ++k)
        result.push_back(visible(e[k], repeats));
    return result;
}

std::string Writer::write(std::uint32_t root_id) {
    const Expression root = visible({records_, root_id}, true);
    if (const std::string name = name_(root.id()); root.id() != root_id && !name.empty()) return name;
    written_.clear();
    std::vector<std::uint32_t> order, todo{root.id()};
    std::unordered_map<std::uint32_t, int> uses{{root.id(), 1}};
    while (!todo.empty()) {
        const Expression e(records_, todo.back());
        todo.pop_back();
        order.push_back(e.id());
        for (const Expression& part : parts(e)) {
            if (uses[part.id()]++ > 0) continue;
            if (const std::string name = name_(part.id()); !name.empty())
                written_[part.id()] = {name, starts_with(name, {"∂", "\\frac"}) ? ratio : atom};
            else if (const auto own = own_lines_.find(part.id()); own != own_lines_.end())
                written_[part.id()] = {own->second, atom};
            else
                todo.push_back(part.id());
        }
    }
    std::ranges::sort(order);
    for (const std::uint32_t id : order) {
        Written written = compose({records_, id});
        const std::size_t length = written.text.size();
        if (id != root.id() && (length > very_long || (uses[id] > 1 && length > long_if_shared))) {
            std::string name;
            do
                name = fmt::format("t{}", ++counter_);
            while (records_.find(name));
            name = written_name(name, markup_);
            lines_.emplace_back(name, with_sign(written));
            own_lines_[id] = name;
            written = {name, atom};
        }
        written_[id] = std::move(written);
    }
    return with_sign(written_.at(root.id()));
}

Writer::Written Writer::leaf(const Expression& e) const {
    if (const auto number = e.number())
        return {written_number(std::abs(*number), markup_), atom, std::signbit(*number)};
    const std::string text = fmt::format("constant {}", e.shape().to_string());
    return {latex() ? "\\text{" + text + "}" : "⟨" + text + "⟩", atom};
}

Writer::Written Writer::compose(const Expression& e) const {
    const Known& k = known();
    if (records_.leaf(e.id())) {
        const std::string name = records_.name_of(e.id());
        return name.empty() ? leaf(e) : Written{written_name(name, markup_), atom};
    }
    if (e.is(k.extent)) return {dim_text(e.attributes().get<Dim>("dim")), atom};
    const std::vector<Expression> operands = parts(e);
    std::vector<Written> w;
    for (const Expression& operand : operands)
        w.push_back(written_.at(operand.id()));
    const char* minus = latex() ? " - " : " − ";
    const auto leads_with_sign = [](const Written& x) { return starts_with(x.text, {"−", "-"}); };
    if (e.is(k.add)) {
        const std::string right = w[1].minus ? minus + fit({w[1].text, w[1].precedence}, additive + 1)
                                  : leads_with_sign(w[1]) ? " + " + in_parentheses(w[1].text)
                                                          : " + " + fit(w[1], additive);
        return {with_sign(w[0]) + right, additive};
    }
    if (e.is(k.subtract)) return {with_sign(w[0]) + minus + fit(w[1], additive + 1), additive};
    if (e.is(k.negative))
        return {fit(w[0], summation), w[0].minus || w[0].precedence < summation ? atom : w[0].precedence,
                true};
    if (e.is(k.multiply)) return product(e, w[0], w[1], false);
    if (e.is(k.matmul) && e.shape().rank() == 2) return product(e, w[0], w[1], true);
    if (e.is(k.divide)) return quotient(w[0], w[1]);
    if (e.is(k.reciprocal)) return quotient({"1", atom}, w[0]);
    if (e.is(k.square)) return power(w[0], "²", "^2");
    if (e.is(k.transpose) && e.attributes().axes("axes") == Axes{1, 0}) return power(w[0], "ᵀ", "^\\top");
    if (e.is(k.sum)) return sum_over_axes(e, w[0]);
    if (keeps_entries(e)) return w[0];
    if (e.is(k.where) && (operands[1].number() == 0.0L || operands[2].number() == 0.0L)) {
        const bool holds = operands[2].number() == 0.0L;
        Written condition{(latex() ? "\\left[" : "[") + with_sign(w[0]) + (latex() ? "\\right]" : "]"), atom};
        if (!holds)
            condition.text =
                latex() ? "\\left[\\neg " + fit(w[0], postfix) + "\\right]" : "[¬" + fit(w[0], postfix) + "]";
        const Expression value = operands[holds ? 1 : 2];
        if (value.number() == 1.0L) return condition;
        const Written& x = w[holds ? 1 : 2];
        const bool number = value.single() && !e.single();
        const std::string sign = number ? " " : latex() ? " \\circ " : " ∘ ";
        const int least = number ? juxtaposition : elementwise_product;
        return {fit({x.text, x.precedence}, least) + sign + condition.text, least, x.minus};
    }
    if ((e.is(k.less) || e.is(k.less_equal)) && operands[0].number()) {
        const char* sign = e.is(k.less) ? " > " : latex() ? " \\ge " : " ≥ ";
        return {fit({with_sign(w[1]), w[1].precedence}, 6) + sign + with_sign(w[0]), 5};
    }
    return by_notation(e, w);
}

/// a b where one of them is a number for the whole of the other, or both are matrices; else a ∘ b. A sign in
/// front of a is one in front of the product.
Writer::Written Writer::product(const Expression& e, const Written& a, const Written& b,
                                bool matrices) const {
    const std::vector<Expression> operands = parts(e);
    const bool juxtaposed = matrices || operands[0].single() || operands[1].single();
    const bool digit = starts_with_digit(b.text);
    const bool number_on_left = operands[0].single() && !matrices;
    const int own = juxtaposed ? juxtaposition : elementwise_product;
    std::string right;
    int precedence = own;
    if (juxtaposed && digit && !b.minus)
        right = in_parentheses(b.text);
    else if (!b.minus && b.precedence == summation) { // ends the product, and takes what follows
        right = b.text;
        precedence = summation;
    } else if (number_on_left && !b.minus && b.precedence == elementwise_product) {
        right = b.text; // c a ∘ b is (c a) ∘ b
        precedence = elementwise_product;
    } else
        right = fit(b, own);
    const char* sign = juxtaposed ? " " : latex() ? " \\circ " : " ∘ ";
    if (a.text == half && juxtaposed)
        return {quotient({"1", atom}, {"2", atom}).text + sign + right, precedence, a.minus};
    return {fit({a.text, a.precedence}, own) + sign + right, precedence, a.minus};
}

/// a/b; of one half 1/(2 b), unless b is a number.
Writer::Written Writer::quotient(const Written& a, const Written& b) const {
    if (a.text == half && !starts_with_digit(b.text))
        return quotient({"1", atom, a.minus}, {"2 " + fit(b, juxtaposition), juxtaposition});
    if (latex()) return {fmt::format("\\frac{{{}}}{{{}}}", a.text, with_sign(b)), ratio, a.minus};
    return {fit({a.text, a.precedence}, postfix) + "/" + fit(b, postfix), ratio, a.minus};
}

Writer::Written Writer::power(const Written& base, const char* text, const char* mark) const {
    return {fit(base, postfix + 1) + (latex() ? mark : text), postfix};
}

/// Σ_n x; no index where all axes that have more than one entry are summed and there are several.
Writer::Written Writer::sum_over_axes(const Expression& e, const Written& x) const {
    const Shape& shape = e[0].shape();
    std::vector<std::string> labels;
    for (const std::int64_t axis : e.attributes().axes("axes")) {
        const Dim& dim = shape[static_cast<std::size_t>(axis)];
        if (dim.is_one()) continue;
        labels.push_back(dim.name().empty() ? (latex() ? "\\text{axis }" : "axis") + std::to_string(axis)
                                            : dim_text(dim));
    }
    const bool all = labels.size() == wide(shape).size();
    const bool named = labels.size() == 1 && !(all && labels[0].find("axis") != std::string::npos);
    std::string index;
    if (named || (!all && !labels.empty())) {
        const std::string list = fmt::format("{}", fmt::join(labels, ","));
        index = latex() || labels.size() > 1 ? fmt::format("_{{{}}}", list) : "_" + list;
    }
    return {(latex() ? "\\sum" : "Σ") + index + " " + fit(x, summation), summation};
}

/// The operation's own notation: `{0}`, `{1}`, … are operands, `{slope}` an attribute; what else is in braces
/// stays. An operand needs no parentheses where the notation encloses it.
Writer::Written Writer::by_notation(const Expression& e, const std::vector<Written>& operands) const {
    const Definition& definition = e.op().definition();
    const std::string& notation = latex() ? definition.notation.latex : definition.notation.text;
    const auto all = [&] {
        std::string list;
        for (const Written& w : operands)
            list += (list.empty() ? "" : ", ") + with_sign(w);
        return list;
    };
    if (notation.empty() || definition.variadic) {
        const std::string name = definition.short_name();
        return {latex() ? fmt::format("{}\\left({}\\right)", written_name(name, markup_), all())
                        : fmt::format("{}({})", name, all()),
                atom};
    }
    const int precedence = definition.notation.precedence;
    const int least = precedence >= postfix && precedence < atom ? precedence + 1 : precedence;
    std::string text;
    for (std::size_t i = 0; i < notation.size();) {
        const auto close = notation[i] == '{' ? notation.find('}', i) : std::string::npos;
        const std::string key = close == std::string::npos ? "" : notation.substr(i + 1, close - i - 1);
        const bool number =
            !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
        if (number && std::stoul(key) < operands.size()) {
            const Written& w = operands[std::stoul(key)];
            const std::string_view rest = std::string_view(notation).substr(close + 1);
            const bool enclosed =
                ends_with(text, {"(", "{", "|", "[", ", ", "‖", "Vert ", "⌊", "⌈"}) &&
                starts_with(rest, {")", "}", "|", "]", ",", "‖", "\\right", " \\right", "⌋", "⌉"});
            const bool leads = text.empty() && precedence < postfix;
            text += enclosed ? with_sign(w)
                             : fit(w, leads || least == atom ? least : std::max(least, precedence + 1));
            i = close + 1;
        } else if (!key.empty() && e.attributes().contains(key)) {
            const auto& entries = e.attributes().entries();
            const auto it = std::ranges::find(entries, key, &Attributes::Entry::first);
            if (const auto* value = std::get_if<long double>(&it->second))
                text += (std::signbit(*value) ? latex() ? "-" : "−" : "") +
                        written_number(std::abs(*value), markup_);
            else if (const auto* dim = std::get_if<Dim>(&it->second))
                text += dim_text(*dim);
            else if (const auto* shape = std::get_if<Shape>(&it->second))
                text += latex() ? "\\text{" + shape->to_string() + "}" : shape->to_string();
            else if (const auto* integer = std::get_if<std::int64_t>(&it->second))
                text += fmt::to_string(*integer);
            else
                text += key;
            i = close + 1;
        } else {
            text += notation[i++];
        }
    }
    return {text, precedence};
}

} // namespace xtape
