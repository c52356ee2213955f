#pragma once

#include <xtape/autodiff/array.hpp>

#include <concepts>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace xtape {

/// The element types that an array can have inside: three of real numbers, one of indices, one of masks.
enum class Element : std::uint8_t { f32, f64, f80, i64, b8 };

template <class T>
concept ArrayElement = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, long double> ||
    std::same_as<T, std::int64_t> || std::same_as<T, bool>;

template <ArrayElement T>
inline constexpr Element element_of = std::same_as<T, float>          ? Element::f32
                                      : std::same_as<T, double>       ? Element::f64
                                      : std::same_as<T, long double>  ? Element::f80
                                      : std::same_as<T, std::int64_t> ? Element::i64
                                                                      : Element::b8;

/// Any xtensor expression: xarray, xtensor, a view, a lazy expression.
template <class E>
concept XtensorExpression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// A read-only xtensor view of contiguous row-major elements that something else owns.
template <class T>
using View = decltype(xt::adapt(std::declval<const T*>(), std::size_t{}, xt::no_ownership(), Extents{}));

/// An array of any element type, contiguous and row-major: what is bound to a leaf and what an evaluation
/// remembers.
///
/// A named (lvalue) row-major container of one of our element types is referred to, not copied, and must
/// outlive every use of this handle. A temporary is moved in and owned. Everything else (column-major,
/// strided views, other integer types, lazy expressions) is copied once into row-major order.
class AnyArray {
public:
    template <XtensorExpression E>
    AnyArray(E&& expression) {
        using V = std::remove_cvref_t<E>;
        using T = typename V::value_type;
        if constexpr (!ArrayElement<T>) {
            static_assert(std::integral<T>,
                          "xtape: an array's elements are float, double, long double, integers or bool");
            own(Array<std::int64_t>(xt::cast<std::int64_t>(expression)));
        } else if constexpr (is_row_major_container<V>() && std::is_lvalue_reference_v<E>) {
            refer(expression.data(), Extents(expression.shape().begin(), expression.shape().end()));
        } else if constexpr (std::same_as<V, Array<T>> && !std::is_const_v<std::remove_reference_t<E>>) {
            own(std::move(expression));
        } else {
            own(Array<T>(expression));
        }
    }

    /// A copy that owns its elements, whatever the expression.
    template <XtensorExpression E>
    [[nodiscard]] static AnyArray copy(const E& expression) {
        return AnyArray(AnyArray(expression).owned());
    }
    [[nodiscard]] static AnyArray number(long double value);

    /// Elements that are all zero, and where to fill them before anyone else holds them.
    template <ArrayElement T>
    [[nodiscard]] static std::pair<AnyArray, T*> zeros(const Extents& extents);

    [[nodiscard]] Element element() const { return element_; }
    [[nodiscard]] bool is_real() const { return element_ <= Element::f80; }
    [[nodiscard]] const Extents& extents() const { return extents_; }
    [[nodiscard]] std::size_t rank() const { return extents_.size(); }
    [[nodiscard]] std::size_t size() const;

    /// The elements, row by row. The type is the caller's knowledge; throws KindError where it is another.
    template <ArrayElement T>
    [[nodiscard]] const T* data() const {
        check(element_of<T>);
        return static_cast<const T*>(data_);
    }
    /// Where they begin, whatever their type.
    [[nodiscard]] const void* address() const { return data_; }
    template <ArrayElement T>
    [[nodiscard]] View<T> view() const {
        return xt::adapt(data<T>(), size(), xt::no_ownership(), extents_);
    }

    /// A copy with this element type; masks become 0 and 1. Throws KindError for real numbers as indices or
    /// masks.
    template <ArrayElement T>
    [[nodiscard]] Array<T> to() const;

    /// This array with elements of T: itself where it has them, else a converted copy.
    template <ArrayElement T>
    [[nodiscard]] AnyArray as() const;

    /// The same elements under other extents of the same size: nothing is copied.
    [[nodiscard]] AnyArray reshaped(const Extents& extents) const;

    /// The entries at one position of the leading axis: nothing is copied.
    [[nodiscard]] AnyArray row(std::size_t position) const;

    /// This array where it owns its elements, else a copy that does.
    [[nodiscard]] AnyArray owned() const;

    /// True where every element is finite; indices and masks always are.
    [[nodiscard]] bool all_finite() const;

    /// Nested braces, at most `limit` entries of each axis.
    [[nodiscard]] std::string to_string(std::size_t limit = 12) const;

private:
    AnyArray(Element element, Extents extents, std::shared_ptr<const void> owner, const void* data)
        : element_(element), extents_(std::move(extents)), owner_(std::move(owner)), data_(data) {}

    template <class V>
    static constexpr bool is_row_major_container() {
        // Views also have data() and a static layout, but their elements start at an offset of their own.
        if constexpr (std::is_base_of_v<xt::xcontainer<V>, V>)
            return V::static_layout == xt::layout_type::row_major;
        else
            return false;
    }
    template <ArrayElement T>
    void refer(const T* data, Extents extents) {
        element_ = element_of<T>;
        extents_ = std::move(extents);
        data_ = data;
    }
    template <ArrayElement T>
    void own(Array<T> array) {
        auto owner = std::make_shared<const Array<T>>(std::move(array));
        refer(owner->data(), owner->shape());
        owner_ = std::move(owner);
    }
    void check(Element wanted) const;

    Element element_ = Element::f64;
    Extents extents_;
    std::shared_ptr<const void> owner_;
    const void* data_ = nullptr;
};

} // namespace xtape
