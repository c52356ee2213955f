#pragma once

/// Pictures: the data as CSV, drawn by gnuplot where it is installed.

#include <filesystem>
#include <string>
#include <vector>

struct Column {
    std::string name;
    std::vector<double> values;
};

/// Writes columns of one length beside each other, their names in the first line. Throws DataError.
void write_csv(const std::filesystem::path& file, const std::vector<Column>& columns);

/// Has gnuplot draw a picture twice as wide as high. The commands name files relative to the picture's
/// directory, where they are kept as a script of the picture's name, and may use line styles 1 to 4, colours
/// that go together. Prints where the picture is or, where gnuplot is missing, that it was not drawn. Throws
/// DataError where a file cannot be written or gnuplot fails.
void draw(const std::filesystem::path& png, const std::string& commands);
