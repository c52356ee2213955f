#pragma once

/// What the commands share: how a network is described on the command line.

#include <xtape/nn/network.hpp>

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace xtape::command {

/// As it was written; `network()` says what it means.
struct NetworkFlags {
    std::string hidden = "tanh", output = "sigmoid", loss = "binary-cross-entropy";
    std::string l2; ///< λ or λ:convention
    bool from_logits = false;

    void add_to(CLI::App& command);

    /// Throws NameError, suggesting the nearest, and ArgumentError.
    [[nodiscard]] nn::NetworkOptions network() const;
};

/// What may come next on a command line of these words after the program's name, of which the last is begun,
/// maybe empty: a subcommand, an option or one of an option's values, each with its description behind a tab.
/// Nothing where that is for the person to know, as a file is. Shells ask by `xtape __complete WORDS…`, so
/// that they know no option by name.
[[nodiscard]] std::vector<std::string> completions(const CLI::App& program,
                                                   const std::vector<std::string>& words);

/// The status of input that cannot be used.
inline constexpr int bad_input = 3;

/// Adds `xtape verify` or `xtape derive`; when it was asked for and has run, `status` is that of the process.
void add_verify(CLI::App& program, int& status);
void add_derive(CLI::App& program, int& status);

} // namespace xtape::command
