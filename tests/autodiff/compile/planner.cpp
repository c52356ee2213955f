/// Which step computes what: what is added to a product, and products of one term.

#include "agreement.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;
using check::says;

constexpr std::size_t rows = 7, inner = 5, columns = 23;
constexpr auto with_addend = "and what is added";

/// W X, and how its plan for these extents reads after it was compared with the reference.
struct Recorded {
    std::size_t height, terms, width;
    Tape tape = {};
    Var W = tape.input("W", {height, terms}), X = tape.input("X", {terms, width}), Z = matmul(W, X);

    template <std::floating_point T>
    [[nodiscard]] std::string plan_in(const std::vector<Var>& outputs, const std::vector<Var>& others = {},
                                      const ProgramOptions& options = {}) const {
        std::vector<Var> inputs{W, X};
        inputs.insert(inputs.end(), others.begin(), others.end());
        const auto program = compile<T>(inputs, outputs, options);
        std::vector<AnyArray> given;
        Draw draw(3);
        for (const Var& input : inputs) {
            Extents extents;
            for (const Dim& dim : input.shape().dims())
                extents.push_back(dim.extent());
            given.push_back(agreement::as<T>(draw.reals(extents)));
        }
        const agreement::Outcome outcome = agreement::compare(program, given, terms + 3);
        BOOST_TEST(outcome.why == "", outcome.why);
        BOOST_TEST((outcome.compared > 0u || width == 0));
        return program.plan().to_string();
    }
    [[nodiscard]] std::string plan(const std::vector<Var>& outputs, const std::vector<Var>& others = {},
                                   const ProgramOptions& options = {}) const {
        (void)plan_in<float>(outputs, others, options);
        return plan_in<double>(outputs, others, options);
    }
};

// A number, one for each row or column, a matrix, one of which other axes are shown, on either side.
BOOST_AUTO_TEST_CASE(what_is_added_to_a_product_is_added_by_it) {
    for (const auto& [height, width] :
         {std::pair(rows, columns), std::pair(rows, std::size_t{1}), std::pair(std::size_t{1}, columns),
          std::pair(std::size_t{1}, std::size_t{1})})
        for (const std::size_t terms : {inner, std::size_t{2}, std::size_t{300}}) {
            const std::size_t h = height, w = width;
            for (const Extents& extents :
                 {Extents{}, Extents{1}, Extents{h, 1}, Extents{w}, Extents{1, w}, Extents{h, w}}) {
                Recorded r{h, terms, w};
                const Var D = r.tape.input("D", Shape(extents));
                const std::string after = r.plan({tanh(r.Z + D)}, {D}), before = r.plan({D + 3 * r.Z}, {D});
                BOOST_TEST(says(after, with_addend), after);
                BOOST_TEST(says(before, with_addend), before);
                BOOST_TEST(!says(after, "add,"), after);
            }
        }
    Recorded r{rows, inner, columns};
    const Var D = r.tape.input("D", {columns, rows}), E = r.tape.input("E", {rows, columns});
    BOOST_TEST(!says(r.plan({r.Z + transpose(D)}, {D}), with_addend)); // its columns are not adjacent
    BOOST_TEST(says(r.plan({r.Z + E}, {E}), with_addend));
    BOOST_TEST(says(r.plan({matmul(r.Z + E, transpose(r.X)) + r.W}, {E}), with_addend));
}

// A product of nothing is 0, and then that is all there is.
BOOST_AUTO_TEST_CASE(what_is_added_to_a_product_without_terms_is_there) {
    Recorded r{rows, 0, columns};
    const Var b = r.tape.input("b", {rows, 1});
    BOOST_TEST(says(r.plan({r.Z + b}, {b}), with_addend));
    Recorded empty{rows, inner, 0};
    const Var c = empty.tape.input("c", {rows, 1});
    (void)empty.plan({empty.Z + c, sum(empty.Z + c)}, {c});
}

BOOST_AUTO_TEST_CASE(a_product_that_is_wanted_alone_stays_so) {
    Recorded r{rows, inner, columns};
    const Var b = r.tape.input("b", {rows, 1});
    BOOST_TEST(!says(r.plan({r.Z + b, r.Z}, {b}), with_addend));
    BOOST_TEST(!says(r.plan({r.Z + b, square(r.Z)}, {b}), with_addend));
    BOOST_TEST(!says(r.plan({r.Z + r.Z}), with_addend));
    // What is added is known after the product, or depends on it.
    BOOST_TEST(
        !says(r.plan({matmul(transpose(r.Z), r.Z + sum(matmul(r.W, r.X), {1}, Keep::dims))}), with_addend));
    // One product may be added to another, and what both give is larger than either.
    BOOST_TEST(says(r.plan({r.Z + matmul(square(r.W), r.X)}), with_addend));
    Recorded thin{rows, inner, 1};
    const Var c = thin.tape.input("c", {1, columns});
    BOOST_TEST(!says(thin.plan({thin.Z + c}, {c}), with_addend));
}

