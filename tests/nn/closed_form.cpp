#include "compare.hpp"
#include "complex_step.hpp"
#include "literal.hpp"
#include <xtape/autodiff/error.hpp>
#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/initialisers.hpp>
#include <xtape/nn/matrix.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

using namespace xtape;
using namespace xtape::nn;
using namespace xtape::nn::closed_form;
using compare::relative_difference;

namespace {

// The complex step has no truncation error, so both sides err by rounding alone: sums of at most 1,000 terms,
// through at most four layers, each term of relative error a few ε = 2.2e-16. Worst case 1e3 · 4 · ε ≈ 1e-12.
constexpr double tolerance = 1e-12;
constexpr double caught = 1e-3; ///< what a wrong equation must exceed

struct Case {
    std::vector<std::size_t> nodes; ///< n_0 … n_L
    std::size_t n;
    std::vector<Hidden> hidden;
    Output output;
    std::uint64_t seed;
};

struct Problem {
    std::vector<Layer> layers;
    std::vector<Hidden> hidden;
    Output output;
    Array<double> X, Y;

    Pass pass() const {
        std::vector<Activation> g;
        for (const Hidden& h : hidden)
            g.push_back(h.closed_form);
        return n_examples(layers, g, output, X, Y);
    }
    ComplexStep reference() const { return {layers, hidden, output, X, Y}; }
};

Array<double> normal(std::size_t rows, std::size_t cols, Random& random) {
    Array<double> values(Extents{rows, cols});
    for (double& value : values)
        value = random.normal();
    return values;
}

Array<double> random_labels(Output output, std::size_t rows, std::size_t n, Random& random) {
    if (output == Output::identity_squared_error) return normal(rows, n, random);
    Array<double> Y = zeros(rows, n);
    for (std::size_t j = 0; j < n; ++j)
        if (output == Output::softmax_cross_entropy)
            Y(random.below(rows), j) = 1;
        else
            for (std::size_t i = 0; i < rows; ++i)
                Y(i, j) = static_cast<double>(random.below(2));
    return Y;
}

Problem random_problem(const Case& c) {
    Random random(c.seed);
    Problem problem{{}, c.hidden, c.output, normal(c.nodes[0], c.n, random), {}};
    for (std::size_t l = 1; l < c.nodes.size(); ++l)
        problem.layers.push_back({xavier(c.nodes[l], c.nodes[l - 1], random), normal(c.nodes[l], 1, random)});
    problem.Y = random_labels(c.output, c.nodes.back(), c.n, random);
    return problem;
}

/// Every quantity of the backward pass against the complex step, by name: "dW1", …. dA and dZ are n ∂J/∂·.
std::map<std::string, double> differences(const Problem& problem, const Pass& pass) {
    const ComplexStep reference = problem.reference();
    const double n = static_cast<double>(problem.X.shape()[1]);
    std::map<std::string, double> result;
    for (std::size_t l = 1; l <= problem.layers.size(); ++l) {
        const std::string number = std::to_string(l);
        result["dA" + number] =
            relative_difference(pass.dA[l], n * reference.gradient(ComplexStep::Site::A, l));
        result["dZ" + number] =
            relative_difference(pass.dZ[l], n * reference.gradient(ComplexStep::Site::Z, l));
        result["dW" + number] = relative_difference(pass.dW[l], reference.gradient(ComplexStep::Site::W, l));
        result["db" + number] = relative_difference(pass.db[l], reference.gradient(ComplexStep::Site::b, l));
    }
    result["J"] = std::abs(pass.J - reference.cost()) / std::abs(reference.cost());
    return result;
}

void check(const Case& c) {
    const Problem problem = random_problem(c);
    BOOST_TEST_CONTEXT("seed " << c.seed << ", output " << static_cast<int>(c.output)) {
        const auto found = differences(problem, problem.pass());
        BOOST_TEST(found.size() == 4 * problem.layers.size() + 1);
        for (const auto& [name, difference] : found)
            BOOST_TEST_CONTEXT(name) { BOOST_TEST(difference < tolerance); }
    }
}

Hidden leaky(double slope) {
    return {leaky_relu(slope), [slope](Complex z) { return z.real() > 0 ? z : slope * z; }};
}

const Hidden tanh_layer{tanh(), [](Complex z) { return std::tanh(z); }};
const Hidden sigmoid_layer{sigmoid(), [](Complex z) { return 1.0 / (1.0 + std::exp(-z)); }};
const Hidden softplus_layer{softplus(), [](Complex z) { return std::log(1.0 + std::exp(z)); }};
const std::vector<Hidden> activations{
    tanh_layer,     sigmoid_layer,
    softplus_layer, {relu(), [](Complex z) { return z.real() > 0 ? z : 0.0; }},
    leaky(0.1),     {identity(), [](Complex z) { return z; }},
};
const std::vector<Output> outputs{Output::sigmoid_cross_entropy, Output::softmax_cross_entropy,
                                  Output::identity_squared_error};

} // namespace

