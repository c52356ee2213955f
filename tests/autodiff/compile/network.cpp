/// Loss and gradients of networks as Programs.

#include "agreement.hpp"
#include <xtape/nn/network.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;

struct Case {
    std::vector<std::size_t> layers;
    nn::NetworkOptions options;
};

const std::vector<Case> cases = {
    {{2, 4, 1}, {}},
    {{2, 4, 1}, {.loss = "binary_cross_entropy", .from_logits = true, .lambda = 0.3}},
    {{3, 5, 2}, {.hidden = "relu", .output = "softmax", .loss = "categorical_cross_entropy"}},
    {{3, 7, 5, 2}, {.hidden = "sigmoid", .output = "identity", .loss = "squared_error"}},
    {{4, 1}, {}},
};

/// Examples, and labels that are distributions over the outputs, as each of the losses takes.
std::vector<AnyArray> arrays(const Case& c, std::size_t n, std::uint64_t seed) {
    Draw draw(seed);
    const std::size_t k = c.layers.back();
    Array<double> Y = Array<double>::from_shape({k, n});
    Y.fill(0);
    for (std::size_t i = 0; i < n; ++i) {
        const auto label = static_cast<std::size_t>(draw.integer(static_cast<std::int64_t>(k + (k == 1))));
        if (label < k) Y(label, i) = 1;
    }
    return {draw.reals({c.layers.front(), n}), std::move(Y)};
}

template <std::floating_point T>
Program<T> program_of(const Case& c, Tape& tape) {
    nn::Random random(7);
    const nn::Parameters parameters = nn::initialise(c.layers, random);
    const nn::Network net = nn::network(tape, parameters, c.options);
    std::vector<Var> outputs{net.cost};
    for (const Var& d : gradient(net.cost, net.parameters()))
        outputs.push_back(d);
    return compile<T>({net.X, net.Y}, outputs);
}

template <std::floating_point T>
void all_agree() {
    for (std::size_t c = 0; c < cases.size(); ++c) {
        Tape tape;
        const Program<T> program = program_of<T>(cases[c], tape);
        // One program serves every number of examples; those around a block's end are among them.
        for (const std::size_t n : {std::size_t{1}, std::size_t{3}, std::size_t{511}, std::size_t{512},
                                    std::size_t{513}, std::size_t{1025}}) {
            std::vector<AnyArray> given;
            for (const AnyArray& array : arrays(cases[c], n, n))
                given.push_back(agreement::as<T>(array));
            const agreement::Outcome outcome = agreement::compare(program, given, n + 10);
            BOOST_TEST(outcome.why == "", "case " << c << ", n = " << n << ": " << outcome.why);
            BOOST_TEST(outcome.compared > 4u,
                       "case " << c << ", n = " << n << ": " << outcome.compared << " compared");
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(loss_and_gradients_in_double) { all_agree<double>(); }
BOOST_AUTO_TEST_CASE(loss_and_gradients_in_float) { all_agree<float>(); }

BOOST_AUTO_TEST_CASE(a_result_that_is_off_by_little_is_found_out) {
    Tape tape;
    const Program<double> program = program_of<double>(cases[0], tape);
    const std::vector<AnyArray> given = arrays(cases[0], 17, 1);
    std::vector<Array<double>> results = program(given);
    BOOST_TEST(agreement::compare(program, given, results, 17).why == "");
    results[1].data()[2] *= 1 + 1e-11;
    BOOST_TEST(agreement::compare(program, given, results, 17).why != "");
    results[1].data()[2] = NAN;
    BOOST_TEST(agreement::compare(program, given, results, 17).why != "");
}

BOOST_AUTO_TEST_CASE(a_parameter_is_read_as_it_is_now) {
    Tape tape;
    const Var w = tape.variable("w", Array<double>{2.0, 3.0}), x = tape.input("x", {2});
    const auto program = compile<double>({x}, {sum(w * x)});
    const Array<double> ones{1.0, 1.0};
    BOOST_TEST(program({ones})[0].data()[0] == 5);
    tape.assign(w, Array<double>{20.0, 30.0});
    BOOST_TEST(program({ones})[0].data()[0] == 50);
}
