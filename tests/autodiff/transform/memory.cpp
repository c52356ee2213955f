// What checkpoint saves, in bytes: live_bytes.cpp counts what is allocated and not yet freed.

#include <xtape/autodiff.hpp>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <check.hpp>
#include <limits>
#include <live_bytes.hpp>

using namespace xtape;

namespace {

constexpr std::size_t entries = 4096;

struct Measured {
    double arrays = 0; ///< the most that an evaluation of both gradients held, in arrays of this many entries
    Array<double> dx, dw;
};

/// The gradients of the sum of a chain of `length` steps x ← tanh(w x), in segments of `segment` steps, each
/// a checkpoint; without any where segment is 0.
Measured gradients_of_chain(std::size_t length, std::size_t segment) {
    Tape tape;
    const Var x = tape.variable("x", check::filled<double>({entries}, {0.3, -1.2, 0.7, 2.0, -0.1}));
    const Var w = tape.variable("w", check::filled<double>({entries}, {1.25, 0.75, 1.5}));
    const auto steps = [](std::size_t count) {
        return [count](Var y, const Var& weight) {
            for (std::size_t k = 0; k < count; ++k)
                y = tanh(weight * y);
            return y;
        };
    };
    Var y = x;
    if (segment == 0)
        y = steps(length)(y, w);
    else
        for (std::size_t done = 0; done < length; done += segment)
            y = checkpoint(steps(std::min(segment, length - done)))(y, w);
    const std::vector<Var> slopes = gradient(sum(y), {x, w});
    Evaluation<double> evaluation;
    const std::size_t before = live_bytes::now();
    live_bytes::restart_peak();
    Measured measured{0, evaluation.value(slopes[0]), evaluation.value(slopes[1])};
    measured.arrays = static_cast<double>(live_bytes::peak() - before) / (entries * sizeof(double));
    return measured;
}

} // namespace

// What is counted is what is there: one array more is one array more.
BOOST_AUTO_TEST_CASE(live_bytes_are_counted) {
    const std::size_t before = live_bytes::now();
    live_bytes::restart_peak();
    {
        const Array<double> array(Extents{entries}, 1.0);
        BOOST_TEST(live_bytes::now() >= before + entries * sizeof(double));
    }
    BOOST_TEST(live_bytes::now() == before);
    BOOST_TEST(live_bytes::peak() >= before + entries * sizeof(double));
    BOOST_TEST(live_bytes::peak() <= before + entries * sizeof(double) + 256);
}

// Four times the steps need four times the memory, but twice that in √N checkpoints of √N steps. With all
// steps in one checkpoint, or each in one of its own, it is four times again: it is the segments that save.
BOOST_AUTO_TEST_CASE(checkpoints_need_the_memory_of_a_root) {
    struct {
        double plain = 0, held = 0, whole = 0, single = 0;
    } last;
    for (const std::size_t root : {8u, 16u}) {
        const std::size_t length = root * root;
        const Measured plain = gradients_of_chain(length, 0), held = gradients_of_chain(length, root),
                       whole = gradients_of_chain(length, length), single = gradients_of_chain(length, 1);
        BOOST_TEST_MESSAGE(
            fmt::format("{} steps: {:.1f} arrays without, {:.1f} in {} checkpoints, {:.1f} in one, "
                        "{:.1f} in {}",
                        length, plain.arrays, held.arrays, root, whole.arrays, single.arrays, length));
        BOOST_TEST(held.arrays * 6 < plain.arrays);
        BOOST_TEST(held.arrays >= static_cast<double>(root)); // what stands between the segments, at least
        if (last.plain > 0) {
            BOOST_TEST(plain.arrays / last.plain > 3.6);
            BOOST_TEST(held.arrays / last.held < 2.2);
            BOOST_TEST(whole.arrays / last.whole > 3.6);
            BOOST_TEST(single.arrays / last.single > 3.6);
        }
        last = {plain.arrays, held.arrays, whole.arrays, single.arrays};

        BOOST_TEST((held.dx == plain.dx)); // to the bit
        BOOST_TEST(xt::amin(xt::abs(plain.dx))() > 0);
        // w is used in every step: each segment adds up its own first, which rounds differently, N times at
        // most.
        const double error = xt::amax(xt::abs(held.dw - plain.dw))(), scale = xt::amax(xt::abs(plain.dw))();
        BOOST_TEST(error <= static_cast<double>(length) * std::numeric_limits<double>::epsilon() * scale);
    }
}

// 11 steps in segments of 4, 4 and 3, and a chain of one step.
BOOST_AUTO_TEST_CASE(lengths_that_are_no_square) {
    const Measured plain = gradients_of_chain(11, 0), held = gradients_of_chain(11, 4);
    BOOST_TEST((held.dx == plain.dx));
    BOOST_TEST(held.arrays < plain.arrays);
    BOOST_TEST((gradients_of_chain(1, 1).dx == gradients_of_chain(1, 0).dx));
}
