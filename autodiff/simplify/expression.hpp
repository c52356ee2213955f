#pragma once

/// What a rewrite rule looks at: results on a tape, by the operation that made them.

#include <xtape/autodiff/records.hpp>

#include <optional>

namespace xtape {

/// The built-in operations that rules and printers know by name.
struct Known {
    Op add, subtract, multiply, divide, negative, reciprocal, square, pow;
    Op exp, log, log1p, sigmoid, softplus, softmax, log_softmax, logsumexp;
    Op matmul, transpose, sum, broadcast_to, reshape, extent, where, less, less_equal, one_hot, copy;
};
[[nodiscard]] const Known& known();

/// A result on a tape, cheap to copy; it does not keep the tape alive.
class Expression {
public:
    Expression(Records& records, std::uint32_t id) : records_(&records), id_(id) {}
    explicit Expression(const Var& var) : Expression(*var.records(), var.id()) {}

    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] Records& records() const { return *records_; }
    [[nodiscard]] const Record& record() const { return records_->record_of(id_); }
    [[nodiscard]] const Op& op() const { return records_->op(record()); }
    [[nodiscard]] bool is(const Op& op) const { return this->op() == op; }
    [[nodiscard]] const Attributes& attributes() const { return records_->attributes(record()); }
    [[nodiscard]] const Shape& shape() const { return records_->result(id_).shape; }
    [[nodiscard]] Kind kind() const { return records_->result(id_).kind; }

    [[nodiscard]] std::size_t size() const { return record().operand_count; }
    [[nodiscard]] Expression operator[](std::size_t k) const {
        return {*records_, records_->operands(record())[k]};
    }

    /// True where it is known to have one entry.
    [[nodiscard]] bool single() const;

    /// The number that all its entries are, where it is a constant number, repeated or not.
    [[nodiscard]] std::optional<long double> number() const;

    [[nodiscard]] Var var() const { return records_->var(id_); }

    /// The same result, not equal entries.
    bool operator==(const Expression& other) const = default;

private:
    Records* records_;
    std::uint32_t id_;
};

/// True where both are the same operations on the same results and numbers: equal though recorded twice. Of
/// more than 100 records it says no.
[[nodiscard]] bool same_structure(Expression a, Expression b);

/// `value` as it is, or repeated to the shape of `like`.
[[nodiscard]] Var with_shape_of(const Var& value, const Expression& like);

} // namespace xtape
