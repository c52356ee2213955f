#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/ops.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace xtape::detail {
namespace {

/// What a function of Reals gives, as a number.
template <class T>
T number(Real<T> x) {
    return x.value;
}
template <class T>
T number(Truth x) {
    return static_cast<T>(x.value());
}

template <class T, class F>
void unary(T* out, const T* const* in, std::size_t n) {
    const T* a = in[0];
    for (std::size_t i = 0; i < n; ++i)
        out[i] = number<T>(F()(Real<T>(a[i])));
}

template <class T, class F>
void binary(T* out, const T* const* in, std::size_t n) {
    const T *a = in[0], *b = in[1];
    for (std::size_t i = 0; i < n; ++i)
        out[i] = number<T>(F()(Real<T>(a[i]), Real<T>(b[i])));
}

template <class T, class F>
void ternary(T* out, const T* const* in, std::size_t n) {
    const T *a = in[0], *b = in[1], *c = in[2];
    for (std::size_t i = 0; i < n; ++i)
        out[i] = number<T>(F()(Real<T>(a[i]), Real<T>(b[i]), Real<T>(c[i])));
}

/// The loop of a function, by how many numbers it takes.
template <class T, class F>
BlockKernel<T> loop(F) {
    if constexpr (std::invocable<F, Real<T>>)
        return unary<T, F>;
    else if constexpr (std::invocable<F, Real<T>, Real<T>>)
        return binary<T, F>;
    else
        return ternary<T, F>;
}

template <class T>
Truth truth(Real<T> x) {
    return x != 0;
}

/// By the operation's name; operands come first, then attributes.
template <class T>
std::unordered_map<std::string_view, BlockKernel<T>> loops() {
    using R = Real<T>;
    return {
        {"xtape::add", loop<T>([](R a, R b) { return a + b; })},
        {"xtape::subtract", loop<T>([](R a, R b) { return a - b; })},
        {"xtape::multiply", loop<T>([](R a, R b) { return a * b; })},
        {"xtape::divide", loop<T>([](R a, R b) { return a / b; })},
        {"xtape::negative", loop<T>([](R a) { return -a; })},
        {"xtape::square", loop<T>([](R a) { return square(a); })},
        {"xtape::reciprocal", loop<T>([](R a) { return reciprocal(a); })},
        {"xtape::sqrt", loop<T>([](R a) { return sqrt(a); })},
        {"xtape::cbrt", loop<T>([](R a) { return cbrt(a); })},
        {"xtape::pow", loop<T>([](R a, R b) { return pow(a, b); })},
        {"xtape::hypot", loop<T>([](R a, R b) { return hypot(a, b); })},
        {"xtape::exp", loop<T>([](R a) { return exp(a); })},
        {"xtape::exp2", loop<T>([](R a) { return exp2(a); })},
        {"xtape::expm1", loop<T>([](R a) { return expm1(a); })},
        {"xtape::log", loop<T>([](R a) { return log(a); })},
        {"xtape::log2", loop<T>([](R a) { return log2(a); })},
        {"xtape::log10", loop<T>([](R a) { return log10(a); })},
        {"xtape::log1p", loop<T>([](R a) { return log1p(a); })},
        {"xtape::logaddexp", loop<T>([](R a, R b) { return logaddexp(a, b); })},
        {"xtape::sin", loop<T>([](R a) { return sin(a); })},
        {"xtape::cos", loop<T>([](R a) { return cos(a); })},
        {"xtape::tan", loop<T>([](R a) { return tan(a); })},
        {"xtape::asin", loop<T>([](R a) { return asin(a); })},
        {"xtape::acos", loop<T>([](R a) { return acos(a); })},
        {"xtape::atan", loop<T>([](R a) { return atan(a); })},
        {"xtape::atan2", loop<T>([](R a, R b) { return atan2(a, b); })},
        {"xtape::sinh", loop<T>([](R a) { return sinh(a); })},
        {"xtape::cosh", loop<T>([](R a) { return cosh(a); })},
        {"xtape::tanh", loop<T>([](R a) { return tanh(a); })},
        {"xtape::asinh", loop<T>([](R a) { return asinh(a); })},
        {"xtape::acosh", loop<T>([](R a) { return acosh(a); })},
        {"xtape::atanh", loop<T>([](R a) { return atanh(a); })},
        {"xtape::erf", loop<T>([](R a) { return erf(a); })},
        {"xtape::erfc", loop<T>([](R a) { return erfc(a); })},
        {"xtape::erfinv", loop<T>([](R a) { return erfinv(a); })},
        {"xtape::lgamma", loop<T>([](R a) { return lgamma(a); })},
        {"xtape::digamma", loop<T>([](R a) { return digamma(a); })},
        {"xtape::polygamma", loop<T>([](R a, R order) { return polygamma(order, a); })},
        {"xtape::sigmoid", loop<T>([](R a) { return sigmoid(a); })},
        {"xtape::softplus", loop<T>([](R a) { return softplus(a); })},
        {"xtape::relu", loop<T>([](R a) { return relu(a); })},
        {"xtape::leaky_relu", loop<T>([](R a, R slope) { return leaky_relu(a, slope); })},
        {"xtape::elu", loop<T>([](R a, R alpha) { return elu(a, alpha); })},
        {"xtape::silu", loop<T>([](R a) { return silu(a); })},
        {"xtape::gelu", loop<T>([](R a) { return gelu(a); })},
        {"xtape::abs", loop<T>([](R a) { return abs(a); })},
        {"xtape::sign", loop<T>([](R a) { return sign(a); })},
        {"xtape::maximum", loop<T>([](R a, R b) { return maximum(a, b); })},
        {"xtape::minimum", loop<T>([](R a, R b) { return minimum(a, b); })},
        {"xtape::clip", loop<T>([](R a, R low, R high) { return clip(a, low, high); })},
        {"xtape::where", loop<T>([](R m, R a, R b) { return where(truth(m), a, b); })},
        {"xtape::less", loop<T>([](R a, R b) { return a < b; })},
        {"xtape::less_equal", loop<T>([](R a, R b) { return a <= b; })},
        {"xtape::equal", loop<T>([](R a, R b) { return a == b; })},
        {"xtape::not_equal", loop<T>([](R a, R b) { return a != b; })},
        {"xtape::not", loop<T>([](R a) { return !truth(a); })},
        {"xtape::and", loop<T>([](R a, R b) { return truth(a) & truth(b); })},
        {"xtape::or", loop<T>([](R a, R b) { return truth(a) | truth(b); })},
    };
}

} // namespace

