#pragma once

/// How far a training is: a bar in place on a terminal, a plain line every tenth of the way elsewhere.

#include <xtape/nn/training.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <unistd.h>

class Progress {
public:
    explicit Progress(std::size_t epochs) : epochs_(epochs), terminal_(isatty(STDOUT_FILENO) == 1) {}

    void show(const xtape::nn::Epoch& epoch) const {
        const std::size_t tenths = 10 * epoch.epoch / epochs_, before = 10 * (epoch.epoch - 1) / epochs_;
        const std::string now = fmt::format("epoch {:>{}}/{}  cost {:.4f}", epoch.epoch,
                                            fmt::to_string(epochs_).size(), epochs_, epoch.cost);
        if (terminal_) {
            const std::size_t done = width * epoch.epoch / epochs_;
            fmt::print("\r[{:=<{}}{: <{}}] {}{}", "", done, "", width - done, now,
                       epoch.epoch == epochs_ ? "\n" : "");
            std::fflush(stdout);
        } else if (tenths > before) {
            fmt::print("{:>4} %  {}\n", 100 * epoch.epoch / epochs_, now);
        }
    }

private:
    static constexpr std::size_t width = 40;
    std::size_t epochs_;
    bool terminal_;
};
