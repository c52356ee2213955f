#pragma once

#include <xtape/autodiff/array.hpp>

#include <concepts>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace xtape {

/// One dimension: a name, an extent, or both.
///
/// `Dim("n")` takes its extent from the arrays when they are bound, so one tape serves any number of
/// examples. Where extents are known they decide, and names only make messages readable; unsized dimensions
/// are equal by name alone.
class Dim {
public:
    using printed_by_xtape = void;

    /// A dimension of known extent without a name. Throws ShapeError where the extent is negative.
    template <std::integral I>
    Dim(I extent) : Dim(std::string{}, extent) {}

    /// A dimension whose extent is taken from the arrays that are bound. Throws ShapeError where the name is
    /// empty.
    explicit Dim(std::string name);

    /// A named dimension of known extent. Throws ShapeError where the extent is negative.
    template <std::integral I>
    Dim(std::string name, I extent) : Dim(std::move(name), checked(extent), Sized{}) {}

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool sized() const { return extent_ != unsized; }

    /// The extent; throws ShapeError where it is not known.
    [[nodiscard]] std::size_t extent() const;

    /// True for an extent that is known to be one, which broadcasts.
    [[nodiscard]] bool is_one() const { return extent_ == 1; }

    /// `n1=4`, `4` or `n`.
    [[nodiscard]] std::string to_string() const;

    /// Equal in name and in extent; whether two dimensions fit each other is `same_extent`.
    bool operator==(const Dim&) const = default;

private:
    struct Sized {};
    static constexpr std::size_t unsized = static_cast<std::size_t>(-1);

    Dim(std::string name, std::size_t extent, Sized) : name_(std::move(name)), extent_(extent) {}

    template <std::integral I>
    static std::size_t checked(I extent) {
        if constexpr (std::signed_integral<I>)
            if (extent < 0) throw_negative(static_cast<long long>(extent));
        return static_cast<std::size_t>(extent);
    }
    [[noreturn]] static void throw_negative(long long extent);

    std::string name_;
    std::size_t extent_;
};

/// True where both extents are known and equal, or both are unknown and bear the same name.
[[nodiscard]] bool same_extent(const Dim& a, const Dim& b);

/// The dimensions of a Var, outermost first: an immutable handle, cheap to copy and shared between records.
class Shape {
public:
    using printed_by_xtape = void;

    Shape() = default;
    Shape(std::initializer_list<Dim> dims) : Shape(std::vector<Dim>(dims)) {}
    explicit Shape(std::vector<Dim> dims);

    /// Every extent known, no names.
    explicit Shape(const Extents& extents);

    [[nodiscard]] std::size_t rank() const { return dims_ ? dims_->size() : 0; }
    [[nodiscard]] const Dim& operator[](std::size_t axis) const { return (*dims_)[axis]; }
    [[nodiscard]] const std::vector<Dim>& dims() const;

    /// True where every extent is known.
    [[nodiscard]] bool sized() const;

    /// The number of entries; throws ShapeError where an extent is not known.
    [[nodiscard]] std::size_t size() const;

    /// `(n1=4 × n0=3)`, `(1 × n)`; `()` for one number.
    [[nodiscard]] std::string to_string() const;

    /// True where both are the very same handle, which is the common case in elementwise chains.
    [[nodiscard]] bool identical(const Shape& other) const { return dims_ == other.dims_; }

    bool operator==(const Shape& other) const { return identical(other) || dims() == other.dims(); }

private:
    std::shared_ptr<const std::vector<Dim>> dims_;
};

/// True where the ranks are equal and every pair of dimensions is `same_extent`.
[[nodiscard]] bool same_extents(const Shape& a, const Shape& b);

/// NumPy's rule: align at the last dimension, a one gives way. An unsized dimension broadcasts against a one
/// only, and is never taken for a one itself. Empty where the shapes do not fit.
[[nodiscard]] std::optional<Shape> broadcast(const Shape& a, const Shape& b);

/// True where an operand of shape `narrow` broadcasts to `wide`: summing `wide` over some axes gives
/// `narrow`.
[[nodiscard]] bool is_broadcast_of(const Shape& wide, const Shape& narrow);

/// The shape without names: `(1 × 400)`; an unsized dimension keeps its name.
[[nodiscard]] std::string bare_shape(const Shape& shape);

/// Where the two do not fit, why: `3 ≠ 400 on axis 1`.
[[nodiscard]] std::string why_not_broadcast(const Shape& a, const Shape& b);

/// A list of axes, as a user gives it: negative ones count from the end.
using Axes = std::vector<std::int64_t>;

/// The axes counted from the front and sorted. Throws ShapeError, beginning with `what`, for one out of range
/// or twice.
[[nodiscard]] Axes normalised(const Axes& axes, std::size_t rank, const std::string& what);

/// All axes of an array of this rank.
[[nodiscard]] Axes all_axes(std::size_t rank);

/// The number of entries of an array with these extents.
[[nodiscard]] std::size_t size_of(const Extents& extents);

/// `(4 × 3)`.
[[nodiscard]] std::string to_string(const Extents& extents);

/// Where the entry of this index, counted row by row, lies; and how that is written: `[0,17]`, nothing for
/// one number.
[[nodiscard]] Extents position_of(std::size_t index, const Extents& extents);
[[nodiscard]] std::string brackets(const Extents& position);

} // namespace xtape
