#include <xtape/autodiff/any_array.hpp>
#include <xtape/autodiff/error.hpp>
#include <xtape/autodiff/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <new>

namespace xtape {
namespace {

const char* name_of(Element element) {
    constexpr const char* names[] = {"float", "double", "long double", "indices (int64)", "a mask (bool)"};
    return names[static_cast<std::size_t>(element)];
}

/// Calls `f` with a null pointer of the element's type, so that a generic lambda can name it.
template <class F>
decltype(auto) with_type(Element element, F&& f) {
    switch (element) {
    case Element::f32:
        return f(static_cast<const float*>(nullptr));
    case Element::f64:
        return f(static_cast<const double*>(nullptr));
    case Element::f80:
        return f(static_cast<const long double*>(nullptr));
    case Element::i64:
        return f(static_cast<const std::int64_t*>(nullptr));
    case Element::b8:
        break;
    }
    return f(static_cast<const bool*>(nullptr));
}

template <class T>
std::string entry_text(T value) {
    if constexpr (std::floating_point<T>)
        return fmt::format("{:.6g}", static_cast<double>(value));
    else
        return fmt::to_string(value);
}

template <class T>
std::string braces(const T* data, const Extents& extents, std::size_t axis, std::size_t limit) {
    if (axis == extents.size()) return entry_text(*data);
    std::size_t stride = 1;
    for (std::size_t a = axis + 1; a < extents.size(); ++a)
        stride *= extents[a];
    std::string text;
    const std::size_t shown = std::min(extents[axis], limit);
    const bool innermost = axis + 1 == extents.size();
    const std::string separator = innermost ? ", " : ",\n" + std::string(axis + 1, ' ');
    for (std::size_t i = 0; i < shown; ++i)
        text += (i == 0 ? "" : separator) + braces(data + i * stride, extents, axis + 1, limit);
    if (shown < extents[axis]) text += separator + "…";
    return "{" + text + "}";
}

} // namespace

AnyArray AnyArray::number(long double value) {
    Array<long double> array = Array<long double>::from_shape({});
    array.data()[0] = value;
    return AnyArray(std::move(array));
}

template <ArrayElement T>
std::pair<AnyArray, T*> AnyArray::zeros(const Extents& extents) {
    const std::size_t size = std::max<std::size_t>(size_of(extents), 1);
    const std::shared_ptr<T[]> elements(new (std::nothrow) T[size]());
    if (!elements)
        throw Error(fmt::format("There is no memory for an array {} of {}.", xtape::to_string(extents),
                                name_of(element_of<T>)));
    return {AnyArray(element_of<T>, extents, elements, elements.get()), elements.get()};
}

std::size_t AnyArray::size() const { return size_of(extents_); }

void AnyArray::check(Element wanted) const {
    if (wanted != element_)
        throw KindError(fmt::format("An array of {} was asked for {}.", name_of(element_), name_of(wanted)));
}

template <ArrayElement T>
Array<T> AnyArray::to() const {
    return with_type(element_, [&]<class S>(const S*) {
        auto result = Array<T>::from_shape(extents_);
        if constexpr (std::floating_point<S> && !std::floating_point<T>) {
            throw KindError(
                fmt::format("Real numbers ({}) where {} is meant. Give integers for indices, a comparison "
                            "for a mask.",
                            name_of(element_), name_of(element_of<T>)));
        } else {
            const S* source = data<S>();
            std::transform(source, source + size(), result.data(),
                           [](S value) { return static_cast<T>(value); });
        }
        return result;
    });
}

template <ArrayElement T>
AnyArray AnyArray::as() const {
    if (element_ == element_of<T>) return *this;
    return AnyArray(to<T>());
}

AnyArray AnyArray::reshaped(const Extents& extents) const {
    if (size_of(extents) != size())
        throw ShapeError(fmt::format("An array {} cannot take the shape {}: {} ≠ {} entries.",
                                     xtape::to_string(extents_), xtape::to_string(extents), size(),
                                     size_of(extents)));
    AnyArray result = *this;
    result.extents_ = extents;
    return result;
}

AnyArray AnyArray::row(std::size_t position) const {
    if (rank() == 0 || position >= extents_[0])
        throw IndexError(fmt::format("Position {} is outside the leading axis of an array {}.", position,
                                     xtape::to_string(extents_)));
    Extents extents(extents_.begin() + 1, extents_.end());
    const std::size_t offset = position * size_of(extents);
    return with_type(element_, [&]<class S>(const S*) {
        return AnyArray(element_, std::move(extents), owner_, data<S>() + offset);
    });
}

AnyArray AnyArray::owned() const {
    if (owner_) return *this;
    return with_type(element_, [&]<class S>(const S*) { return AnyArray(to<S>()); });
}

bool AnyArray::all_finite() const {
    return with_type(element_, [&]<class S>(const S*) {
        if constexpr (std::floating_point<S>) {
            // x − x is 0 or NaN. Several sums at a time are vectors, which a loop that may end early is not.
            constexpr std::size_t together = 8;
            S sums[together] = {};
            const S *x = data<S>(), *end = x + size();
            for (; end - x >= static_cast<std::ptrdiff_t>(together); x += together)
                for (std::size_t k = 0; k < together; ++k)
                    sums[k] += x[k] - x[k];
            for (; x != end; ++x)
                sums[0] += *x - *x;
            return std::ranges::all_of(sums, [](S sum) { return sum == 0; });
        }
        return true;
    });
}

std::string AnyArray::to_string(std::size_t limit) const {
    return with_type(element_, [&]<class S>(const S*) { return braces(data<S>(), extents_, 0, limit); });
}

template Array<float> AnyArray::to() const;
template Array<double> AnyArray::to() const;
template Array<long double> AnyArray::to() const;
template Array<std::int64_t> AnyArray::to() const;
template Array<bool> AnyArray::to() const;
template AnyArray AnyArray::as<float>() const;
template AnyArray AnyArray::as<double>() const;
template AnyArray AnyArray::as<long double>() const;
template AnyArray AnyArray::as<std::int64_t>() const;
template AnyArray AnyArray::as<bool>() const;
template std::pair<AnyArray, float*> AnyArray::zeros(const Extents&);
template std::pair<AnyArray, double*> AnyArray::zeros(const Extents&);
template std::pair<AnyArray, long double*> AnyArray::zeros(const Extents&);
template std::pair<AnyArray, std::int64_t*> AnyArray::zeros(const Extents&);
template std::pair<AnyArray, bool*> AnyArray::zeros(const Extents&);

} // namespace xtape
