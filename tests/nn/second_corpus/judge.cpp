#include "judge.hpp"

#include <xtape/nn/npz.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unistd.h>

namespace judge {
namespace {

/// The output of a command, whatever its status is.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    if (!pipe) throw std::runtime_error("cannot run " + command);
    std::string text;
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe.get())) > 0;)
        text.append(buffer, n);
    return text;
}

/// `: yours has …; dW1 inherited\n  yours: dZ1 = …\n  right: …\n  These data cannot tell that from: …; …`
Finding read_finding(const std::string& array, const std::string& text) {
    Finding finding{array, {}, {}};
    const std::string begin = ": yours ", yours = "\n  yours: " + array + " = ",
                      others = "\n  These data cannot tell that from: ";
    if (!text.starts_with(begin)) return finding;
    std::string first = text.substr(begin.size(), text.find('\n') - begin.size());
    if (first.ends_with(" inherited")) first.resize(first.rfind("; "));
    finding.causes.push_back(first);
    if (const auto at = text.find(yours); at != std::string::npos) {
        const std::size_t from = at + yours.size();
        finding.equation = text.substr(from, text.find('\n', from) - from);
    }
    if (const auto at = text.find(others); at != std::string::npos) {
        std::string rest = text.substr(at + others.size());
        for (std::size_t end; (end = rest.find("; ")) != std::string::npos; rest = rest.substr(end + 2))
            finding.causes.push_back(rest.substr(0, end));
        finding.causes.push_back(rest);
    }
    return finding;
}

Answer read_answer(const nlohmann::json& json) {
    Answer answer{json.at("status"), json.value("error", ""), {}, {}};
    for (const auto& c : json.value("comparisons", nlohmann::json::array())) {
        const std::string name = c.at("name"), finding = c.at("finding");
        if (c.at("verdict") == "FAIL") answer.wrong.push_back(name);
        if (!finding.empty()) answer.findings.push_back(read_finding(name, finding));
    }
    return answer;
}

/// The axes of an array by its name, as the tape calls them: of W2 n2 and n1, of dZ2 n2 and n.
std::pair<std::string, std::string> axes(const std::string& name, bool rows) {
    const std::string of = name[0] == 'd' ? name.substr(1) : name;
    const std::size_t layer = of.size() > 1 && std::isdigit(of[1]) ? std::stoul(of.substr(1)) : 0;
    std::pair<std::string, std::string> result{fmt::format("n{}", layer), "n"};
    if (of[0] == 'W') result.second = fmt::format("n{}", layer - 1);
    if (of[0] == 'b') result.second.clear();
    if (rows) std::swap(result.first, result.second);
    return result;
}

/// What names stand for in the equations that the command prints.
reader::Names names_of(const Memory& data) {
    reader::Names names;
    std::size_t layers = 0;
    while (data.arrays.contains(fmt::format("W{}", layers + 1)))
        ++layers;
    const auto number = [&](const std::string& name, std::size_t value) {
        names[name] = {1, 1, {static_cast<double>(value)}, "", ""};
    };
    for (std::size_t l = 1; l <= layers; ++l) {
        const auto& shape = data.at(fmt::format("W{}", l)).shape();
        number(fmt::format("n{}", l - 1), shape[data.rows ? 0 : 1]);
        number(fmt::format("n{}", l), shape[data.rows ? 1 : 0]);
    }
    for (const auto& [name, array] : data.arrays) {
        const auto& shape = array.shape();
        const std::size_t rank = shape.size();
        auto [row, col] = axes(name, data.rows);
        if (name == "Y") (data.rows ? col : row) = fmt::format("n{}", layers);
        if (rank == 0) row = col = "";
        const std::size_t rows = rank == 2 ? shape[0] : 1, cols = rank == 0 ? 1 : shape[rank - 1];
        names[name] = {rows, cols, {array.storage().begin(), array.storage().end()}, row, col};
    }
    return names;
}

/// As broadcasting would show it where it is smaller.
bool same(const reader::Matrix& a, const Matrix& b) {
    const std::size_t rank = b.dimension();
    const bool shapes = rank == 2 ? a.rows == b.shape()[0] && a.cols == b.shape()[1]
                                  : a.rows * a.cols == b.size() && (a.rows == 1 || a.cols == 1);
    if (!shapes) return false;
    double most = 0;
    for (const double x : b.storage())
        most = std::max(most, std::abs(x));
    for (std::size_t i = 0; i < b.size(); ++i)
        // What was fitted has six digits.
        if (!(std::abs(a.entries[i] - b.storage()[i]) <= 1e-5 * most)) return false;
    return true;
}

} // namespace

std::string Answer::text() const {
    std::string result = fmt::format("status {}", status);
    if (!error.empty()) result += ": " + error.substr(error.find(": ") + 2);
    for (const Finding& f : findings)
        result +=
            fmt::format("; {}: {}{}", f.array,
                        f.causes.empty() ? "unexplained" : fmt::format("{}", fmt::join(f.causes, " | ")),
                        f.equation.empty() ? "" : " [" + f.equation + "]");
    return result;
}

std::vector<Answer> verified(const std::vector<File>& files) {
    const auto folder = std::filesystem::temp_directory_path() / ("xtape_judge_" + std::to_string(getpid()));
    std::filesystem::create_directory(folder);
    std::map<std::string, std::vector<std::size_t>> by_options;
    for (std::size_t k = 0; k < files.size(); ++k) {
        xtape::nn::save_npz(folder / fmt::format("{}.npz", k), files[k].arrays);
        by_options[files[k].options].push_back(k);
    }
    std::vector<Answer> answers(files.size());
    for (const auto& [options, indices] : by_options) {
        std::string command = fmt::format("{} verify {} --json", XTAPE_COMMAND, options);
        for (const std::size_t k : indices)
            command += fmt::format(" {}/{}.npz", folder.string(), k);
        const std::string text = output_of(command + " 2>/dev/null");
        std::size_t from = 0;
        for (const std::size_t k : indices) {
            const std::size_t end = text.find('\n', from);
            if (end == std::string::npos) throw std::runtime_error("no answer: " + command);
            answers[k] = read_answer(nlohmann::json::parse(text.substr(from, end - from)));
            from = end + 1;
        }
    }
    std::filesystem::remove_all(folder);
    return answers;
}

bool gives(const Finding& finding, const Memory& data, const Matrix& right, const Matrix& value) {
    if (finding.causes.empty()) return false;
    reader::Matrix mine;
    if (!finding.equation.empty()) {
        mine = reader::evaluate(finding.equation, names_of(data));
        return same(mine, value);
    }
    Memory memory{data.rows, {{"right", right}}};
    const std::string& cause = finding.causes[0];
    const auto equal = [&](const char* formula, bool of_shape) {
        const Matrix m = memory.evaluate(formula);
        const reader::Matrix entries{1, m.size(), {m.storage().begin(), m.storage().end()}, "", ""};
        return (!of_shape || m.shape() == value.shape()) &&
               same(entries, Memory{false, {{"value", value}}}.evaluate("flat(value)"));
    };
    if (cause == "is transposed") return equal("right^T", true);
    const xtape::Extents extents(value.shape().begin(), value.shape().end());
    if (cause == "has the right entries in the shape " + xtape::to_string(extents))
        return equal("right", false);
    if (cause == "is zero everywhere") return equal("0 right", true);
    throw std::runtime_error("neither an equation nor a known cause: " + cause);
}

} // namespace judge
