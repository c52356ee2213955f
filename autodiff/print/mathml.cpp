#include <xtape/autodiff/print/characters.hpp>
#include <xtape/autodiff/print/latex_symbols.hpp>
#include <xtape/autodiff/print/mathml.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace xtape {
namespace {

using namespace detail::latex;
using detail::is_digit;
using detail::is_letter;

constexpr std::string_view brackets = "()[]|";
constexpr int deepest = 100; // groups within groups that are still shown as such

/// How many bytes the UTF-8 character takes that begins here; 0 where there is none.
std::size_t character_length(std::string_view text) {
    const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const std::size_t length = byte(0) < 0x80                      ? 1
                               : byte(0) >= 0xC2 && byte(0) < 0xE0 ? 2
                               : byte(0) >= 0xE0 && byte(0) < 0xF0 ? 3
                               : byte(0) >= 0xF0 && byte(0) < 0xF5 ? 4
                                                                   : 0;
    if (length == 0 || length > text.size()) return 0;
    for (std::size_t k = 1; k < length; ++k)
        if ((byte(k) & 0xC0) != 0x80) return 0;
    const bool overlong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xF0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xED && byte(1) >= 0xA0;
    const bool beyond = byte(0) == 0xF4 && byte(1) >= 0x90;
    const bool no_character = length == 3 && byte(0) == 0xEF && byte(1) == 0xBF && byte(2) >= 0xBE;
    return overlong || surrogate || beyond || no_character ? 0 : length;
}

std::string element(const char* tag, std::string_view text) {
    return fmt::format("<{0}>{1}</{0}>", tag, escaped_html(text));
}
/// A parenthesis of the height of a letter, as TeX sets it.
std::string bracket(std::string_view text) {
    return fmt::format("<mo stretchy=\"false\">{}</mo>", escaped_html(text));
}
std::string row(const std::string& items) { return "<mrow>" + items + "</mrow>"; }
std::string space(const char* width) { return fmt::format("<mspace width=\"{}\"></mspace>", width); }

class Converter {
public:
    explicit Converter(std::string_view latex) : text_(latex) {}

    std::string run() {
        std::string result;
        while (at_ < text_.size()) {
            result += items();
            if (at_ < text_.size()) result += unopened();
        }
        return result;
    }

private:
    /// One thing that scripts are put on. A function's name and a fraction keep a
    /// distance from what is no parenthesis.
    struct Atom {
        std::string markup;
        bool spaced = false, large = false, thing = false; ///< thing: a name, number or group, no sign
    };

    [[nodiscard]] char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skip_spaces() {
        while (next() == ' ' || next() == '\n' || next() == '\t')
            ++at_;
    }
    bool skip(std::string_view what) {
        if (!text_.substr(at_).starts_with(what)) return false;
        at_ += what.size();
        return true;
    }

    /// The command that begins here, without its backslash.
    [[nodiscard]] std::string_view command() const {
        if (next() != '\\') return {};
        std::size_t end = at_ + 1;
        while (end < text_.size() && is_letter(text_[end]))
            ++end;
        return text_.substr(at_ + 1, std::max<std::size_t>(end - at_ - 1, 1));
    }
    void skip_command() { at_ = std::min(at_ + 1 + command().size(), text_.size()); }

    [[nodiscard]] static bool opens(std::string_view markup) {
        return markup.starts_with(bracket("(")) || markup.starts_with(element("mo", "("));
    }

    /// Up to what closes the group; that is left.
    std::string items(char closing = '\0') {
        std::string result;
        if (depth_ == deepest) return result;
        ++depth_;
        bool after_spaced = false, after_thing = false;
        for (;;) {
            skip_spaces();
            const char c = next();
            if (c == '\0' || c == '}' || (closing != '\0' && c == closing) || command() == "right") break;
            if (c == '-' && result.ends_with(element("mo", "="))) { // a sign, no difference
                ++at_;
                result += "<mo form=\"prefix\">−</mo>";
                after_spaced = after_thing = false;
                continue;
            }
            Atom atom = scripted();
            const bool parenthesis = opens(atom.markup) || (atom.markup.starts_with("<mrow>") &&
                                                            opens(std::string_view(atom.markup).substr(6)));
            if ((after_spaced && !parenthesis && (atom.thing || atom.spaced)) || (after_thing && atom.spaced))
                result += space("0.167em");
            result += atom.markup;
            after_spaced = atom.spaced;
            after_thing = atom.thing;
        }
        --depth_;
        return result;
    }

