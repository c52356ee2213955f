#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/axes.hpp>
#include <xtape/autodiff/ops/exponential.hpp>
#include <xtape/autodiff/ops/piecewise.hpp>
#include <xtape/autodiff/ops/reductions.hpp>
#include <xtape/autodiff/ops/shaping.hpp>
#include <xtape/autodiff/ops/slicing.hpp>
#include <xtape/autodiff/ops/strided.hpp>
#include <xtape/autodiff/records.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace xtape {
namespace {

constexpr long double infinity = std::numeric_limits<long double>::infinity();

Shape reduced_shape(const Signature& s) {
    const Axes& axes = s.attributes().axes("axes");
    const bool keep = s.attributes().integer("keep") != 0;
    std::vector<Dim> dims;
    for (std::size_t axis = 0; axis < s.shape().rank(); ++axis) {
        if (!std::ranges::binary_search(axes, static_cast<std::int64_t>(axis)))
            dims.push_back(s.shape()[axis]);
        else if (keep)
            dims.emplace_back(1);
    }
    return Shape(std::move(dims));
}

/// Combines all entries that fall on one entry of the result: fold(result so far, entry), beginning from what
/// `allocate` gave, or from the first entry where `begin` is empty.
template <class T, class Fold>
void reduce(Call<T>& call, std::optional<T> begin, Fold fold) {
    const AnyArray& x = call.operand(0);
    T* to = call.allocate();
    const std::size_t size = size_of(call.extents());
    if (begin)
        std::fill(to, to + size, *begin);
    else if (x.size() == 0 && size > 0)
        call.template fail<ArgumentError>(
            fmt::format("a reduction over no entries of an array {} has no largest or smallest one.",
                        to_string(x.extents())));
    std::vector<bool> seen(begin ? 0 : size, false);
    const T* from = x.data<T>();
    detail::for_each_position(x.extents(),
                              detail::reduced_strides(x.extents(), call.attributes().axes("axes")),
                              [&](std::size_t i, std::ptrdiff_t at) {
                                  const auto k = static_cast<std::size_t>(at);
                                  const bool first = !begin && !seen[k];
                                  to[k] = first ? from[i] : fold(to[k], from[i]);
                                  if (first) seen[k] = true;
                              });
}

/// Over one axis, several, all and none; of one entry and of none.
std::vector<Sample> reduction_samples(Draw& draw) {
    const auto sample = [&](const Extents& extents, const Axes& axes, std::int64_t keep) {
        return Sample{{draw.distinct(extents)}, {{"axes", axes}, {"keep", keep}}};
    };
    return {sample({2, 3}, {1}, 0),       sample({2, 3}, {0}, 1), sample({2, 3}, {0, 1}, 0),
            sample({2, 3, 4}, {0, 2}, 1), sample({2, 3}, {}, 0),  sample({3, 1}, {1}, 0),
            sample({1}, {0}, 0),          sample({2, 0}, {0}, 0)};
}

/// For each entry of the result, the position of the first operand's entry that no other one beats.
template <class Beats>
Array<long double> position_of_best(const Call<long double>& call, Beats beats) {
    const AnyArray& x = call.operand(0);
    auto best = Array<long double>::from_shape(call.extents());
    best.fill(-1);
    const long double* from = x.data<long double>();
    detail::for_each_position(x.extents(),
                              detail::reduced_strides(x.extents(), call.attributes().axes("axes")),
                              [&](std::size_t i, std::ptrdiff_t at) {
                                  long double& held = best.data()[at];
                                  if (held < 0 || beats(from[i], from[static_cast<std::size_t>(held)]))
                                      held = static_cast<long double>(i);
                              });
    return best;
}

template <class T>
using value_of = typename std::decay_t<T>::value_type;

/// What has a reduced shape, with the reduced axes put back so that it broadcasts against the operand.
Var put_back(const Var& reduced, const Pullback& p) {
    const Axes& axes = p.attributes().axes("axes");
    return p.attributes().integer("keep") != 0 || axes.empty() ? reduced : expand_dims(reduced, axes);
}

Var shared_by_ties(const Pullback& p) {
    const Var ties = where(p.input() == put_back(p.output(), p), 1, 0);
    const Var count = sum(ties, p.attributes().axes("axes"), Keep::dims);
    return put_back(p.cotangent(), p) * (ties / count);
}

const Op sum_op =
    operation("xtape::sum")
        .operands({Kind::real})
        .shape(reduced_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            reduce<T>(call, T{0}, [](T a, T b) { return a + b; });
        })
        .vjp([](const Pullback& p) { return broadcast_to(put_back(p.cotangent(), p), p.input().shape()); })
        .notation("Σ {0}", R"(\sum {0})", 15)
        .samples(reduction_samples);

