#include <xtape/autodiff/bytes.hpp>

#include <functional>

namespace xtape::detail {

std::size_t entry_size(Element element) {
    constexpr std::size_t sizes[] = {sizeof(float), sizeof(double), sizeof(long double), sizeof(std::int64_t),
                                     sizeof(bool)};
    return sizes[static_cast<std::size_t>(element)];
}

Bytes bytes_of(const AnyArray& array) {
    const auto* begin = static_cast<const std::byte*>(array.address());
    return {begin, begin + array.size() * entry_size(array.element())};
}

bool overlap(const Bytes& a, const Bytes& b) {
    const std::less<> before; // a total order of pointers, which < is not
    return before(a.begin, b.end) && before(b.begin, a.end);
}

} // namespace xtape::detail
