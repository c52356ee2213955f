/// The proof: for every equation of the textbook, the tape gives it. The closed form was derived by hand and
/// knows nothing of the tape (tests/nn/closed_form.cpp checks it by complex steps).

#include "compare.hpp"
#include <xtape/nn.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/core.h>

#include <map>
#include <set>

namespace {

using namespace xtape;
namespace textbook = nn::closed_form;
using Quantities = std::map<std::string, Array<double>>;

/// Both sides evaluate the same few operations in another order. A sum of k products of rounding errors below
/// 2^-53 differs by about √k of them: for k = 1000 examples 4e-15 of the sum of magnitudes, and cancellation
/// among random examples costs another √k at most.
constexpr double bound = 1e-13;
constexpr std::size_t networks = 600;

struct Problem {
    std::vector<std::size_t> layers;
    std::vector<std::string> hidden;
    std::string output = "sigmoid", loss = "binary_cross_entropy";
    textbook::Output pair = textbook::Output::sigmoid_cross_entropy;
    nn::Parameters parameters;
    Array<double> X, Y;
};

textbook::Activation activation(const std::string& name) {
    if (name == "tanh") return textbook::tanh();
    if (name == "sigmoid") return textbook::sigmoid();
    if (name == "relu") return textbook::relu();
    if (name == "leaky_relu") return textbook::leaky_relu(0.01);
    return textbook::softplus();
}

/// n examples with pairwise different sizes of all layers, so that a wrong transpose does not fit.
Problem draw(std::uint64_t seed) {
    static const std::string hidden[] = {"tanh", "sigmoid", "relu", "leaky_relu", "softplus"};
    nn::Random random(seed);
    Problem problem;
    const std::size_t depth = 1 + seed % 2;
    std::set<std::size_t> taken;
    const auto another = [&](std::size_t low, std::size_t high) {
        std::size_t size;
        do
            size = low + random.below(high - low + 1);
        while (!taken.insert(size).second);
        return size;
    };
    problem.layers.push_back(another(2, 12));
    for (std::size_t l = 0; l < depth; ++l)
        problem.layers.push_back(seed % 7 == l ? another(1, 1) : another(2, 12));
    const bool one_output = !taken.contains(1);
    problem.layers.push_back(one_output ? another(1, 1) : another(2, 12));
    for (std::size_t l = 0; l < depth; ++l)
        problem.hidden.push_back(hidden[(seed / 2 + 3 * l) % 5]);
    const std::size_t n = seed % 9 == 0 ? 1 : seed % 25 == 3 ? 1000 : another(13, 60);
    if (seed % 5 == 4 && problem.layers.back() > 1) {
        problem.output = "softmax";
        problem.loss = "categorical_cross_entropy";
        problem.pair = textbook::Output::softmax_cross_entropy;
    }
    problem.parameters = nn::initialise(problem.layers, random);
    for (std::size_t l = 1; l < problem.layers.size(); ++l) {
        Array<double> b = problem.parameters[fmt::format("b{}", l)];
        for (double& entry : b)
            entry = 0.5 * random.normal();
        problem.parameters.assign(fmt::format("b{}", l), b);
    }
    problem.X = Array<double>::from_shape({problem.layers.front(), n});
    for (double& entry : problem.X)
        entry = random.normal();
    problem.Y = Array<double>::from_shape({problem.layers.back(), n});
    problem.Y.fill(0);
    for (std::size_t j = 0; j < n; ++j) {
        if (problem.output == "softmax")
            problem.Y(random.below(problem.layers.back()), j) = 1;
        else
            for (std::size_t k = 0; k < problem.layers.back(); ++k)
                problem.Y(k, j) = random.below(2) == 0 ? 0.0 : 1.0;
    }
    return problem;
}

/// Every quantity of the textbook by its symbol, from the hand-derived equations.
Quantities by_hand(const Problem& problem) {
    std::vector<textbook::Layer> layers;
    std::vector<textbook::Activation> hidden;
    for (std::size_t l = 1; l < problem.layers.size(); ++l)
        layers.push_back(
            {problem.parameters[fmt::format("W{}", l)], problem.parameters[fmt::format("b{}", l)]});
    for (const std::string& name : problem.hidden)
        hidden.push_back(activation(name));
    const textbook::Pass pass = textbook::n_examples(layers, hidden, problem.pair, problem.X, problem.Y);
    Quantities quantities;
    for (std::size_t l = 1; l < problem.layers.size(); ++l) {
        quantities[fmt::format("Z{}", l)] = pass.Z[l];
        quantities[fmt::format("A{}", l)] = pass.A[l];
        quantities[fmt::format("dA{}", l)] = pass.dA[l];
        quantities[fmt::format("dZ{}", l)] = pass.dZ[l];
        quantities[fmt::format("dW{}", l)] = pass.dW[l];
        quantities[fmt::format("db{}", l)] = pass.db[l];
    }
    return quantities;
}

/// The same quantities from the tape. dZ and dA are multiplied by n: the textbook defers the mean to dW and
/// db.
Quantities by_tape(const Problem& problem) {
    Tape tape;
    std::vector<Var> Z, A, W, b;
    const Var X = tape.input("X", {Dim("n0", problem.layers.front()), Dim("n")});
    const Var Y = tape.input("Y", {problem.layers.back(), Dim("n")});
    Var below = X;
    for (std::size_t l = 1; l < problem.layers.size(); ++l) {
        W.push_back(problem.parameters.record(tape, fmt::format("W{}", l)));
        b.push_back(problem.parameters.record(tape, fmt::format("b{}", l)));
        Z.push_back(nn::dense(below, W.back(), b.back()));
        const bool last = l + 1 == problem.layers.size();
        A.push_back(nn::Activation(last ? problem.output : problem.hidden[l - 1])(Z.back()));
        below = A.back();
    }
    const Var cost = mean(nn::Loss(problem.loss)(below, Y));
    Evaluation<double> evaluation{{X, problem.X}, {Y, problem.Y}};
    Quantities quantities;
    const auto n = static_cast<double>(problem.X.shape()[1]);
    for (std::size_t l = 1; l < problem.layers.size(); ++l) {
        const auto [dA, dZ, dW, db] = gradient(cost, A[l - 1], Z[l - 1], W[l - 1], b[l - 1]);
        quantities[fmt::format("Z{}", l)] = evaluation.value(Z[l - 1]);
        quantities[fmt::format("A{}", l)] = evaluation.value(A[l - 1]);
        quantities[fmt::format("dA{}", l)] = n * evaluation.value(dA);
        quantities[fmt::format("dZ{}", l)] = n * evaluation.value(dZ);
        quantities[fmt::format("dW{}", l)] = evaluation.value(dW);
        quantities[fmt::format("db{}", l)] = evaluation.value(db);
    }
    return quantities;
}

bool all_zero(const Array<double>& array) {
    return std::all_of(array.begin(), array.end(), [](double entry) { return entry == 0; });
}

/// The names of the quantities that the two do not agree on.
std::vector<std::string> disagreements(const Quantities& ours, const Quantities& theirs) {
    std::vector<std::string> names;
    for (const auto& [name, array] : theirs)
        if (!(compare::relative_difference(ours.at(name), array) <= bound)) names.push_back(name);
    return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_equation_for_n_examples_comes_from_the_tape) {
    std::map<std::string, double> worst;
    std::size_t compared = 0, zero = 0;
    std::map<std::string, std::size_t> drawn; // depth, and examples or first activation: how many networks
    for (std::uint64_t seed = 1; seed <= networks; ++seed) {
        const Problem problem = draw(seed);
        const std::size_t depth = problem.hidden.size(), n = problem.X.shape()[1];
        ++drawn[fmt::format("{} {}", depth, problem.hidden[0])];
        ++drawn[fmt::format("{} {}", depth, n == 1 || n == 1000 ? fmt::format("{}", n) : "some")];
        const Quantities hand = by_hand(problem), tape = by_tape(problem);
        BOOST_TEST_REQUIRE(hand.size() == 6 * (problem.layers.size() - 1));
        for (const auto& [name, array] : hand) {
            const double difference = compare::relative_difference(tape.at(name), array);
            BOOST_TEST(difference <= bound, name << " of network " << seed << ": " << difference);
            worst[name] = std::max(worst[name], difference);
            zero += all_zero(array) && all_zero(tape.at(name)) ? 1 : 0;
            ++compared;
        }
    }
    double largest = 0;
    for (const auto& [name, difference] : worst)
        largest = std::max(largest, difference);
    BOOST_TEST(compared >= 12 * networks);
    BOOST_TEST(zero * 100 <= compared);
    BOOST_TEST(drawn.size() == 2u * (5 + 3)); // one and two hidden layers, with each
    for (const auto& [what, count] : drawn)
        BOOST_TEST(count >= 10u, what << ": " << count);
    fmt::print(
        "largest relative difference {:.2g} over {} networks, {} quantities, {} of them zero on both sides\n",
        largest, networks, compared, zero);
    for (const auto& [name, difference] : worst)
        fmt::print("  {:4} {:.2g}\n", name, difference);
}

/// One example, one hidden layer: what the derivation names, from the hand-derived steps and from the tape.
struct OneExample {
    Quantities hand, tape;
};

OneExample draw_one_example(std::uint64_t seed) {
    nn::Random random(1000 + seed);
    const std::size_t n0 = 3 + seed % 4, n1 = 7 + seed % 3;
    const nn::Parameters parameters = nn::initialise({n0, n1, 1}, random);
    auto x = Array<double>::from_shape({n0, 1}), y = Array<double>::from_shape({1, 1});
    for (double& entry : x)
        entry = random.normal();
    y(0, 0) = static_cast<double>(seed % 2);
    const std::string name =
        std::vector<std::string>{"tanh", "sigmoid", "relu", "leaky_relu", "softplus"}[seed % 5];
    const textbook::OneExample h = textbook::one_example(
        {parameters["W1"], parameters["b1"]}, {parameters["W2"], parameters["b2"]}, activation(name), x, y);

    Tape tape;
    const Var a0 = tape.input("a0", {n0, 1}), target = tape.input("y", {1, 1});
    const Var W1 = parameters.record(tape, "W1"), b1 = parameters.record(tape, "b1");
    const Var W2 = parameters.record(tape, "W2"), b2 = parameters.record(tape, "b2");
    const Var z1 = matmul(W1, a0) + b1, a1 = nn::Activation(name)(z1);
    const Var z2 = matmul(W2, a1) + b2, a2 = sigmoid(z2);
    const Var L = -(target * log(a2) + (1 - target) * log(1 - a2));
    const auto [dL_da2, dL_dz2, dL_dW2, dL_db2, dL_da1, dL_dz1, dL_dW1, dL_db1] =
        gradient(L, a2, z2, W2, b2, a1, z1, W1, b1);
    const Var da2_dz2 = gradient(a2, z2);

    // Steps 1 and 2 have two forms each in the textbook.
    const double a = h.a2(0, 0), t = y(0, 0), e = std::exp(-h.z2(0, 0));
    const auto number = [](double value) {
        auto array = Array<double>::from_shape({1, 1});
        array(0, 0) = value;
        return array;
    };
    Evaluation<double> evaluation{{a0, x}, {target, y}};
    OneExample result;
    const auto add = [&](const char* symbol, const Var& var, const Array<double>& by_hand) {
        result.tape[symbol] = evaluation.value(var);
        result.hand[symbol] = by_hand;
    };
    add("z1", z1, h.z1);
    add("a1", a1, h.a1);
    add("z2", z2, h.z2);
    add("a2", a2, h.a2);
    add("L", L, number(h.L));
    add("∂L/∂a2 = −y/a2 + (1 − y)/(1 − a2)", dL_da2, h.dL_da2);
    add("∂L/∂a2 = (a2 − y)/(a2 (1 − a2))", dL_da2, number((a - t) / (a * (1 - a))));
    add("∂a2/∂z2 = e^(−z2)/(1 + e^(−z2))²", da2_dz2, number(e / ((1 + e) * (1 + e))));
    add("∂a2/∂z2 = a2 (1 − a2)", da2_dz2, h.da2_dz2);
    add("∂L/∂z2", dL_dz2, h.dL_dz2);
    add("∂L/∂W2", dL_dW2, h.dL_dW2);
    add("∂L/∂b2", dL_db2, h.dL_db2);
    add("∂L/∂a1", dL_da1, h.dL_da1);
    add("∂L/∂z1", dL_dz1, h.dL_dz1);
    add("∂L/∂W1", dL_dW1, h.dL_dW1);
    add("∂L/∂b1", dL_db1, h.dL_db1);
    return result;
}

BOOST_AUTO_TEST_CASE(the_step_by_step_derivation_for_one_example_comes_from_the_tape) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const OneExample example = draw_one_example(seed);
        BOOST_TEST_REQUIRE(example.hand.size() == 16u);
        BOOST_TEST(disagreements(example.tape, example.hand) == std::vector<std::string>{},
                   boost::test_tools::per_element());
    }
}

