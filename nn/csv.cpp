#include <xtape/autodiff/error.hpp>
#include <xtape/nn/csv.hpp>
#include <xtape/nn/excerpt.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace xtape::nn {

namespace {

template <class... Arguments>
[[noreturn]] void fail(const std::string& file, std::size_t line, std::size_t character,
                       fmt::format_string<Arguments...> what, Arguments&&... arguments) {
    throw DataError(fmt::format("{}:{}:{}: {}", file, line, character,
                                fmt::format(what, std::forward<Arguments>(arguments)...)));
}

/// Walks through the text once and knows where it is.
class Parser {
public:
    Parser(std::string_view text, const std::string& file, char delimiter)
        : text_(text), file_(file), delimiter_(delimiter) {}

    bool done() const { return at_ == text_.size(); }

    /// The cells of one row; consumes its end of line.
    std::vector<Cell> row() {
        if (at_line_end()) fail(file_, line_, character_, "a blank line. Delete it.");
        std::vector<Cell> cells;
        for (;;) {
            cells.push_back(cell());
            if (done()) return cells;
            if (at_line_end()) {
                take_line_end();
                return cells;
            }
            take(); // the delimiter
        }
    }

private:
    bool at(char c) const { return !done() && text_[at_] == c; }
    bool at_line_end() const { return at('\n') || at('\r'); }

    char take() {
        const char c = text_[at_++];
        if (c == '\n') {
            ++line_;
            character_ = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) { // not the rest of a character in UTF-8
            ++character_;
        }
        return c;
    }

    void take_line_end() {
        if (at('\r')) {
            take();
            if (!at('\n')) fail(file_, line_, character_ - 1, "a carriage return without a line feed.");
        }
        take();
    }

    Cell cell() {
        Cell cell{{}, line_, character_};
        if (at('"')) {
            read_quoted(cell);
            if (!done() && !at(delimiter_) && !at_line_end())
                fail(file_, line_, character_,
                     "text after the closing quote. Double a quote that is meant: \"\".");
        } else {
            while (!done() && !at(delimiter_) && !at_line_end()) {
                if (at('"'))
                    fail(file_, line_, character_, "a quote inside a cell that does not begin with one.");
                cell.text += take();
            }
        }
        return cell;
    }

    void read_quoted(Cell& cell) {
        take();
        for (;;) {
            if (done()) fail(file_, cell.line, cell.character, "the quote that opens here is never closed.");
            if (at('"')) {
                take();
                if (!at('"')) return;
            }
            cell.text += take();
        }
    }

    std::string_view text_;
    const std::string& file_;
    char delimiter_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::size_t character_ = 1;
};

struct Parsed {
    double value;
    std::errc error;
};

/// A whole text as a number; a leading + is allowed, as a leading − is.
Parsed parse_number(std::string_view text) {
    if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end != text.data() + text.size()) return {value, std::errc::invalid_argument};
    return {value, error};
}

/// A fractional number as a name: the header is missing. Whole numbers are names that data frames give by
/// default.
bool looks_like_data(std::string_view name) {
    return parse_number(name).error == std::errc{} && name.find('.') != std::string_view::npos;
}

void check_header(const std::vector<Cell>& header, const std::string& file, char delimiter) {
    for (const char other : {',', ';', '\t', '|'})
        if (header.size() == 1 && other != delimiter && header[0].text.find(other) != std::string::npos)
            fail(file, 1, 1,
                 "one column \"{}\": the delimiter seems to be '{}', not '{}'. Pass it to read_csv.",
                 excerpt(header[0].text), other == '\t' ? "\\t" : std::string(1, other), delimiter);
    for (std::size_t i = 0; i < header.size(); ++i) {
        const Cell& cell = header[i];
        if (cell.text.empty()) fail(file, cell.line, cell.character, "column {} has no name.", i + 1);
        if (looks_like_data(cell.text))
            fail(file, cell.line, cell.character,
                 "\"{}\" is a number, not a column's name. Add a first line with the columns' names.",
                 cell.text);
        for (std::size_t j = 0; j < i; ++j)
            if (header[j].text == cell.text)
                fail(file, cell.line, cell.character,
                     "columns {} and {} are both called \"{}\". Is the first line data instead of names?",
                     j + 1, i + 1, excerpt(cell.text));
    }
}

