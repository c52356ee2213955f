#pragma once

/// The guards that `decide` leaves on a tape, as the engine sees them. They are numbered from 1 in the order
/// in which they were recorded.

#include <xtape/autodiff/decide.hpp>
#include <xtape/autodiff/op.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xtape::detail {

/// What a guard is recorded with. Its result is its condition.
[[nodiscard]] const Op& decide_op();

/// The number of the last guard, 0 where there is none. Found in logarithmic time.
[[nodiscard]] std::int64_t last_guard(const Records& records);

/// The id of the guard with this number; empty where that was given to something else.
[[nodiscard]] std::optional<std::uint32_t> guard(const Records& records, std::int64_t number);

/// Whether all results of the tape rest on a guard, also those before it.
[[nodiscard]] bool guards_all(const Records& records, std::uint32_t guard);

/// The ids of the guards on which a result rests that the record with this index gives, in their order.
[[nodiscard]] std::vector<std::uint32_t> guards_of(const Records& records, std::uint32_t record);

/// The attributes of a guard on which every result of its tape rests, also those before it.
[[nodiscard]] Attributes guarding_all(const Attributes& guard);

/// Throws GuardError where the outcome of a guard is another than was recorded.
void require_outcome(std::int64_t guard, const std::string& condition, bool recorded, bool now);

/// While it lives, inputs have these arrays where a decision needs them.
class DecidingOn {
public:
    DecidingOn(Records& records, std::span<const Var> inputs, std::span<const AnyArray> arrays);
    DecidingOn(const DecidingOn&) = delete;
    DecidingOn& operator=(const DecidingOn&) = delete;
    ~DecidingOn();

private:
    Records& records_;
};

} // namespace xtape::detail