/// Each quantity in turn by 0.1 %, by 1e-9 in one entry, and as a NaN: it is caught, and nothing else is
/// blamed.
std::size_t controls(const Quantities& tape, const Quantities& hand) {
    std::size_t caught = 0;
    BOOST_TEST_REQUIRE(disagreements(tape, hand).empty());
    for (const auto& [name, array] : hand) {
        Quantities scaled = hand, one_entry = hand, not_a_number = hand;
        scaled[name] = 1.001 * array;
        one_entry[name].storage()[array.size() / 2] += 1e-9;
        not_a_number[name].storage()[0] = std::numeric_limits<double>::quiet_NaN();
        for (const Quantities& wrong : {scaled, one_entry, not_a_number}) {
            BOOST_TEST(disagreements(tape, wrong) == std::vector<std::string>{name},
                       boost::test_tools::per_element());
            ++caught;
        }
    }
    return caught;
}

BOOST_AUTO_TEST_CASE(an_error_in_any_one_equation_is_caught) {
    std::size_t caught = 0;
    for (const std::uint64_t seed : {2u, 5u, 6u, 9u}) {
        const Problem problem = draw(seed);
        caught += controls(by_tape(problem), by_hand(problem));
    }
    BOOST_TEST(caught >= 4 * 12 * 3);
    for (const std::uint64_t seed : {5u, 6u, 9u}) {
        const OneExample example = draw_one_example(seed);
        BOOST_TEST(controls(example.tape, example.hand) == 16u * 3);
    }
}

