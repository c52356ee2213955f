#include "broken_rules.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace broken {

using namespace xtape;

namespace {

/// Square, so that one axis can be taken for the other; and one that is not.
std::vector<Sample> matrices(Draw& draw) {
    return {{{draw.reals({3, 3})}, {}}, {{draw.reals({2, 4})}, {}}, {{draw.reals({1, 1})}, {}}};
}

Var column(const Var& v) { return expand_dims(v, {1}); }

/// A reduction of each row of a matrix to `finish(entries, count)`.
template <class F>
Operation of_rows(const char* name, F finish) {
    return operation(name)
        .operands({Kind::real})
        .shape([](const Signature& s) { return Shape{s.shape()[0]}; })
        .forward([finish](auto& call) {
            const auto [rows, columns] = rows_and_columns(call);
            auto* to = call.allocate();
            for (std::size_t i = 0; i < rows; ++i)
                to[i] =
                    finish(call.operand(0).template data<value_of<decltype(call)>>() + i * columns, columns);
        })
        .samples(matrices);
}

Op mean_op() {
    return of_rows("right::mean",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       return std::accumulate(x, x + n, T{0}) / static_cast<T>(n);
                   })
        .vjp([](const Pullback& p) {
            return broadcast_to(column(g(p)) / extent(p.input(), 1), p.input().shape());
        })
        .notation("mean({0})", R"(\operatorname{mean}({0}))");
}

Op product_op() {
    const auto without = [](const Pullback& p) { // the product of the other entries, also where one is zero
        const Var& x = p.input();
        std::vector<Var> parts;
        const auto n = static_cast<std::int64_t>(x.shape()[1].extent());
        for (std::int64_t j = 0; j < n; ++j)
            parts.push_back(prod(concatenate({slice(x, 1, 0, j), slice(x, 1, j + 1, n)}, 1), {1}));
        return stack(parts, 1);
    };
    return of_rows("right::row_product",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       return std::accumulate(x, x + n, T{1}, std::multiplies<>());
                   })
        .vjp([without](const Pullback& p) { return column(g(p)) * without(p); })
        .notation("∏ {0}", R"(\prod {0})", 15)
        .samples([](Draw& draw) {
            Array<double> one_zero = draw.reals({2, 3});
            one_zero(0, 1) = 0;
            return std::vector<Sample>{{{draw.reals({2, 3})}, {}}, {{std::move(one_zero)}, {}}};
        });
}

Op largest_op() {
    return of_rows("right::largest",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       return std::accumulate(x, x + n, *x,
                                              [](T a, T b) { return maximum(Real<T>(a), Real<T>(b)).value; });
                   })
        .kink("two entries tie",
              [](auto& call) {
                  const auto [rows, columns] = rows_and_columns(call);
                  auto at = Array<std::int64_t>::from_shape({rows});
                  const auto* x = call.operand(0).template data<value_of<decltype(call)>>();
                  for (std::size_t i = 0; i < rows; ++i, x += columns)
                      at(i) = std::max_element(x, x + columns) - x;
                  return at;
              })
        .vjp([](const Pullback& p) { return where(p.input() == column(p.output()), column(g(p)), 0); })
        .notation("max({0})", R"(\max({0}))");
}

Op norm_op() {
    return of_rows("right::row_norm",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       return std::sqrt(std::inner_product(x, x + n, x, T{0}));
                   })
        .vjp([](const Pullback& p) { return column(g(p)) * p.input() / column(p.output()); })
        .notation("‖{0}‖", R"(\left\lVert {0} \right\rVert)");
}

Op logsumexp_op() {
    return of_rows("right::logsumexp",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       T total = 0;
                       for (std::size_t j = 0; j < n; ++j)
                           total += std::exp(x[j]);
                       return std::log(total);
                   })
        .vjp([](const Pullback& p) { return column(g(p)) * exp(p.input() - column(p.output())); })
        .notation("logsumexp({0})", R"(\log \sum \exp({0}))");
}

/// The biased variance of each row.
Op variance_op() {
    return of_rows("right::variance",
                   [](const auto* x, std::size_t n) {
                       using T = std::remove_cvref_t<decltype(*x)>;
                       const T mean = std::accumulate(x, x + n, T{0}) / static_cast<T>(n);
                       T total = 0;
                       for (std::size_t j = 0; j < n; ++j)
                           total += (x[j] - mean) * (x[j] - mean);
                       return total / static_cast<T>(n);
                   })
        .vjp([](const Pullback& p) {
            const Var& x = p.input();
            return column(g(p)) * (2 * (x - mean(x, {1}, Keep::dims)) / extent(x, 1));
        })
        .notation("var({0})", R"(\operatorname{var}({0}))");
}

