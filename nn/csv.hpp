#pragma once

/// Strict reading of comma-separated values (RFC 4180, UTF-8, first line = the columns' names).
///
/// Whatever is wrong is a DataError that begins with file:line:character, counted from 1, as compilers write
/// it.

#include <xtape/autodiff/array.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::nn {

/// The text of one cell and where in the file it begins.
struct Cell {
    std::string text;
    std::size_t line = 1;
    std::size_t character = 1;
};

/// A file's columns by name, its cells as text, read as numbers where that is asked for.
class Table {
public:
    /// `cells` row by row, as many in each row as there are names.
    Table(std::string file, std::vector<std::string> names, std::vector<Cell> cells);

    const std::string& file() const { return file_; }
    const std::vector<std::string>& names() const { return names_; }
    std::size_t columns() const { return names_.size(); }
    std::size_t rows() const { return cells_.size() / names_.size(); }

    /// The number of the column of that name. Throws NameError, listing the names there are.
    std::size_t column(std::string_view name) const;

    /// Throws ArgumentError outside the table.
    const Cell& cell(std::size_t row, std::size_t column) const;

    /// A finite decimal number and nothing else. Throws DataError for an empty cell, `1x`, `nan`, `inf`,
    /// `1e999`.
    double number(std::size_t row, std::size_t column) const;

    /// The named columns as numbers, (rows × names): examples are still rows here. Throws as column() and
    /// number().
    Array<double> numbers(const std::vector<std::string>& names) const;

    /// The text of the named column. Throws NameError.
    std::vector<std::string> texts(std::string_view name) const;

private:
    std::string file_;
    std::vector<std::string> names_;
    std::vector<Cell> cells_;
};

/// Reads a file. Lines end in LF or CRLF, the last one may lack its end; a byte order mark is skipped; quoted
/// cells may hold delimiters, line ends and doubled quotes. Throws DataError for a file that cannot be read,
/// is empty or has no rows, for a row of another length than the header, a blank line, an empty or repeated
/// name, a header that is data, a quote out of place or never closed, and another delimiter than the given
/// one.
Table read_csv(const std::filesystem::path& path, char delimiter = ',');

/// The same of text that is in memory; `file` is what errors call it.
Table parse_csv(std::string_view text, const std::string& file, char delimiter = ',');

} // namespace xtape::nn