/// An error in one equation is passed on to all that are computed from it, and only to them.
BOOST_AUTO_TEST_CASE(an_error_is_seen_in_all_that_follows_from_it) {
    Problem problem = draw(2); // one hidden layer
    BOOST_TEST_REQUIRE(problem.layers.size() == 3u);
    const Quantities tape = by_tape(problem);
    problem.Y *= 0.999; // in place of Y in dZ2 = A2 − Y, and so in ∂L/∂A2
    BOOST_TEST(disagreements(tape, by_hand(problem)) ==
                   (std::vector<std::string>{"dA1", "dA2", "dW1", "dW2", "dZ1", "dZ2", "db1", "db2"}),
               boost::test_tools::per_element());
    problem = draw(2);
    problem.hidden[0] = problem.hidden[0] == "tanh" ? "sigmoid" : "tanh"; // another layer's activation
    BOOST_TEST(disagreements(tape, by_hand(problem)) ==
                   (std::vector<std::string>{"A1", "A2", "Z2", "dA1", "dA2", "dW1", "dW2", "dZ1", "dZ2",
                                             "db1", "db2"}),
               boost::test_tools::per_element());
}

/// The mistakes that people really make, each in the equation that it belongs to.
BOOST_AUTO_TEST_CASE(real_mistakes_are_caught) {
    Problem problem = draw(2);
    problem.hidden[0] = "tanh";
    const Quantities tape = by_tape(problem), hand = by_hand(problem);
    BOOST_TEST_REQUIRE(disagreements(tape, hand).empty());
    const auto n = static_cast<double>(problem.X.shape()[1]);
    const std::vector<std::pair<std::string, Array<double>>> mistakes{
        {"dZ2", hand.at("dZ2") / n},                                   // the mean not deferred
        {"dZ2", -hand.at("dZ2")},                                      // Y − A2
        {"dZ1", hand.at("dA1") * (1 - hand.at("Z1") * hand.at("Z1"))}, // 1 − Z1² for 1 − A1²
        {"dZ1", hand.at("dA1") * hand.at("A1") * (1 - hand.at("A1"))}, // σ′ for tanh′
        {"dZ1", hand.at("dA1") * hand.at("Z1")},                       // Z1 for g′(Z1)
        {"dZ1", hand.at("dZ1") / n},                                   // an extra 1/n
        {"dW1", n * hand.at("dW1")},                                   // the mean forgotten
        {"db1", n * hand.at("db1")},                                   //
        {"dW2", hand.at("dW2") + problem.parameters["W2"]},            // an extra L2 term
        {"dW2", 2 * hand.at("dW2")},                                   // accumulated over two calls
        {"dW1", Array<double>(xt::transpose(hand.at("dW1")))},         // transposed
    };
    for (const auto& [name, array] : mistakes) {
        Quantities wrong = hand;
        wrong[name] = array;
        BOOST_TEST(disagreements(tape, wrong) == std::vector<std::string>{name},
                   boost::test_tools::per_element());
    }
}
