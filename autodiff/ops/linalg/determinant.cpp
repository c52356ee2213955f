#include <xtape/autodiff/define.hpp>
#include <xtape/autodiff/ops/arithmetic.hpp>
#include <xtape/autodiff/ops/diagonals.hpp>
#include <xtape/autodiff/ops/linalg/determinant.hpp>
#include <xtape/autodiff/ops/linalg/lu.hpp>
#include <xtape/autodiff/ops/linalg/matrices.hpp>
#include <xtape/autodiff/ops/linalg/solve.hpp>
#include <xtape/autodiff/ops/products.hpp>
#include <xtape/autodiff/ops/shaping.hpp>

#include <fmt/format.h>

namespace xtape {
namespace {

Shape one_number_each(const Signature& s) {
    (void)detail::square(s);
    return detail::leading(s.shape(), 2);
}

/// Calls f(factors, part of the result, position) for each; of one that is not finite the part becomes NaN.
template <template <class> class Factors, class T, class F>
void for_each_factored(const Call<T>& call, T* to, std::size_t entries, F f) {
    detail::for_each_matrix(call, [&](const T* a, std::size_t n, std::size_t position) {
        T* const part = to + position * entries;
        if (detail::all_finite(a, n * n))
            f(Factors<T>(a, n), part, position);
        else
            detail::fill_nan(part, entries);
    });
}

/// How messages call the matrix at a position.
template <class T>
std::string which_matrix(const Call<T>& call, std::size_t position) {
    const Extents& a = call.operand(0).extents();
    return detail::matrix_text(call.operand_name(0), a.back(), detail::leading(a, 2), position);
}

/// One number for each matrix, so that it multiplies all its entries.
Var spread(const Var& numbers) { return expand_dims(numbers, {-2, -1}); }

/// With an inverse that is of moderate size, in arrays of any rank, and of one row and of none.
std::vector<Sample> regular_samples(Draw& draw) {
    std::vector<Sample> samples;
    for (const auto& [leading, n] : std::vector<std::pair<Extents, std::size_t>>{
             {{}, 3}, {{}, 1}, {{}, 0}, {{}, 4}, {{3}, 2}, {{2, 1}, 3}, {{0}, 2}})
        samples.push_back({{detail::draw_matrices(draw, leading, n)}, {}});
    return samples;
}

/// Without one: the product of n × rank and rank × n.
Array<double> draw_singular(Draw& draw, std::size_t n, std::size_t rank) {
    const Array<double> left = draw.reals({n, rank}), right = draw.reals({rank, n});
    Array<double> product = xt::zeros<double>({n, n});
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            for (std::size_t k = 0; k < rank; ++k)
                product(i, j) += left(i, k) * right(k, j);
    return product;
}

/// The derivative of the cofactors of A in the direction G, which is the second derivative of the determinant
/// applied to G.
Var cofactor_derivative(const Var& a, const Var& g);

const Op determinant_op =
    operation("xtape::determinant")
        .operands({Kind::real})
        .shape(one_number_each)
        .forward([](auto& call) {
            for_each_factored<detail::Elimination>(
                call, call.allocate(), 1,
                [](const auto& factors, auto* to, std::size_t) { *to = factors.determinant().value(); });
        })
        .vjp([](const Pullback& p) { return spread(p.cotangent()) * cofactors(p.input()); })
        .notation("det({0})", R"(\det({0}))")
        .samples([](Draw& draw) {
            std::vector<Sample> samples = regular_samples(draw);
            for (const std::size_t rank : {3U, 2U, 1U, 0U})
                samples.push_back({{draw_singular(draw, 4, rank)}, {}});
            return samples;
        });

/// With A = X D Y and D diagonal, the derivatives of det(A) are those of det(D) in other coordinates, and
/// these are products of pivots: det(D) / dᵢ of one pivot less, and so on. That is right at singular matrices
/// where the last pivots are the only small ones, which complete pivoting sees to and LAPACK's does not.
const Op cofactors_op =
    operation("xtape::cofactors")
        .operands({Kind::real})
        .shape(detail::square_matrices)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t n = call.extents().back();
            for_each_factored<detail::LDU>(
                call, call.allocate(), n * n, [&](const detail::LDU<T>& factors, T* to, std::size_t) {
                    if (n == 0) return;
                    const long power = factors.pivots_without(n - 1, n - 1).exponent;
                    std::vector<T> of_pivots(n * n);
                    for (std::size_t i = 0; i < n; ++i)
                        of_pivots[i * n + i] = factors.pivots_without(i, i).times_power(-power);
                    factors.from_pivots(std::move(of_pivots), power, to);
                });
        })
        .vjp([](const Pullback& p) { return cofactor_derivative(p.input(), p.cotangent()); })
        .notation("cof({0})", R"(\operatorname{cof}({0}))")
        .samples(regular_samples);

