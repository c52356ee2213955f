#pragma once

/// The list behind a Tape, as the engine sees it. Programs need <xtape/autodiff/tape.hpp> only.

#include <xtape/autodiff/cell.hpp>
#include <xtape/autodiff/op.hpp>

#include <map>
#include <memory>
#include <unordered_map>

namespace xtape {

/// One entry of the list: an operation, its attributes, its operands and where its results begin.
struct Record {
    std::uint32_t op;
    std::uint32_t first_operand, operand_count;
    std::uint32_t first_result, result_count;
    std::uint64_t serial;
    std::shared_ptr<const Attributes> attributes; ///< null where there are none
};

/// One result of a record.
struct Result {
    Shape shape;
    Kind kind;
    std::uint32_t record;
};

/// What a leaf holds: nothing yet (an input), a shared array (a variable), a number or an array (a constant).
using Leaf = std::variant<std::monostate, std::shared_ptr<Cell>, long double, AnyArray>;

/// The operations that leaves are recorded with.
[[nodiscard]] const Op& input_op();
[[nodiscard]] const Op& variable_op();
[[nodiscard]] const Op& constant_op();

/// The append-only list behind a Tape, as the engine sees it. Results are numbered in the order in which they
/// are recorded, which is a topological order. Reading from several threads is safe while none records.
class Records : public std::enable_shared_from_this<Records> {
public:
    [[nodiscard]] std::uint32_t record_count() const { return static_cast<std::uint32_t>(records_.size()); }
    [[nodiscard]] std::uint32_t result_count() const { return static_cast<std::uint32_t>(results_.size()); }

    [[nodiscard]] const Record& record(std::uint32_t index) const { return records_[index]; }
    [[nodiscard]] const Result& result(std::uint32_t id) const { return results_[id]; }
    [[nodiscard]] const Record& record_of(std::uint32_t id) const { return records_[results_[id].record]; }
    [[nodiscard]] const Definition& definition(const Record& record) const {
        return ops_[record.op].definition();
    }
    [[nodiscard]] const Op& op(const Record& record) const { return ops_[record.op]; }
    [[nodiscard]] const Attributes& attributes(const Record& record) const;
    [[nodiscard]] std::span<const std::uint32_t> operands(const Record& record) const {
        return {operands_.data() + record.first_operand, record.operand_count};
    }
    /// What the leaf with this id holds; null for a result of an operation.
    [[nodiscard]] const Leaf* leaf(std::uint32_t id) const;

    [[nodiscard]] Var var(std::uint32_t id);
    [[nodiscard]] bool holds(std::uint32_t id, std::uint64_t serial) const {
        return id < results_.size() && record_of(id).serial == serial;
    }

    /// Appends a record; on a throw the list is as it was. Returns the id of its first result.
    std::uint32_t append(const Op& op, std::span<const Var> operands, Attributes attributes);
    std::uint32_t append_leaf(const Op& op, Shape shape, Kind kind, Leaf leaf);

    /// Takes the list back to its first `count` records.
    void truncate(std::uint32_t count);

    void name(std::uint32_t id, const std::string& name);
    [[nodiscard]] std::optional<std::uint32_t> find(const std::string& name) const;
    /// All names with the ids that bear them, in the order of the ids.
    [[nodiscard]] const std::multimap<std::uint32_t, std::string>& names() const { return names_; }
    [[nodiscard]] std::string name_of(std::uint32_t id) const;
    /// The name that a result had before it was rewound, for a message.
    [[nodiscard]] std::string rewound_name_of(std::uint32_t id, std::uint64_t serial) const;
    /// Its name, or its operation with operands to this depth.
    [[nodiscard]] std::string describe(std::uint32_t id, int depth = 2) const;
    /// The operation with its operands, whether it has a name or not.
    [[nodiscard]] std::string call(const Record& record, int depth = 2) const;

    /// What `decide` remembers from one decision to the next.
    [[nodiscard]] std::shared_ptr<void>& decisions() { return decisions_; }

private:
    std::uint32_t op_index(const Op& op);
    std::uint32_t commit(Record record);

    std::vector<Record> records_;
    std::vector<Result> results_;
    std::vector<std::uint32_t> operands_;
    std::vector<std::pair<std::uint32_t, Leaf>> leaves_;
    std::vector<Op> ops_;                      ///< in the order of their first use, and
    std::vector<std::uint32_t> first_records_; ///< where that was, so that rewinding forgets them too
    std::unordered_map<const Definition*, std::uint32_t> op_indices_;
    std::unordered_map<std::string, std::uint32_t> op_names_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::multimap<std::uint32_t, std::string> names_;
    std::unordered_map<std::uint32_t, std::pair<std::uint64_t, std::string>>
        rewound_names_; ///< the last of each id
    std::vector<ResultType> result_types_;
    std::uint64_t next_serial_ = 1;
    std::shared_ptr<void> decisions_;
};

/// Takes the list back when an exception leaves the scope: a function that records several operations leaves
/// all of them or none.
class Transaction {
public:
    explicit Transaction(Records& records) : records_(records), count_(records.record_count()) {}
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        if (!done_) records_.truncate(count_);
    }
    void done() { done_ = true; }

private:
    Records& records_;
    std::uint32_t count_;
    bool done_ = false;
};

} // namespace xtape
