#include "options.hpp"
#include <xtape/autodiff/check/html.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/gradient.hpp>
#include <xtape/nn/network_rules.hpp>
#include <xtape/nn/npz.hpp>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unistd.h>

namespace xtape::command {
namespace {

struct Verify {
    std::vector<std::string> files, renamed, ignored, zero;
    NetworkFlags flags;
    std::string examples = "columns", html_file;
    int hint = 3;
    bool json = false;

    /// The worst status of all files.
    [[nodiscard]] int run() const;
    [[nodiscard]] NamedArrays load(const std::string& file) const;
    [[nodiscard]] ReportSection report_on(const std::string& file) const;
    [[nodiscard]] Report hinted(const std::string& file, const Report& report) const;
};

/// Applies --rename and --ignore.
NamedArrays Verify::load(const std::string& file) const {
    NamedArrays arrays = nn::load_npz(file, ignored);
    std::vector<std::string> names;
    for (const auto& named : arrays)
        names.push_back(named.first);
    for (const std::string& rename : renamed) {
        const std::size_t equals = rename.find('=');
        if (equals == std::string::npos)
            throw ArgumentError(fmt::format("--rename {}: write --rename THEIRS=OURS, as dw1=dW1.", rename));
        const std::string from = rename.substr(0, equals);
        const auto it = std::ranges::find(names, from);
        if (it == names.end()) throw_unknown("--rename: no array", from, names);
        arrays[static_cast<std::size_t>(it - names.begin())].first = rename.substr(equals + 1);
    }
    for (const auto& [name, array] : arrays) {
        if (std::ranges::count(arrays, name, &NamedArrays::value_type::first) > 1)
            throw NameError(fmt::format("--rename: two arrays are then called {}.", name));
        if (name == "arr_0")
            throw DataError(
                "its arrays have no names. Save with np.savez(\"mine.npz\", X=X, Y=Y, W1=W1, …).");
    }
    for (const std::string& name : zero)
        if (std::ranges::count(arrays, name, &NamedArrays::value_type::first) == 0)
            throw_unknown("--zero: no array", name, names);
    return arrays;
}

/// What of the findings is told: 1 which arrays are wrong, 2 also what is wrong, 3 also the right equation.
Report Verify::hinted(const std::string& file, const Report& report) const {
    Report told(file);
    for (Comparison comparison : report.comparisons()) {
        if (comparison.verdict == Verdict::fail && !comparison.finding.empty() && hint < 3) {
            // A cause that is not found is told with the right equation on the same line.
            const bool unexplained = comparison.finding.starts_with(": nothing reproduces it");
            comparison.finding = hint == 1     ? ": the mistake is made here"
                                 : unexplained ? ": no single mistake reproduces it"
                                               : comparison.finding.substr(0, comparison.finding.find('\n'));
        }
        if (comparison.verdict == Verdict::fail && hint == 1 && !comparison.note.starts_with("inherited"))
            comparison.note.clear(); // may hold a factor
        if (hint < 3) {              // yours minus the differences is right
            comparison.answer.clear();
            comparison.equations.clear();
            comparison.differences = {};
        }
        told.add(std::move(comparison));
    }
    return told;
}

std::string coloured(std::string text) {
    const char* plain = std::getenv("NO_COLOR");
    if (isatty(STDOUT_FILENO) == 0 || (plain != nullptr && *plain != '\0')) return text;
    const std::array<std::pair<std::string, int>, 3> colours{
        {{"PASS", 32}, {"FAIL", 31}, {"INCONCLUSIVE", 33}}};
    for (const auto& [word, colour] : colours) {
        const std::string painted = fmt::format("\033[{}m{}\033[0m", colour, word);
        for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += painted.size())
            text.replace(at, word.size(), painted);
    }
    return text;
}

nlohmann::ordered_json as_json(const std::string& file, const Report& report) {
    const auto number = [](long double value) {
        return std::isfinite(value) ? nlohmann::ordered_json(static_cast<double>(value)) : nullptr;
    };
    const auto equations = [](const Comparison& c) {
        nlohmann::ordered_json all = nlohmann::ordered_json::array();
        for (const FoundEquation& e : c.equations)
            all.push_back({{"whose", e.whose}, {"cause", e.cause}, {"equation", e.text}});
        return all;
    };
    nlohmann::ordered_json comparisons = nlohmann::ordered_json::array();
    for (const Comparison& c : report.comparisons())
        comparisons.push_back({{"name", c.name},
                               {"shape", c.shape},
                               {"compared", c.compared},
                               {"difference", number(c.difference)},
                               {"tolerance", number(c.tolerance)},
                               {"verdict", to_string(c.verdict)},
                               {"reason", c.reason},
                               {"note", c.note + c.answer},
                               {"finding", c.finding},
                               {"equations", equations(c)}});
    return {{"file", file},
            {"verdict", to_string(report.verdict())},
            {"status", report.exit_status()},
            {"comparisons", comparisons}};
}

/// The right equations, in the convention for the mean in which the person's arrays are.
std::vector<Equation> right_equations(const nn::Network& net, const nn::NetworkOptions& network,
                                      const Report& report) {
    const bool deferred =
        std::ranges::any_of(report.comparisons(), [](const Comparison& c) { return c.factor != 1; });
    EquationOptions options;
    options.markup = Markup::latex;
    options.rules = nn::network_rules(net, network);
    options.mean = deferred ? Mean::deferred : Mean::exact;
    std::vector<Var> outputs = gradient(net.cost, net.parameters());
    outputs.insert(outputs.begin(), net.cost);
    return equations(outputs, options);
}

ReportSection Verify::report_on(const std::string& file) const {
    const NamedArrays mine = load(file);
    Tape tape;
    const nn::Network net = nn::network(tape, mine, flags.network(),
                                        examples == "rows" ? nn::Examples::rows : nn::Examples::columns);
    const Report report = verify(net.cost, mine, {.zero = zero});
    const bool told = hint == 3 && !html_file.empty();
    return {hinted(file, report),
            told ? right_equations(net, flags.network(), report) : std::vector<Equation>{}};
}

/// The line that says why a file cannot be verified.
std::string complaint(const std::string& file, const std::exception& error) {
    std::string what = dynamic_cast<const std::bad_alloc*>(&error) != nullptr
                           ? "there is not enough memory to verify it."
                           : error.what();
    if (!what.starts_with(file)) what = file + ": " + what;
    if (dynamic_cast<const NameError*>(&error) != nullptr)
        what += " (--rename THEIRS=OURS gives an array another name, --ignore NAME leaves it out.)";
    else if (dynamic_cast<const DataError*>(&error) != nullptr && what.starts_with(file + ": \""))
        what += " (--ignore NAME leaves an array out.)";
    return what;
}

void write(const std::string& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary);
    stream << text << std::flush;
    if (!stream)
        throw DataError(
            fmt::format("{}: cannot be written: {}.", file, std::generic_category().message(errno)));
}

