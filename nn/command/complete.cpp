#include "options.hpp"

#include <CLI/CLI.hpp>
#include <utility>

namespace xtape::command {
namespace {

/// What the option may be, where its type says so: `{columns,rows}`, `TEXT:{columns,rows}`.
std::vector<std::string> values(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const std::size_t open = type.find('{'), close = type.find('}', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || close == std::string::npos) return {};
    return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

} // namespace

std::vector<std::string> completions(const CLI::App& program, const std::vector<std::string>& words) {
    const CLI::App* command = &program;
    const CLI::Option* of = nullptr; // whose value comes next
    for (std::size_t k = 0; k + 1 < words.size(); ++k) {
        const std::string& word = words[k];
        if (word == "=") continue; // bash makes three words of --hint=2
        if (std::exchange(of, nullptr) != nullptr) continue;
        if (word.starts_with("-")) {
            const CLI::Option* option = command->get_option_no_throw(word);
            if (option != nullptr && option->get_items_expected_max() > 0) of = option;
        } else {
            for (const CLI::App* inner : command->get_subcommands({}))
                if (inner->get_name() == word) command = inner;
        }
    }
    std::string last = words.empty() ? "" : words.back(), prefix;
    if (const std::size_t equals = last.find('='); last.starts_with("--") && equals != std::string::npos) {
        of = command->get_option_no_throw(last.substr(0, equals));
        prefix = last.substr(0, equals + 1);
    } else if (last == "=") {
        last.clear();
    }

    std::vector<std::string> lines;
    const auto add = [&](const std::string& candidate, const std::string& description) {
        if (candidate.starts_with(last))
            lines.push_back(description.empty() ? candidate : candidate + "\t" + description);
    };
    if (of != nullptr) {
        for (const std::string& value : values(*of))
            add(prefix + value, "");
    } else if (last.starts_with("-")) {
        for (const CLI::Option* option : command->get_options())
            for (const std::string& name : option->get_lnames())
                add("--" + name, option->get_description());
    } else {
        for (const CLI::App* inner : command->get_subcommands({}))
            add(inner->get_name(), inner->get_description());
    }
    return lines;
}

} // namespace xtape::command
