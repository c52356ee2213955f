/// The loops themselves, for the instruction set for which the includer is compiled.

#pragma once

#include <xtape/autodiff/compile/simd/functions.hpp>
#include <xtape/autodiff/compile/simd/kernels.hpp>
#include <xtape/autodiff/compile/simd/products.hpp>
#include <xtape/autodiff/compile/simd/tails.hpp>
#include <xtape/autodiff/compile/simd/tanh.hpp>
#include <xtape/autodiff/compile/simd/trigonometric.hpp>

namespace xtape::detail {
namespace {

/// F of whole vectors, where operand `number`, if any, is one entry. What is left at the end goes through the
/// same code, padded with ones. All that F calls is made a part of the loop: a call would write every
/// register to memory, constants among them.
template <class T, class F, std::size_t operands, std::size_t number = most_operands>
[[gnu::flatten]] void loop(T* out, const T* const* in, std::size_t n) {
    constexpr std::size_t width = lanes<T>;
    const Vector<T> repeated = number < operands ? all<T>(*in[number]) : Vector<T>{};
    const auto apply = [&](auto entries) {
        const auto operand = [&](std::size_t k) { return k == number ? repeated : entries(in[k]); };
        if constexpr (operands == 1)
            return F()(operand(0));
        else if constexpr (operands == 2)
            return F()(operand(0), operand(1));
        else
            return F()(operand(0), operand(1), operand(2));
    };
    std::size_t i = 0;
    for (; i + width <= n; i += width)
        store<T>(out + i, apply([i](const T* from) { return load<T>(from + i); }));
    if (i == n) return;
    const std::size_t rest = n - i;
    store_last<T>(out + i, apply([i, rest](const T* from) { return load_last<T>(from + i, rest, 1); }), rest);
}

/// What folding begins with.
template <class T>
constexpr T neutral(Fold fold) {
    return fold == Fold::sum ? T{0} : fold == Fold::maximum ? -Format<T>::infinity : Format<T>::infinity;
}

template <class T, Fold how>
Vector<T> together(Vector<T> a, Vector<T> b) {
    if constexpr (how == Fold::sum)
        return a + b;
    else if constexpr (how == Fold::maximum)
        return maximum<T>(a, b);
    else
        return minimum<T>(a, b);
}

template <std::size_t half>
struct UpperHalf {
    static constexpr std::size_t of(std::size_t i) { return i < half ? i + half : i; }
};

/// The first lane after the upper half was folded into the lower, and again.
template <class T, Fold how, std::size_t half>
T halves(Vector<T> v) {
    if constexpr (half == 0)
        return v[0];
    else
        return halves<T, how, half / 2>(together<T, how>(v, shuffled<T, UpperHalf<half>>(v, v)));
}

template <class T, Fold how>
T fold(const T* in, std::size_t n) {
    constexpr std::size_t width = lanes<T>, registers = 256 / register_bytes, many = registers * width;
    if (n <= width)
        return halves<T, how, width / 2>(n == width ? load<T>(in) : load_last<T>(in, n, neutral<T>(how)));
    Vector<T> partial[registers];
    for (Vector<T>& p : partial)
        p = all<T>(neutral<T>(how));
    std::size_t i = 0;
    for (; i + many <= n; i += many)
        for (std::size_t k = 0; k < registers; ++k)
            partial[k] = together<T, how>(partial[k], load<T>(in + i + k * width));
            // Unrolled, so that the partial results stay in registers.
#pragma GCC unroll 16
    for (std::size_t k = 0; k < registers; ++k, i += width) {
        if (i + width <= n)
            partial[k] = together<T, how>(partial[k], load<T>(in + i));
        else if (i < n)
            partial[k] = together<T, how>(partial[k], load_first<T>(in + i, n - i, neutral<T>(how)));
    }
    // Halves of registers, then halves of the last.
    for (std::size_t half = registers / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k)
            partial[k] = together<T, how>(partial[k], partial[k + half]);
    return halves<T, how, width / 2>(partial[0]);
}

template <class T, Fold how>
void fold_each(T* to, std::ptrdiff_t stride, const T* in, std::size_t rows, std::size_t n, T scale) {
    for (; rows-- > 0; to += stride, in += n) {
        const T folded = scale * fold<T, how>(in, n);
        *to = together<T, how>(all<T>(*to), all<T>(folded))[0];
    }
}

template <class T, Fold how>
void fold_rows(T* to, const T* in, std::size_t rows, std::size_t n) {
    std::size_t i = 0;
    const auto columns = [&](auto entries) {
        Vector<T> folded = entries(to + i);
        for (std::size_t row = 0; row < rows; ++row)
            folded = together<T, how>(folded, entries(in + row * n + i));
        return folded;
    };
    for (; i + lanes<T> <= n; i += lanes<T>)
        store<T>(to + i, columns(load<T>));
    if (const std::size_t rest = n - i; rest > 0)
        store_first<T>(to + i, columns([rest](const T* from) { return load_first<T>(from, rest, 0); }), rest);
}

template <class T>
void spread(T* to, const T* from, std::ptrdiff_t stride, bool number, std::size_t rows, std::size_t n) {
    for (; rows-- > 0; from += stride) {
        const Vector<T> repeated = number ? all<T>(*from) : Vector<T>{};
        std::size_t i = 0;
        for (; i + lanes<T> <= n; i += lanes<T>, to += lanes<T>)
            store<T>(to, number ? repeated : load<T>(from + i));
        const std::size_t rest = n - i;
        if (rest > 0) store_first<T>(to, number ? repeated : load_first<T>(from + i, rest, 0), rest);
        to += rest;
    }
}

template <class T>
Vector<T> square_root(Vector<T> x) {
    T each[lanes<T>];
    store<T>(each, x);
    for (T& value : each)
        value = sizeof(T) == 4 ? static_cast<T>(__builtin_sqrtf(static_cast<float>(value)))
                               : static_cast<T>(__builtin_sqrt(static_cast<double>(value)));
    return load<T>(each);
}

template <class T, class Mask>
Vector<T> number(Mask mask) {
    return mask ? all<T>(static_cast<T>(1)) : Vector<T>{};
}

template <class T>
constexpr BlockKernels<T> table() {
    using V = Vector<T>;
    constexpr T zero = 0, one = 1;
    BlockKernels<T> t{};
    const auto unary = [&](Primitive p, auto f) {
        t.of[static_cast<std::size_t>(p)] = loop<T, decltype(f), 1>;
    };
    const auto binary = [&](Primitive p, auto f) {
        t.of[static_cast<std::size_t>(p)] = loop<T, decltype(f), 2>;
    };
    const auto ternary = [&](Primitive p, auto f) {
        t.of[static_cast<std::size_t>(p)] = loop<T, decltype(f), 3>;
    };
    // Those that are so quick that to read a number again and again would be seen.
    const auto of_two = [&](Primitive p, auto f) {
        using F = decltype(f);
        binary(p, f);
        t.of_number[static_cast<std::size_t>(p)][0] = loop<T, F, 2, 0>;
        t.of_number[static_cast<std::size_t>(p)][1] = loop<T, F, 2, 1>;
    };
    const auto of_three = [&](Primitive p, auto f) {
        using F = decltype(f);
        ternary(p, f);
        t.of_number[static_cast<std::size_t>(p)][0] = loop<T, F, 3, 0>;
        t.of_number[static_cast<std::size_t>(p)][1] = loop<T, F, 3, 1>;
        t.of_number[static_cast<std::size_t>(p)][2] = loop<T, F, 3, 2>;
    };
    using enum Primitive;
    unary(copy, [](V a) { return a; });
    of_two(add, [](V a, V b) { return a + b; });
    of_two(subtract, [](V a, V b) { return a - b; });
    of_two(multiply, [](V a, V b) { return a * b; });
    of_two(divide, [](V a, V b) { return a / b; });
    unary(negative, [](V a) { return -a; });
    unary(square, [](V a) { return a * a; });
    unary(reciprocal, [](V a) { return one / a; });
    unary(Primitive::sqrt, [](V a) { return square_root<T>(a); });
    unary(Primitive::abs, [](V a) { return magnitude<T>(a); });
    unary(Primitive::exp, [](V a) { return detail::exp<T>(a); });
    unary(Primitive::expm1, [](V a) { return detail::expm1<T>(a); });
    unary(Primitive::log, [](V a) { return detail::log<T>(a); });
    unary(Primitive::log1p, [](V a) { return detail::log1p<T>(a); });
    unary(Primitive::tanh, [](V a) { return detail::tanh<T>(a); });
    unary(Primitive::sigmoid, [](V a) { return detail::sigmoid<T>(a); });
    unary(Primitive::softplus, [](V a) { return detail::softplus<T>(a); });
    unary(Primitive::decay, [](V a) { return detail::decay<T>(a); });
    unary(Primitive::log1p_of_fraction, [](V e) { return detail::log1p_of_fraction<T>(e); });
    unary(certainty, [](V e) { return one / (one + e); });
    ternary(Primitive::logistic, [](V a, V e, V c) { return a < zero ? e * c : c; });
    ternary(Primitive::opposite_logistic, [](V a, V e, V c) { return a > zero ? e * c : c; });
    binary(Primitive::logistic_slope, [](V e, V c) { return e * c * c; });
    of_two(one_term, [](V a, V b) { return a * b + zero; });
    of_three(multiply_add, [](V a, V b, V c) { return a * b + c; });
    of_three(multiply_subtract, [](V a, V b, V c) { return a * b - c; });
    of_three(subtract_product, [](V a, V b, V c) { return c - a * b; });
    binary(tanh_slope, [](V g, V a) { return g * (one - a * a); });
    unary(silu, [](V a) { return a * detail::sigmoid<T>(a); });
    binary(elu, [](V a, V alpha) { return a > zero ? a : alpha * detail::expm1<T>(a); });
    unary(Primitive::erf, [](V a) { return detail::erf<T>(a); });
    unary(Primitive::exp2, [](V a) { return in_double<T>([](Doubles x) { return detail::exp2(x); }, a); });
    unary(Primitive::log2, [](V a) { return in_double<T>([](Doubles x) { return detail::log2<T>(x); }, a); });
    unary(Primitive::log10,
          [](V a) { return in_double<T>([](Doubles x) { return detail::log10<T>(x); }, a); });
    unary(Primitive::sinh, [](V a) { return in_double<T>([](Doubles x) { return detail::sinh(x); }, a); });
    unary(Primitive::cosh, [](V a) { return in_double<T>([](Doubles x) { return detail::cosh(x); }, a); });
    unary(Primitive::sin, [](V a) { return in_double<T>([](Doubles x) { return detail::sin(x); }, a); });
    unary(Primitive::cos, [](V a) { return in_double<T>([](Doubles x) { return detail::cos(x); }, a); });
    unary(Primitive::tan, [](V a) { return in_double<T>([](Doubles x) { return detail::tan(x); }, a); });
    unary(Primitive::erfc, [](V a) { return in_double<T>([](Doubles x) { return detail::erfc<T>(x); }, a); });
    unary(Primitive::gelu, [](V a) { return in_double<T>([](Doubles x) { return detail::gelu<T>(x); }, a); });
    binary(Primitive::pow, [](V a, V b) {
        return in_double<T>([](Doubles x, Doubles y) { return detail::pow<T>(x, y); }, a, b);
    });
    unary(relu, [](V a) { return detail::maximum<T>(a, V{}); });
    of_two(leaky_relu, [](V a, V slope) { return a > zero ? a : slope * a; });
    of_two(Primitive::maximum, [](V a, V b) { return detail::maximum<T>(a, b); });
    of_two(Primitive::minimum, [](V a, V b) { return detail::minimum<T>(a, b); });
    ternary(clip, [](V a, V low, V high) { return detail::minimum<T>(detail::maximum<T>(a, low), high); });
    of_three(choose, [](V m, V a, V b) { return m != zero ? a : b; });
    of_two(less, [](V a, V b) { return number<T>(a < b); });
    of_two(less_equal, [](V a, V b) { return number<T>(a <= b); });
    of_two(equal, [](V a, V b) { return number<T>(a == b); });
    of_two(not_equal, [](V a, V b) { return number<T>(a != b); });
    unary(negation, [](V a) { return number<T>(a == zero); });
    binary(conjunction, [](V a, V b) { return number<T>((a != zero) & (b != zero)); });
    binary(disjunction, [](V a, V b) { return number<T>((a != zero) | (b != zero)); });
    const auto folds = [&]<Fold how>() {
        t.fold_each[static_cast<std::size_t>(how)] = fold_each<T, how>;
        t.fold_rows[static_cast<std::size_t>(how)] = fold_rows<T, how>;
    };
    folds.template operator()<Fold::sum>();
    folds.template operator()<Fold::maximum>();
    folds.template operator()<Fold::minimum>();
    t.spread = spread<T>;
    t.product_kernel = product_kernel<T>;
    t.most_multiplications = most_multiplications;
    return t;
}

} // namespace
} // namespace xtape::detail
