/// Vectors of the widest registers that the flags of this file's includer allow, as g++ and clang know them.
///
/// What includes this is compiled for an instruction set of its own. All of it has internal linkage and calls
/// nothing inline of any library, since the linker keeps one copy of an inline function and might choose the
/// one that only newer processors run. A test looks at the symbols.

#pragma once

#include <cstddef>
#include <cstdint>

namespace xtape::detail {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
#else
constexpr std::size_t register_bytes = 16;
#endif

/// The numbers that the formats of IEEE 754 consist of.
template <class T>
struct Format;
template <>
struct Format<float> {
    using Bits = std::uint32_t;
    typedef float Vector __attribute__((vector_size(register_bytes)));
    typedef std::uint32_t BitsVector __attribute__((vector_size(register_bytes)));
    static constexpr int mantissa = 23;
    static constexpr float infinity = __builtin_inff(), not_a_number = __builtin_nanf("");
    static constexpr float least_normal = 0x1p-126f, to_normal = 0x1p24f;
    static constexpr int bias = 127, to_normal_exponent = 24;
};
template <>
struct Format<double> {
    using Bits = std::uint64_t;
    typedef double Vector __attribute__((vector_size(register_bytes)));
    typedef std::uint64_t BitsVector __attribute__((vector_size(register_bytes)));
    static constexpr int mantissa = 52;
    static constexpr double infinity = __builtin_inf(), not_a_number = __builtin_nan("");
    static constexpr double least_normal = 0x1p-1022, to_normal = 0x1p54;
    static constexpr int bias = 1023, to_normal_exponent = 54;
};

template <class T>
using Vector = typename Format<T>::Vector;
template <class T>
using BitsVector = typename Format<T>::BitsVector;
template <class T>
constexpr std::size_t lanes = register_bytes / sizeof(T);

template <class T>
Vector<T> load(const T* from) {
    Vector<T> v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}
template <class T>
void store(T* to, Vector<T> v) {
    __builtin_memcpy(to, &v, sizeof v);
}
/// The same number in every lane.
template <class T>
Vector<T> all(T x) {
    return x - Vector<T>{};
}

template <class T>
BitsVector<T> bits(Vector<T> v) {
    return reinterpret_cast<BitsVector<T>>(v);
}
template <class T>
Vector<T> from_bits(BitsVector<T> v) {
    return reinterpret_cast<Vector<T>>(v);
}

template <class T>
constexpr typename Format<T>::Bits sign_bit = typename Format<T>::Bits{1} << (8 * sizeof(T) - 1);

template <class T>
Vector<T> magnitude(Vector<T> x) {
    return from_bits<T>(bits<T>(x) & ~sign_bit<T>);
}
/// The magnitude of x with the sign of s.
template <class T>
Vector<T> with_sign(Vector<T> x, Vector<T> s) {
    return from_bits<T>((bits<T>(x) & ~sign_bit<T>) | (bits<T>(s) & sign_bit<T>));
}

} // namespace
} // namespace xtape::detail