BOOST_AUTO_TEST_CASE(batches_of_products_and_what_is_added) {
    for (const std::size_t count : {1U, 3U}) {
        Tape tape;
        const Var A = tape.input("A", {count, 4, 6}), B = tape.input("B", {6, 5}),
                  b = tape.input("b", {4, 1});
        const auto program = compile<double>({A, B, b}, {matmul(A, B) + b});
        Draw draw(4);
        const std::vector<AnyArray> given{draw.reals({count, 4, 6}), draw.reals({6, 5}), draw.reals({4, 1})};
        const agreement::Outcome outcome = agreement::compare(program, given, 9);
        BOOST_TEST(outcome.why == "", outcome.why);
        BOOST_TEST(says(program.plan().to_string(), with_addend) == (count == 1));
    }
}

// In tiles; what goes on from tile to tile has nothing added in each.
BOOST_AUTO_TEST_CASE(in_tiles_a_bias_is_added_once) {
    constexpr std::size_t n = 1000;
    Recorded r{rows, inner, n};
    const Var b = r.tape.input("b", {rows, 1}), c = r.tape.input("c", {n}), A = tanh(r.Z + b);
    for (const std::size_t threads : {1U, 2U}) {
        const std::string plan =
            r.plan({matmul(A, transpose(r.X)) + r.W, sum(square(A + c)), matmul(r.W, square(r.X)) + c},
                   {b, c}, {.threads = threads, .tile_width = 96});
        BOOST_TEST(says(plan, "11 tiles of"));
        BOOST_TEST(says(plan, "(7 × 5) (5 × 96) and what is added"));
        BOOST_TEST(!says(plan, "(96 × 5, transposed) and what is added"), plan);
    }
}

// A tile of one column makes products of one term that go on from tile to tile.
BOOST_AUTO_TEST_CASE(tiles_of_one_column) {
    Recorded r{rows, inner, 11};
    const Var b = r.tape.input("b", {rows, 1}), A = tanh(r.Z + b);
    const std::string plan = r.plan({matmul(A, transpose(r.X)), sum(A, {1})}, {b}, {.tile_width = 1});
    BOOST_TEST(says(plan, "11 tiles of"), plan);
}

// Those that a BLAS computes where AVX-512 is not used, and pieces of them, by rows and by columns.
BOOST_AUTO_TEST_CASE(large_products_with_what_is_added) {
    for (const auto& [height, width] :
         {std::pair(std::size_t{700}, std::size_t{90}), std::pair(std::size_t{90}, std::size_t{700})})
        for (const bool by_rows : {false, true}) {
            Recorded r{height, 290, width};
            const Var d = r.tape.input("d", by_rows ? Shape(Extents{height, 1}) : Shape(Extents{width}));
            const std::string plan = r.plan_in<double>({2 * r.Z + d}, {d}, {.threads = 2});
            BOOST_TEST(says(plan, with_addend));
            BOOST_TEST(says(plan, "pieces"));
        }
}

// An outer product is a multiplication that the loop of its readers takes.
BOOST_AUTO_TEST_CASE(a_product_of_one_term_is_no_step) {
    for (const std::size_t width : {columns, std::size_t{200}, std::size_t{1}}) {
        Recorded r{rows, 1, width};
        const Var g = r.tape.input("g", {rows, width});
        const std::string plan = r.plan({g * r.Z, sum(2 * r.Z, {1})}, {g});
        BOOST_TEST(!says(plan, "product"), plan);
        BOOST_TEST(says(plan, "one_term"));
        BOOST_TEST(says(r.plan({2 * r.Z}), "product times a number")); // for no loop's sake
        BOOST_TEST(says(r.plan({tanh(r.Z + g)}, {g}), with_addend));
        BOOST_TEST(says(plan, "  1  loop"));
        BOOST_TEST(!says(plan, "  2  loop"));
    }
}

// A sum that begins with 0 is 0, not −0, where it has one term as well.
BOOST_AUTO_TEST_CASE(a_product_of_one_term_has_the_sign_of_a_sum) {
    Tape tape;
    const Var a = tape.input("a", {1, 1}), b = tape.input("b", {1, 1});
    const Array<double> zero = xt::zeros<double>({1, 1}), minus = -xt::ones<double>({1, 1});
    const Var inverse = 1 / matmul(a, b);
    const double wanted = Evaluation<double>{{a, zero}, {b, minus}}.item(inverse);
    BOOST_TEST(compile<double>({a, b}, {inverse})({zero, minus})[0](0, 0) == wanted);
}

} // namespace
