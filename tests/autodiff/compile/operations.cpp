/// Every operation of the library as a Program, and its gradient, on what checks call it with.

#include "agreement.hpp"
#include <xtape/autodiff/check/samples.hpp>
#include <xtape/autodiff/records.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;

Kind kind_of(const AnyArray& array) {
    return array.is_real() ? Kind::real : array.element() == Element::b8 ? Kind::mask : Kind::index;
}

/// The operation's results, and the gradient of the sum of its real ones by its real operands, as a Program.
template <std::floating_point T>
agreement::Outcome outcome_of(const Op& op, const Sample& sample, bool with_gradient) {
    Tape tape;
    std::vector<Var> inputs, reals;
    std::vector<AnyArray> arrays;
    std::size_t longest = 1;
    for (std::size_t k = 0; k < sample.operands.size(); ++k) {
        const AnyArray& array = sample.operands[k];
        inputs.push_back(tape.input("x" + std::to_string(k), Shape(array.extents()), kind_of(array)));
        if (array.is_real() && op.definition().passes_gradient(k)) reals.push_back(inputs.back());
        arrays.push_back(agreement::as<T>(array));
        longest += array.size();
    }
    std::vector<Var> outputs;
    if (inputs.empty()) // not from operands, so it must be told the tape
        outputs.push_back(tape.records()->var(tape.records()->append(op, {}, sample.attributes)));
    else
        outputs = record_all(op, inputs, sample.attributes);
    if (with_gradient) {
        Var J;
        for (const Var& output : std::vector<Var>(outputs))
            if (output.kind() == Kind::real) J = J.empty() ? sum(output) : J + sum(output);
        if (!J.empty() && !reals.empty())
            for (const Var& dx : gradient(J, reals, Disconnected::zeros))
                outputs.push_back(dx);
    }
    return agreement::compare(compile<T>(inputs, outputs), arrays, longest);
}

template <std::floating_point T>
void all_agree(bool with_gradient) {
    std::size_t compared = 0, samples = 0;
    for (const Op& op : builtin_ops()) {
        Draw draw(1);
        for (const Sample& sample : detail::samples_of(op.definition(), draw)) {
            const agreement::Outcome outcome = outcome_of<T>(op, sample, with_gradient);
            BOOST_TEST(outcome.why == "", op.name() << ", sample " << samples << ": " << outcome.why);
            compared += outcome.compared;
            ++samples;
        }
    }
    BOOST_TEST(samples > 300u);
    BOOST_TEST(compared > 1000u);
}

} // namespace

BOOST_AUTO_TEST_CASE(values_in_double) { all_agree<double>(false); }
BOOST_AUTO_TEST_CASE(values_in_float) { all_agree<float>(false); }
BOOST_AUTO_TEST_CASE(gradients_in_double) { all_agree<double>(true); }
BOOST_AUTO_TEST_CASE(gradients_in_float) { all_agree<float>(true); }

// What Programs take apart keeps what the operations make of entries that are not finite.
BOOST_AUTO_TEST_CASE(softmax_and_its_kin_at_the_edges) {
    constexpr double inf = std::numeric_limits<double>::infinity(),
                     nan = std::numeric_limits<double>::quiet_NaN();
    const Array<double> z{{0, 800, -inf, inf, nan, 3}, {1, -800, -inf, 0, 1, 3}, {-2, 799, -inf, -inf, 2, 3}};
    Tape tape;
    const Var Z = tape.input("Z", {3, 6});
    const std::vector<Var> outputs{softmax(Z, 0),     log_softmax(Z, 0), logsumexp(Z, {0}),
                                   logsumexp(Z, {1}), amax(Z, {0}),      amin(Z)};
    const auto results = compile<double>({Z}, outputs)({z});
    std::size_t special = 0;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        const Array<double> reference = outputs[k].value({{Z, z}});
        BOOST_REQUIRE(results[k].shape() == reference.shape());
        for (std::size_t i = 0; i < reference.size(); ++i) {
            const double got = results[k].data()[i], wanted = reference.data()[i];
            special += !std::isfinite(wanted);
            // Exponentials, a sum of three to six and a logarithm: 16 roundings of what is largest in it.
            const bool close = std::isnan(wanted) ? std::isnan(got)
                               : std::isinf(wanted)
                                   ? got == wanted
                                   : std::abs(got - wanted) <=
                                         16 * std::numeric_limits<double>::epsilon() * std::abs(wanted);
            BOOST_TEST(close, "output " << k << ", entry " << i << ": " << got << " and not " << wanted);
        }
    }
    BOOST_TEST(special > 10u);
}
