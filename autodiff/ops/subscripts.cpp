#include <xtape/autodiff/ops/subscripts.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xtape::detail {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr char dots = '.'; ///< stands for an ellipsis while a term is read

bool contains(std::string_view text, char letter) { return text.find(letter) != std::string_view::npos; }

/// The bytes of a UTF-8 character that is not its first.
bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// The letters of one term, each with its place in the text.
struct Term {
    std::size_t begin;
    std::string letters;
    std::vector<std::size_t> places;
};

class Parser {
public:
    Parser(const std::string& text, std::span<const Var> operands) : text_(text), operands_(operands) {}

    ParsedSubscripts parse() {
        read();
        if (terms_.size() != operands_.size())
            fail<ArgumentError>(
                terms_.back().begin,
                fmt::format("{} term{} for {} operand{}. Separate one term for each by commas.",
                            terms_.size(), terms_.size() == 1 ? "" : "s", operands_.size(),
                            operands_.size() == 1 ? "" : "s"));
        name_ellipsis();
        ParsedSubscripts parsed;
        parsed.ellipsis = ellipsis_;
        for (std::size_t k = 0; k < terms_.size(); ++k)
            parsed.subscripts.terms.push_back(expanded(terms_[k], ellipsis_axes(k)));
        parsed.subscripts.result = result();
        find_dims(parsed);
        return parsed;
    }

private:
    template <class E>
    [[noreturn]] void fail(std::size_t place, const std::string& why) const {
        std::string call = fmt::format("einsum(\"{}\"", text_);
        for (const Var& operand : operands_)
            call += ", " + operand.to_string();
        const auto column = static_cast<std::size_t>(
            std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(place),
                          [](char byte) { return !continues(byte); }));
        throw E(fmt::format("{}): {}\n    {}\n    {}^", call, why, text_, std::string(column, ' ')));
    }

    /// Cuts the text into terms; the one after the arrow is the result.
    void read() {
        terms_.push_back({0, "", {}});
        Term* term = &terms_.back();
        for (std::size_t at = 0; at < text_.size(); ++at) {
            const char c = text_[at];
            if (c == ' ') continue;
            if (contains(alphabet, c)) {
                term->letters += c;
                term->places.push_back(at);
            } else if (text_.compare(at, 3, "...") == 0) {
                if (contains(term->letters, dots))
                    fail<ArgumentError>(at, "a second ellipsis in one term. Write one.");
                term->letters += dots;
                term->places.push_back(at);
                at += 2;
            } else if (c == ',' && !output_) {
                terms_.push_back({at + 1, "", {}});
                term = &terms_.back();
            } else if (text_.compare(at, 2, "->") == 0 && !output_) {
                output_ = Term{at + 2, "", {}};
                term = &*output_;
                ++at;
            } else {
                std::size_t end = at + 1;
                while (end < text_.size() && continues(text_[end]))
                    ++end;
                fail<ArgumentError>(
                    at,
                    fmt::format("'{}' cannot stand here. Terms are made of the letters a–z and A–Z and of "
                                "\"...\", with \",\" between the operands and one \"->\" before the result.",
                                text_.substr(at, end - at)));
            }
        }
    }

    /// How many axes the ellipsis of a term stands for.
    [[nodiscard]] std::size_t ellipsis_axes(std::size_t k) const {
        const Term& term = terms_[k];
        const bool has = contains(term.letters, dots);
        const std::size_t named = term.letters.size() - (has ? 1 : 0), rank = operands_[k].rank();
        if (has ? named > rank : named != rank)
            fail<ShapeError>(term.begin,
                             fmt::format("a term of {} letter{} for {}, which is {} and has {} ax{}s.", named,
                                         named == 1 ? "" : "s", operands_[k].to_string(),
                                         operands_[k].shape().to_string(), rank, rank == 1 ? "i" : "e"));
        return rank - named;
    }

    /// Finds letters that are not in use for the axes of the ellipsis.
    void name_ellipsis() {
        std::size_t most = 0;
        for (std::size_t k = 0; k < terms_.size(); ++k)
            most = std::max(most, ellipsis_axes(k));
        for (const char letter : alphabet)
            if (ellipsis_.size() < most && !contains(text_, letter)) ellipsis_ += letter;
        if (ellipsis_.size() < most)
            fail<ArgumentError>(0, "more axes than there are letters. Reshape the operands.");
    }

    /// A term with letters in the place of its ellipsis, which are aligned at the last.
    [[nodiscard]] std::string expanded(const Term& term, std::size_t axes) const {
        std::string letters = term.letters;
        if (const auto at = letters.find(dots); at != std::string::npos)
            letters.replace(at, 1, ellipsis_.substr(ellipsis_.size() - axes));
        return letters;
    }

    [[nodiscard]] std::string result() const {
        const auto times = [&](char letter) {
            std::ptrdiff_t count = 0;
            for (const Term& term : terms_)
                count += std::ranges::count(term.letters, letter);
            return count;
        };
        if (!output_) {
            std::string letters = ellipsis_;
            for (const char letter : alphabet)
                if (times(letter) == 1) letters += letter;
            return letters;
        }
        for (std::size_t i = 0; i < output_->letters.size(); ++i) {
            const char letter = output_->letters[i];
            const std::size_t place = output_->places[i];
            const std::string name = letter == dots ? "..." : std::string(1, letter);
            if (times(letter) == 0)
                fail<ArgumentError>(
                    place,
                    fmt::format(
                        "{} is in the output but in no operand. Leave it out, or give an axis its name.",
                        name));
            if (output_->letters.find(letter) != i)
                fail<ArgumentError>(place,
                                    fmt::format("{} is in the output twice. Name each axis once.", name));
        }
        if (!ellipsis_.empty() && !contains(output_->letters, dots))
            fail<ArgumentError>(output_->begin,
                                "the output leaves out the axes of the ellipsis. Begin it with "
                                "\"...\", or give them letters to sum over them.");
        return expanded(*output_, ellipsis_.size());
    }

    /// Finds the dimension of every letter. Named letters have one extent; axes of the ellipsis broadcast.
    void find_dims(ParsedSubscripts& parsed) const {
        const std::string letters = parsed.subscripts.letters();
        std::vector<const Var*> givers(letters.size());
        parsed.dims.assign(letters.size(), Dim(1));
        for (std::size_t k = 0; k < operands_.size(); ++k) {
            const Shape shape = operands_[k].shape();
            for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
                const char letter = parsed.subscripts.terms[k][axis];
                const std::size_t i = letters.find(letter);
                const bool broadcasts = contains(ellipsis_, letter);
                if (!givers[i]) {
                    givers[i] = &operands_[k];
                    parsed.dims[i] = shape[axis];
                } else if (same_extent(parsed.dims[i], shape[axis])) {
                    if (parsed.dims[i].name().empty()) parsed.dims[i] = shape[axis];
                } else if (broadcasts && parsed.dims[i].is_one()) {
                    givers[i] = &operands_[k];
                    parsed.dims[i] = shape[axis];
                } else if (!broadcasts || !shape[axis].is_one()) {
                    differ(k, letter, *givers[i], parsed.dims[i], shape[axis]);
                }
            }
        }
    }

    [[noreturn]] void differ(std::size_t k, char letter, const Var& other, const Dim& known,
                             const Dim& found) const {
        const Term& term = terms_[k];
        const bool broadcasts = contains(ellipsis_, letter);
        const std::size_t at = broadcasts ? term.letters.find(dots) : term.letters.rfind(letter);
        const Var& operand = operands_[k];
        const std::string name = broadcasts ? "an axis of the ellipsis" : std::string(1, letter);
        const std::string where =
            operand.same_as(other)
                ? fmt::format("{} and {} in {} {}", known.to_string(), found.to_string(), operand.to_string(),
                              operand.shape().to_string())
                : fmt::format("{} in {} {} and {} in {} {}", known.to_string(), other.to_string(),
                              other.shape().to_string(), found.to_string(), operand.to_string(),
                              operand.shape().to_string());
        fail<ShapeError>(term.places[at],
                         fmt::format("{} is {}. {}", name, where,
                                     known.sized() && found.sized()
                                         ? "A letter has one extent; use another letter, or transpose."
                                         : "Give both dimensions one name, or both an extent."));
    }

    const std::string& text_;
    std::span<const Var> operands_;
    std::vector<Term> terms_;
    std::optional<Term> output_;
    std::string ellipsis_;
};

} // namespace

std::string Subscripts::to_string() const { return fmt::format("{}->{}", fmt::join(terms, ","), result); }

Subscripts Subscripts::from_string(const std::string& text) {
    const std::size_t arrow = text.find("->");
    Subscripts subscripts{{}, text.substr(arrow + 2)};
    std::size_t begin = 0;
    for (std::size_t at = 0; at <= arrow; ++at)
        if (at == arrow || text[at] == ',') {
            subscripts.terms.push_back(text.substr(begin, at - begin));
            begin = at + 1;
        }
    return subscripts;
}

std::string Subscripts::letters() const {
    std::string all = result, once;
    for (const std::string& term : terms)
        all += term;
    for (const char letter : all)
        if (!contains(once, letter)) once += letter;
    return once;
}

ParsedSubscripts parse_subscripts(const std::string& text, std::span<const Var> operands) {
    return Parser(text, operands).parse();
}

} // namespace xtape::detail
