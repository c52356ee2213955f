/// The loops of the instruction set that XTAPE_SIMD names: CTest runs this once for each.

#include "vector_functions.hpp"
#include <xtape/autodiff/compile/kernels.hpp>
#include <xtape/autodiff/real.hpp>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>

namespace {

using namespace xtape;
using namespace vector_functions;
using detail::block_kernels;

using Types = boost::mpl::list<float, double>;

template <class T>
std::vector<T> run(Primitive p, const std::vector<std::vector<T>>& in) {
    std::vector<T> out(in[0].size());
    std::vector<const T*> from;
    for (const auto& operand : in)
        from.push_back(operand.data());
    block_kernels<T>()[p](out.data(), from.data(), out.size());
    return out;
}

template <class T>
std::vector<T> edges() {
    using L = std::numeric_limits<T>;
    std::vector<T> values{
        0, 1, T(0.5), T(1.5), 3, T(1e-3), L::min(), L::denorm_min(), L::max(), L::epsilon(), L::infinity()};
    for (const T x : std::vector<T>(values))
        values.push_back(-x);
    values.push_back(L::quiet_NaN());
    return values;
}

// What is rounded once, or not at all, is what the reference gives, bit for bit.
BOOST_AUTO_TEST_CASE_TEMPLATE(arithmetic_and_branches_are_the_references, T, Types) {
    using R = Real<T>;
    std::size_t compared = 0;
    const auto number = [](auto x) {
        if constexpr (std::same_as<decltype(x), R>)
            return x.value;
        else
            return static_cast<T>(x.value());
    };
    const std::vector<T> values = edges<T>();
    const auto compare = [&](Primitive p, auto f, const std::vector<std::vector<T>>& in, auto... k) {
        const std::vector<T> got = run<T>(p, in);
        for (std::size_t i = 0; i < got.size(); ++i, ++compared)
            BOOST_TEST(same<T>(got[i], number(f(R(in[static_cast<std::size_t>(k)][i])...))),
                       "primitive " << static_cast<int>(p) << " of " << in[0][i] << ", " << in.back()[i]
                                    << ": " << got[i]);
    };
    const auto unary = [&](Primitive p, auto f) { compare(p, f, {values}, 0); };
    unary(Primitive::copy, [](R a) { return a; });
    unary(Primitive::negative, [](R a) { return -a; });
    unary(Primitive::square, [](R a) { return square(a); });
    unary(Primitive::reciprocal, [](R a) { return reciprocal(a); });
    unary(Primitive::sqrt, [](R a) { return sqrt(a); });
    unary(Primitive::abs, [](R a) { return abs(a); });
    unary(Primitive::relu, [](R a) { return relu(a); });
    unary(Primitive::negation, [](R a) { return a == 0; });
    std::vector<T> left, right, third;
    for (std::size_t i = 0; i < values.size(); ++i)
        for (std::size_t j = 0; j < values.size(); ++j) {
            left.push_back(values[i]);
            right.push_back(values[j]);
            third.push_back(values[(i + 3 * j) % values.size()]);
        }
    const auto binary = [&](Primitive p, auto f) { compare(p, f, {left, right}, 0, 1); };
    binary(Primitive::add, [](R a, R b) { return a + b; });
    binary(Primitive::subtract, [](R a, R b) { return a - b; });
    binary(Primitive::multiply, [](R a, R b) { return a * b; });
    binary(Primitive::divide, [](R a, R b) { return a / b; });
    binary(Primitive::leaky_relu, [](R a, R b) { return leaky_relu(a, b); });
    binary(Primitive::maximum, [](R a, R b) { return maximum(a, b); });
    binary(Primitive::minimum, [](R a, R b) { return minimum(a, b); });
    binary(Primitive::less, [](R a, R b) { return a < b; });
    binary(Primitive::less_equal, [](R a, R b) { return a <= b; });
    binary(Primitive::equal, [](R a, R b) { return a == b; });
    binary(Primitive::not_equal, [](R a, R b) { return a != b; });
    binary(Primitive::conjunction, [](R a, R b) { return (a != 0) & (b != 0); });
    binary(Primitive::disjunction, [](R a, R b) { return (a != 0) | (b != 0); });
    compare(
        Primitive::clip, [](R a, R b, R c) { return clip(a, b, c); }, {left, right, third}, 0, 1, 2);
    compare(
        Primitive::choose, [](R m, R a, R b) { return where(m != 0, a, b); }, {left, right, third}, 0, 1, 2);
    BOOST_TEST(compared == 8 * values.size() + 15 * left.size());
}

/// Arguments over the whole range: bit patterns at even distances, and more where the functions are not flat.
template <class T>
std::vector<T> arguments(Range range = Range::all) {
    std::vector<T> values;
    constexpr Bits<T> patterns = 100'000, stride = static_cast<Bits<T>>(-1) / patterns | 1;
    for (Bits<T> k = 0; k < patterns; ++k)
        values.push_back(std::bit_cast<T>(static_cast<Bits<T>>(k * stride)));
    std::mt19937_64 random(1);
    for (const T wide : {T(1), T(4), T(40), T(sizeof(T) == 4 ? 105 : 746)}) {
        std::uniform_real_distribution<T> uniform(-wide, wide);
        for (int k = 0; k < 20'000; ++k)
            values.push_back(uniform(random));
    }
    // Close to zeros of sin and cos, where most is lost, up to where the C library takes over.
    for (int k = 0; k < 20'000; ++k)
        values.push_back(static_cast<T>(std::numbers::pi_v<long double> / 2 * (k < 10'000 ? k : 66 * k)));
    for (const T x : edges<T>())
        values.push_back(x);
    for (T& x : values)
        if (range == Range::positive)
            x = std::abs(x);
        else if (range == Range::normal && x < (sizeof(T) == 4 ? -87 : -708))
            x = -x;
    return values;
}

template <class T>
double worst(Primitive p, long double (*exact)(long double), Range range, T scale = 1) {
    const std::vector<T> x = arguments<T>(range), got = run<T>(p, {x});
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
        if (const double error = error_in_ulp<T>(scale * got[i], exact(static_cast<long double>(x[i])));
            !(error <= worst))
            worst = error;
    return worst;
}

BOOST_AUTO_TEST_CASE_TEMPLATE(errors_in_units_in_the_last_place, T, Types) {
    for (const Function& f : functions) {
        const double error = worst<T>(f.primitive, f.exact, f.range),
                     bound = sizeof(T) == 4 ? f.bound_of_float : f.bound;
        BOOST_TEST_MESSAGE(detail::instruction_set()
                           << ", f" << 8 * sizeof(T) << ", " << f.name << ": " << error << " ulp");
        BOOST_TEST(error <= bound, f.name << " is " << error << " ulp off");
        BOOST_TEST(error > 0.4); // nobody rounds everything rightly, so something was compared
        // A function that is 0.1 % off is seen.
        BOOST_TEST(worst<T>(f.primitive, f.exact, f.range, T(1.001)) > bound);
    }
}

/// Bases of every size, and exponents with which the power is a number of T's, or just is none.
template <class T>
std::vector<std::vector<T>> bases_and_exponents() {
    std::vector<T> x = arguments<T>(Range::positive), y;
    std::mt19937_64 random(2);
    std::uniform_real_distribution<T> of_log(sizeof(T) == 4 ? -105 : -747, sizeof(T) == 4 ? 90 : 711);
    for (const T base : x)
        y.push_back(of_log(random) / std::log(base));
    return {x, y};
}

BOOST_AUTO_TEST_CASE_TEMPLATE(powers, T, Types) {
    const auto in = bases_and_exponents<T>();
    const std::vector<T> got = run<T>(Primitive::pow, in);
    double most = 0, most_of_wrong = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const auto exact = std::pow(static_cast<long double>(in[0][i]), static_cast<long double>(in[1][i]));
        if (const double error = error_in_ulp<T>(got[i], exact); !(error <= most)) most = error;
        if (const double error = error_in_ulp<T>(T(1.001) * got[i], exact); !(error <= most_of_wrong))
            most_of_wrong = error;
    }
    constexpr double bound = sizeof(T) == 4 ? 0.51 : 1.3;
    BOOST_TEST_MESSAGE(detail::instruction_set() << ", f" << 8 * sizeof(T) << ", pow: " << most << " ulp");
    BOOST_TEST(most <= bound);
    BOOST_TEST(most > 0.4);
    BOOST_TEST(most_of_wrong > bound);
}

// Zeros, infinities, NaN and negative bases with whole exponents, odd, even and too large to be odd.
BOOST_AUTO_TEST_CASE_TEMPLATE(powers_at_the_edges_are_the_standards, T, Types) {
    std::vector<T> values = edges<T>();
    const T fine = 2 / std::numeric_limits<T>::epsilon(); // from here on numbers are even
    for (const T x : {T(2), T(2.5), T(4), T(7), fine / 2, fine / 2 - T(0.5), fine - 1, fine, fine + 2}) {
        values.push_back(x);
        values.push_back(-x);
    }
    std::vector<std::vector<T>> in(2);
    for (const T x : values)
        for (const T y : values) {
            in[0].push_back(x);
            in[1].push_back(y);
        }
    const std::vector<T> got = run<T>(Primitive::pow, in);
    std::size_t special = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
        const auto exact = std::pow(static_cast<long double>(in[0][i]), static_cast<long double>(in[1][i]));
        const double error = error_in_ulp<T>(got[i], exact);
        BOOST_TEST(error <= 1.3, in[0][i] << " to the power of " << in[1][i] << ": " << got[i]);
        special += !std::isfinite(got[i]) || got[i] == 0;
    }
    BOOST_TEST(special > got.size() / 2);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_entry_does_not_depend_on_where_it_stands, T, Types) {
    const std::vector<T> x = arguments<T>();
    for (const Function& f : functions) {
        const std::vector<T> all(x.begin() + 100'000, x.begin() + 100'500),
            whole = run<T>(f.primitive, {all});
        for (std::size_t offset = 0; offset < 40; ++offset)
            for (const std::size_t n : {1u, 7u, 8u, 15u, 33u, 100u}) {
                std::vector<T> out(n + offset + 1, T(-7));
                const T* from[] = {all.data() + offset};
                block_kernels<T>()[f.primitive](out.data() + offset, from, n);
                BOOST_REQUIRE(std::equal(out.begin() + static_cast<std::ptrdiff_t>(offset), out.end() - 1,
                                         whole.begin() + static_cast<std::ptrdiff_t>(offset), same<T>));
                BOOST_REQUIRE(out.back() == T(-7)); // nothing beyond the end is written
            }
    }
}

// One entry for all has the bits of that entry again and again.
BOOST_AUTO_TEST_CASE_TEMPLATE(an_operand_may_be_one_number, T, Types) {
    const std::vector<T> x = arguments<T>();
    std::size_t wrong = 0, kernels = 0;
    for (std::size_t p = 0; p < static_cast<std::size_t>(Primitive::count); ++p)
        for (std::size_t number = 0; number < detail::most_operands; ++number) {
            const auto kernel = block_kernels<T>().of_number[p][number];
            BOOST_TEST((block_kernels<T>().with_number(block_kernels<T>().of[p], number) == kernel));
            if (!kernel) continue;
            ++kernels;
            for (const std::size_t n : {1U, 8U, 21U, 64U})
                for (const T value : edges<T>()) {
                    const std::vector<T> repeated(n, value);
                    const T* in[] = {x.data(), x.data() + 5000, x.data() + 9000};
                    std::vector<T> wanted(n), got(n + 1, T(-7));
                    in[number] = repeated.data();
                    block_kernels<T>().of[p](wanted.data(), in, n);
                    in[number] = &value;
                    kernel(got.data(), in, n);
                    wrong +=
                        !std::equal(wanted.begin(), wanted.end(), got.begin(), same<T>) || got[n] != T(-7);
                }
        }
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(kernels == 12u * 2 + 4 * 3);
}

// With the product rounded or not: half a unit of it, and half of the result's.
BOOST_AUTO_TEST_CASE_TEMPLATE(products_with_sums_are_rounded_twice_at_most, T, Types) {
    std::vector<std::vector<T>> in(3);
    for (const T a : edges<T>())
        for (const T b : edges<T>())
            for (const T c : edges<T>()) {
                in[0].push_back(a);
                in[1].push_back(b / 3);
                in[2].push_back(c);
            }
    const auto wrong = [&](Primitive p, long double sign_of_product, long double sign, T off = 1) {
        const std::vector<T> got = run<T>(p, in);
        const long double epsilon = std::numeric_limits<T>::epsilon(), least = std::numeric_limits<T>::min(),
                          most = std::numeric_limits<T>::max();
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < got.size(); ++i) {
            const long double product = static_cast<long double>(in[0][i]) * in[1][i],
                              exact = sign_of_product * product + sign * in[2][i], made = got[i] * off;
            if (!std::isfinite(exact) || std::abs(product) > most || std::abs(exact) > most)
                wrong += std::isnan(exact) && std::abs(product) <= most && !std::isnan(made);
            else
                wrong += !(std::abs(made - exact) <=
                           epsilon / 2 * (std::abs(product) + std::abs(exact) * (1 + epsilon)) + least);
        }
        return wrong;
    };
    BOOST_TEST(wrong(Primitive::multiply_add, 1, 1) == 0u);
    BOOST_TEST(wrong(Primitive::multiply_subtract, 1, -1) == 0u);
    BOOST_TEST(wrong(Primitive::subtract_product, -1, 1) == 0u);
    BOOST_TEST(wrong(Primitive::multiply_add, 1, 1, T(1.001)) > 0u);
    BOOST_TEST(wrong(Primitive::multiply_add, -1, 1) > 0u);
    in[2].assign(in[2].size(), T{0});
    BOOST_TEST(wrong(Primitive::one_term, 1, 1) == 0u);
    const std::vector<T> once = run<T>(Primitive::one_term, in);
    std::size_t negative = 0;
    for (std::size_t i = 0; i < once.size(); ++i)
        negative += (in[0][i] == 0 || in[1][i] == 0) && std::signbit(once[i]) && !std::isnan(once[i]);
    BOOST_TEST(negative == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_stands_for_several_gives_what_they_give, T, Types) {
    const std::vector<T> x = arguments<T>(), e = run<T>(Primitive::decay, {x}),
                         c = run<T>(Primitive::certainty, {e}), made = run<T>(Primitive::logistic, {x, e, c}),
                         opposite = run<T>(Primitive::opposite_logistic, {x, e, c}),
                         both = run<T>(Primitive::logistic_slope, {e, c});
    const std::vector<T> log = run<T>(Primitive::log1p_of_fraction, {e});
    const auto worst_log = [&](T scale) {
        double most = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (const double error =
                    error_in_ulp<T>(scale * log[i], std::log1p(static_cast<long double>(e[i])));
                !(error <= most))
                most = error;
        return most;
    };
    BOOST_TEST(worst_log(1) <= 1.4); // by a logarithm (0.9), and by adding log 2 to it
    BOOST_TEST(worst_log(T(1.001)) > 1.4);
    std::vector<T> minus;
    for (const T each : x)
        minus.push_back(-each);
    const std::vector<T> of_minus = run<T>(Primitive::logistic, {minus, e, c});
    BOOST_TEST(std::equal(opposite.begin(), opposite.end(), of_minus.begin(), same<T>));
    // In units: e is off by 1.2, 1/(1 + e) by 1.6 and counts twice, and two products by half of one each.
    const auto worst_of_both = [&](T scale) {
        double most = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const long double exact =
                vector_functions::exact_sigmoid(x[i]) * vector_functions::exact_sigmoid(-x[i]);
            if (exact < std::numeric_limits<T>::min()) continue; // there, a unit is no part of the number
            if (const double error = error_in_ulp<T>(scale * both[i], exact); !(error <= most)) most = error;
        }
        return most;
    };
    BOOST_TEST(worst_of_both(1) <= 5.4);
    BOOST_TEST(worst_of_both(T(1.001)) > 5.4);
    // Below 0 a product is rounded after the quotient: half a unit or a little more than σ's own 2.6.
    const auto worst_of = [&](T scale) {
        double most = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (const double error = error_in_ulp<T>(scale * made[i], vector_functions::exact_sigmoid(x[i]));
                !(error <= most))
                most = error;
        return most;
    };
    constexpr double stated = 3.2;
    BOOST_TEST(worst_of(1) <= stated);
    BOOST_TEST(worst_of(T(1.001)) > stated);
    std::size_t wrong = 0, finite = 0;
    const std::vector<T> a = run<T>(Primitive::tanh, {x}), slope = run<T>(Primitive::tanh_slope, {x, a});
    for (std::size_t i = 0; i < x.size(); ++i) {
        const long double g = x[i], exact = g * (1 - static_cast<long double>(a[i]) * a[i]);
        if (!std::isfinite(g)) continue;
        // a² and the difference are each off by half a unit of 1 at most, and the product by half of its own.
        const long double epsilon = std::numeric_limits<T>::epsilon(), least = std::numeric_limits<T>::min();
        wrong += !(std::abs(slope[i] - exact) <= epsilon * std::abs(g) + epsilon * std::abs(exact) + least);
        ++finite;
    }
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(finite > x.size() / 2);
}

// The same for every instruction set: a sum of 256 bytes of partial sums, then halves.
BOOST_AUTO_TEST_CASE_TEMPLATE(a_sum_has_one_order, T, Types) {
    constexpr std::size_t together = 256 / sizeof(T);
    const std::vector<T> x = arguments<T>();
    for (const std::size_t n : {std::size_t{0}, std::size_t{1}, together - 1, together, together + 1,
                                3 * together + 5, std::size_t{1000}}) {
        const T* from = x.data() + 100'001;
        T partial[together] = {};
        for (std::size_t i = 0; i < n; ++i)
            partial[i % together] += from[i];
        for (std::size_t half = together / 2; half > 0; half /= 2)
            for (std::size_t k = 0; k < half; ++k)
                partial[k] += partial[k + half];
        T sum = 0;
        block_kernels<T>().fold_each[static_cast<std::size_t>(detail::Fold::sum)](&sum, 0, from, 1, n, T{1});
        BOOST_TEST(same<T>(sum, partial[0]));
    }
}

// Row by row, so that the order of the sums is as plain as it looks; NaN behind the last entry shows what is
// written beside.
BOOST_AUTO_TEST_CASE_TEMPLATE(rows_are_folded_and_spread_one_after_the_other, T, Types) {
    const std::vector<T> x = arguments<T>();
    const T* from = x.data() + 100'001;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    std::size_t wrong = 0, compared = 0;
    for (const std::size_t rows : {0U, 1U, 2U, 7U})
        for (const std::size_t n : {0U, 1U, 3U, 16U, 17U, 64U, 131U}) {
            for (const detail::Fold fold :
                 {detail::Fold::sum, detail::Fold::maximum, detail::Fold::minimum}) {
                std::vector<T> folded(n + 1, T{3}), exact(n, T{3});
                folded[n] = nan;
                for (std::size_t i = 0; i < rows * n; ++i) {
                    T& to = exact[i % n];
                    const T x = from[i];
                    to = fold == detail::Fold::sum         ? to + x
                         : std::isnan(to) || std::isnan(x) ? nan
                         : fold == detail::Fold::maximum   ? std::max(to, x)
                                                           : std::min(to, x);
                }
                block_kernels<T>().fold_rows[static_cast<std::size_t>(fold)](folded.data(), from, rows, n);
                wrong += !std::isnan(folded[n]);
                for (std::size_t j = 0; j < n; ++j)
                    wrong += !same<T>(folded[j], exact[j]);
            }
            for (const std::size_t stride : {1U, 3U}) {
                std::vector<T> each(rows * stride + 1, T{3}), one(rows, T{3});
                const auto fold = block_kernels<T>().fold_each[static_cast<std::size_t>(detail::Fold::sum)];
                fold(each.data(), static_cast<std::ptrdiff_t>(stride), from, rows, n, T{2});
                for (std::size_t row = 0; row < rows; ++row)
                    fold(&one[row], 0, from + row * n, 1, n, T{2});
                for (std::size_t i = 0; i < each.size(); ++i)
                    wrong += i % stride == 0 && i / stride < rows ? !same<T>(each[i], one[i / stride])
                                                                  : each[i] != T{3};
            }
            for (const bool number : {false, true})
                for (const std::size_t stride : {std::size_t{0}, std::size_t{1}, n + 5}) {
                    std::vector<T> spread(rows * n + 1, nan);
                    block_kernels<T>().spread(spread.data(), from, static_cast<std::ptrdiff_t>(stride),
                                              number, rows, n);
                    wrong += !std::isnan(spread[rows * n]);
                    for (std::size_t i = 0; i < rows * n; ++i, ++compared)
                        wrong += !same<T>(spread[i], from[i / n * stride + (number ? 0 : i % n)]);
                }
        }
    BOOST_TEST(wrong == 0u);
    BOOST_TEST(compared == 6u * 232 * 10);
}

} // namespace
