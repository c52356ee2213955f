#pragma once

#include <xtape/autodiff/any_array.hpp>
#include <xtape/autodiff/real.hpp>
#include <xtape/autodiff/shape.hpp>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace xtape {

class Records;
struct Binding;

/// What a result is made of; only real results have a cotangent.
enum class Kind : std::uint8_t { real, index, mask };

/// `a real`, `an index`, `a mask`.
[[nodiscard]] const char* to_string(Kind kind);

/// A handle of one result on a tape. It is small, cheap to copy, and keeps the tape's records alive. Using
/// one whose record was rewound throws VarError. Arithmetic, comparisons and functions on it are in
/// <xtape/autodiff/ops.hpp>.
class Var {
public:
    using printed_by_xtape = void;

    /// Belongs to no tape; using it throws VarError. A derivative rule returns it for a cotangent of zero.
    Var() = default;
    Var(std::shared_ptr<Records> records, std::uint32_t id, std::uint64_t serial)
        : records_(std::move(records)), id_(id), serial_(serial) {}

    [[nodiscard]] Shape shape() const;
    [[nodiscard]] std::size_t rank() const { return shape().rank(); }
    [[nodiscard]] Kind kind() const;

    /// The first name that it was given; empty where it has none.
    [[nodiscard]] std::string name() const;

    /// How messages call it: its name, or its operation and operands, `sigmoid(Z2)`.
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] bool empty() const { return !records_; }
    [[nodiscard]] std::uint32_t id() const { return id_; }
    [[nodiscard]] std::uint64_t serial() const { return serial_; }

    /// True where both are handles of the same result; `a == b` compares entries instead.
    [[nodiscard]] bool same_as(const Var& other) const {
        return records_ == other.records_ && serial_ == other.serial_ && id_ == other.id_;
    }

    /// Its tape's records, after a check that its own is still there.
    [[nodiscard]] const std::shared_ptr<Records>& records() const;

    /// The array that it holds, given arrays for the inputs that it needs: sugar for an Evaluation that lives
    /// for this call. Masks and indices come as numbers. Throws BindingError where an input that it needs has
    /// no array.
    template <std::floating_point T = double>
    [[nodiscard]] Array<T> value(std::initializer_list<Binding> bindings = {}) const;

    /// Its one entry, where it has one; throws ShapeError otherwise.
    template <std::floating_point T = double>
    [[nodiscard]] T item(std::initializer_list<Binding> bindings = {}) const;

    template <class B>
    explicit operator B() const {
        static_assert(
            detail::never<B>,
            "xtape: a comparison is a mask, not a bool, and a Var has no value while it is recorded: write "
            "where(x > 0, a, b) in place of if (x > 0) a else b");
    }

private:
    std::shared_ptr<Records> records_;
    std::uint32_t id_ = 0;
    std::uint64_t serial_ = 0;
};

/// An array for an input.
struct Binding {
    Var var;
    AnyArray array;
};

/// What an operation is recorded with: a Var, a number, or an array (copied onto the tape as a constant).
class Operand {
public:
    Operand(Var var) : value_(std::move(var)) {}
    template <Arithmetic N>
    Operand(N number) : value_(static_cast<long double>(number)) {}
    template <XtensorExpression E>
    Operand(const E& array) : value_(AnyArray::copy(array)) {}

    [[nodiscard]] const Var* var() const { return std::get_if<Var>(&value_); }

    /// The Var, or this number or array as a constant on the given tape. Integers are indices, unless real
    /// numbers are meant.
    [[nodiscard]] Var on(const std::shared_ptr<Records>& records, Kind meant = Kind::index) const;

private:
    std::variant<Var, long double, AnyArray> value_;
};

} // namespace xtape
