#include "plot.hpp"

#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// A text in gnuplot's single quotes, where a quote is doubled.
std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("''") : std::string(1, c);
    return result + "'";
}

xtape::DataError cannot_be_written(const std::filesystem::path& file) {
    return xtape::DataError(fmt::format("{}: cannot be written. Check its directory.", file.string()));
}

constexpr const char* style = R"(set terminal pngcairo size 1000,500 font 'Sans,13' background rgb 'white'
set datafile separator comma
set border 3 lc rgb '#404040'
set tics nomirror textcolor rgb '#404040'
set grid ytics lt 1 lc rgb '#e4e4e4'
set title font ',15'
set key autotitle columnhead noenhanced samplen 2
set style line 1 lc rgb '#1f77b4' lw 2.5 pt 7 ps 1.1
set style line 2 lc rgb '#d95f02' lw 2.5 pt 7 ps 1.1
set style line 3 lc rgb '#2a9d5c' lw 2.5 pt 7 ps 1.1
set style line 4 lc rgb '#7a4fa3' lw 2.5 pt 7 ps 1.1
)";

} // namespace

void write_csv(const std::filesystem::path& file, const std::vector<Column>& columns) {
    std::string text;
    for (const Column& column : columns)
        text += (text.empty() ? "" : ",") + column.name;
    for (std::size_t row = 0; row < columns.at(0).values.size(); ++row)
        for (const Column& column : columns)
            text += fmt::format("{}{}", &column == &columns[0] ? "\n" : ",", column.values.at(row));
    std::ofstream stream(file, std::ios::binary);
    stream << text << '\n' << std::flush;
    if (!stream) throw cannot_be_written(file);
}

void draw(const std::filesystem::path& png, const std::string& commands) {
    const auto script = std::filesystem::path(png).replace_extension(".gnuplot");
    std::ofstream stream(script, std::ios::binary);
    stream << style << "set output " << quoted(png.filename().string()) << '\n' << commands << std::flush;
    if (!stream) throw cannot_be_written(script);

    std::string program = "gnuplot", option = "-e", file = script.filename().string(),
                there = "cd " + quoted(png.has_parent_path() ? png.parent_path().string() : ".");
    char* const arguments[] = {program.data(), option.data(), there.data(), file.data(), nullptr};
    pid_t child = 0;
    if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments, environ) != 0) {
        fmt::print("{} was not drawn: gnuplot is missing (Debian's package gnuplot-nox). Its data are there "
                   "as CSV.\n",
                   png.string());
        return;
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child || status != 0)
        throw xtape::DataError(fmt::format("{}: gnuplot cannot draw it.", script.string()));
    fmt::print("{}\n", png.string());
}
