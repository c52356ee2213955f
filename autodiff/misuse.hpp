#pragma once

/// One sentence where xtensor's functions meet a Var, in place of a page of candidates.

#include <xtape/autodiff/var.hpp>

namespace xtape::detail {

template <class V>
concept IsVar = std::same_as<std::remove_cvref_t<V>, Var>;

template <IsVar V>
Var not_an_expression(V&& var) {
    static_assert(never<V>,
                  "xtape: a Var is not an xtensor expression: write exp(x), sum(x, {1}) or matmul(a, b) of "
                  "xtape in place of xt::exp(x), xt::sum(x, {1}) or xt::linalg::dot(a, b)");
    return var;
}

} // namespace xtape::detail

namespace xt {

// Each is a better match than xtensor's own template, so that the sentence is all that the compiler says.
template <xtape::detail::IsVar V, class... R>
xtape::Var abs(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var exp(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var expm1(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var log(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var log1p(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var sqrt(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var square(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var pow(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var sin(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var cos(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var tan(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var asin(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var acos(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var atan(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var sinh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var cosh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var tanh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var asinh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var acosh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var atanh(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var sign(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var clip(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var where(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var maximum(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var minimum(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var sum(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var prod(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var mean(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var amax(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var amin(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}
template <xtape::detail::IsVar V, class... R>
xtape::Var transpose(V&& v, R&&...) {
    return xtape::detail::not_an_expression(v);
}

} // namespace xt
