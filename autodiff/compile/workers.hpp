#pragma once

/// Threads of ours, and work in pieces that they share.

#include <cstddef>

namespace xtape::detail {

/// How many threads a Program may use: as many as were asked for, or by the environment variable
/// XTAPE_THREADS, or as the machine runs at once. Throws ArgumentError where the variable is no such number.
[[nodiscard]] std::size_t thread_count(std::size_t asked);

/// Work in numbered pieces. Chance decides which thread takes a piece, and so nothing may depend on it.
class Pieces {
public:
    /// Lanes are threads that work at the same time; no two have the same.
    virtual void work(std::size_t piece, std::size_t lane) = 0;

protected:
    ~Pieces() = default;
};

/// From now on so many workers are there, where the system has threads for them. They sleep until there are
/// pieces, and end with the process.
void start_workers(std::size_t count);

/// Works on all pieces in this thread, which is lane 0, and in as many workers as lanes are left; where
/// these are busy with another's pieces, in this thread alone. Allocates nothing. What a piece throws is
/// thrown here, once no thread works any more; pieces after it may be left out. A process that was forked
/// has no workers.
void work_through(Pieces& pieces, std::size_t count, std::size_t lanes);

/// How many workers were started.
[[nodiscard]] std::size_t worker_count();

} // namespace xtape::detail
