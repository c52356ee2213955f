#pragma once

/// The main function of a program that writes a page of the documentation, and is its test.

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

/// `<program> <page>` fails where the page is not the text; with `--write` it writes it. Returns the exit
/// status.
inline int written_page(int argc, char** argv, std::string (*text)()) {
    const bool write = argc == 3 && argv[2] == std::string_view("--write");
    if (argc != 2 && !write) {
        fmt::print(stderr, "{} <page> [--write]\n", argv[0]);
        return 2;
    }
    if (write) return std::ofstream(argv[1]) << text() << std::flush ? 0 : 1;
    std::stringstream now;
    now << std::ifstream(argv[1]).rdbuf();
    if (now.str() == text()) return 0;
    fmt::print(stderr, "{1} is out of date. Write it again: {0} {1} --write\n", argv[0], argv[1]);
    return 1;
}