    /// A closing brace or \right that nothing opened.
    std::string unopened() {
        const std::string_view what = text_.substr(at_, next() == '}' ? 1 : 6);
        at_ += what.size();
        return element("mtext", what);
    }

    Atom scripted() {
        const bool bare = next() == '^' || next() == '_' || next() == '\'';
        Atom base = bare ? Atom{row(""), false, false, true} : atom(false);
        std::string below, above;
        for (;;) {
            skip_spaces();
            if (next() == '\'') {
                ++at_;
                above += element("mo", "′");
            } else if (next() == '_' && below.empty()) {
                ++at_;
                below = argument();
            } else if (next() == '^') {
                ++at_;
                above += argument();
            } else {
                break;
            }
        }
        if (!below.empty() && !above.empty())
            base.markup = fmt::format("<{0}>{1}{2}{3}</{0}>", base.large ? "munderover" : "msubsup",
                                      base.markup, below, row(above));
        else if (!below.empty())
            base.markup =
                fmt::format("<{0}>{1}{2}</{0}>", base.large ? "munder" : "msub", base.markup, below);
        else if (!above.empty())
            base.markup =
                fmt::format("<{0}>{1}{2}</{0}>", base.large ? "mover" : "msup", base.markup, row(above));
        return base;
    }

    /// A group, or one atom: of 12, the 1.
    std::string argument() {
        skip_spaces();
        const char c = next();
        if (c == '\0' || c == '}' || c == '^' || c == '_' || depth_ == deepest) return row("");
        ++depth_;
        std::string result = atom(true).markup;
        --depth_;
        return result;
    }

    Atom atom(bool one_digit) {
        const char c = next();
        if (c == '{') return {group(), false, false, true};
        if (c == '\\') return of_command();
        if (is_digit(c)) return {number(one_digit), false, false, true};
        const std::size_t length = std::max<std::size_t>(character_length(text_.substr(at_)), 1);
        const std::string_view character = text_.substr(at_, length);
        at_ += length;
        if (c == '-') return {element("mo", "−")};
        if (c == '~') return {space("0.333em")};
        if (is_letter(c) || static_cast<unsigned char>(c) >= 0x80)
            return {element("mi", character), false, false, true};
        return {brackets.find(character) == std::string_view::npos ? element("mo", character)
                                                                   : bracket(character)};
    }

    std::string number(bool one_digit) {
        std::size_t end = at_ + 1;
        while (!one_digit && end < text_.size() &&
               (is_digit(text_[end]) ||
                (text_[end] == '.' && end + 1 < text_.size() && is_digit(text_[end + 1]))))
            ++end;
        const std::string_view digits = text_.substr(at_, end - at_);
        at_ = end;
        return element("mn", digits);
    }

    std::string group() {
        if (depth_ == deepest) return element("mtext", plain());
        ++at_;
        std::string inside = items();
        skip("}");
        return row(inside);
    }

    Atom of_command() {
        const std::string_view name = command();
        const std::size_t begin = at_;
        skip_command();
        if (name == "frac" || name == "dfrac" || name == "tfrac") {
            const std::string above = argument(), below = argument();
            return {"<mfrac>" + above + below + "</mfrac>", true, false, false};
        }
        if (name == "sqrt") return {root(), false, false, true};
        if (name == "left" && depth_ < deepest) return {fence(), false, false, true};
        if (name == "operatorname") {
            skip("*");
            return {element("mi", plain()), true, false, false};
        }
        if (among(prose, name)) return {element("mtext", plain()), false, false, true};
        if (among(upright, name) || among(bold, name)) {
            const char* style = among(bold, name) ? " style=\"font-weight: bold\"" : "";
            return {fmt::format("<mi mathvariant=\"normal\"{}>{}</mi>", style, escaped_html(plain())), false,
                    false, true};
        }
        if (among(functions, name)) return {element("mi", name), true, false, false};
        if (const auto it = letters().find(name); it != letters().end())
            return {element("mi", it->second), false, false, true};
        if (const auto it = signs().find(name); it != signs().end()) return {element("mo", it->second)};
        if (const auto it = large_signs().find(name); it != large_signs().end())
            return {element("mo", it->second), false, true, false};
        if (const auto it = spaces().find(name); it != spaces().end()) return {space(it->second)};
        if (const auto it = accents().find(name); it != accents().end()) {
            const std::string of = argument();
            return {fmt::format("<mover accent=\"true\">{}{}</mover>", of, element("mo", it->second)), false,
                    false, true};
        }
        if (name == "backslash") return {element("mi", "\\"), false, false, true};
        if (name.size() == 1 && std::string_view("#$%&_").find(name) != std::string_view::npos)
            return {element("mi", name), false, false, true};
        at_ = std::min(begin + 1 + name.size(), text_.size());
        return {element("mtext", text_.substr(begin, at_ - begin)), false, false, true};
    }