BOOST_AUTO_TEST_CASE(logistic_regression) {
    check({{3, 1}, 7, {}, Output::sigmoid_cross_entropy, 1});
    check({{3, 1}, 1, {}, Output::sigmoid_cross_entropy, 2});
    check({{1, 1}, 4, {}, Output::sigmoid_cross_entropy, 3});
    check({{4, 3}, 7, {}, Output::softmax_cross_entropy, 4});
    check({{4, 3}, 7, {}, Output::identity_squared_error, 5});
}

BOOST_AUTO_TEST_CASE(one_hidden_layer_with_every_activation_and_output) {
    std::uint64_t seed = 10;
    for (const Hidden& g : activations)
        for (const Output output : outputs) {
            check({{3, 5, 2}, 7, {g}, output, seed++});
            check({{3, 5, 2}, 1, {g}, output, seed++});
        }
}

BOOST_AUTO_TEST_CASE(two_hidden_layers_with_every_pair_of_activations) {
    std::uint64_t seed = 100;
    for (const Hidden& g1 : activations)
        for (const Hidden& g2 : activations)
            for (const Output output : outputs)
                check({{4, 5, 3, 2}, 6, {g1, g2}, output, seed++});
}

BOOST_AUTO_TEST_CASE(layers_of_one_node_and_deeper_ones) {
    check({{1, 1, 1}, 1, {tanh_layer}, Output::sigmoid_cross_entropy, 200});
    check({{3, 1, 2}, 5, {softplus_layer}, Output::sigmoid_cross_entropy, 201});
    check({{1, 4, 1, 2}, 3, {sigmoid_layer, tanh_layer}, Output::softmax_cross_entropy, 202});
    check(
        {{3, 4, 6, 5, 2}, 7, {tanh_layer, leaky(-0.5), softplus_layer}, Output::sigmoid_cross_entropy, 203});
}

BOOST_AUTO_TEST_CASE(a_thousand_examples) {
    const Problem problem =
        random_problem({{2, 3, 1}, 1000, {tanh_layer}, Output::sigmoid_cross_entropy, 300});
    const Pass pass = problem.pass();
    const ComplexStep reference = problem.reference();
    for (std::size_t l = 1; l <= 2; ++l) {
        BOOST_TEST(relative_difference(pass.dW[l], reference.gradient(ComplexStep::Site::W, l)) < tolerance);
        BOOST_TEST(relative_difference(pass.db[l], reference.gradient(ComplexStep::Site::b, l)) < tolerance);
    }
}

BOOST_AUTO_TEST_CASE(soft_labels) {
    Problem problem = random_problem({{3, 4, 2}, 5, {tanh_layer}, Output::sigmoid_cross_entropy, 400});
    problem.Y = literal({{0.1, 0.9, 0.5, 0.25, 1}, {0.9, 0.1, 0.5, 0.75, 0}});
    for (const Output output : outputs) {
        problem.output = output;
        for (const auto& [name, difference] : differences(problem, problem.pass()))
            BOOST_TEST_CONTEXT(name) { BOOST_TEST(difference < tolerance); }
    }
}

