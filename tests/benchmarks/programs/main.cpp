/// `--markdown` prints tables.

#include "../markdown.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace {

/// One kind of row: what its names begin with, how it is headed, and its cells.
struct Kind {
    std::string begins, head;
    std::vector<std::string> counters;
};

const std::vector<Kind> kinds{
    {"gradient_of_",
     "function | alone, µs | with its gradient, µs | gradient / function | quartile | quartile | of least "
     "times "
     "| bytes of a run",
     {"function:us", "gradient:us", "gradient/function", "gradient/function:q1", "gradient/function:q3",
      "gradient/function:least", "bytes"}},
    {"tape_length",
     "records of a tape and its gradient, ns for each: record | derive | compile | plan | in all | run | "
     "bytes "
     "for each",
     {"record:ns", "gradient:ns", "compile:ns", "plan:ns", "all:ns", "run:ns", "bytes"}},
    {"examples", "examples of a network 2-4-1: | ns for each | bytes of a run", {"per_example:ns", "bytes"}},
    {"random_programs",
     "random programs relative to generated loops: | median | quartile | quartile | worst | within 1.5, of "
     "100",
     {"program/loops", "program/loops:q1", "program/loops:q3", "program/loops:worst", "within_1.5"}},
};

class Tables : public benchmark::BenchmarkReporter {
public:
    bool ReportContext(const Context&) override { return true; }
    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            const auto kind = std::ranges::find_if(
                kinds, [&](const Kind& k) { return run.run_name.function_name.starts_with(k.begins); });
            if (kind == kinds.end()) continue;
            if (&*kind != last_) {
                const auto columns = static_cast<std::size_t>(std::ranges::count(kind->head, '|')) + 1;
                fmt::print("\n| {} |\n|", kind->head);
                for (std::size_t k = 0; k < columns; ++k)
                    fmt::print("---|");
                fmt::print("\n");
            }
            last_ = &*kind;
            fmt::print("| {} |", run.run_name.function_name +
                                     (run.run_name.args.empty() ? "" : " " + run.run_name.args));
            for (const std::string& counter : kind->counters) {
                const auto it = run.counters.find(counter);
                const double value = it == run.counters.end() ? NAN : it->second.value;
                fmt::print(" {} |",
                           value < 1000 ? fmt::format("{:.3g}", value) : fmt::format("{:.0f}", value));
            }
            fmt::print("\n");
        }
    }

private:
    const Kind* last_ = nullptr;
};

} // namespace

int main(int argc, char** argv) {
    Tables tables;
    return contest::run(argc, argv, tables);
}