void check_bytes(std::string_view text, const std::string& file) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
        throw DataError(fmt::format("{}: is UTF-16. Save it as UTF-8.", file));
    if (text.find('\0') != std::string_view::npos)
        throw DataError(fmt::format("{}: is not text (it holds a zero byte).", file));
}

} // namespace

Table::Table(std::string file, std::vector<std::string> names, std::vector<Cell> cells)
    : file_(std::move(file)), names_(std::move(names)), cells_(std::move(cells)) {
    if (names_.empty() || cells_.size() % names_.size() != 0)
        throw ArgumentError(
            fmt::format("Table: {} cells do not make rows of {}.", cells_.size(), names_.size()));
}

std::size_t Table::column(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found == names_.end())
        throw NameError(
            fmt::format("{}: no column is called \"{}\". It has {}.", file_, name, fmt::join(names_, ", ")));
    return static_cast<std::size_t>(found - names_.begin());
}

const Cell& Table::cell(std::size_t row, std::size_t column) const {
    if (row >= rows() || column >= columns())
        throw ArgumentError(fmt::format("{}: no cell [{}, {}] in a table of {} rows and {} columns.", file_,
                                        row, column, rows(), columns()));
    return cells_[row * columns() + column];
}

double Table::number(std::size_t row, std::size_t column) const {
    const Cell& cell = this->cell(row, column);
    const auto reject = [&](std::string_view why) {
        fail(file_, cell.line, cell.character, "\"{}\" in column \"{}\" {}.", excerpt(cell.text),
             excerpt(names_[column]), why);
    };
    if (cell.text.empty()) reject("is empty where a number is needed");
    const auto [value, error] = parse_number(cell.text);
    if (error == std::errc::result_out_of_range) reject("is beyond the range of a double");
    if (error != std::errc{}) reject("is not a number");
    if (!std::isfinite(value)) reject("is not finite");
    return value;
}

Array<double> Table::numbers(const std::vector<std::string>& names) const {
    auto values = Array<double>::from_shape({rows(), names.size()});
    for (std::size_t j = 0; j < names.size(); ++j) {
        const std::size_t from = column(names[j]);
        for (std::size_t i = 0; i < rows(); ++i)
            values(i, j) = number(i, from);
    }
    return values;
}

std::vector<std::string> Table::texts(std::string_view name) const {
    const std::size_t from = column(name);
    std::vector<std::string> result;
    for (std::size_t i = 0; i < rows(); ++i)
        result.push_back(cell(i, from).text);
    return result;
}

Table read_csv(const std::filesystem::path& path, char delimiter) {
    const std::string file = path.string();
    if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
        throw DataError(fmt::format("{}: is a directory, not a file.", file));
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        throw DataError(
            fmt::format("{}: cannot be opened: {}.", file, std::generic_category().message(errno)));
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (stream.bad()) throw DataError(fmt::format("{}: cannot be read.", file));
    return parse_csv(text, file, delimiter);
}

Table parse_csv(std::string_view text, const std::string& file, char delimiter) {
    if (delimiter == '"' || delimiter == '\n' || delimiter == '\r')
        throw ArgumentError("read_csv: a quote or an end of line cannot be the delimiter.");
    check_bytes(text, file);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (text.empty()) throw DataError(fmt::format("{}: is empty.", file));

    Parser parser(text, file, delimiter);
    const std::vector<Cell> header = parser.row();
    check_header(header, file, delimiter);

    std::vector<Cell> cells;
    while (!parser.done()) {
        std::vector<Cell> row = parser.row();
        if (row.size() != header.size()) {
            const Cell& where = row[std::min(row.size() - 1, header.size())];
            fail(file, where.line, where.character, "expected {} cells, as in the header, found {}.",
                 header.size(), row.size());
        }
        std::move(row.begin(), row.end(), std::back_inserter(cells));
    }
    if (cells.empty()) throw DataError(fmt::format("{}: has a header but no rows.", file));

    std::vector<std::string> names;
    for (const Cell& cell : header)
        names.push_back(cell.text);
    return Table(file, std::move(names), std::move(cells));
}

} // namespace xtape::nn