template <std::floating_point T>
BlockKernel<T> block_kernel(const Op& op) {
    // By identity: an operation of a user that bears a name of the library's is another one.
    static const auto kernels = [] {
        std::unordered_map<const Definition*, BlockKernel<T>> result;
        const auto named = loops<T>();
        for (const Op& builtin : builtin_ops())
            if (const auto it = named.find(builtin.name()); it != named.end())
                result.emplace(&builtin.definition(), it->second);
        return result;
    }();
    const auto it = kernels.find(&op.definition());
    return it == kernels.end() ? nullptr : it->second;
}

template <std::floating_point T>
BlockKernel<T> copy_kernel() {
    return [](T* out, const T* const* in, std::size_t n) { std::copy(in[0], in[0] + n, out); };
}

template <std::floating_point T>
T block_sum(const T* in, std::size_t n) {
    constexpr std::size_t lanes = 16;
    T partial[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (std::size_t k = 0; k < lanes; ++k)
            partial[k] += in[i + k];
    for (std::size_t k = 0; i < n; ++i, ++k)
        partial[k] += in[i];
    for (std::size_t half = lanes / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k)
            partial[k] += partial[k + half];
    return partial[0];
}

template BlockKernel<float> block_kernel(const Op&);
template BlockKernel<double> block_kernel(const Op&);
template BlockKernel<float> copy_kernel();
template BlockKernel<double> copy_kernel();
template float block_sum(const float*, std::size_t);
template double block_sum(const double*, std::size_t);

} // namespace xtape::detail
