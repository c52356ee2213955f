/// Programs that work through the examples in tiles: which do, and that all give what the reference gives.

#include "agreement.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;
using check::says;

/// What a test records: from X (3 × n), or (n × 3) where examples are rows, with W (5 × 3) and b (5 × 1).
struct Recorded {
    Tape tape;
    Var X, W = tape.input("W", {5, 3}), b = tape.input("b", {5, 1});
    explicit Recorded(bool rows, const Dim& n = Dim("n"))
        : X(tape.input("X", rows ? Shape{n, 3} : Shape{3, n})) {}

    /// Sums, maxima and products over the examples, and what has nothing to do with them.
    [[nodiscard]] std::vector<Var> outputs(bool rows) const {
        const Var columns = rows ? transpose(X) : X, A = tanh(matmul(W, columns) + b),
                  J = mean(square(A) + softmax(A, 0));
        std::vector<Var> all = gradient(J, {W, b});
        all.insert(all.end(),
                   {J, amax(A, {1}), amin(A), matmul(A, transpose(columns)), -b,
                    sum(broadcast_to(b, A.shape()) * 0.5, {1}), sum(reshape(A, {5, 1, A.shape()[1]}))});
        if (rows) all.push_back(sum(A, {0}));
        return all;
    }
};

std::vector<AnyArray> arrays(std::size_t n, bool rows) {
    Draw draw(n);
    return {draw.reals(rows ? Extents{n, 3} : Extents{3, n}), draw.reals({5, 3}), draw.reals({5, 1})};
}

/// Whether it is tiled, after it was compared with the reference.
template <std::floating_point T>
bool tiled(const Program<T>& program, std::size_t n, bool rows) {
    std::vector<AnyArray> given;
    std::vector<Extents> extents;
    for (const AnyArray& array : arrays(n, rows)) {
        given.push_back(agreement::as<T>(array));
        extents.push_back(array.extents());
    }
    const agreement::Outcome outcome = agreement::compare(program, given, n + 10);
    BOOST_TEST(outcome.why == "", "n = " << n << ": " << outcome.why);
    BOOST_TEST(outcome.compared > 0u);
    return says(program.plan(extents).to_string(), "tiles of ");
}

// A width is a multiple of 16: these leave a last tile of one column less than others, of one more, and all
// between.
constexpr std::size_t sizes[] = {6001, 6015, 6016};

