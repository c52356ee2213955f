#pragma once

/// Where the time of a Program's run goes.

#include <string>
#include <vector>

namespace xtape {

/// A step of a plan: one pass over entries, one product, or one operation by its own forward function.
struct ProgramStep {
    std::string text;
    double flops; ///< floating-point operations of a run
    double
        bytes; ///< of the arrays that it reads and writes, in every tile anew; none for a block's own values
};

/// What each step of a Program takes: the shortest of several runs, on the clock. What threads do at the same
/// time counts once, shared among their steps by what each of these takes in all threads. Times contain two
/// readings of the clock per step and tile, some 40 ns. Prints through fmt, one line per step.
class Profile {
public:
    using printed_by_xtape = void;

    struct Step : ProgramStep {
        double seconds; ///< in all tiles
        double share;   ///< of the time of all steps
        /// 10⁹ floating-point operations, and bytes, in a second; 0 for a step that takes no time.
        [[nodiscard]] double gflops() const { return seconds > 0 ? 1e-9 * flops / seconds : 0; }
        [[nodiscard]] double gigabytes() const { return seconds > 0 ? 1e-9 * bytes / seconds : 0; }
    };

    /// `seconds` of each step, and of a run with its checks and guards.
    Profile(std::vector<ProgramStep> steps, const std::vector<double>& seconds, double run, std::size_t runs,
            std::size_t peak_bytes);

    /// In the order of the plan.
    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    /// Of a whole run; what no step takes are checks, guards and, in tiles, moving on.
    [[nodiscard]] double seconds() const { return seconds_; }
    [[nodiscard]] std::size_t runs() const { return runs_; }
    [[nodiscard]] std::size_t peak_bytes() const { return peak_bytes_; } ///< that of the plan
    [[nodiscard]] std::string to_string() const;

private:
    std::vector<Step> steps_;
    double seconds_;
    std::size_t runs_, peak_bytes_;
};

} // namespace xtape
