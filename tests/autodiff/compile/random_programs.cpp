/// Programs drawn from a seed: chains, broadcasts, products, transposes and sums in any order, every fourth
/// in tiles where it can be. One that fails is cut down to the shortest beginning that still does.

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
    const bool few = n.sized() && n.extent() < 10; // n × n would take long else
    const Dim dims[] = {1, 3, n};
    const std::size_t extents[] = {1, 3, extent_of_n};
    std::vector<Var> pool;
    for (std::size_t k = 0; k < inputs; ++k) {
        const auto rows = static_cast<std::size_t>(draw.integer(few ? 3 : 2)),
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

struct Outcome : agreement::Outcome {
    bool tiled;
};

/// Most have n = 5; every 250th leaves it open, and runs with none, or with as many as end a block or
/// not. Every fourth has tiles, the last of which is whole, or lacks one column or all but two; a single one
/// would be no tile.
template <std::floating_point T>
Outcome run(std::uint64_t seed, std::size_t length) {
    constexpr std::size_t open[] = {0, 511, 513, 1039, 1041};
    constexpr std::size_t width = 16, wide[] = {15, 16, 17, 18, 31, 32, 33, 34};
    Drawn drawn;
    const bool long_one = seed % 250 == 0, tiled = seed % 4 == 1;
    const std::size_t n = long_one ? open[seed / 250 % std::size(open)]
                          : tiled  ? wide[seed / 4 % std::size(wide)]
                                   : 5;
    record_some(drawn, seed, length, long_one || seed % 8 == 1 ? Dim("n") : Dim(n), n);
    std::vector<AnyArray> arrays;
    std::vector<Extents> extents;
    for (const AnyArray& array : drawn.arrays) {
        arrays.push_back(agreement::as<T>(array));
        extents.push_back(array.extents());
    }
    const auto program = compile<T>(drawn.inputs, drawn.outputs, {.tile_width = tiled ? width : 0});
    return {agreement::compare(program, arrays, std::max<std::size_t>(5 * n, 25)),
            check::says(program.plan(extents).to_string(), "tiles of ")};
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
    std::size_t compared = 0, tiled = 0;
    for (std::uint64_t seed = 1; seed <= programs; ++seed) {
        const Outcome outcome = run<T>(seed, values);
        compared += outcome.compared;
        tiled += outcome.tiled;
        if (outcome.why.empty()) continue;
        const std::size_t length =
            shrunk(values, [&](std::size_t shorter) { return !run<T>(seed, shorter).why.empty(); });
        BOOST_ERROR("seed " << seed << ", " << length << " values: " << run<T>(seed, length).why);
    }
    BOOST_TEST(compared > 10 * programs);
    BOOST_TEST(tiled > programs / 20);
    BOOST_TEST_MESSAGE(tiled << " of " << programs << " in tiles");
}

} // namespace

BOOST_AUTO_TEST_CASE(random_programs_in_double) { all_agree<double>(); }
BOOST_AUTO_TEST_CASE(random_programs_in_float) { all_agree<float>(); }

BOOST_AUTO_TEST_CASE(a_failing_program_is_cut_down) {
    BOOST_TEST(shrunk(values, [](std::size_t length) { return length >= 9; }) == 9u);
    BOOST_TEST(shrunk(values, [](std::size_t) { return false; }) == values);
    BOOST_TEST(shrunk(values, [](std::size_t) { return true; }) == inputs);
}