/// A function of a whole line of entries, `fill(from, to, count)`, applied to each row of a matrix.
template <class F>
Operation along_rows(const char* name, F fill) {
    return operation(name)
        .operands({Kind::real})
        .shape(same_shape)
        .forward([fill](auto& call) {
            const auto [rows, columns] = rows_and_columns(call);
            auto* to = call.allocate();
            const auto* from = call.operand(0).template data<value_of<decltype(call)>>();
            for (std::size_t i = 0; i < rows; ++i)
                fill(from + i * columns, to + i * columns, columns);
        })
        .samples(matrices);
}

Op softmax_op() {
    return along_rows("right::softmax",
                      [](const auto* x, auto* to, std::size_t n) {
                          std::transform(x, x + n, to, [](auto v) { return std::exp(v); });
                          const auto total = std::accumulate(to, to + n, 0 * *x);
                          std::transform(to, to + n, to, [total](auto v) { return v / total; });
                      })
        .vjp([](const Pullback& p) {
            const Var& y = p.output();
            return y * (g(p) - sum(g(p) * y, {1}, Keep::dims));
        })
        .notation("softmax({0})", R"(\operatorname{softmax}({0}))");
}

/// Each row less its mean, over its standard deviation.
Op standardise_op() {
    return along_rows("right::standardise",
                      [](const auto* x, auto* to, std::size_t n) {
                          using T = std::remove_cvref_t<decltype(*x)>;
                          const T mean = std::accumulate(x, x + n, T{0}) / static_cast<T>(n);
                          T total = 0;
                          for (std::size_t j = 0; j < n; ++j)
                              total += (x[j] - mean) * (x[j] - mean);
                          const T deviation = std::sqrt(total / static_cast<T>(n) + T{1} / 16);
                          for (std::size_t j = 0; j < n; ++j)
                              to[j] = (x[j] - mean) / deviation;
                      })
        .vjp([](const Pullback& p) {
            const Var &x = p.input(), &y = p.output();
            const Var centred = x - mean(x, {1}, Keep::dims);
            const Var deviation = sqrt(mean(square(centred), {1}, Keep::dims) + 0.0625);
            return (g(p) - mean(g(p), {1}, Keep::dims) - y * mean(g(p) * y, {1}, Keep::dims)) / deviation;
        })
        .notation("standardise({0})", R"(\operatorname{standardise}({0}))");
}

/// The sums of the entries so far, by a triangular matrix in the rule.
Var sums_from_here(const Var& cotangent) {
    const std::size_t n = cotangent.shape()[1].extent();
    Array<double> lower = xt::zeros<double>({n, n});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j)
            lower(i, j) = 1;
    return matmul(cotangent, Operand(lower).on(cotangent.records()));
}

Op running_sum_op() {
    return along_rows("right::running_sum",
                      [](const auto* x, auto* to, std::size_t n) { std::partial_sum(x, x + n, to); })
        .vjp([](const Pullback& p) { return sums_from_here(g(p)); })
        .notation("cumsum({0})", R"(\operatorname{cumsum}({0}))");
}

Op running_product_op() {
    return along_rows("right::running_product",
                      [](const auto* x, auto* to, std::size_t n) {
                          std::partial_sum(x, x + n, to, std::multiplies<>());
                      })
        .vjp([](const Pullback& p) { // the prefixes as products, each differentiated by the tape
            const Var& x = p.input();
            const auto n = static_cast<std::int64_t>(x.shape()[1].extent());
            std::vector<Var> parts;
            for (std::int64_t j = 0; j < n; ++j) {
                Var total = zeros_like(slice(x, 1, j, j + 1));
                for (std::int64_t k = j; k < n; ++k)
                    total = total + slice(g(p), 1, k, k + 1) * prod(slice(x, 1, 0, j), {1}, Keep::dims) *
                                        prod(slice(x, 1, j + 1, k + 1), {1}, Keep::dims);
                parts.push_back(total);
            }
            return concatenate(parts, 1);
        })
        .notation("cumprod({0})", R"(\operatorname{cumprod}({0}))")
        .samples([](Draw& draw) {
            Array<double> one_zero = draw.reals({2, 3});
            one_zero(1, 1) = 0;
            return std::vector<Sample>{{{std::move(one_zero)}, {}}};
        });
}
} // namespace

