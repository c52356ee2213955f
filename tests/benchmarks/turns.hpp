#pragma once

/// Contestants that compute in turns within one process, so that a ratio of their times says little about the
/// machine.

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace contest {

inline double quantile(std::vector<double> values, double at) {
    std::ranges::sort(values);
    return values[static_cast<std::size_t>(at * static_cast<double>(values.size() - 1) + 0.5)];
}

/// Seconds of one step, over as many as were said.
inline double seconds(const std::function<void()>& step, std::size_t steps) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < steps; ++i)
        step();
    return std::chrono::duration<double>(Clock::now() - begin).count() / static_cast<double>(steps);
}

/// In a turn everybody computes for 0.2 ms at least, one after the other, less than a scheduler's slice; a
/// ratio is of two times of one turn.
class Turns {
public:
    /// Each computes once untimed. Before a turn of everybody, a pause and a step that is not timed: threads
    /// of whoever came before may look for work for a while, and take a core meanwhile.
    explicit Turns(std::vector<std::function<void()>> contestants, std::chrono::milliseconds pause = {})
        : contestants_(std::move(contestants)), pause_(pause), times_(contestants_.size()) {
        for (const auto& step : contestants_) {
            step();
            steps_.push_back(std::max<std::size_t>(1, static_cast<std::size_t>(2e-4 / seconds(step, 3))));
        }
    }

    void take() {
        for (std::size_t i = 0; i < contestants_.size(); ++i) {
            if (pause_.count() > 0) {
                std::this_thread::sleep_for(pause_);
                contestants_[i]();
            }
            times_[i].push_back(seconds(contestants_[i], steps_[i]));
        }
    }

    /// Of contestant i: its last time, its median and least, and quantiles of its time relative to that of
    /// another.
    [[nodiscard]] double last(std::size_t i) const { return times_[i].back(); }
    [[nodiscard]] double median(std::size_t i) const { return quantile(times_[i], 0.5); }
    [[nodiscard]] double least(std::size_t i) const { return quantile(times_[i], 0); }
    [[nodiscard]] double ratio(std::size_t i, std::size_t other, double at = 0.5) const {
        std::vector<double> ratios;
        for (std::size_t turn = 0; turn < times_[i].size(); ++turn)
            ratios.push_back(times_[i][turn] / times_[other][turn]);
        return quantile(std::move(ratios), at);
    }

private:
    std::vector<std::function<void()>> contestants_;
    std::chrono::milliseconds pause_;
    std::vector<std::size_t> steps_;
    std::vector<std::vector<double>> times_; ///< by contestant and turn
};

} // namespace contest
