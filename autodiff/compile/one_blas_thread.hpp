#pragma once

namespace xtape::detail {

/// While one of these lives the process's OpenBLAS works in the thread that calls it, so that what it
/// computes depends on no number of threads; the last gives back the setting that the first found. What
/// anybody else sets in between is lost then. Any other BLAS is left as it is.
class OneBlasThread {
public:
    OneBlasThread();
    ~OneBlasThread();
    OneBlasThread(const OneBlasThread&) = delete;
    OneBlasThread& operator=(const OneBlasThread&) = delete;
};

} // namespace xtape::detail
