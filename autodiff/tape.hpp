#pragma once

#include <xtape/autodiff/op.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <unordered_map>

namespace xtape {

/// An array outside any tape that leaves on several tapes share, as a network's parameters are. It counts its
/// changes, so that an evaluation that remembers values knows when they are out of date.
class Cell {
public:
    explicit Cell(AnyArray array) : array_(array.owned()) {}

    [[nodiscard]] const AnyArray& array() const { return array_; }
    [[nodiscard]] std::uint64_t version() const { return version_; }

    /// Replaces the array. Throws BindingError where the extents or the element type are others.
    void assign(AnyArray array);

private:
    AnyArray array_;
    std::uint64_t version_ = 0;
};

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
    /// The name that the id had before it was rewound, for a message.
    [[nodiscard]] std::string rewound_name_of(std::uint32_t id) const;
    /// Its name, or its operation with operands to this depth.
    [[nodiscard]] std::string describe(std::uint32_t id, int depth = 2) const;
    /// The operation with its operands, whether it has a name or not.
    [[nodiscard]] std::string call(const Record& record, int depth = 2) const;

private:
    std::uint32_t op_index(const Op& op);
    std::uint32_t commit(Record record);

    std::vector<Record> records_;
    std::vector<Result> results_;
    std::vector<std::uint32_t> operands_;
    std::vector<std::pair<std::uint32_t, Leaf>> leaves_;
    std::vector<Op> ops_;
    std::unordered_map<const Definition*, std::uint32_t> op_indices_;
    std::unordered_map<std::string, std::uint32_t> op_names_;
    std::unordered_map<std::string, std::uint32_t> ids_;
    std::multimap<std::uint32_t, std::string> names_;
    std::unordered_map<std::uint32_t, std::string> rewound_names_;
    std::vector<ResultType> result_types_;
    std::uint64_t next_serial_ = 1;
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

/// An append-only list of records: what was computed, and the gradients appended to it. There is no global
/// tape: two threads use two.
class Tape {
public:
    Tape();
    Tape(Tape&&) = default;
    Tape& operator=(Tape&&) = default;

    /// A leaf that is bound to an array when its tape is evaluated. Throws NameError where the name is taken.
    Var input(const std::string& name, Shape shape, Kind kind = Kind::real);

    /// A leaf with a value of its own, copied from an array of real numbers; dimensions may be named: `{"n1",
    /// "n0"}`.
    Var variable(const std::string& name, const AnyArray& value, const std::vector<std::string>& dims = {});

    /// A leaf whose value is shared with whoever else holds the cell.
    Var variable(const std::string& name, std::shared_ptr<Cell> cell,
                 const std::vector<std::string>& dims = {});

    /// Replaces the value of a variable by an array of the same extents, which is converted to its element
    /// type.
    void assign(const Var& variable, const AnyArray& value);

    /// A leaf that is what it says; an array is copied.
    Var constant(const Operand& value);

    /// The position up to which `rewind` goes back.
    class Mark {
        friend class Tape;
        const Records* records = nullptr;
        std::uint32_t count = 0;
        std::uint64_t serial = 0;
    };
    [[nodiscard]] Mark mark() const;

    /// Forgets all that was recorded after the mark, so that a loop records again and again without growing.
    /// Vars of what is forgotten throw when used. Throws VarError for a mark of another tape or one that was
    /// itself rewound.
    void rewind(const Mark& mark);

    /// The number of records.
    [[nodiscard]] std::size_t size() const { return records_->record_count(); }

    /// The Var of this name. Throws NameError, suggesting the nearest, where there is none.
    [[nodiscard]] Var operator[](const std::string& name) const;

    /// All names in the order of recording.
    [[nodiscard]] std::vector<std::string> names() const;

    [[nodiscard]] const std::shared_ptr<Records>& records() const { return records_; }

private:
    std::shared_ptr<Records> records_;
};

/// Gives a Var a name, for messages, printing and `verify`; a Var may have several. Throws NameError where
/// another Var bears it.
Var named(const std::string& name, Var var);

/// The one of `candidates` that a person who wrote `name` may have meant; empty where none is near.
[[nodiscard]] std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

} // namespace xtape
