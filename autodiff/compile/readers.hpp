#pragma once

#include <xtape/autodiff/records.hpp>

#include <vector>

namespace xtape::detail {

/// Who reads each result of some records.
class Readers {
public:
    Readers(const Records& records, const std::vector<std::uint32_t>& outputs,
            const Environment& environment);

    /// How many records and outputs do.
    [[nodiscard]] std::uint32_t count(std::uint32_t id) const { return count_[id]; }

    /// Whether a loop does: an elementwise operation that no product could take with it, as it does a sum or
    /// a multiplication by a number.
    [[nodiscard]] bool in_loop(std::uint32_t id) const { return in_loop_[id]; }

private:
    std::vector<std::uint32_t> count_; // by id
    std::vector<bool> in_loop_;        // by id
};

} // namespace xtape::detail