BOOST_AUTO_TEST_CASE(a_pair_of_your_own) {
    const Hidden sine{
        {"sine", [](const Array<double>& Z) -> Array<double> { return xt::sin(Z); },
         [](const Array<double>& Z, const Array<double>&) -> Array<double> { return xt::cos(Z); }},
        [](Complex z) { return std::sin(z); }};
    check({{3, 5, 2}, 7, {sine}, Output::sigmoid_cross_entropy, 500});
}

// Mistakes that people make, each in one equation and nothing else.
BOOST_AUTO_TEST_CASE(one_wrong_equation_is_caught) {
    const Problem problem =
        random_problem({{4, 5, 3, 2}, 6, {tanh_layer, tanh_layer}, Output::sigmoid_cross_entropy, 600});
    const Pass right = problem.pass();
    const double n = 6;
    const Array<double>&W2 = problem.layers[1].W, &W3 = problem.layers[2].W;
    struct Mistake {
        std::string name, equation;
        std::function<void(Pass&)> make;
    };
    const std::vector<Mistake> mistakes{
        {"dA3 with a sign flipped", "dA3",
         [&](Pass& p) { p.dA[3] = -problem.Y / p.A[3] - (1.0 - problem.Y) / (1.0 - p.A[3]); }},
        {"dZ3 with Y − A", "dZ3", [&](Pass& p) { p.dZ[3] = problem.Y - p.A[3]; }},
        {"dZ3 with the mean taken early", "dZ3", [&](Pass& p) { p.dZ[3] /= n; }},
        {"dW3 without 1/n", "dW3", [&](Pass& p) { p.dW[3] *= n; }},
        {"dW3 with Z2 for A2", "dW3", [&](Pass& p) { p.dW[3] = product(p.dZ[3], transposed(p.Z[2])) / n; }},
        {"db3 without 1/n", "db3", [&](Pass& p) { p.db[3] *= n; }},
        {"db3 from the first example alone", "db3",
         [&](Pass& p) { p.db[3] = xt::view(p.dZ[3], xt::all(), xt::range(0, 1)); }},
        {"db3 without its kept dimension", "db3", [&](Pass& p) { p.db[3] = xt::sum(p.dZ[3], {1}) / n; }},
        {"dA2 with dA3 for dZ3", "dA2", [&](Pass& p) { p.dA[2] = product(transposed(W3), p.dA[3]); }},
        {"dA2 with dW3 for W3", "dA2", [&](Pass& p) { p.dA[2] = product(transposed(p.dW[3]), p.dZ[3]); }},
        {"dZ2 with 1 − Z²", "dZ2", [&](Pass& p) { p.dZ[2] = p.dA[2] * (1.0 - p.Z[2] * p.Z[2]); }},
        {"dZ2 with sigmoid′", "dZ2", [&](Pass& p) { p.dZ[2] = p.dA[2] * p.A[2] * (1.0 - p.A[2]); }},
        {"dZ2 without g′", "dZ2", [&](Pass& p) { p.dZ[2] = p.dA[2]; }},
        {"dZ1 multiplied by Z1", "dZ1", [&](Pass& p) { p.dZ[1] = p.dA[1] * p.Z[1]; }},
        {"dZ1 with an extra 1/n", "dZ1", [&](Pass& p) { p.dZ[1] /= n; }},
        {"dW1 with λW", "dW1", [&](Pass& p) { p.dW[1] += 0.1 * problem.layers[0].W; }},
        {"dW2 twice", "dW2", [&](Pass& p) { p.dW[2] *= 2.0; }},
        {"dA1 with W2 already updated", "dA1",
         [&](Pass& p) { p.dA[1] = product(transposed(W2 - 0.1 * p.dW[2]), p.dZ[2]); }},
        {"db2 with dZ1 for dZ2", "db2", [&](Pass& p) { p.db[2] = p.db[1]; }},
        {"db1 of dA1", "db1", [&](Pass& p) { p.db[1] = xt::sum(p.dA[1], {1}, xt::keep_dims) / n; }},
        {"J as a sum", "J", [&](Pass& p) { p.J *= n; }},
        {"a NaN in dW1", "dW1", [&](Pass& p) { p.dW[1](0, 0) = std::numeric_limits<double>::quiet_NaN(); }},
    };
    for (const auto& [name, equation, make] : mistakes) {
        Pass wrong = right;
        make(wrong);
        for (const auto& [quantity, difference] : differences(problem, wrong))
            BOOST_TEST_CONTEXT(name << ", " << quantity) {
                if (quantity == equation)
                    BOOST_TEST(difference > caught);
                else
                    BOOST_TEST(difference < tolerance);
            }
    }
}

