#include "literal.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn/losses.hpp>
#include <xtape/nn/random.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using xtape::nn::L2;
using xtape::nn::l2;
using xtape::nn::Loss;
using xtape::nn::Random;

namespace {

using Real = long double;
constexpr double epsilon = std::numeric_limits<double>::epsilon();

/// One column of what the network says and of the truth.
using Column = std::vector<Real>;
using Formula = std::function<Real(const Column& a, const Column& y)>;
using Slope = std::function<Real(const Column& a, const Column& y, std::size_t k)>;

struct Matrices {
    Array<double> A, Y;
};

Column column(const Array<double>& M, std::size_t j) {
    Column result;
    for (std::size_t k = 0; k < M.shape()[0]; ++k)
        result.push_back(M(k, j));
    return result;
}

/// The largest |loss − formula| and |∂ Σ loss / ∂a − slope|, each divided by the scale of its column, in
/// which errors are counted; infinity for NaN or another shape than (1 × n).
struct Differences {
    Real value = 0, gradient = 0;
};

Differences differences(const std::string& loss, const Matrices& m, const Formula& formula,
                        const Slope& slope, const Formula& scale) {
    constexpr Real infinity = std::numeric_limits<Real>::infinity();
    const auto larger = [](Real a, Real b) { return std::isnan(b) ? infinity : std::max(a, b); };
    const std::size_t k = m.A.shape()[0], n = m.A.shape()[1];
    Tape tape;
    const Var A = tape.input("A", {k, Dim("n")}), Y = tape.input("Y", {k, Dim("n")});
    const Var L = Loss(loss)(A, Y), dA = gradient(sum(L), A);
    Evaluation<double> evaluation{{A, m.A}, {Y, m.Y}};
    const Array<double> values = evaluation.value(L), gradients = evaluation.value(dA);
    if (values.shape() != Extents{1, n} || gradients.shape() != m.A.shape()) return {infinity, infinity};
    Differences worst;
    for (std::size_t j = 0; j < n; ++j) {
        const Column a = column(m.A, j), y = column(m.Y, j);
        worst.value = larger(worst.value, std::abs(values(0, j) - formula(a, y)) / scale(a, y));
        for (std::size_t i = 0; i < k; ++i)
            worst.gradient = larger(worst.gradient, std::abs(gradients(i, j) - slope(a, y, i)) /
                                                        (1 + std::abs(slope(a, y, i))));
    }
    return worst;
}

Array<double> drawn(std::size_t k, std::size_t n, double low, double high, Random& random) {
    auto result = Array<double>::from_shape({k, n});
    for (double& x : result.storage())
        x = low + (high - low) * random.uniform();
    return result;
}

/// Labels 0 and 1, and some in between.
Array<double> labels(std::size_t k, std::size_t n, Random& random) {
    auto result = Array<double>::from_shape({k, n});
    for (double& y : result.storage())
        y = random.uniform() < 0.2 ? random.uniform() : static_cast<double>(random.below(2));
    return result;
}

/// Columns that sum to 1.
Array<double> distributions(std::size_t k, std::size_t n, Random& random) {
    Array<double> result = drawn(k, n, 0.01, 1, random);
    for (std::size_t j = 0; j < n; ++j) {
        double total = 0;
        for (std::size_t i = 0; i < k; ++i)
            total += result(i, j);
        for (std::size_t i = 0; i < k; ++i)
            result(i, j) /= total;
    }
    return result;
}

template <class Term>
Real over(const Column& a, const Column& y, Term term) {
    Real total = 0;
    for (std::size_t k = 0; k < a.size(); ++k)
        total += term(a[k], y[k]);
    return total;
}

Real softplus_of(Real z) { return z > 0 ? z + std::log1p(std::exp(-z)) : std::log1p(std::exp(z)); }
Real sigmoid_of(Real z) { return 1 / (1 + std::exp(-z)); }

Real log_total(const Column& z) {
    const Real largest = *std::max_element(z.begin(), z.end());
    Real total = 0;
    for (const Real v : z)
        total += std::exp(v - largest);
    return largest + std::log(total);
}

const Formula one_plus_loss_of(const Formula& loss) {
    return [loss](const Column& a, const Column& y) { return 1 + std::abs(loss(a, y)); };
}
const Formula one_plus_logits = [](const Column& z, const Column& y) {
    return 1 + over(z, y, [](Real v, Real) { return std::abs(v); });
};

const Formula binary = [](const Column& a, const Column& y) {
    return over(a, y, [](Real p, Real t) { return -(t * std::log(p) + (1 - t) * std::log(1 - p)); });
};
const Slope binary_slope = [](const Column& a, const Column& y, std::size_t k) {
    return -y[k] / a[k] + (1 - y[k]) / (1 - a[k]);
};
const Formula binary_logits = [](const Column& z, const Column& y) {
    return over(z, y, [](Real v, Real t) { return t * softplus_of(-v) + (1 - t) * softplus_of(v); });
};
const Slope binary_logits_slope = [](const Column& z, const Column& y, std::size_t k) {
    return sigmoid_of(z[k]) - y[k];
};
const Formula categorical = [](const Column& a, const Column& y) {
    return over(a, y, [](Real p, Real t) { return -t * std::log(p); });
};
const Slope categorical_slope = [](const Column& a, const Column& y, std::size_t k) { return -y[k] / a[k]; };
const Formula categorical_logits = [](const Column& z, const Column& y) {
    const Real total = log_total(z);
    return over(z, y, [&](Real v, Real t) { return t * (total - v); });
};
const Slope categorical_logits_slope = [](const Column& z, const Column& y, std::size_t k) {
    return std::exp(z[k] - log_total(z)) * over(z, y, [](Real, Real t) { return t; }) - y[k];
};
const Formula squared = [](const Column& a, const Column& y) {
    return over(a, y, [](Real p, Real t) { return (p - t) * (p - t) / 2; });
};
const Slope squared_slope = [](const Column& a, const Column& y, std::size_t k) { return a[k] - y[k]; };

// Every loss is a sum of at most 5 terms of one sign, each of at most 6 roundings of ε/2 relative to the
// scale that is divided by: 1 + loss where logarithms of 1 − a round absolutely, 1 + Σ|z| where the logits'
// terms cancel. 5 · 6 · ε/2 = 15 ε; gradients have fewer.
constexpr double bound = 16 * epsilon;

void check(const std::string& loss, const Matrices& m, const Formula& formula, const Slope& slope,
           const Formula& scale) {
    const Differences worst = differences(loss, m, formula, slope, scale);
    BOOST_TEST(worst.value <= bound, loss << ": " << worst.value);
    BOOST_TEST(worst.gradient <= bound, loss << ": " << worst.gradient);
}

bool mentions(const Error& error, const std::string& text) {
    return std::string(error.what()).find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(values_and_gradients_are_those_of_the_formulas) {
    Random random(1);
    for (const std::size_t k : {1u, 3u, 5u})
        for (const std::size_t n : {1u, 40u}) {
            const Array<double> probabilities = drawn(k, n, 0.001, 0.999, random), Y = labels(k, n, random);
            const Array<double> logits = drawn(k, n, -30, 30, random);
            const Array<double> P = distributions(k, n, random), D = distributions(k, n, random);
            check("binary_cross_entropy", {probabilities, Y}, binary, binary_slope, one_plus_loss_of(binary));
            check("binary_cross_entropy_from_logits", {logits, Y}, binary_logits, binary_logits_slope,
                  one_plus_logits);
            check("categorical_cross_entropy", {P, D}, categorical, categorical_slope,
                  one_plus_loss_of(categorical));
            check("categorical_cross_entropy_from_logits", {logits, D}, categorical_logits,
                  categorical_logits_slope, one_plus_logits);
            check("squared_error", {logits, Y}, squared, squared_slope, one_plus_loss_of(squared));
        }
}

BOOST_AUTO_TEST_CASE(a_formula_that_is_slightly_wrong_is_caught) {
    Random random(2);
    const Matrices m{drawn(2, 9, 0.1, 0.9, random), labels(2, 9, random)};
    const Formula off = [](const Column& a, const Column& y) { return binary(a, y) * (1 + 1e-12L); };
    const Slope turned = [](const Column& a, const Column& y, std::size_t k) {
        return -binary_slope(a, y, k);
    };
    const Differences worst = differences("binary_cross_entropy", m, off, turned, one_plus_loss_of(binary));
    BOOST_TEST(worst.value > bound);
    BOOST_TEST(worst.gradient > bound);
    const Matrices nan{literal({{std::numeric_limits<double>::quiet_NaN()}}), literal({{1}})};
    BOOST_TEST(differences("squared_error", nan, squared, squared_slope, one_plus_logits).value > bound);
}

BOOST_AUTO_TEST_CASE(saturated_logits_are_exact) {
    const Array<double> Z{{800, -800, 800, -800}}, Y{{1, 1, 0, 0}};
    Tape tape;
    const Var z = tape.input("Z", {1, Dim("n")}), y = tape.input("Y", {1, Dim("n")});
    const Var from_logits = nn::binary_cross_entropy_from_logits(z, y);
    Evaluation<double> evaluation{{z, Z}, {y, Y}};
    BOOST_TEST((evaluation.value(from_logits) == literal({{0, 800, 800, 0}})));
    BOOST_TEST((evaluation.value(gradient(sum(from_logits), z)) == literal({{0, -1, 1, 0}})));

    // From probabilities 0 · log 0 is NaN, and the engine says where it arose and what to use.
    const Var naive = nn::binary_cross_entropy(sigmoid(z), y);
    const Array<double> lost = evaluation.value(naive);
    BOOST_TEST(!AnyArray(lost).all_finite());
    const auto where = evaluation.first_nonfinite(naive);
    BOOST_REQUIRE(where.has_value());
    BOOST_TEST(where->message.find("logits") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(saturated_classes_are_exact) {
    const Array<double> Z{{800, 800}, {0, 0}, {-800, -800}}, Y{{1, 0}, {0, 0}, {0, 1}};
    Tape tape;
    const Var z = tape.input("Z", {3, Dim("n")}), y = tape.input("Y", {3, Dim("n")});
    const Var from_logits = nn::categorical_cross_entropy_from_logits(z, y);
    Evaluation<double> evaluation{{z, Z}, {y, Y}};
    BOOST_TEST((evaluation.value(from_logits) == literal({{0, 1600}})));
    BOOST_TEST((evaluation.value(gradient(sum(from_logits), z)) == literal({{0, 1}, {0, 0}, {0, -1}})));
    const Array<double> lost = evaluation.value(nn::categorical_cross_entropy(softmax(z, 0), y));
    BOOST_TEST(!AnyArray(lost).all_finite());
}

BOOST_AUTO_TEST_CASE(operands_that_do_not_fit) {
    Tape tape;
    const Var A = tape.input("A", {1, Dim("n")}), turned = tape.input("turned", {Dim("n"), 1});
    const Var flat = tape.input("flat", {Dim("n")}), two = tape.input("two", {2, Dim("n")});
    const std::size_t before = tape.size();
    for (const std::string& name : nn::loss_names()) {
        const Loss loss(name);
        BOOST_CHECK_EXCEPTION(loss(A, turned), ShapeError, [&](const Error& error) {
            return mentions(error, name + "(A, turned): A is (1 × n), turned is (n × 1)") &&
                   mentions(error, "transpose(turned)");
        });
        BOOST_CHECK_EXCEPTION(loss(A, flat), ShapeError,
                              [](const Error& error) { return mentions(error, "expand_dims(flat, {0})"); });
        BOOST_CHECK_THROW(loss(flat, flat), ShapeError);
        BOOST_CHECK_THROW(loss(two, A), ShapeError); // would broadcast
        BOOST_CHECK_THROW(loss(A, Var()), VarError);
        Tape other;
        BOOST_CHECK_THROW(loss(A, other.input("Y", {1, Dim("n")})), VarError);
    }
    BOOST_TEST(tape.size() == before);
}

BOOST_AUTO_TEST_CASE(an_unknown_loss_suggests_the_nearest) {
    BOOST_CHECK_EXCEPTION(Loss("binary_crossentropy"), NameError, [](const Error& error) {
        return mentions(error, "Did you mean binary_cross_entropy?");
    });
}

BOOST_AUTO_TEST_CASE(l2_in_each_convention) {
    const Array<double> W{{1, -2}, {3, 0.5}}, V{{4, 5}}, X(Extents{3, 8}, 0.0);
    constexpr double lambda = 0.25; // every number here is exact in binary
    const struct {
        L2 convention;
        double of_squares, of_W;
    } cases[] = {{L2::half_lambda, lambda / 2, lambda},
                 {L2::half_lambda_over_n, lambda / 16, lambda / 8},
                 {L2::lambda, lambda, 2 * lambda}};
    for (const auto& [convention, of_squares, of_W] : cases) {
        Tape tape;
        const Var x = tape.input("X", {3, Dim("n")}), w = tape.variable("W", W), v = tape.variable("V", V);
        const Var penalty = l2({w, v}, lambda, convention, extent(x, 1));
        const auto [dw, dv] = gradient(penalty, w, v);
        Evaluation<double> evaluation{{x, X}};
        BOOST_TEST(evaluation.item(penalty) == of_squares * (1 + 4 + 9 + 0.25 + 16 + 25));
        BOOST_TEST((evaluation.value(dw) == Array<double>(of_W * W)));
        BOOST_TEST((evaluation.value(dv) == Array<double>(of_W * V)));
    }
}

BOOST_AUTO_TEST_CASE(l2_refuses_what_has_no_meaning) {
    Tape tape;
    const Var W = tape.variable("W", literal({{1}}));
    BOOST_CHECK_THROW(l2({W}, -1, L2::lambda), ArgumentError);
    BOOST_CHECK_THROW(l2({W}, std::numeric_limits<double>::quiet_NaN(), L2::lambda), ArgumentError);
    BOOST_CHECK_THROW(l2({}, 1, L2::lambda), ArgumentError);
    BOOST_CHECK_THROW(l2({W}, 1, L2::half_lambda_over_n), ArgumentError);
    BOOST_TEST(tape.size() == 1u);
}
