#include <xtape/autodiff/compile/one_blas_thread.hpp>

#include <cstddef>
#include <mutex>

// Null where the BLAS is another.
extern "C" {
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] void openblas_set_num_threads(int);
}

namespace xtape::detail {
namespace {

// The setting is the process's, so those who hold it at 1 are counted for the process.
std::mutex mutex;
std::size_t holders = 0;
int found = 1;

} // namespace

OneBlasThread::OneBlasThread() {
    if (!openblas_get_num_threads || !openblas_set_num_threads) return;
    const std::lock_guard lock(mutex);
    if (holders++ > 0) return;
    found = openblas_get_num_threads();
    if (found != 1) openblas_set_num_threads(1);
}

OneBlasThread::~OneBlasThread() {
    if (!openblas_get_num_threads || !openblas_set_num_threads) return;
    const std::lock_guard lock(mutex);
    if (--holders == 0 && found != 1) openblas_set_num_threads(found);
}

} // namespace xtape::detail