const Op amax_op =
    operation("xtape::amax")
        .operands({Kind::real})
        .shape(reduced_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            reduce<T>(call, std::nullopt, [](T a, T b) { return maximum(Real<T>(a), Real<T>(b)).value; });
        })
        .vjp(shared_by_ties)
        .notation("max({0})", R"(\max({0}))")
        .samples(reduction_samples)
        .kink("two entries tie", [](auto& call) { return position_of_best(call, std::greater<>()); });

const Op amin_op =
    operation("xtape::amin")
        .operands({Kind::real})
        .shape(reduced_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            reduce<T>(call, std::nullopt, [](T a, T b) { return minimum(Real<T>(a), Real<T>(b)).value; });
        })
        .vjp(shared_by_ties)
        .notation("min({0})", R"(\min({0}))")
        .samples(reduction_samples)
        .kink("two entries tie", [](auto& call) { return position_of_best(call, std::less<>()); });

/// m + log(1 + Σ exp(x − m)), where m is a largest entry and the sum is over the others: the logarithm loses
/// nothing where they are small beside it. Where no entry is finite, the sum is over all.
template <class T>
void log_of_sum_of_exp(Call<T>& call) {
    const AnyArray& x = call.operand(0);
    const std::size_t size = size_of(call.extents());
    std::vector<T> largest(size, -std::numeric_limits<T>::infinity()), others(size, 0);
    std::vector<bool> met(size, false); // whether the largest entry has been left out of the sum
    const detail::Strides strides = detail::reduced_strides(x.extents(), call.attributes().axes("axes"));
    const T* from = x.data<T>();
    const auto each = [&](auto f) {
        detail::for_each_position(x.extents(), strides, [&](std::size_t i, std::ptrdiff_t at) {
            f(from[i], static_cast<std::size_t>(at));
        });
    };
    each([&](T entry, std::size_t k) { largest[k] = std::max(largest[k], entry); });
    each([&](T entry, std::size_t k) {
        if (!std::isfinite(largest[k]))
            others[k] += std::exp(entry);
        else if (entry == largest[k] && !met[k])
            met[k] = true;
        else
            others[k] += std::exp(entry - largest[k]);
    });
    T* to = call.allocate();
    for (std::size_t k = 0; k < size; ++k)
        to[k] = met[k] ? largest[k] + std::log1p(others[k]) : std::log(others[k]);
}

const Op logsumexp_op =
    operation("xtape::logsumexp")
        .operands({Kind::real})
        .shape(reduced_shape)
        .forward([](auto& call) { log_of_sum_of_exp(call); })
        .vjp([](const Pullback& p) {
            // Where all entries are −∞, no finite change of one changes the result.
            const Var y = put_back(p.output(), p);
            return put_back(p.cotangent(), p) * exp(p.input() - where(y == -infinity, 0, y));
        })
        .notation("logsumexp({0})", R"(\log \sum \exp({0}))")
        .samples(reduction_samples);

template <class T>
void euclidean_norm(Call<T>& call) {
    const AnyArray& x = call.operand(0);
    T* to = call.allocate();
    const std::size_t size = size_of(call.extents());
    std::vector<T> scale(size, 0);
    const detail::Strides strides = detail::reduced_strides(x.extents(), call.attributes().axes("axes"));
    const T* from = x.data<T>();
    detail::for_each_position(x.extents(), strides, [&](std::size_t i, std::ptrdiff_t at) {
        T& s = scale[static_cast<std::size_t>(at)];
        s = std::max(s, std::abs(from[i]));
    });
    // Divided by the largest, squares neither over- nor underflow; where that is 0 or not finite, they may.
    for (T& s : scale)
        if (s == 0 || !std::isfinite(s)) s = 1;
    detail::for_each_position(x.extents(), strides, [&](std::size_t i, std::ptrdiff_t at) {
        const T part = from[i] / scale[static_cast<std::size_t>(at)];
        to[at] += part * part;
    });
    for (std::size_t k = 0; k < size; ++k)
        to[k] = scale[k] * std::sqrt(to[k]);
}

