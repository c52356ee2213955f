/// Programs drawn from a seed: chains, broadcasts, products, transposes and sums in any order.

#include "agreement.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;

constexpr std::uint64_t programs = 700;

struct Drawn {
    Tape tape;
    std::vector<Var> inputs, outputs;
    std::vector<AnyArray> arrays;
};

/// Twelve operations on what is there already. Extents are 3, 5 and 1, so that shapes meet often; functions
/// are bounded or grow slowly, so that nothing overflows.
void record_some(Drawn& drawn, std::uint64_t seed) {
    Draw draw(seed);
    constexpr std::size_t extents[] = {1, 3, 5};
    std::vector<Var> pool;
    for (int k = 0; k < 4; ++k) {
        const Extents shape{extents[draw.integer(3)], extents[draw.integer(3)]};
        drawn.inputs.push_back(drawn.tape.input("x" + std::to_string(k), Shape(shape)));
        drawn.arrays.emplace_back(draw.reals(shape));
        pool.push_back(drawn.inputs.back());
    }
    const auto any = [&] {
        return pool[static_cast<std::size_t>(draw.integer(static_cast<std::int64_t>(pool.size())))];
    };
    while (pool.size() < 16) {
        const Var a = any(), b = any();
        const bool fit = broadcast(a.shape(), b.shape()).has_value();
        const Axes axis{draw.integer(2)};
        switch (draw.integer(13)) {
        case 0:
            if (fit) pool.push_back(a + b);
            break;
        case 1:
            if (fit) pool.push_back(a - 0.5 * b);
            break;
        case 2:
            if (fit) pool.push_back(tanh(a) * tanh(b));
            break;
        case 3:
            if (fit) pool.push_back(where(a < b, tanh(a), b));
            break;
        case 4:
            if (fit) pool.push_back(a / (1 + square(b)));
            break;
        case 5:
            pool.push_back(sigmoid(a));
            break;
        case 6:
            pool.push_back(softplus(a));
            break;
        case 7:
            pool.push_back(sin(a));
            break;
        case 8:
            pool.push_back(transpose(a));
            break;
        case 9:
            pool.push_back(sum(a, axis, Keep::dims));
            break;
        case 10:
            pool.push_back(mean(a, axis, Keep::dims));
            break;
        case 11:
            pool.push_back(broadcast_to(sum(a, axis, Keep::dims), a.shape()));
            break;
        default:
            if (a.shape()[1].extent() == b.shape()[0].extent()) pool.push_back(tanh(matmul(a, b)));
        }
    }
    const Var J = sum(pool[14]) + sum(pool[15]);
    drawn.outputs = {J, pool[13], pool[14]};
    for (const Var& dx : gradient(J, drawn.inputs, Disconnected::zeros))
        drawn.outputs.push_back(dx);
}

template <std::floating_point T>
void all_agree() {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= programs; ++seed) {
        Drawn drawn;
        record_some(drawn, seed);
        std::vector<AnyArray> arrays;
        for (const AnyArray& array : drawn.arrays)
            arrays.push_back(agreement::as<T>(array));
        const agreement::Outcome outcome =
            agreement::compare(compile<T>(drawn.inputs, drawn.outputs), arrays, 25);
        BOOST_TEST(outcome.why == "", "seed " << seed << ": " << outcome.why);
        compared += outcome.compared;
    }
    BOOST_TEST(compared > 10 * programs);
}

} // namespace

BOOST_AUTO_TEST_CASE(random_programs_in_double) { all_agree<double>(); }
BOOST_AUTO_TEST_CASE(random_programs_in_float) { all_agree<float>(); }