std::vector<BrokenRule> of_lines() {
    const std::string first = "derivative", second = "second derivative";
    return {
        {"mean_without_1_over_n", "The mean's gradient is the sum's.", mean_op(),
         rule([](const Pullback& p) { return broadcast_to(column(g(p)), p.input().shape()); }), first},
        {"mean_with_1_over_n_twice", "1/n was already in the cotangent, it was thought.", mean_op(),
         altered([](const Pullback& p, const Var& right) { return right / extent(p.input(), 1); }), first},
        {"mean_with_the_other_extent", "1/m for 1/n.", mean_op(), rule([](const Pullback& p) {
             return broadcast_to(column(g(p)) / extent(p.input(), 0), p.input().shape());
         }),
         first},
        {"mean_spread_along_the_wrong_axis", "A row for a column; the matrix is square.", mean_op(),
         rule([](const Pullback& p) {
             const Shape s = p.input().shape();
             const Var spread = broadcast_to(column(g(p)) / extent(p.input(), 1), s);
             return same_extent(s[0], s[1]) ? transpose(spread) : spread;
         }),
         first},
        {"product_by_division", "y / x, which is 0/0 where an entry is zero.", product_op(),
         rule([](const Pullback& p) { return column(g(p) * p.output()) / p.input(); }), ""},
        {"largest_to_all", "Every entry gets the cotangent of the largest.", largest_op(),
         rule([](const Pullback& p) { return broadcast_to(column(g(p)), p.input().shape()); }), first},
        {"largest_to_the_smallest", "The smallest entry gets the cotangent of the largest.", largest_op(),
         rule([](const Pullback& p) {
             return where(p.input() == amin(p.input(), {1}, Keep::dims), column(g(p)), 0);
         }),
         first},
        {"norm_not_divided", "x for x/‖x‖, which is the gradient of ‖x‖²/2.", norm_op(),
         rule([](const Pullback& p) { return column(g(p)) * p.input(); }), first},
        {"logsumexp_shared_equally", "1/n to each entry.", logsumexp_op(), rule([](const Pullback& p) {
             return broadcast_to(column(g(p)) / extent(p.input(), 1), p.input().shape());
         }),
         first},
        {"logsumexp_not_normalised", "exp(x) for softmax(x).", logsumexp_op(),
         rule([](const Pullback& p) { return column(g(p)) * exp(p.input()); }), first},
        {"variance_with_n_minus_1", "2 (x − mean) / (n − 1) for the biased variance.", variance_op(),
         rule([](const Pullback& p) {
             const Var& x = p.input();
             const auto n = static_cast<double>(x.shape()[1].extent());
             return column(g(p)) * (2 * (x - mean(x, {1}, Keep::dims)) / (n - 1));
         }),
         first},
        {"variance_without_two", "(x − mean) / n.", variance_op(),
         altered([](const Pullback&, const Var& right) { return right / 2; }), first},
        {"variance_with_a_constant_mean",
         "The mean is taken for a constant: right at order one, where it cancels, and wrong at order two.",
         variance_op(), rule([](const Pullback& p) {
             const Var& x = p.input();
             return column(g(p)) * (2 * (x - stop_gradient(mean(x, {1}, Keep::dims))) / extent(x, 1));
         }),
         second},
        {"softmax_elementwise", "y (1 − y), as if it were a sigmoid.", softmax_op(),
         rule([](const Pullback& p) { return g(p) * (p.output() * (1 - p.output())); }), first},
        {"softmax_without_the_sum", "y g, without what the normaliser passes on.", softmax_op(),
         rule([](const Pullback& p) { return g(p) * p.output(); }), first},
        {"softmax_over_the_wrong_axis", "The sum runs over columns.", softmax_op(),
         rule([](const Pullback& p) {
             const Var& y = p.output();
             return y * (g(p) - sum(g(p) * y, {0}, Keep::dims));
         }),
         first},
        {"softmax_mean_for_sum", "The mean of g y for its sum.", softmax_op(), rule([](const Pullback& p) {
             const Var& y = p.output();
             return y * (g(p) - mean(g(p) * y, {1}, Keep::dims));
         }),
         first},
        {"standardise_with_constant_statistics", "Mean and deviation are taken for constants.",
         standardise_op(), rule([](const Pullback& p) {
             const Var& x = p.input();
             const Var centred = x - mean(x, {1}, Keep::dims);
             return g(p) / sqrt(mean(square(centred), {1}, Keep::dims) + 0.0625);
         }),
         first},
        {"standardise_with_a_constant_deviation", "Only the mean is differentiated.", standardise_op(),
         rule([](const Pullback& p) {
             const Var& x = p.input();
             const Var centred = x - mean(x, {1}, Keep::dims);
             return (g(p) - mean(g(p), {1}, Keep::dims)) /
                    sqrt(mean(square(centred), {1}, Keep::dims) + 0.0625);
         }),
         first},
        {"running_sum_not_reversed", "The running sum of the cotangent, from the wrong end.",
         running_sum_op(), rule([](const Pullback& p) { return flip(sums_from_here(flip(g(p), {1})), {1}); }),
         first},
        {"running_product_by_division", "Σ g y / x, which is 0/0 behind a zero.", running_product_op(),
         rule([](const Pullback& p) { return sums_from_here(g(p) * p.output()) / p.input(); }), first},
    };
}

} // namespace broken