const Op norm_op = operation("xtape::norm")
                       .operands({Kind::real})
                       .shape(reduced_shape)
                       .forward([](auto& call) { euclidean_norm(call); })
                       .vjp([](const Pullback& p) {
                           const Var y = put_back(p.output(), p);
                           // Divided by ∞, the derivatives at 0 are 0 at every order.
                           return put_back(p.cotangent(), p) * (p.input() / where(y == 0, infinity, y));
                       })
                       .notation("‖{0}‖", R"(\left\lVert {0} \right\rVert)")
                       .samples(reduction_samples)
                       .kink("the norm is 0", [](auto& call) {
                           euclidean_norm(call);
                           return Array<bool>(xt::equal(call.results()[0]->template view<long double>(), 0));
                       });

Shape same_shape(const Signature& s) { return s.shape(); }

std::vector<Sample> softmax_samples(Draw& draw) {
    std::vector<Sample> samples;
    for (const auto& [extents, axis] : std::vector<std::pair<Extents, std::int64_t>>{
             {{2, 3}, 1}, {{3, 2}, 0}, {{2, 3, 2}, 1}, {{4}, 0}, {{0, 3}, 1}, {{3, 0}, 1}, {{2, 1}, 1}})
        samples.push_back({{draw.reals(extents)}, {{"axes", Axes{axis}}}});
    return samples;
}

/// Along one axis: the result of `finish(entry − m, sum of exp(entry − m))`, where m is a largest entry and
/// the sum is over the others, to which it would add 1.
template <class T, class Finish>
void along_axis(Call<T>& call, Finish finish) {
    const AnyArray& x = call.operand(0);
    const Axes& axes = call.attributes().axes("axes");
    const detail::Strides strides = detail::reduced_strides(x.extents(), axes);
    const T* from = x.data<T>();
    T* to = call.allocate();
    const std::size_t extent = x.extents()[static_cast<std::size_t>(axes[0])];
    const std::size_t lines = extent == 0 ? 0 : x.size() / extent;
    std::vector<T> largest(lines, -std::numeric_limits<T>::infinity()), others(lines, 0);
    std::vector<bool> met(lines, false); // whether the largest entry has been left out of the sum
    const auto each = [&](auto f) {
        detail::for_each_position(x.extents(), strides, [&](std::size_t i, std::ptrdiff_t at) {
            f(i, static_cast<std::size_t>(at));
        });
    };
    each([&](std::size_t i, std::size_t k) {
        largest[k] = maximum(Real<T>(largest[k]), Real<T>(from[i])).value;
    });
    each([&](std::size_t i, std::size_t k) {
        if (from[i] == largest[k] && !met[k])
            met[k] = true;
        else
            others[k] += std::exp(from[i] - largest[k]);
    });
    each([&](std::size_t i, std::size_t k) { to[i] = finish(from[i] - largest[k], others[k]); });
}

const Op softmax_op =
    operation("xtape::softmax")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            along_axis<T>(call, [](T v, T others) { return std::exp(v) / (1 + others); });
        })
        .vjp([](const Pullback& p) {
            const Var &g = p.cotangent(), &y = p.output();
            return y * (g - sum(g * y, p.attributes().axes("axes"), Keep::dims));
        })
        .notation("softmax({0})", R"(\operatorname{softmax}({0}))")
        .samples(softmax_samples)
        .saturation("work from its argument: log_softmax(z, axis) is log(softmax(z, axis)) without the "
                    "loss, and a loss from logits takes z itself");

