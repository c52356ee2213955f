/// Programs drawn from a seed: chains, broadcasts, products, transposes and sums in any order. One that fails
/// is cut down to the shortest beginning that still does.

#include "agreement.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;

constexpr std::uint64_t programs = 5000; // in each element type
constexpr std::size_t inputs = 4, values = 16;

struct Drawn {
    Tape tape;
    std::vector<Var> inputs, outputs;
    std::vector<AnyArray> arrays;
};

/// Operations until there are `length` values: those of a shorter program are the first of a longer one.
/// Extents are 3, 1 and n, so that shapes meet often; functions are bounded or grow slowly, so that nothing
/// overflows.
void record_some(Drawn& drawn, std::uint64_t seed, std::size_t length, const Dim& n,
                 std::size_t extent_of_n) {
    Draw draw(seed);
    const Dim dims[] = {1, 3, n};
    const std::size_t extents[] = {1, 3, extent_of_n};
    std::vector<Var> pool;
    for (std::size_t k = 0; k < inputs; ++k) {
        const auto rows = static_cast<std::size_t>(draw.integer(n.sized() ? 3 : 2)), // n × n would take long
            columns = static_cast<std::size_t>(draw.integer(3));
        drawn.inputs.push_back(drawn.tape.input("x" + std::to_string(k), Shape{dims[rows], dims[columns]}));
        drawn.arrays.emplace_back(draw.reals({extents[rows], extents[columns]}));
        pool.push_back(drawn.inputs.back());
    }
    const auto any = [&] {
        return pool[static_cast<std::size_t>(draw.integer(static_cast<std::int64_t>(pool.size())))];
    };
    while (pool.size() < length) {
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
            if (a.shape()[1] == b.shape()[0]) pool.push_back(tanh(matmul(a, b)));
        }
    }
    const Var last = pool[length - 1], before = pool[length - 2];
    Var J = sum(before) + sum(last);
    if (!n.sized()) // all inputs are needed, so that the reference learns what n is
        for (const Var& x : drawn.inputs)
            J = J + sum(square(x));
    drawn.outputs = {J, pool[length - 3], before};
    for (const Var& dx : gradient(J, drawn.inputs, Disconnected::zeros))
        drawn.outputs.push_back(dx);
}

/// Most have n = 5; every 250th leaves it open, and runs with none, or with as many as end a block or
/// not.
template <std::floating_point T>
agreement::Outcome run(std::uint64_t seed, std::size_t length) {
    constexpr std::size_t open[] = {0, 511, 513, 1039, 1041};
    const bool fixed = seed % 250 != 0;
    Drawn drawn;
    if (fixed)
        record_some(drawn, seed, length, 5, 5);
    else
        record_some(drawn, seed, length, Dim("n"), open[seed / 250 % std::size(open)]);
    std::vector<AnyArray> arrays;
    for (const AnyArray& array : drawn.arrays)
        arrays.push_back(agreement::as<T>(array));
    return agreement::compare(compile<T>(drawn.inputs, drawn.outputs), arrays, fixed ? 25 : 5000);
}

/// The least length at which it fails, given that it does at `length`.
template <class F>
std::size_t shrunk(std::size_t length, F fails) {
    for (std::size_t shorter = inputs; shorter < length; ++shorter)
        if (fails(shorter)) return shorter;
    return length;
}

template <std::floating_point T>
void all_agree() {
    std::size_t compared = 0;
    for (std::uint64_t seed = 1; seed <= programs; ++seed) {
        const agreement::Outcome outcome = run<T>(seed, values);
        compared += outcome.compared;
        if (outcome.why.empty()) continue;
        const std::size_t length =
            shrunk(values, [&](std::size_t shorter) { return !run<T>(seed, shorter).why.empty(); });
        BOOST_ERROR("seed " << seed << ", " << length << " values: " << run<T>(seed, length).why);
    }
    BOOST_TEST(compared > 10 * programs);
}

} // namespace

BOOST_AUTO_TEST_CASE(random_programs_in_double) { all_agree<double>(); }
BOOST_AUTO_TEST_CASE(random_programs_in_float) { all_agree<float>(); }

BOOST_AUTO_TEST_CASE(a_failing_program_is_cut_down) {
    BOOST_TEST(shrunk(values, [](std::size_t length) { return length >= 9; }) == 9u);
    BOOST_TEST(shrunk(values, [](std::size_t) { return false; }) == values);
    BOOST_TEST(shrunk(values, [](std::size_t) { return true; }) == inputs);
}
