#pragma once

/// What the walks backwards and forwards over a tape have in common.

#include <xtape/autodiff/records.hpp>

#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace xtape::detail {

/// The records from `floor` on that lie between the results in `wrt` and the outputs. What lies before
/// `floor` counts as a leaf, which is how a traced body is differentiated in place.
class Path {
public:
    Path(const Records& records, std::unordered_set<std::uint32_t> wrt, std::uint32_t floor,
         std::span<const std::uint32_t> outputs);

    /// One past the last record.
    [[nodiscard]] std::uint32_t end() const { return floor_ + static_cast<std::uint32_t>(on_.size()); }
    [[nodiscard]] std::uint32_t floor() const { return floor_; }
    [[nodiscard]] bool contains(std::uint32_t record) const {
        return record >= floor_ && record < end() && on_[record - floor_];
    }
    /// True where a derivative passes through operand k and the operand is, or depends on, one of `wrt`.
    [[nodiscard]] bool passes(const Record& record, std::uint32_t k) const;
    [[nodiscard]] bool starts_at(std::uint32_t id) const { return wrt_.contains(id); }

private:
    const Records& records_;
    std::unordered_set<std::uint32_t> wrt_;
    std::uint32_t floor_;
    std::vector<bool> on_;
};

/// Vars of these results.
[[nodiscard]] std::vector<Var> vars(Records& records, std::span<const std::uint32_t> ids);

/// Cotangents of `wrt`, an empty Var for zero.
struct Adjoints {
    std::vector<Var> adjoints;
    std::vector<bool> reached; ///< whether a path leads there, whatever the derivative along it
    std::unordered_map<std::uint32_t, Var> all;
};

/// The walk backwards from outputs with their cotangents through the records from `floor` on.
[[nodiscard]] Adjoints pull_back(Records& records, const std::vector<Var>& outputs,
                                 const std::vector<Var>& cotangents, const std::vector<Var>& wrt,
                                 std::uint32_t floor);

/// What the vjp of a record gives for each of the operands in `needed`, summed over the axes along which the
/// operand was broadcast; an empty Var for zero. Throws GradientError where the rule gives what is no
/// cotangent. The record has a vjp.
[[nodiscard]] std::vector<Var> contributions(Records& records, const Record& record, const Pullback& pullback,
                                             const std::vector<std::size_t>& needed);

/// Records the traced body of a record's operation on its operands; the result has the record's shape.
[[nodiscard]] Var record_body(Records& records, const Record& record);

/// The first record that one of these lies in.
[[nodiscard]] std::uint32_t first_record(const Records& records, const std::vector<Var>& vars);

[[noreturn]] void throw_no_derivative(const Definition& definition);

/// Throws VarError where one of `wrt` is on another tape than the output, KindError where one is not real;
/// `what` is the function that the message is from.
void require_wrt(const char* what, const Var& output, const std::vector<Var>& wrt);

/// Throws GradientError: there is no path from `wrt` to `output`, and what cuts it.
[[noreturn]] void throw_disconnected(const char* what, const Var& output, const Var& wrt);

} // namespace xtape::detail
