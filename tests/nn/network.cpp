#include "compare.hpp"
#include "literal.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/autodiff/records.hpp>
#include <xtape/nn/closed_form.hpp>
#include <xtape/nn/network.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;
using namespace xtape::nn;
using compare::relative_difference;

namespace {

// Forward only: sums of at most 6 terms through at most 4 layers, each rounding relative to its largest term;
// cancellation between terms costs another digit or two. 6 · 4 · ε = 5e-15.
constexpr double tolerance = 1e-13;

Array<double> drawn(std::size_t rows, std::size_t cols, Random& random) {
    auto result = Array<double>::from_shape({rows, cols});
    for (double& x : result.storage())
        x = random.normal();
    return result;
}

std::vector<closed_form::Layer> layers(const Parameters& parameters) {
    std::vector<closed_form::Layer> result;
    for (std::size_t l = 1; parameters.contains("W" + std::to_string(l)); ++l)
        result.push_back({parameters["W" + std::to_string(l)], parameters["b" + std::to_string(l)]});
    return result;
}

Parameters drawn_parameters(const std::vector<std::size_t>& nodes, Random& random) {
    Parameters parameters = initialise(nodes, random);
    for (const std::string& name : parameters.names())
        parameters.assign(name, drawn(parameters[name].shape()[0], parameters[name].shape()[1], random));
    return parameters;
}

std::size_t count_of(const Tape& tape, const std::string& op) {
    std::size_t count = 0;
    for (std::uint32_t r = 0; r < tape.size(); ++r)
        count += tape.records()->definition(tape.records()->record(r)).name == op;
    return count;
}

bool mentions(const Error& error, const std::string& text) {
    return std::string(error.what()).find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(everything_has_the_textbooks_name_and_shape) {
    Random random(1);
    const Parameters parameters = initialise({3, 4, 2, 1}, random);
    Tape tape;
    const Network net = network(tape, parameters);
    const std::pair<const char*, const char*> expected[] = {
        {"X", "(n0=3 × n)"},     {"Y", "(n3=1 × n)"},     {"W1", "(n1=4 × n0=3)"},
        {"b1", "(n1=4 × 1)"},    {"Z1", "(n1=4 × n)"},    {"A1", "(n1=4 × n)"},
        {"W2", "(n2=2 × n1=4)"}, {"b2", "(n2=2 × 1)"},    {"Z2", "(n2=2 × n)"},
        {"A2", "(n2=2 × n)"},    {"W3", "(n3=1 × n2=2)"}, {"b3", "(n3=1 × 1)"},
        {"Z3", "(n3=1 × n)"},    {"A3", "(n3=1 × n)"},    {"J", "()"}};
    BOOST_TEST(tape.names().size() == std::size(expected));
    for (const auto& [name, shape] : expected)
        BOOST_TEST(tape[name].shape().to_string() == shape, name);
    BOOST_TEST(net.A[0].same_as(net.X));
    BOOST_TEST(net.W[0].empty());
    BOOST_TEST(net.Z[2].same_as(tape["Z2"]));
    BOOST_TEST(net.prediction().same_as(tape["A3"]));
    std::string names;
    for (const Var& parameter : net.parameters())
        names += parameter.name() + " ";
    BOOST_TEST(names == "W1 b1 W2 b2 W3 b3 ");
}

BOOST_AUTO_TEST_CASE(forward_is_that_of_the_closed_form) {
    Random random(2);
    for (const std::vector<std::size_t>& nodes :
         std::vector<std::vector<std::size_t>>{{6, 1}, {3, 5, 1}, {3, 5, 4, 2}, {2, 6, 5, 4, 3}})
        for (const std::size_t n : {1u, 9u}) {
            const Parameters parameters = drawn_parameters(nodes, random);
            const std::size_t L = nodes.size() - 1;
            const Array<double> X = drawn(nodes[0], n, random);
            const Array<double> Y(Extents{nodes[L], n}, 1.0 / static_cast<double>(nodes[L]));
            const std::vector<closed_form::Activation> hidden(L - 1, closed_form::tanh());
            const struct {
                const char *output, *loss;
                bool from_logits;
                closed_form::Output closed;
            } outputs[] = {
                {"sigmoid", "binary_cross_entropy", false, closed_form::Output::sigmoid_cross_entropy},
                {"sigmoid", "binary_cross_entropy", true, closed_form::Output::sigmoid_cross_entropy},
                {"softmax", "categorical_cross_entropy", false, closed_form::Output::softmax_cross_entropy},
                {"softmax", "categorical_cross_entropy", true, closed_form::Output::softmax_cross_entropy},
                {"identity", "squared_error", false, closed_form::Output::identity_squared_error}};
            for (const auto& [output, loss, from_logits, closed] : outputs) {
                const auto expected = closed_form::n_examples(layers(parameters), hidden, closed, X, Y);
                Tape tape;
                const Network net =
                    network(tape, parameters, {.output = output, .loss = loss, .from_logits = from_logits});
                Evaluation<double> evaluation{{net.X, X}, {net.Y, Y}};
                for (std::size_t l = 1; l <= L; ++l) {
                    BOOST_TEST(relative_difference(evaluation.value(net.Z[l]), expected.Z[l]) <= tolerance);
                    BOOST_TEST(relative_difference(evaluation.value(net.A[l]), expected.A[l]) <= tolerance);
                }
                BOOST_TEST(std::abs(evaluation.item(net.cost) - expected.J) <= tolerance * (1 + expected.J));
                BOOST_TEST((evaluation.value(net.loss).shape() == Extents{1, n}));
                BOOST_TEST(relative_difference(predict(net, X), expected.A[L]) <= tolerance);
            }
        }
}

BOOST_AUTO_TEST_CASE(one_recording_serves_any_number_of_examples) {
    Random random(3);
    const Parameters parameters = drawn_parameters({3, 4, 1}, random);
    Tape tape;
    const Network net = network(tape, parameters);
    const std::size_t before = tape.size();
    const Array<double> X = drawn(3, 455, random);
    const Array<double> all = predict(net, X);
    for (const std::size_t n : {455u, 114u, 7u, 1u}) {
        const Array<double> some = xt::view(X, xt::all(), xt::range(0, n));
        const Array<double> expected = xt::view(all, xt::all(), xt::range(0, n));
        BOOST_TEST((predict(net, some) == expected));
    }
    BOOST_TEST((predict(net, Array<double>(Extents{3, 0})).shape() == Extents{1, 0}));
    BOOST_TEST(tape.size() == before);
    BOOST_CHECK_THROW((void)predict(net, drawn(455, 3, random)), BindingError);
}

BOOST_AUTO_TEST_CASE(the_cost_divides_by_n_alone) {
    Random random(4);
    Tape tape;
    (void)network(tape, initialise({2, 3, 1}, random));
    BOOST_TEST(count_of(tape, "xtape::extent") == 1u);
    BOOST_TEST(count_of(tape, "xtape::divide") == 1u);
}

BOOST_AUTO_TEST_CASE(l2_adds_to_the_cost_and_the_gradient_of_weights_alone) {
    Random random(5);
    const Parameters parameters = drawn_parameters({3, 4, 2}, random);
    const Array<double> X = drawn(3, 10, random), Y(Extents{2, 10}, 0.25);
    constexpr double lambda = 0.3;
    const auto gradients = [&](const NetworkOptions& options) {
        Tape tape;
        const Network net = network(tape, parameters, options);
        Evaluation<double> evaluation{{net.X, X}, {net.Y, Y}};
        std::vector<Array<double>> result;
        for (const Var& g : gradient(net.cost, net.parameters()))
            result.push_back(evaluation.value(g));
        result.push_back(evaluation.value(net.cost));
        return result;
    };
    double squares = 0;
    for (const char* name : {"W1", "W2"})
        for (const double w : parameters[name])
            squares += w * w;
    const auto plain = gradients({});
    const struct {
        L2 convention;
        double of_squares, of_W;
    } cases[] = {{L2::half_lambda, lambda / 2, lambda},
                 {L2::half_lambda_over_n, lambda / 20, lambda / 10},
                 {L2::lambda, lambda, 2 * lambda}};
    for (const auto& [convention, of_squares, of_W] : cases) {
        const auto with = gradients({.lambda = lambda, .convention = convention});
        for (const std::size_t k : {0u, 2u}) {
            const Array<double> expected = plain[k] + of_W * parameters[k == 0 ? "W1" : "W2"];
            BOOST_TEST(relative_difference(with[k], expected) <= tolerance);
            BOOST_TEST(relative_difference(with[k], plain[k]) > 1e-3);
        }
        BOOST_TEST((with[1] == plain[1]));
        BOOST_TEST((with[3] == plain[3]));
        const Array<double> cost = plain[4] + of_squares * squares;
        BOOST_TEST(relative_difference(with[4], cost) <= tolerance);
    }
}

BOOST_AUTO_TEST_CASE(activations_by_name) {
    const Array<double> Z{{-2, -0.5, 0, 3}};
    const std::pair<const char*, std::function<double(double)>> expected[] = {
        {"elu", [](double z) { return z > 0 ? z : std::expm1(z); }},
        {"gelu", [](double z) { return z * std::erfc(-z / std::sqrt(2.0)) / 2; }},
        {"identity", [](double z) { return z; }},
        {"leaky_relu", [](double z) { return z > 0 ? z : 0.01 * z; }},
        {"relu", [](double z) { return z > 0 ? z : 0; }},
        {"sigmoid", [](double z) { return 1 / (1 + std::exp(-z)); }},
        {"silu", [](double z) { return z / (1 + std::exp(-z)); }},
        {"softmax", [](double) { return 1; }}, // of one node
        {"softplus", [](double z) { return std::log1p(std::exp(z)); }},
        {"tanh", [](double z) { return std::tanh(z); }}};
    std::vector<std::string> names;
    for (const auto& [name, function] : expected) {
        Tape tape;
        const Var z = tape.input("Z", {1, Dim("n")});
        const Array<double> A = Activation(name)(z).value({{z, Z}});
        for (std::size_t j = 0; j < 4; ++j) // a handful of elementary functions, each within 1 ulp
            BOOST_TEST(std::abs(A(0, j) - function(Z(0, j))) <= 4e-15, name);
        names.emplace_back(name);
    }
    BOOST_TEST(activation_names() == names, boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(Activation("tanhh"), NameError,
                          [](const Error& error) { return mentions(error, "Did you mean tanh?"); });
}

BOOST_AUTO_TEST_CASE(an_activation_and_a_loss_of_ones_own) {
    Random random(6);
    const Parameters parameters = drawn_parameters({2, 3, 1}, random);
    const NetworkOptions own{.hidden = [](const Var& Z) { return Z * sigmoid(Z); },
                             .loss = [](const Var& A, const Var& Y) { return square(A - Y); }};
    Tape tape, other;
    const Network mine = network(tape, parameters, own);
    const Network named = network(other, parameters, {.hidden = "silu", .loss = "squared_error"});
    const Array<double> X = drawn(2, 5, random), Y(Extents{1, 5}, 1.0);
    BOOST_TEST(relative_difference(predict(mine, X), predict(named, X)) <= tolerance);
    const double twice = 2 * named.cost.item({{named.X, X}, {named.Y, Y}});
    BOOST_TEST(std::abs(mine.cost.item({{mine.X, X}, {mine.Y, Y}}) - twice) <= tolerance * twice);

    Tape third;
    NetworkOptions from_logits = own;
    from_logits.from_logits = true;
    const Network logits = network(third, parameters, from_logits);
    const Array<double> Z = logits.Z[2].value({{logits.X, X}});
    const Array<double> expected = (Z - Y) * (Z - Y);
    BOOST_TEST(relative_difference(logits.loss.value({{logits.X, X}, {logits.Y, Y}}), expected) <= tolerance);
}

BOOST_AUTO_TEST_CASE(two_tapes_share_the_parameters) {
    Random random(7);
    Parameters parameters = initialise({2, 3, 1}, random);
    Tape one, two;
    const Network first = network(one, parameters), second = network(two, parameters);
    const Array<double> X = drawn(2, 4, random), before = predict(first, X);
    parameters.assign_flat(std::vector<double>(parameters.count(), 0.1));
    BOOST_TEST((predict(first, X) == predict(second, X)));
    BOOST_TEST(!(predict(first, X) == before));
}

BOOST_AUTO_TEST_CASE(initialise_draws_weights_and_leaves_biases_zero) {
    Random random(8), again(8);
    const Parameters parameters = initialise({3, 4, 2}, random);
    BOOST_TEST(parameters.names() == (std::vector<std::string>{"W1", "b1", "W2", "b2"}),
               boost::test_tools::per_element());
    BOOST_TEST((parameters["W1"] == xavier(4, 3, again)));
    BOOST_TEST((parameters["W2"] == xavier(2, 4, again)));
    BOOST_TEST((parameters["b1"] == zeros(4, 1)));
    BOOST_TEST((initialise({3, 4}, random, he)["W1"].shape() == Extents{4, 3}));
    BOOST_CHECK_THROW((void)initialise({3}, random), ArgumentError);
    BOOST_CHECK_THROW((void)initialise({3, 0, 1}, random), ArgumentError);
    const auto turned = [](std::size_t rows, std::size_t cols, Random&) { return zeros(cols, rows); };
    BOOST_CHECK_THROW((void)initialise({3, 1}, random, turned), ShapeError);
}

BOOST_AUTO_TEST_CASE(a_network_that_cannot_be_recorded_leaves_the_tape_as_it_was) {
    Tape tape;
    const auto refused = [&](const std::vector<std::pair<std::string, Array<double>>>& arrays,
                             const std::string& text, const NetworkOptions& options = {}) {
        Parameters parameters;
        for (const auto& [name, array] : arrays)
            parameters.add(name, array);
        try {
            (void)network(tape, parameters, options);
        } catch (const Error& error) {
            BOOST_TEST(mentions(error, text), error.what());
            BOOST_TEST(tape.size() == 0u);
            BOOST_TEST(tape.names().empty());
            return;
        }
        BOOST_ERROR("not refused: " + text);
    };
    const Array<double> W1(Extents{4, 3}, 1.0), b1(Extents{4, 1}, 1.0), W2(Extents{1, 4}, 1.0);
    const Array<double> b2(Extents{1, 1}, 1.0), flat(Extents{4}, 1.0), turned(Extents{4, 1}, 1.0);
    refused({}, "there is no W1");
    refused({{"W1", W1}, {"b1", b1}, {"W3", W2}, {"b3", b2}}, "there is no W2");
    refused({{"W1", W1}}, "nothing is called b1");
    refused({{"W1", W1}, {"b1", flat}}, "W1 is (4 × 3), b1 is (4). Reshape b1 to (4 × 1)");
    refused({{"W1", flat}, {"b1", b1}}, "W1 is (4). It must have a row for each node of layer 1");
    refused({{"W1", W1}, {"b1", b1}, {"W2", turned}, {"b2", b1}}, "W1 is (4 × 3), W2 is (4 × 1): 4 ≠ 1");
    refused({{"W1", W1}, {"b1", b1}, {"W2", turned}, {"b2", b1}}, "seems to be transposed");
    const std::vector<std::pair<std::string, Array<double>>> good{
        {"W1", W1}, {"b1", b1}, {"W2", W2}, {"b2", b2}};
    refused(good, "Set output to \"sigmoid\"", {.output = "tanh", .from_logits = true});
    refused(good, "squared_error has none", {.loss = "squared_error", .from_logits = true});
    refused(good, "λ = -1", {.lambda = -1});
    refused(good, "A2 is (2 × n), Y is (n2=1 × n)", {.output = [](const Var& Z) {
                return concatenate({Z, Z}, 0);
            }});
}

// The vector of the whole set, moved by an optimiser of one's own. The bound is that of the textbook's tests.
BOOST_AUTO_TEST_CASE(a_network_of_one_flat_vector_has_the_gradients_of_the_closed_form) {
    Random random(11);
    Parameters parameters = drawn_parameters({3, 5, 2}, random);
    const Array<double> X = drawn(3, 7, random), Y(Extents{2, 7}, 0.25);
    Tape tape;
    const Var theta = tape.variable("theta", parameters.flat());
    const Network net = network(tape, theta, parameters);
    const Var dJ = gradient(net.cost, theta);
    BOOST_TEST(dJ.shape().to_string() == "(32)"); // 5 · 3 + 5 + 2 · 5 + 2
    BOOST_TEST(tape["W1"].shape().to_string() == "(5 × 3)");
    Evaluation<double> at{{net.X, X}, {net.Y, Y}};
    Array<double> flat = parameters.flat();
    double first = 0, last = 0;
    for (int step = 0; step < 5; ++step) {
        tape.assign(theta, flat);
        parameters.assign_flat(flat);
        const auto closed = closed_form::n_examples(layers(parameters), {closed_form::tanh()},
                                                    closed_form::Output::sigmoid_cross_entropy, X, Y);
        const Array<double> slope = at.value(dJ);
        BOOST_TEST(std::abs(at.item(net.cost) - closed.J) <= tolerance * (1 + closed.J));
        BOOST_TEST(relative_difference(slope, parameters.flat({closed.dW[1], closed.db[1], closed.dW[2],
                                                               closed.db[2]})) <= tolerance);
        BOOST_TEST(relative_difference( // transposed blocks would be told apart
                       slope, parameters.flat({closed.dW[1], closed.db[1], closed.dW[2] * 1.001,
                                               closed.db[2]})) > tolerance);
        last = at.item(net.cost);
        if (step == 0) first = last;
        flat -= 0.2 * slope;
    }
    BOOST_TEST(last < first);
    BOOST_CHECK_THROW(tape.assign(theta, X), BindingError);
    BOOST_CHECK_THROW(at.bind(theta, Array<double>(Extents{31}, 0.0)), BindingError);
}

BOOST_AUTO_TEST_CASE(functions_of_the_flat_vector_have_derivatives_of_all_orders) {
    Random random(12);
    Parameters parameters = drawn_parameters({3, 2, 1}, random);
    const Array<double> X = drawn(3, 5, random), Y = drawn(1, 5, random);
    const auto cost = [&](const Var& theta) {
        auto p = parameters.unflatten(theta);
        return mean(square(
            dense(tanh(dense(Operand(X).on(theta.records()), p["W1"], p["b1"])), p["W2"], p["b2"]) - Y));
    };
    const Array<double> flat = parameters.flat(), direction = drawn(1, 11, random);
    const Array<double> u = xt::reshape_view(direction, {std::size_t{11}});
    const auto [J, dJ] = value_and_grad(cost)(flat);
    BOOST_TEST((dJ.shape() == Extents{11}));
    Tape tape;
    const Network net = network(tape, parameters, {.output = "identity", .loss = "squared_error"});
    Evaluation<double> evaluation{{net.X, X}, {net.Y, Y}};
    std::vector<Array<double>> slopes;
    for (const Var& slope : gradient(2 * net.cost, net.parameters())) // squared_error is ½ (a − y)²
        slopes.push_back(evaluation.value(slope));
    BOOST_TEST(std::abs(J() - 2 * evaluation.item(net.cost)) <= tolerance * J());
    BOOST_TEST(relative_difference(dJ, parameters.flat(slopes)) <= tolerance);
    const Array<double> H = hessian(cost)(flat);
    Array<double> product(Extents{11}, 0.0);
    for (std::size_t i = 0; i < 11; ++i)
        for (std::size_t j = 0; j < 11; ++j)
            product(i) += H(i, j) * u(j);
    BOOST_TEST(relative_difference(hvp(cost)(flat, u), product) <= tolerance);
}

BOOST_AUTO_TEST_CASE(frozen_parameters_are_constants_of_the_flat_network) {
    Random random(13);
    Parameters parameters = drawn_parameters({3, 4, 1}, random);
    const Array<double> X = drawn(3, 6, random), Y(Extents{1, 6}, 1.0);
    const auto closed = closed_form::n_examples(layers(parameters), {closed_form::tanh()},
                                                closed_form::Output::sigmoid_cross_entropy, X, Y);
    parameters.freeze({"W1", "b1"});
    Tape tape;
    const Var theta = tape.variable("theta", parameters.flat());
    const Network net = network(tape, theta, parameters);
    BOOST_TEST(theta.shape().to_string() == "(5)");
    const Array<double> slope = gradient(net.cost, theta).value({{net.X, X}, {net.Y, Y}});
    BOOST_TEST(relative_difference(slope, parameters.flat({closed.dW[1], closed.db[1], closed.dW[2],
                                                           closed.db[2]})) <= tolerance);

    parameters.freeze(parameters.names());
    Tape other;
    const Var nothing = other.variable("theta", parameters.flat());
    const Network constant = network(other, nothing, parameters);
    BOOST_TEST(std::abs(constant.cost.item({{constant.X, X}, {constant.Y, Y}}) - closed.J) <=
               tolerance * (1 + closed.J));
}

BOOST_AUTO_TEST_CASE(a_flat_vector_of_another_length_or_tape_is_refused) {
    Random random(14);
    const Parameters parameters = drawn_parameters({3, 4, 1}, random);
    Tape tape, other;
    const Var longer = tape.input("longer", {22}), unsized = tape.input("unsized", {Dim("m")}),
              matrix = tape.input("matrix", {21, 1}), foreign = other.input("foreign", {21});
    for (const Var& wrong : {longer, unsized, matrix})
        BOOST_CHECK_EXCEPTION(network(tape, wrong, parameters), ShapeError, [](const Error& error) {
            return mentions(error, "for parameters of 21 numbers") && mentions(error, "Give a Var (21)");
        });
    BOOST_CHECK_EXCEPTION(network(tape, foreign, parameters), VarError,
                          [](const Error& error) { return mentions(error, "foreign is on another tape"); });
    const auto cost = [&](const Var& theta) { return sum(parameters.unflatten(theta).at("W1")); };
    BOOST_CHECK_THROW((void)value_and_grad(cost)(Array<double>(Extents{20}, 1.0)), ShapeError);
    BOOST_TEST(tape.size() == 3u);
    const Var named_x = tape.input("X", {2}), right = tape.input("right", {21});
    BOOST_CHECK_THROW(network(tape, right, parameters), NameError); // there is an X already
    BOOST_TEST(tape.size() == 5u);                                  // and nothing was recorded
}
