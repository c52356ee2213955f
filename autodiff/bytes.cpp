#include <xtape/autodiff/bytes.hpp>

#include <functional>

namespace xtape::detail {
namespace {

template <class T>
Bytes bytes_of(const AnyArray& array) {
    const T* data = array.data<T>();
    return {reinterpret_cast<const std::byte*>(data),
            reinterpret_cast<const std::byte*>(data + array.size())};
}

} // namespace

std::size_t entry_size(Element element) {
    constexpr std::size_t sizes[] = {sizeof(float), sizeof(double), sizeof(long double), sizeof(std::int64_t),
                                     sizeof(bool)};
    return sizes[static_cast<std::size_t>(element)];
}

Bytes bytes_of(const AnyArray& array) {
    switch (array.element()) {
    case Element::f32:
        return bytes_of<float>(array);
    case Element::f64:
        return bytes_of<double>(array);
    case Element::f80:
        return bytes_of<long double>(array);
    case Element::i64:
        return bytes_of<std::int64_t>(array);
    case Element::b8:
        break;
    }
    return bytes_of<bool>(array);
}

bool overlap(const Bytes& a, const Bytes& b) {
    const std::less<> before; // a total order of pointers, which < is not
    return before(a.begin, b.end) && before(b.begin, a.end);
}

} // namespace xtape::detail