template <std::floating_point T>
void sums_and_products() {
    for (const bool rows : {false, true}) {
        Recorded r(rows);
        const auto program = compile<T>({r.X, r.W, r.b}, r.outputs(rows));
        for (const std::size_t n : sizes)
            BOOST_TEST(tiled(program, n, rows));
        Recorded fixed(rows, sizes[1]);
        BOOST_TEST(tiled(compile<T>({fixed.X, fixed.W, fixed.b}, fixed.outputs(rows)), sizes[1], rows));
        BOOST_TEST(!tiled(program, 100, rows));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(sums_and_products_in_double) { sums_and_products<double>(); }
BOOST_AUTO_TEST_CASE(sums_and_products_in_float) { sums_and_products<float>(); }

BOOST_AUTO_TEST_CASE(rows_of_examples_that_are_wanted_are_written_tile_by_tile) {
    Recorded r(true);
    const auto program =
        compile<double>({r.X, r.W, r.b}, {tanh(matmul(r.X, transpose(r.W)) + transpose(r.b)), sum(r.X)});
    BOOST_TEST(tiled(program, 9973, true));
}

// In the result the rows of a tile are far apart; more than one reads some of them, in several orders.
BOOST_AUTO_TEST_CASE(columns_of_examples_that_are_wanted_are_written_tile_by_tile) {
    Recorded r(false);
    const Var Z = matmul(r.W, r.X) + r.b, A = tanh(Z);
    const std::vector<Var> outputs{A,
                                   A,
                                   transpose(A),
                                   matmul(r.W, r.X),
                                   reshape(square(Z), {5, 1, Dim("n")}),
                                   sum(A, {0}),
                                   mean(A),
                                   matmul(transpose(r.W), A)};
    BOOST_TEST(tiled(compile<double>({r.X, r.W, r.b}, outputs), 9973, false));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_tiled_is_not) {
    Recorded r(false);
    const Var Z = matmul(r.W, r.X) + r.b;
    const auto whole = [&](const Var& output) {
        return !tiled(compile<double>({r.X, r.W, r.b}, {output}), 9973, false);
    };
    BOOST_TEST(whole(sum(square(Z - mean(Z, {1}, Keep::dims))))); // a column needs all
    BOOST_TEST(whole(sum(cumsum(Z, 1))));
    BOOST_TEST(!whole(sum(square(Z))));
}

// Parameters have axes as long as that of the examples, which are data that the tape holds.
BOOST_AUTO_TEST_CASE(an_axis_is_known_by_what_is_done_along_it) {
    constexpr std::size_t n = 40;
    Draw draw(1);
    Tape tape;
    const Var X = tape.variable("X", draw.reals({n, n})), Y = tape.constant(draw.reals({2, n})),
              W = tape.input("W", {2, n}), b = tape.input("b", {2, 1});
    const Var Z = matmul(W, X) + b;
    std::vector<Var> outputs = gradient(mean(softplus(Z) - Y * Z), {W, b});
    const auto program = compile<double>({W, b}, outputs, {.tile_width = 16});
    BOOST_TEST(says(program.plan().to_string(), "3 tiles of 40, 16 wide"));
    BOOST_TEST(agreement::compare(program, {draw.reals({2, n}), draw.reals({2, 1})}, n).why == "");
    // Examples with examples, and a product with the transpose of what it is added to.
    for (const Var& whole : {sum(tanh(matmul(transpose(X), X))), sum(tanh(X + transpose(X)))})
        BOOST_TEST(!says(compile<double>({}, {whole}, {.tile_width = 16}).plan().to_string(), "tiles of"));
}

// What a run takes is that of a tile, however many there are; X alone is 24 MB in the first case.
BOOST_AUTO_TEST_CASE(a_tiled_plan_takes_little_memory) {
    Recorded r(false);
    Var A = r.X;
    for (int k = 0; k < 4; ++k)
        A = tanh(matmul(transpose(r.W), tanh(matmul(r.W, A) + r.b)));
    const auto program = compile<double>({r.X, r.W, r.b}, gradient(mean(A), {r.W, r.b}));
    const auto bytes = [&](std::size_t n) { return program.plan({{3, n}, {5, 3}, {5, 1}}).peak_bytes(); };
    BOOST_TEST(bytes(1'000'000) < 600'000u);
    BOOST_TEST(bytes(4'000'000) < 600'000u);
    BOOST_TEST(2 * bytes(400) > 3 * bytes(200)); // not tiled, so all but the scratch of loops doubles
    const auto given = arrays(20'000, false);
    BOOST_TEST((program(given) == program(given)));
}

// One column of a tile is still a part of the sum.
BOOST_AUTO_TEST_CASE(a_product_along_tiles_of_one_column_is_a_sum) {
    constexpr std::size_t n = 40;
    Tape tape;
    const Var X = tape.input("X", {2, n}), Y = tape.input("Y", {3, n});
    const auto program = compile<double>({X, Y}, {matmul(tanh(X), transpose(Y))}, {.tile_width = 1});
    Draw draw(1);
    const agreement::Outcome outcome =
        agreement::compare(program, {draw.reals({2, n}), draw.reals({3, n})}, n);
    BOOST_TEST(outcome.why == "");
}

// Of a full addend of examples, a tile reads its own columns.
BOOST_AUTO_TEST_CASE(the_bytes_of_an_addend_are_those_that_are_read) {
    constexpr std::size_t n = 1600;
    Tape tape;
    const Var W = tape.input("W", {2, 3}), X = tape.input("X", {3, n}), D = tape.input("D", {2, n});
    const auto program = compile<double>({W, X, D}, {sum(tanh(matmul(W, X) + D))}, {.tile_width = 16});
    const ProgramPlan plan = program.plan();
    BOOST_TEST(says(plan.to_string(), "and what is added"));
    constexpr double entries = 3 * n + 2 * n + 2 * n + 6 * n / 16; // X, D, the result, and W in each tile
    BOOST_TEST(plan.steps()[0].bytes <= 1.1 * entries * sizeof(double));
}
