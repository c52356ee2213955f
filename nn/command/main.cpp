// xtape: gradients derived by hand, verified and derived without writing C++.

#include "options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <new>
#include <string_view>

int main(int argc, char** argv) {
    CLI::App program("Verifies gradients that were derived by hand, and derives them.", "xtape");
    int status = 0;
    xtape::command::add_verify(program, status);
    xtape::command::add_derive(program, status);
    program.require_subcommand(1);
    program.failure_message([](const CLI::App*, const CLI::Error& error) {
        return fmt::format("xtape: {}. See xtape --help.\n", error.what());
    });
    if (argc > 1 && std::string_view(argv[1]) == "__complete") {
        for (const std::string& line : xtape::command::completions(program, {argv + 2, argv + argc}))
            fmt::print("{}\n", line);
        return 0;
    }
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : xtape::command::bad_input;
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "xtape: there is not enough memory.\n");
        return xtape::command::bad_input;
    } catch (const std::exception& error) {
        fmt::print(stderr, "xtape: {}\n", error.what());
        return xtape::command::bad_input;
    }
    return status;
}