const Op log_softmax_op =
    operation("xtape::log_softmax")
        .operands({Kind::real})
        .shape(same_shape)
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            along_axis<T>(call, [](T v, T others) { return v - std::log1p(others); });
        })
        .vjp([](const Pullback& p) {
            const Var& g = p.cotangent();
            return g - exp(p.output()) * sum(g, p.attributes().axes("axes"), Keep::dims);
        })
        .notation("log_softmax({0})", R"(\log \operatorname{softmax}({0}))")
        .samples(softmax_samples);

const Op reduction_list[] = {sum_op, amax_op, amin_op, logsumexp_op, norm_op, softmax_op, log_softmax_op};

Var reduction(const Op& op, const Var& x, const Axes& axes, Keep keep) {
    const Axes counted = detail::counted_axes(op.definition().short_name(), x, axes);
    return record(op, {x}, {{"axes", counted}, {"keep", std::int64_t{keep == Keep::dims}}});
}

/// The product along one axis, which stays with extent one: pairs are multiplied until one is left, so every
/// derivative is a polynomial and is right at zeros.
Var product_along(Var x, std::int64_t axis) {
    std::size_t extent = x.shape()[static_cast<std::size_t>(axis)].extent();
    if (extent == 0) {
        std::vector<Dim> dims = x.shape().dims();
        dims[static_cast<std::size_t>(axis)] = Dim(1);
        return broadcast_to(Operand(1).on(x.records()), Shape(std::move(dims)));
    }
    while (extent > 1) {
        const auto half = static_cast<std::int64_t>(extent / 2);
        Var pairs = slice(x, axis, 0, half) * slice(x, axis, half, 2 * half);
        x = extent % 2 == 0 ? pairs : concatenate({pairs, slice(x, axis, 2 * half, 2 * half + 1)}, axis);
        extent = x.shape()[static_cast<std::size_t>(axis)].extent();
    }
    return x;
}

} // namespace

Var sum(const Var& x) { return sum(x, all_axes(x.rank())); }
Var sum(const Var& x, const Axes& axes, Keep keep) { return reduction(sum_op, x, axes, keep); }

Var mean(const Var& x) { return mean(x, all_axes(x.rank())); }
Var mean(const Var& x, const Axes& axes, Keep keep) {
    Transaction transaction(*x.records());
    Var total = sum(x, axes, keep);
    for (const std::int64_t axis : detail::counted_axes("mean", x, axes))
        if (!x.shape()[static_cast<std::size_t>(axis)].is_one()) total = total / extent(x, axis);
    transaction.done();
    return total;
}

Var amax(const Var& x) { return amax(x, all_axes(x.rank())); }
Var amax(const Var& x, const Axes& axes, Keep keep) { return reduction(amax_op, x, axes, keep); }
Var amin(const Var& x) { return amin(x, all_axes(x.rank())); }
Var amin(const Var& x, const Axes& axes, Keep keep) { return reduction(amin_op, x, axes, keep); }

Var prod(const Var& x) { return prod(x, all_axes(x.rank())); }
Var prod(const Var& x, const Axes& axes, Keep keep) {
    const Axes counted = detail::counted_axes("prod", x, axes);
    for (const std::int64_t axis : counted)
        (void)detail::known_extent("prod", x, axis);
    Transaction transaction(*x.records());
    Var result = x;
    for (const std::int64_t axis : counted)
        result = product_along(result, axis);
    if (keep == Keep::none) result = squeeze(result, counted);
    transaction.done();
    return result;
}

Var logsumexp(const Var& x) { return logsumexp(x, all_axes(x.rank())); }
Var logsumexp(const Var& x, const Axes& axes, Keep keep) { return reduction(logsumexp_op, x, axes, keep); }
Var norm(const Var& x) { return norm(x, all_axes(x.rank())); }
Var norm(const Var& x, const Axes& axes, Keep keep) { return reduction(norm_op, x, axes, keep); }

Var softmax(const Var& x, std::int64_t axis) {
    return record(softmax_op, {x}, {{"axes", detail::counted_axes("softmax", x, {axis})}});
}
Var log_softmax(const Var& x, std::int64_t axis) {
    return record(log_softmax_op, {x}, {{"axes", detail::counted_axes("log_softmax", x, {axis})}});
}

std::span<const Op> reduction_ops() { return reduction_list; }

} // namespace xtape
