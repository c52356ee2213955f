/// tanh: by e^2x, but of floats piece by piece where an instruction looks up coefficients.
///
/// Errors are below 3 units in the last place in every instruction set. The worst that benchmark_ulps saw of
/// all floats was 1.11 of pieces and 2.53 otherwise, and of 2.7 · 10⁸ doubles 2.62.

#pragma once

#include <xtape/autodiff/compile/simd/functions.hpp>

namespace xtape::detail {
namespace {

/// t/(t + 2) with t = e^2a − 1, of a ≥ 0
template <class T>
Vector<T> tanh_of_magnitude(Vector<T> a) {
    const T most = sizeof(T) == 4 ? static_cast<T>(10) : static_cast<T>(22); // from here on it is 1
    const auto [n, r] = reduce<T>(static_cast<T>(2) * at_most<T>(a, most));
    const Vector<T> scale = power_of_two<T>(n), t = reduced_expm1<T>(r) * scale + (scale - static_cast<T>(1));
    return t / (t + static_cast<T>(2));
}

#if defined(__AVX512F__)
/// tanh on pieces of [0, ∞), as polynomials in the distance from where a piece begins: row k has the
/// coefficients of its k-th power. The upper eleven bits of |x| + 1 name the piece, the lowest four of these
/// its column: four pieces of ¼ from 0, which is column 12, four of ½ from 1, four of 1 from 3, one from 7;
/// and from 9 on it is 1. Found in 40 digits by least squares whose weights are driven to an even error,
/// where each coefficient is rounded before the next ones are fitted again. They are off by less than 0.5
/// units in the last place, most of which is the rounding of the first one.
constexpr float tanh_pieces[7][16] = {
    {0x1.85efacp-1f, 0x1.cf6f98p-1f, 0x1.ed9506p-1f, 0x1.f92582p-1f, 0x1.fd77d2p-1f, 0x1.ffa818p-1f,
     0x1.fff41ap-1f, 0x1.fffe64p-1f, 0x1.ffffc8p-1f, 1, 1, 1, 0, 0x1.f597eap-3f, 0x1.d9353ep-2f,
     0x1.45323ep-1f},
    {0x1.ae0d2p-2f, 0x1.721566p-3f, 0x1.216242p-4f, 0x1.b3b678p-6f, 0x1.433808p-7f, 0x1.5efb7p-10f,
     0x1.7a2aeep-13f, 0x1.90c974p-16f, 0x1.d9ab56p-19f, 0, 0, 0, 0x1p+0f, 0x1.e149dp-1f, 0x1.92a8f2p-1f,
     0x1.31740ep-1f},
    {-0x1.477adcp-2f, -0x1.4ee944p-3f, -0x1.16ee9ap-4f, -0x1.ae7294p-6f, -0x1.40c10ap-7f, -0x1.58e238p-10f,
     -0x1.5e027ep-13f, -0x1.165fc6p-16f, -0x1.2cc44p-18f, 0, 0, 0, -0x1.269942p-20f, -0x1.d7a68p-3f,
     -0x1.7404acp-2f, -0x1.8424e2p-2f},
    {0x1.a7305p-4f, 0x1.66b47p-4f, 0x1.583feap-5f, 0x1.1bde96p-6f, 0x1.9f689p-8f, 0x1.9ba258p-11f,
     0x1.e81f74p-15f, -0x1.27e64cp-16f, 0x1.3574ccp-18f, 0, 0, 0, -0x1.5544c8p-2f, -0x1.05da5ap-2f,
     -0x1.8bfffp-4f, 0x1.67e4c8p-5f},
    {0x1.cfd6c6p-6f, -0x1.8fca92p-6f, -0x1.20379p-6f, -0x1.2db07ep-7f, -0x1.7464fep-9f, -0x1.dff7cep-13f,
     0x1.0369aap-14f, 0x1.e2407ep-15f, -0x1.bb2328p-19f, 0, 0, 0, -0x1.364e42p-10f, 0x1.0a672p-3f,
     0x1.7bca56p-3f, 0x1.56b472p-4f},
    {-0x1.791556p-5f, -0x1.2e5562p-9f, 0x1.1f9e5p-8f, 0x1.3ed89ap-8f, 0x1.a6be96p-11f, -0x1.1ad50cp-15f,
     -0x1.6d2668p-14f, -0x1.d0a9bap-15f, 0x1.5bfc62p-20f, 0, 0, 0, 0x1.250956p-3f, 0x1.b46fb6p-4f,
     -0x1.b9c72p-4f, -0x1.2147b2p-7f},
    {0x1.1eedacp-6f, 0x1.f70278p-9f, -0x1.218716p-12f, -0x1.0180bcp-9f, -0x1.b63a44p-14f, 0x1.1dfc7ep-15f,
     0x1.0d47eap-15f, 0x1.3c9084p-16f, -0x1.b5bb28p-23f, 0, 0, 0, -0x1.2eea28p-5f, -0x1.df4524p-4f,
     0x1.322976p-4f, -0x1.0ef3d6p-4f}};

template <>
Vector<float> tanh_of_magnitude<float>(Vector<float> a) {
    constexpr int unseen = Format<float>::mantissa - 2;
    a = at_most<float>(a, 10); // for the sake of infinity
    const BitsVector<float> piece = bits<float>(a + 1.0f) >> unseen;
    const Vector<float> t = a - (from_bits<float>(piece << unseen) - 1.0f);
    const auto coefficient = [&](int k) { return looked_up(tanh_pieces[k], piece); };
    const Vector<float> square = t * t,
                        from_fourth = coefficient(4) + t * coefficient(5) + square * coefficient(6);
    return coefficient(0) +
           t * (coefficient(1) + t * (coefficient(2) + t * coefficient(3) + square * from_fourth));
}

#endif

template <class T>
Vector<T> tanh(Vector<T> x) {
    return with_sign<T>(tanh_of_magnitude<T>(magnitude<T>(x)), x);
}

} // namespace
} // namespace xtape::detail
