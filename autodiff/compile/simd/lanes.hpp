/// Vectors of the widest registers that the flags of this file's includer allow, as g++ and clang know them.
///
/// What includes this is compiled for an instruction set of its own. All of it has internal linkage and calls
/// nothing inline of any library, since the linker keeps one copy of an inline function and might choose the
/// one that only newer processors run. A test looks at the symbols.

#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <immintrin.h> // inline in every case, so no symbol comes of it
#endif

namespace xtape::detail {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t register_bytes = 64;
constexpr bool masks = true; ///< whether a part of a vector costs no more to load than all of it
#elif defined(__AVX__)
constexpr std::size_t register_bytes = 32;
constexpr bool masks = false;
#else
constexpr std::size_t register_bytes = 16;
constexpr bool masks = false;
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

/// The first n < lanes entries of a vector: those that are not read are `rest`, and what is not written
/// stays. A mask does both at once; through an array of their own they cost several times as much.
#if defined(__AVX512F__)
inline __mmask16 first(std::size_t n) { return static_cast<__mmask16>((1u << n) - 1); }

template <class T>
Vector<T> load_first(const T* from, std::size_t n, T rest) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm512_mask_loadu_ps(reinterpret_cast<__m512>(all<T>(rest)), first(n), from));
    else
        return reinterpret_cast<Vector<T>>(_mm512_mask_loadu_pd(reinterpret_cast<__m512d>(all<T>(rest)),
                                                                static_cast<__mmask8>(first(n)), from));
}
template <class T>
void store_first(T* to, Vector<T> v, std::size_t n) {
    if constexpr (sizeof(T) == 4)
        _mm512_mask_storeu_ps(to, first(n), reinterpret_cast<__m512>(v));
    else
        _mm512_mask_storeu_pd(to, static_cast<__mmask8>(first(n)), reinterpret_cast<__m512d>(v));
}

/// The same at the end of what is computed, which is soon read again: a store without a mask is forwarded to
/// the load that follows it, so half a vector is one of half the width.
template <class T>
Vector<T> load_last(const T* from, std::size_t n, T rest) {
    if (n != lanes<T> / 2) return load_first<T>(from, n, rest);
    return reinterpret_cast<Vector<T>>(_mm512_insertf64x4(
        reinterpret_cast<__m512d>(all<T>(rest)), _mm256_loadu_pd(reinterpret_cast<const double*>(from)), 0));
}
template <class T>
void store_last(T* to, Vector<T> v, std::size_t n) {
    if (n != lanes<T> / 2) return store_first<T>(to, v, n);
    _mm256_storeu_pd(reinterpret_cast<double*>(to), _mm512_castpd512_pd256(reinterpret_cast<__m512d>(v)));
}
#else
template <class T>
Vector<T> load_first(const T* from, std::size_t n, T rest) {
    T padded[lanes<T>];
    store<T>(padded, all<T>(rest));
    __builtin_memcpy(padded, from, n * sizeof(T));
    return load<T>(padded);
}
template <class T>
void store_first(T* to, Vector<T> v, std::size_t n) {
    T each[lanes<T>];
    store<T>(each, v);
    __builtin_memcpy(to, each, n * sizeof(T));
}
template <class T>
Vector<T> load_last(const T* from, std::size_t n, T rest) {
    return load_first<T>(from, n, rest);
}
template <class T>
void store_last(T* to, Vector<T> v, std::size_t n) {
    store_first<T>(to, v, n);
}
#endif

/// Rounds what x was computed as, before anything is computed with it: no fused operation takes in both.
template <class V>
void round_now(V& x) {
#if defined(__SSE2__)
    asm("" : "+v"(x));
#else
    asm("" : "+m"(x));
#endif
}

