#include <xtape/autodiff/bytes.hpp>

#include <functional>

namespace xtape::detail {

std::size_t entry_size(Element element) {
    constexpr std::size_t sizes[] = {sizeof(float), sizeof(double), sizeof(long double), sizeof(std::int64_t),
                                     sizeof(bool)};
    return sizes[static_cast<std::size_t>(element)];
}

const void* address_of(const AnyArray& array) {
    switch (array.element()) {
    case Element::f32:
        return array.data<float>();
    case Element::f64:
        return array.data<double>();
    case Element::f80:
        return array.data<long double>();
    case Element::i64:
        return array.data<std::int64_t>();
    case Element::b8:
        break;
    }
    return array.data<bool>();
}

Bytes bytes_of(const AnyArray& array) {
    const auto* begin = static_cast<const std::byte*>(address_of(array));
    return {begin, begin + array.size() * entry_size(array.element())};
}

bool overlap(const Bytes& a, const Bytes& b) {
    const std::less<> before; // a total order of pointers, which < is not
    return before(a.begin, b.end) && before(b.begin, a.end);
}

} // namespace xtape::detail