int Verify::run() const {
    (void)flags.network();                    // throws; what is wrong there is no file's fault
    constexpr std::array badness{0, 2, 1, 3}; // of each status: a FAIL is worse than an INCONCLUSIVE
    int worst = 0;
    const auto note = [&](int status) {
        if (badness.at(static_cast<std::size_t>(status)) > badness.at(static_cast<std::size_t>(worst)))
            worst = status;
    };
    std::vector<ReportSection> page;
    for (const std::string& file : files) {
        try {
            ReportSection section = report_on(file);
            const Report& report = section.report;
            if (json)
                fmt::print("{}\n", as_json(file, report).dump());
            else
                fmt::print("{}\n", coloured(report.to_string()));
            note(report.exit_status());
            if (!html_file.empty()) page.push_back(std::move(section));
        } catch (const std::exception& error) {
            const std::string what = complaint(file, error);
            if (json)
                fmt::print(
                    "{}\n",
                    nlohmann::ordered_json{{"file", file}, {"status", bad_input}, {"error", what}}.dump());
            fmt::print(stderr, "{}\n", what);
            note(bad_input);
            if (!html_file.empty()) page.push_back({Report(what)});
        }
    }
    if (!html_file.empty()) write(html_file, html(page));
    return worst;
}

} // namespace

void add_verify(CLI::App& program, int& status) {
    const auto verify = std::make_shared<Verify>();
    CLI::App* command = program.add_subcommand("verify", "Compares the arrays of .npz files with the tape's");
    command->add_option("files", verify->files, "X, Y, W1, b1, …, dW1, …, and any of Z1, A1, dZ1, …")
        ->required();
    verify->flags.add_to(*command);
    command->add_option("--examples", verify->examples, "How X holds the examples")
        ->check(CLI::IsMember({"columns", "rows"}))
        ->capture_default_str();
    command->add_option("--rename", verify->renamed, "THEIRS=OURS, as dw1=dW1");
    command->add_option("--ignore", verify->ignored, "Arrays that are no part of the network");
    command->add_option("--zero", verify->zero, "Gradients that are meant to be zero everywhere");
    command->add_option("--hint", verify->hint, "1: which are wrong; 2: and why; 3: and the right equation")
        ->check(CLI::IsMember({"1", "2", "3"}))
        ->capture_default_str();
    command
        ->add_option("--html", verify->html_file,
                     "Also write a page with typeset equations and heat maps of the differences")
        ->type_name("FILE");
    command->add_flag("--json", verify->json, "One JSON object for each file");
    command->footer("Exit status: 0 pass, 1 fail, 2 inconclusive, 3 bad input; of several files the worst "
                    "(3, then 1, then 2).");
    // One value each, so that a file may follow.
    for (const char* option : {"--rename", "--ignore", "--zero"})
        command->get_option(option)->allow_extra_args(false);
    command->callback([verify, &status] { status = verify->run(); });
}

} // namespace xtape::command