/// Lane i is lane Lane::of(i) of a and b, one after the other.
template <class T, class Lane, std::size_t n = lanes<T>, std::size_t... i>
struct Shuffled : Shuffled<T, Lane, n - 1, n - 1, i...> {};
template <class T, class Lane, std::size_t... i>
struct Shuffled<T, Lane, 0, i...> {
    static Vector<T> of(Vector<T> a, Vector<T> b) { return __builtin_shufflevector(a, b, Lane::of(i)...); }
};
template <class T, class Lane>
Vector<T> shuffled(Vector<T> a, Vector<T> b) {
    return Shuffled<T, Lane>::of(a, b);
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

#if defined(__AVX512F__)
/// For the forms of intrinsics that take a mask: of the others g++ 12 says that they are not initialised.
struct EveryLane {
    constexpr operator __mmask16() const { return 0xffff; }
    constexpr operator __mmask8() const { return 0xff; }
};
constexpr EveryLane every_lane;
#endif

/// a > b ? a : b and a < b ? a : b: b where one of them is NaN. g++ 12 makes two instructions or more of
/// these.
#if defined(__AVX512F__)
template <class T>
Vector<T> greater(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_max_ps(every_lane, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_max_pd(every_lane, reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b)));
}
template <class T>
Vector<T> lesser(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_min_ps(every_lane, reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm512_maskz_min_pd(every_lane, reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b)));
}
#elif defined(__AVX__)
template <class T>
Vector<T> greater(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm256_max_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm256_max_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b)));
}
template <class T>
Vector<T> lesser(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm256_min_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm256_min_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b)));
}
#elif defined(__SSE2__)
template <class T>
Vector<T> greater(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm_max_ps(reinterpret_cast<__m128>(a), reinterpret_cast<__m128>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm_max_pd(reinterpret_cast<__m128d>(a), reinterpret_cast<__m128d>(b)));
}
template <class T>
Vector<T> lesser(Vector<T> a, Vector<T> b) {
    if constexpr (sizeof(T) == 4)
        return reinterpret_cast<Vector<T>>(
            _mm_min_ps(reinterpret_cast<__m128>(a), reinterpret_cast<__m128>(b)));
    else
        return reinterpret_cast<Vector<T>>(
            _mm_min_pd(reinterpret_cast<__m128d>(a), reinterpret_cast<__m128d>(b)));
}
#else
template <class T>
Vector<T> greater(Vector<T> a, Vector<T> b) {
    return a > b ? a : b;
}
template <class T>
Vector<T> lesser(Vector<T> a, Vector<T> b) {
    return a < b ? a : b;
}
#endif

/// The greater or the lesser of x and a number; NaN stays.
template <class T>
Vector<T> at_least(Vector<T> x, T low) {
    return greater<T>(all<T>(low), x);
}
template <class T>
Vector<T> at_most(Vector<T> x, T high) {
    return lesser<T>(all<T>(high), x);
}

template <class T, class Mask>
bool any(Mask mask) {
    const Vector<T> lane = reinterpret_cast<Vector<T>>(mask);
#if defined(__AVX512F__)
    return _mm512_movepi32_mask(reinterpret_cast<__m512i>(lane)) != 0;
#elif defined(__AVX__)
    return _mm256_movemask_ps(reinterpret_cast<__m256>(lane)) != 0;
#elif defined(__SSE2__)
    return _mm_movemask_ps(reinterpret_cast<__m128>(lane)) != 0;
#else
    typename Format<T>::Bits result = 0;
    for (std::size_t i = 0; i < lanes<T>; ++i)
        result |= bits<T>(lane)[i];
    return result != 0;
#endif
}

#if defined(__AVX512F__)
/// Lane i is that entry of the table which the lowest four bits of index i name.
inline Vector<float> looked_up(const float (&table)[16], BitsVector<float> index) {
    return reinterpret_cast<Vector<float>>(
        _mm512_maskz_permutexvar_ps(every_lane, reinterpret_cast<__m512i>(index), _mm512_loadu_ps(table)));
}
#endif

/// f of vectors of double. Floats are computed in it too, half a vector at a time: they come out rounded as
/// good as rightly, for twice the time.
template <class T, class F, class... V>
Vector<T> in_double(F f, V... x) {
    if constexpr (sizeof(T) == 8) {
        return f(x...);
    } else {
        typedef float Half __attribute__((vector_size(register_bytes / 2)));
        const auto wide = [](const Vector<float>& v, std::size_t part) {
            Half half;
            __builtin_memcpy(&half, reinterpret_cast<const char*>(&v) + part * sizeof half, sizeof half);
            return __builtin_convertvector(half, Vector<double>);
        };
        Vector<float> result;
        for (std::size_t part = 0; part < 2; ++part) {
            const Half half = __builtin_convertvector(f(wide(x, part)...), Half);
            __builtin_memcpy(reinterpret_cast<char*>(&result) + part * sizeof half, &half, sizeof half);
        }
        return result;
    }
}

} // namespace
} // namespace xtape::detail
