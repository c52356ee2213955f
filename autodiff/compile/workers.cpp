#include <xtape/autodiff/compile/workers.hpp>
#include <xtape/autodiff/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace xtape::detail {
namespace {

/// What the lanes of one caller share.
struct Job {
    Pieces& pieces;
    std::size_t count;
    std::atomic<std::size_t> next = 0;
    std::atomic_flag failed = {};
    std::exception_ptr error = {}; ///< the first

    void work(std::size_t lane) noexcept try {
        for (std::size_t piece; (piece = next++) < count;)
            pieces.work(piece, lane);
    } catch (...) {
        next = count;
        if (!failed.test_and_set()) error = std::current_exception();
    }
};

class Workers {
public:
    /// Never destroyed: a Program may run while the process ends, and after a fork nobody leaves the
    /// condition that the parent's workers wait for.
    static Workers& all() {
        static Workers& workers = *new Workers;
        static const struct AtExit {
            ~AtExit() { workers.stop(); }
        } at_exit;
        return workers;
    }

    void start(std::size_t count) {
        if (process_ != getpid()) return; // before the lock, which another thread may have held at the fork
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        try {
            while (threads_.size() < count)
                threads_.emplace_back([this] { serve(); });
        } catch (const std::system_error&) {
            // The system has no more threads, and fewer workers compute the same.
        }
    }

    void work(Job& job, std::size_t lanes) {
        if (lanes < 2 || process_ != getpid() || busy_.test_and_set()) {
            job.work(0);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            job_ = &job;
            next_lane_ = 1;
            lanes_ = lanes;
        }
        for (std::size_t lane = 1; lane < lanes; ++lane)
            pieces_there_.notify_one();
        job.work(0);
        {
            std::unique_lock lock(mutex_);
            job_ = nullptr; // whoever wakes only now does not begin
            none_at_work_.wait(lock, [this] { return at_work_ == 0; });
        }
        busy_.clear();
    }

    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return threads_.size();
    }

private:
    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            pieces_there_.wait(lock, [this] { return stopping_ || (job_ && next_lane_ < lanes_); });
            if (stopping_) return;
            Job& job = *job_;
            const std::size_t lane = next_lane_++;
            ++at_work_;
            lock.unlock();
            job.work(lane);
            lock.lock();
            if (--at_work_ == 0) none_at_work_.notify_one();
        }
    }

    void stop() {
        if (process_ != getpid()) return;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        pieces_there_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
    }

    const pid_t process_ = getpid();
    std::atomic_flag busy_;
    std::mutex mutex_; ///< of all that follows
    std::condition_variable pieces_there_, none_at_work_;
    std::vector<std::thread> threads_;
    Job* job_ = nullptr;
    std::size_t next_lane_ = 0, lanes_ = 0, at_work_ = 0;
    bool stopping_ = false;
};

} // namespace

std::size_t thread_count(std::size_t asked) {
    if (asked > 0) return asked;
    const char* variable = std::getenv("XTAPE_THREADS");
    const std::string_view text = variable ? variable : "";
    if (text.empty()) return std::max(1U, std::thread::hardware_concurrency());
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count == 0)
        throw ArgumentError(
            fmt::format("compile: the environment variable XTAPE_THREADS is \"{}\". Set it to "
                        "a number of threads, 1 or more, or not at all.",
                        text));
    return count;
}

void start_workers(std::size_t count) {
    if (count > 0) Workers::all().start(count);
}

void work_through(Pieces& pieces, std::size_t count, std::size_t lanes) {
    Job job{pieces, count};
    Workers::all().work(job, std::min(lanes, count));
    if (job.error) std::rethrow_exception(job.error);
}

std::size_t worker_count() { return Workers::all().count(); }

} // namespace xtape::detail
