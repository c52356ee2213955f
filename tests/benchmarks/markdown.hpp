#pragma once

#include <algorithm>
#include <benchmark/benchmark.h>
#include <string>

namespace contest {

/// Runs the benchmarks that are asked for; with `--markdown` what they print is a table for the README.
/// Returns the exit status.
inline int run(int argc, char** argv, benchmark::BenchmarkReporter& table) {
    const auto end =
        std::remove_if(argv, argv + argc, [](const char* a) { return std::string(a) == "--markdown"; });
    const bool markdown = end != argv + argc;
    argc = static_cast<int>(end - argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    if (markdown)
        benchmark::RunSpecifiedBenchmarks(&table);
    else
        benchmark::RunSpecifiedBenchmarks();
    return 0;
}

} // namespace contest