const Op cofactor_derivative_op =
    operation("xtape::cofactor_derivative")
        .operands({Kind::real, Kind::real})
        .shape([](const Signature& s) {
            (void)detail::square(s);
            if (!same_extents(s.shape(0), s.shape(1))) s.fail("both must have one shape.");
            return s.shape(0);
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            const std::size_t n = call.extents().back();
            const T* const directions = call.operand(1).template data<T>();
            for_each_factored<detail::LDU>(
                call, call.allocate(), n * n,
                [&](const detail::LDU<T>& factors, T* to, std::size_t position) {
                    if (n < 2) return; // cofactors of one entry are constant
                    const std::vector<T> h = factors.to_pivots(directions + position * n * n);
                    const long power = factors.pivots_without(n - 2, n - 1).exponent;
                    std::vector<T> of_pivots(n * n);
                    for (std::size_t i = 0; i < n; ++i)
                        for (std::size_t j = 0; j < i; ++j) {
                            const T others = factors.pivots_without(i, j).times_power(-power);
                            of_pivots[i * n + j] = -others * h[j * n + i];
                            of_pivots[j * n + i] = -others * h[i * n + j];
                            of_pivots[i * n + i] += others * h[j * n + j];
                            of_pivots[j * n + j] += others * h[i * n + i];
                        }
                    factors.from_pivots(std::move(of_pivots), power, to);
                });
        })
        .vjp(
            [](const Pullback& p) {
                // What is left of the derivative of det(A) (tr(B G) tr(B W) − tr(B G B W)), where B is A⁻¹.
                const Var b = inverse(p.input(0)), bg = matmul(b, p.input(1)), bw = matmul(b, p.cotangent());
                const Var of_g = spread(trace(bg)), of_w = spread(trace(bw)), bwbg = matmul(bw, bg);
                const Var first = (of_g * of_w - spread(trace(bwbg))) * b;
                const Var second = matmul(of_w * bg + of_g * bw - bwbg - matmul(bg, bw), b);
                return spread(determinant(p.input(0))) * matrix_transpose(first - second);
            },
            [](const Pullback& p) { return cofactor_derivative(p.input(0), p.cotangent()); })
        .notation("D cof({0})[{1}]", R"(D\operatorname{cof}({0})[{1}])")
        .samples([](Draw& draw) {
            std::vector<Sample> samples = regular_samples(draw);
            for (Sample& sample : samples)
                sample.operands.push_back(draw.reals(sample.operands[0].extents()));
            return samples;
        });

Var cofactor_derivative(const Var& a, const Var& g) { return record(cofactor_derivative_op, {a, g}); }

const Op slogdet_op =
    operation("xtape::slogdet")
        .operands({Kind::real})
        .shape([](const Signature& s) {
            return std::vector<ResultType>{one_number_each(s), one_number_each(s)};
        })
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            T* const sign = call.allocate(0);
            T* const logabsdet = call.allocate(1);
            detail::for_each_matrix(call, [&](const T* a, std::size_t n, std::size_t position) {
                sign[position] = logabsdet[position] = std::numeric_limits<T>::quiet_NaN();
                if (!detail::all_finite(a, n * n)) return;
                const detail::Elimination<T> factors(a, n);
                const detail::ScaledProduct<T> determinant = factors.determinant();
                const bool lost = factors.lost().has_value();
                sign[position] = lost ? T{0} : std::copysign(T{1}, determinant.mantissa);
                logabsdet[position] =
                    lost ? -std::numeric_limits<T>::infinity() : determinant.log_magnitude();
            });
        })
        .vjp([](const Pullback& p) { return spread(p.cotangent(1)) * matrix_transpose(inverse(p.input())); })
        .notation("slogdet({0})", R"(\operatorname{slogdet}({0}))")
        .samples(regular_samples);

const Op logdet_op =
    operation("xtape::logdet")
        .operands({Kind::real})
        .shape(one_number_each)
        .forward([](auto& call) {
            using T = typename std::decay_t<decltype(call)>::value_type;
            for_each_factored<detail::Elimination>(
                call, call.allocate(), 1, [&](const auto& factors, T* to, std::size_t position) {
                    if (factors.lost())
                        call.template fail<SingularError>(
                            detail::why_singular(which_matrix(call, position), factors));
                    const detail::ScaledProduct<T> determinant = factors.determinant();
                    if (determinant.mantissa < 0)
                        call.template fail<DomainError>(fmt::format(
                            "the determinant of {} has sign −1, and no real logarithm. Use slogdet(), or "
                            "check for exchanged rows.",
                            which_matrix(call, position)));
                    *to = determinant.log_magnitude();
                });
        })
        .vjp([](const Pullback& p) { return spread(p.cotangent()) * matrix_transpose(inverse(p.input())); })
        .notation("log det({0})", R"(\log\det({0}))")
        .samples(regular_samples);

const Op determinant_list[] = {determinant_op, cofactors_op, cofactor_derivative_op, slogdet_op, logdet_op};

} // namespace

Var determinant(const Var& a) { return record(determinant_op, {a}); }
Var cofactors(const Var& a) { return record(cofactors_op, {a}); }
Var logdet(const Var& a) { return record(logdet_op, {a}); }

SignAndLogDet slogdet(const Var& a) {
    const std::vector<Var> results = record_all(slogdet_op, {{a}});
    return {results[0], results[1]};
}

std::span<const Op> determinant_ops() { return determinant_list; }

} // namespace xtape
