#include <xtape/autodiff/compile/compound.hpp>
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

/// By the operation's name; operands come first, then attributes.
constexpr std::pair<std::string_view, Primitive> primitives[] = {
    {"xtape::add", Primitive::add},
    {"xtape::subtract", Primitive::subtract},
    {"xtape::multiply", Primitive::multiply},
    {"xtape::divide", Primitive::divide},
    {"xtape::negative", Primitive::negative},
    {"xtape::square", Primitive::square},
    {"xtape::reciprocal", Primitive::reciprocal},
    {"xtape::sqrt", Primitive::sqrt},
    {"xtape::exp", Primitive::exp},
    {"xtape::expm1", Primitive::expm1},
    {"xtape::log", Primitive::log},
    {"xtape::log1p", Primitive::log1p},
    {"xtape::tanh", Primitive::tanh},
    {"xtape::sigmoid", Primitive::sigmoid},
    {"xtape::softplus", Primitive::softplus},
    {"xtape::relu", Primitive::relu},
    {"xtape::leaky_relu", Primitive::leaky_relu},
    {"xtape::silu", Primitive::silu},
    {"xtape::elu", Primitive::elu},
    {"xtape::erf", Primitive::erf},
    {"xtape::erfc", Primitive::erfc},
    {"xtape::gelu", Primitive::gelu},
    {"xtape::exp2", Primitive::exp2},
    {"xtape::log2", Primitive::log2},
    {"xtape::log10", Primitive::log10},
    {"xtape::pow", Primitive::pow},
    {"xtape::sinh", Primitive::sinh},
    {"xtape::cosh", Primitive::cosh},
    {"xtape::sin", Primitive::sin},
    {"xtape::cos", Primitive::cos},
    {"xtape::tan", Primitive::tan},
    {"xtape::abs", Primitive::abs},
    {"xtape::maximum", Primitive::maximum},
    {"xtape::minimum", Primitive::minimum},
    {"xtape::clip", Primitive::clip},
    {"xtape::where", Primitive::choose},
    {"xtape::less", Primitive::less},
    {"xtape::less_equal", Primitive::less_equal},
    {"xtape::equal", Primitive::equal},
    {"xtape::not_equal", Primitive::not_equal},
    {"xtape::not", Primitive::negation},
    {"xtape::and", Primitive::conjunction},
    {"xtape::or", Primitive::disjunction},
};

/// The same of those that are computed number by number, by the standard library's functions.
template <class T>
std::unordered_map<std::string_view, BlockKernel<T>> loops() {
    using R = Real<T>;
    return {
        {"xtape::cbrt", loop<T>([](R a) { return cbrt(a); })},
        {"xtape::hypot", loop<T>([](R a, R b) { return hypot(a, b); })},
        {"xtape::logaddexp", loop<T>([](R a, R b) { return logaddexp(a, b); })},
        {"xtape::asin", loop<T>([](R a) { return asin(a); })},
        {"xtape::acos", loop<T>([](R a) { return acos(a); })},
        {"xtape::atan", loop<T>([](R a) { return atan(a); })},
        {"xtape::atan2", loop<T>([](R a, R b) { return atan2(a, b); })},
        {"xtape::asinh", loop<T>([](R a) { return asinh(a); })},
        {"xtape::acosh", loop<T>([](R a) { return acosh(a); })},
        {"xtape::atanh", loop<T>([](R a) { return atanh(a); })},
        {"xtape::erfinv", loop<T>([](R a) { return erfinv(a); })},
        {"xtape::lgamma", loop<T>([](R a) { return lgamma(a); })},
        {"xtape::digamma", loop<T>([](R a) { return digamma(a); })},
        {"xtape::polygamma", loop<T>([](R a, R order) { return polygamma(order, a); })},
        {"xtape::sign", loop<T>([](R a) { return sign(a); })},
    };
}

} // namespace

template <std::floating_point T>
BlockKernel<T> block_kernel(const Op& op) {
    // By identity: an operation of a user that bears a name of the library's is another one.
    static const auto kernels = [] {
        std::unordered_map<const Definition*, BlockKernel<T>> result;
        auto named = loops<T>();
        for (const auto& [name, primitive] : primitives)
            named.emplace(name, block_kernels<T>()[primitive]);
        for (const Op& builtin : builtin_ops())
            if (const auto it = named.find(builtin.name()); it != named.end())
                result.emplace(&builtin.definition(), it->second);
        const auto compound = [&](const Op& made, Primitive primitive) {
            result.emplace(&made.definition(), block_kernels<T>()[primitive]);
        };
        compound(decay_op(), Primitive::decay);
        compound(log1p_of_fraction_op(), Primitive::log1p_of_fraction);
        compound(certainty_op(), Primitive::certainty);
        compound(logistic_op(), Primitive::logistic);
        compound(opposite_logistic_op(), Primitive::opposite_logistic);
        compound(logistic_slope_op(), Primitive::logistic_slope);
        compound(tanh_slope_op(), Primitive::tanh_slope);
        return result;
    }();
    const auto it = kernels.find(&op.definition());
    return it == kernels.end() ? nullptr : it->second;
}

template BlockKernel<float> block_kernel(const Op&);
template BlockKernel<double> block_kernel(const Op&);

} // namespace xtape::detail