namespace {

Array<double> scalar_sigmoid_slope(const Array<double>& z) {
    Array<double> slope = z;
    for (double& s : slope)
        s = std::exp(-s) / std::pow(1 + std::exp(-s), 2);
    return slope;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_example_step_by_step) {
    using Site = ComplexStep::Site;
    std::uint64_t seed = 700;
    for (const Hidden& g1 : activations) {
        const Problem problem = random_problem({{4, 3, 2}, 1, {g1}, Output::sigmoid_cross_entropy, seed++});
        const OneExample e =
            one_example(problem.layers[0], problem.layers[1], g1.closed_form, problem.X, problem.Y);
        const ComplexStep reference = problem.reference();
        BOOST_TEST(std::abs(e.L - reference.cost()) < tolerance * e.L);
        BOOST_TEST(relative_difference(e.dL_da2, reference.gradient(Site::A, 2)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_dz2, reference.gradient(Site::Z, 2)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_dW2, reference.gradient(Site::W, 2)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_db2, reference.gradient(Site::b, 2)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_da1, reference.gradient(Site::A, 1)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_dz1, reference.gradient(Site::Z, 1)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_dW1, reference.gradient(Site::W, 1)) < tolerance);
        BOOST_TEST(relative_difference(e.dL_db1, reference.gradient(Site::b, 1)) < tolerance);
    }
}

// The textbook writes ∂L/∂a2 and ∂a2/∂z2 in two forms each, and ∂L/∂z2 as their product.
BOOST_AUTO_TEST_CASE(the_two_forms_of_a_step_agree) {
    const Problem problem = random_problem({{4, 3, 2}, 1, {tanh_layer}, Output::sigmoid_cross_entropy, 800});
    const OneExample e = one_example(problem.layers[0], problem.layers[1], tanh(), problem.X, problem.Y);
    const Array<double> first = -problem.Y / e.a2 + (1.0 - problem.Y) / (1.0 - e.a2);
    const Array<double> second = (e.a2 - problem.Y) / (e.a2 * (1.0 - e.a2));
    BOOST_TEST(relative_difference(e.dL_da2, first) < tolerance);
    BOOST_TEST(relative_difference(e.dL_da2, second) < tolerance);
    BOOST_TEST(relative_difference(e.da2_dz2, scalar_sigmoid_slope(e.z2)) < tolerance);
    BOOST_TEST(relative_difference(e.dL_da2 * e.da2_dz2, e.dL_dz2) < tolerance);
    BOOST_TEST(relative_difference(e.dL_da2 * e.a2, e.dL_dz2) > caught);
}

BOOST_AUTO_TEST_CASE(n_examples_of_one_is_one_example_and_of_many_their_mean) {
    const Problem problem = random_problem({{4, 3, 2}, 5, {tanh_layer}, Output::sigmoid_cross_entropy, 900});
    const Pass pass = problem.pass();
    Array<double> dW1 = zeros(3, 4), db2 = zeros(2, 1);
    double J = 0;
    for (std::size_t j = 0; j < 5; ++j) {
        const Array<double> x = xt::view(problem.X, xt::all(), xt::range(j, j + 1));
        const Array<double> y = xt::view(problem.Y, xt::all(), xt::range(j, j + 1));
        const OneExample e = one_example(problem.layers[0], problem.layers[1], tanh(), x, y);
        const Array<double> dZ1 = xt::view(pass.dZ[1], xt::all(), xt::range(j, j + 1));
        BOOST_TEST(relative_difference(dZ1, e.dL_dz1) < tolerance);
        dW1 += e.dL_dW1 / 5;
        db2 += e.dL_db2 / 5;
        J += e.L / 5;
    }
    BOOST_TEST(relative_difference(pass.dW[1], dW1) < tolerance);
    BOOST_TEST(relative_difference(pass.db[2], db2) < tolerance);
    BOOST_TEST(std::abs(pass.J - J) < tolerance * J);
}

BOOST_AUTO_TEST_CASE(activations_at_kinks_limits_and_nan) {
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();
    const Array<double> Z{{-800, -1, 0, 1, 800}};
    const auto slopes = [&](const Activation& f) { return f.derivative(Z, f.g(Z)); };
    BOOST_TEST(bool(relu().g(Z) == Array<double>{{0, 0, 0, 1, 800}}));
    BOOST_TEST(bool(slopes(relu()) == Array<double>{{0, 0, 0, 1, 1}}));
    BOOST_TEST(bool(leaky_relu(0.25).g(Z) == Array<double>{{-200, -0.25, 0, 1, 800}}));
    BOOST_TEST(bool(slopes(leaky_relu(0.25)) == Array<double>{{0.25, 0.25, 0.25, 1, 1}}));
    BOOST_TEST(softplus().g(Z)(0, 4) == 800);
    BOOST_TEST(softplus().g(Z)(0, 0) == 0);
    BOOST_TEST(softplus().g(Z)(0, 2) == std::log(2.0), boost::test_tools::tolerance(1e-15));
    for (const Hidden& h : activations)
        BOOST_TEST_CONTEXT(h.closed_form.name) {
            const Array<double> A = h.closed_form.g(Z), slope = slopes(h.closed_form);
            BOOST_TEST(std::all_of(A.begin(), A.end(), [](double a) { return std::isfinite(a); }));
            BOOST_TEST(std::all_of(slope.begin(), slope.end(), [](double s) { return std::isfinite(s); }));
            BOOST_TEST(std::isnan(h.closed_form.g(literal({{missing}}))(0, 0)));
            BOOST_TEST(h.closed_form.g(zeros(3, 0)).size() == 0u);
        }
}

// σ(800) is 1 in floating point: where the label is 1 as well, 0 · log 0 and 0/0 are 0, so all is finite and
// right.
BOOST_AUTO_TEST_CASE(a_saturated_output) {
    const Array<double> X = literal({{800, -800}}), one = literal({{1}}), zero = literal({{0}});
    const Pass right = n_examples({{one, zero}}, {}, Output::sigmoid_cross_entropy, X, literal({{1, 0}}));
    BOOST_TEST(right.J == 0);
    BOOST_TEST(bool(right.dZ[1] == literal({{0, 0}})));
    BOOST_TEST(bool(right.dA[1] == literal({{-1, 1}})));
    const Pass wrong = n_examples({{one, zero}}, {}, Output::sigmoid_cross_entropy, X, literal({{0, 1}}));
    BOOST_TEST(std::isinf(wrong.J));
    BOOST_TEST(bool(wrong.dZ[1] == literal({{1, -1}})));
    const Pass classes = n_examples({{literal({{1}, {-1}}), zeros(2, 1)}}, {}, Output::softmax_cross_entropy,
                                    X, literal({{1, 0}, {0, 1}}));
    BOOST_TEST(classes.J == 0);
    BOOST_TEST(bool(classes.dZ[1] == zeros(2, 2)));
}

BOOST_AUTO_TEST_CASE(nan_propagates) {
    Problem problem = random_problem({{3, 4, 2}, 5, {activations[3]}, Output::sigmoid_cross_entropy, 1000});
    problem.X(1, 2) = std::numeric_limits<double>::quiet_NaN();
    const Pass pass = problem.pass();
    BOOST_TEST(std::isnan(pass.J));
    BOOST_TEST(std::isnan(pass.A[2](1, 2)));
    BOOST_TEST(std::isnan(pass.dW[1](0, 0)));
    BOOST_TEST(!std::isnan(pass.A[2](1, 1)));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
    constexpr Output output = Output::sigmoid_cross_entropy;
    const Layer first{zeros(4, 3), zeros(4, 1)}, second{zeros(2, 4), zeros(2, 1)};
    const Array<double> X = zeros(3, 5), Y = zeros(2, 5);
    const auto message = [&](const std::vector<Layer>& layers, const Array<double>& x,
                             const Array<double>& y) {
        try {
            n_examples(layers, std::vector<Activation>(layers.size() - 1, tanh()), output, x, y);
        } catch (const ShapeError& error) {
            return std::string(error.what());
        }
        return std::string("nothing");
    };
    BOOST_TEST(message({first, second}, X, Y) == "nothing");
    BOOST_TEST(message({first, second}, transposed(X), Y) ==
               "closed_form: W1 is (4 × 3), but A0 has 5 rows. W must have a column for each.");
    BOOST_TEST(message({first, second}, X, transposed(Y)) == "closed_form: Y is (5 × 2), not (2 × 5).");
    BOOST_TEST(
        message({first, second}, X, Array<double>{0, 1}).starts_with("closed_form: Y is (2), not a matrix"));
    BOOST_TEST(message({first, {zeros(2, 3), zeros(2, 1)}}, X, Y).starts_with("closed_form: W2 is (2 × 3)"));
    BOOST_TEST(message({first, {zeros(2, 4), zeros(1, 2)}}, X, Y) ==
               "closed_form: b2 is (1 × 2), not (2 × 1).");
    BOOST_TEST(
        message({{zeros(0, 3), zeros(0, 1)}}, X, zeros(0, 5)).starts_with("closed_form: W1 is (0 × 3)"));

    BOOST_CHECK_THROW(n_examples({}, {}, output, X, Y), ArgumentError);
    BOOST_CHECK_THROW(n_examples({first, second}, {}, output, X, Y), ArgumentError);
    BOOST_CHECK_THROW(n_examples({first, second}, {tanh()}, output, zeros(3, 0), zeros(2, 0)), ArgumentError);
    BOOST_CHECK_THROW(n_examples({first, second}, {tanh()}, Output::softmax_cross_entropy, X, Y),
                      ArgumentError);
    const Activation shrinking{"shrinking", [](const Array<double>&) { return zeros(1, 1); },
                               tanh().derivative};
    BOOST_CHECK_THROW(n_examples({first, second}, {shrinking}, output, X, Y), ShapeError);
    const Activation broken{"broken", tanh().g,
                            [](const Array<double>&, const Array<double>&) { return zeros(1, 1); }};
    BOOST_CHECK_THROW(n_examples({first, second}, {broken}, output, X, Y), ShapeError);

    const Array<double> x = zeros(3, 1), y = zeros(2, 1);
    BOOST_CHECK_NO_THROW(one_example(first, second, tanh(), x, y));
    BOOST_CHECK_THROW(one_example(first, second, tanh(), X, Y), ShapeError);
    BOOST_CHECK_THROW(one_example(second, first, tanh(), x, y), ShapeError);
    BOOST_CHECK_THROW(one_example(first, second, tanh(), x, zeros(1, 1)), ShapeError);
    BOOST_CHECK_THROW(one_example(first, second, shrinking, x, y), ShapeError);
    BOOST_CHECK_THROW(one_example(first, second, broken, x, y), ShapeError);
}
