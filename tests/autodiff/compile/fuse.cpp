/// What a loop's instructions become, and which operands it reads where they lie.

#include "agreement.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace xtape;
using check::says;

/// How the plan of these outputs of x and y, both (rows × columns), reads after it was compared with the
/// reference.
struct Recorded {
    std::size_t rows, columns;
    Tape tape = {};
    Var x = tape.input("x", {rows, columns}), y = tape.input("y", {rows, columns}),
        row = tape.input("row", {columns}), number_for_each_row = tape.input("r", {rows, 1}),
        number = tape.input("number", {});

    [[nodiscard]] std::string plan(const std::vector<Var>& outputs) const {
        (void)plan_in<float>(outputs);
        return plan_in<double>(outputs);
    }

private:
    template <std::floating_point T>
    [[nodiscard]] std::string plan_in(const std::vector<Var>& outputs) const {
        const auto program = compile<T>({x, y, row, number_for_each_row, number}, outputs);
        Draw draw(5);
        std::vector<AnyArray> given;
        for (const Extents& extents :
             {Extents{rows, columns}, Extents{rows, columns}, Extents{columns}, Extents{rows, 1}, Extents{}})
            given.push_back(agreement::as<T>(draw.reals(extents)));
        const agreement::Outcome outcome = agreement::compare(program, given, columns);
        BOOST_TEST(outcome.why == "", outcome.why);
        BOOST_TEST(outcome.compared > 0u);
        return program.plan().to_string();
    }
};

BOOST_AUTO_TEST_CASE(a_product_that_is_only_added_up_is_one_instruction_with_the_sum) {
    Recorded r{3, 41};
    BOOST_TEST(says(r.plan({r.x * r.y + r.row}), ": multiply_add; "));
    BOOST_TEST(says(r.plan({r.row + r.x * r.y}), ": multiply_add; "));
    BOOST_TEST(says(r.plan({r.x * r.y - r.number}), ": multiply_subtract; "));
    BOOST_TEST(says(r.plan({exp(r.x) - r.x * r.y}), ": exp, subtract_product; "));
    BOOST_TEST(says(r.plan({(r.x * r.y + 1) * r.row + r.x}), ": multiply_add, multiply_add; "));
}

// Of two products neither is joined with their difference, nor one with what may be another; one is with
// their sum.
BOOST_AUTO_TEST_CASE(differences_of_products) {
    Recorded r{3, 41};
    const std::string squares = r.plan({r.x * r.y - square(r.y), square(r.x) - r.x * r.row});
    BOOST_TEST(!says(squares, "multiply_subtract"), squares);
    BOOST_TEST(!says(squares, "subtract_product"), squares);
    BOOST_TEST(!says(r.plan({r.x * r.y - r.row}), "multiply_subtract"));
    BOOST_TEST(says(r.plan({r.x * r.row - r.y * r.number_for_each_row}), ": multiply, multiply, subtract; "));
    BOOST_TEST(says(r.plan({r.x * r.row + r.y * r.number_for_each_row}), ": multiply, multiply_add; "));
}

// The reference gives 0, and √0 = 0; one rounding fewer gives ± what the other product lost.
BOOST_AUTO_TEST_CASE(equal_products_differ_by_nothing) {
    Draw draw(1);
    Tape tape;
    const Var a = tape.input("a", {50}), b = tape.input("b", {50}), c = tape.input("c", {50}),
              d = tape.input("d", {50});
    const auto program = compile<double>({a, b, c, d}, {a * b - c * d, sqrt(a * b - c * d)});
    const Array<double> x = draw.reals({50}), y = draw.reals({50});
    const auto results = program({x, y, x, y});
    BOOST_TEST(results[0] == xt::zeros<double>({50}));
    BOOST_TEST(results[1] == xt::zeros<double>({50}));
}

BOOST_AUTO_TEST_CASE(a_product_that_is_wanted_alone_stays_so) {
    Recorded r{3, 41};
    const Var product = r.x * r.y;
    BOOST_TEST(!says(r.plan({product + r.row, product}), "multiply_add"));
    BOOST_TEST(!says(r.plan({product + r.row, sum(product)}), "multiply_add"));
    BOOST_TEST(!says(r.plan({product + r.row, exp(product)}), "multiply_add"));
}

// Numbers on either side, one for each row, those that an operation reads twice, or two of: rows that are
// shorter than a block and longer ones.
BOOST_AUTO_TEST_CASE(operands_that_are_one_number) {
    for (const std::size_t columns : {1U, 2U, 41U, 300U, 1100U})
        for (const std::size_t rows : {1U, 3U, 19U}) {
            Recorded r{rows, columns};
            for (const Var& c :
                 {r.number, r.number_for_each_row, square(r.number), exp(r.number_for_each_row)}) {
                const Var z = where(r.x < c, c, r.y), twice = broadcast_to(c, r.x.shape()) * c;
                (void)r.plan({c - r.x, r.x / c, c / r.x, r.x * c + c, c * r.y - r.x, c - r.x * c,
                              maximum(c, r.x), minimum(r.y, c), z, where(r.x <= c, r.y, c),
                              where(r.y < 0, c, 2 * c), c * c - r.x, r.x * twice, tanh(c) * r.x + c,
                              exp(c * r.x), leaky_relu(r.x, 0.25), sum(r.x * c, {1}), sum(r.x - c),
                              amax(r.x + c, {0})});
            }
        }
}

} // namespace