    std::string root() {
        std::string index;
        skip_spaces();
        if (skip("[")) {
            index = row(items(']'));
            skip("]");
        }
        const std::string of = argument();
        return index.empty() ? "<msqrt>" + of + "</msqrt>" : "<mroot>" + of + index + "</mroot>";
    }

    /// Stretched where what is inside is higher than letters with scripts are.
    std::string fence() {
        const std::string_view left = delimiter();
        const std::string inside = items();
        const std::string_view right = skip("\\right") ? delimiter() : "";
        const bool high =
            std::ranges::any_of(std::array{"<mfrac", "<munder", "<mover", "<mroot", "<msqrt"},
                                [&](const char* tag) { return inside.find(tag) != std::string::npos; });
        const auto side = [&](std::string_view sign) {
            return sign.empty() ? "" : high ? element("mo", sign) : bracket(sign);
        };
        return row(side(left) + inside + side(right));
    }

    /// After \left and \right; a full stop is none.
    std::string_view delimiter() {
        skip_spaces();
        if (next() == '\0') return "";
        if (next() == '\\') {
            const auto it = signs().find(command());
            if (it == signs().end()) return "";
            skip_command();
            return it->second;
        }
        const std::string_view c = text_.substr(at_++, 1);
        return c == "." ? "" : c;
    }

    /// The letters of a group in which nothing is a formula.
    std::string plain() {
        skip_spaces();
        if (next() != '{') {
            std::string one;
            if (next() != '\0') one = text_[at_++];
            return one;
        }
        std::string result;
        int open = 0;
        while (at_ < text_.size()) {
            const char c = next();
            if (c == '\\') {
                result += plain_command();
                continue;
            }
            ++at_;
            if (c == '{')
                ++open;
            else if (c == '}' && --open == 0)
                break;
            else if (c != '}')
                result += c == '~' ? ' ' : c;
        }
        return result;
    }

    std::string plain_command() {
        std::string name(command());
        skip_command();
        if (name == "^" || name == "~") {
            skip("{}");
            return name;
        }
        if (name == "backslash" || name == "textbackslash") {
            skip(" ");
            return "\\";
        }
        if (among(prose, name) || among(upright, name) || name == "operatorname") return "";
        for (const auto* table : {&letters(), &signs()})
            if (const auto it = table->find(name); it != table->end()) {
                skip(" ");
                return it->second;
            }
        if (spaces().contains(name)) return name == "!" ? "" : " ";
        return is_letter(name.empty() ? '\\' : name[0]) ? "\\" + name : name;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

} // namespace

std::string escaped_html(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = character_length(text);
        const char c = text[0];
        const bool control = (static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t') || c == 127;
        if (length == 0 || control)
            result += "\uFFFD";
        else if (c == '<')
            result += "&lt;";
        else if (c == '>')
            result += "&gt;";
        else if (c == '&')
            result += "&amp;";
        else if (c == '"')
            result += "&quot;";
        else
            result += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

std::string mathml(std::string_view latex) {
    return fmt::format("<math display=\"block\"><semantics>{}<annotation encoding=\"application/x-tex\">{}"
                       "</annotation></semantics></math>",
                       row(Converter(latex).run()), escaped_html(latex));
}

} // namespace xtape
