#include "literal.hpp"
#include <xtape/autodiff.hpp>
#include <xtape/nn/parameters.hpp>

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace xtape;
using xtape::nn::Parameters;

namespace {

Parameters example() {
    Parameters parameters;
    parameters.add("W1", literal({{1, 2, 3}, {4, 5, 6}}));
    parameters.add("b1", literal({{7}, {8}}));
    parameters.add("A", literal({{9}}));
    return parameters;
}

bool mentions(const Error& error, const std::string& text) {
    return std::string(error.what()).find(text) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(arrays_keep_their_names_and_order) {
    const Parameters parameters = example();
    BOOST_TEST(parameters.names() == (std::vector<std::string>{"W1", "b1", "A"}),
               boost::test_tools::per_element());
    BOOST_TEST(parameters.count() == 9u);
    BOOST_TEST((parameters["W1"] == literal({{1, 2, 3}, {4, 5, 6}})));
    BOOST_TEST(parameters.contains("b1"));
    BOOST_TEST(!parameters.contains("b2"));
}

BOOST_AUTO_TEST_CASE(the_flat_vector_goes_round) {
    Parameters parameters = example();
    Array<double> flat = parameters.flat();
    BOOST_TEST(flat.dimension() == 1u);
    for (std::size_t i = 0; i < 9; ++i)
        BOOST_TEST(flat(i) == static_cast<double>(i + 1)); // in the order of adding, each row by row
    std::reverse(flat.begin(), flat.end());
    parameters.assign_flat(flat);
    BOOST_TEST((parameters["W1"] == literal({{9, 8, 7}, {6, 5, 4}})));
    BOOST_TEST((parameters["b1"] == literal({{3}, {2}})));
    BOOST_TEST((parameters.flat() == flat));

    std::vector<double> own(9);
    std::iota(own.begin(), own.end(), 1);
    parameters.assign_flat(own);
    BOOST_TEST((parameters.flat() == example().flat()));

    // Any array of numbers, of a type of its own as with XTENSOR_USE_XSIMD, in any shape.
    const xt::xarray<float, xt::layout_type::column_major> matrix{{9, 8, 7}, {6, 5, 4}, {3, 2, 1}};
    parameters.assign_flat(matrix);
    BOOST_TEST((parameters.flat() == flat));
    parameters.assign_flat(2 * flat);
    BOOST_TEST((parameters["A"] == literal({{2}})));
}

BOOST_AUTO_TEST_CASE(a_flat_vector_of_another_length_changes_nothing) {
    Parameters parameters = example();
    BOOST_CHECK_EXCEPTION(parameters.assign_flat(std::vector<double>(8)), ShapeError, [](const Error& error) {
        return mentions(error, "8 numbers for parameters of 9");
    });
    BOOST_CHECK_THROW(parameters.assign_flat(Array<double>()), ShapeError);
    BOOST_TEST((parameters.flat() == example().flat()));
}

BOOST_AUTO_TEST_CASE(tapes_share_what_is_assigned) {
    Parameters parameters = example();
    Tape one, two;
    const Var first = parameters.record(one, "W1", {"n1", "n0"}), second = parameters.record(two, "W1");
    BOOST_TEST(first.shape().to_string() == "(n1=2 × n0=3)");
    Evaluation<double> evaluation;
    BOOST_TEST(evaluation.item(sum(first)) == 21);
    parameters.assign("W1", literal({{0, 0, 0}, {0, 0, 1}}));
    BOOST_TEST(evaluation.item(sum(first)) == 1);
    BOOST_TEST(sum(second).item() == 1);
    one.assign(first, literal({{1, 1, 1}, {1, 1, 1}}));
    BOOST_TEST(parameters.flat()(0) == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_has_arrays_of_its_own) {
    Parameters parameters = example();
    const Parameters before = parameters;
    Parameters assigned;
    assigned = parameters;
    Tape tape;
    const Var W = parameters.record(tape, "W1");
    assigned.assign("W1", literal({{0, 0, 0}, {0, 0, 0}}));
    BOOST_TEST(sum(W).item() == 21);
    parameters.assign("W1", literal({{1, 0, 0}, {0, 0, 0}}));
    BOOST_TEST((before["W1"] == example()["W1"]));
    const Parameters moved = std::move(parameters);
    BOOST_TEST(moved.names().size() == 3u);
    tape.assign(W, literal({{5, 0, 0}, {0, 0, 0}}));
    BOOST_TEST(moved["W1"](0, 0) == 5); // what is moved is still shared
}

BOOST_AUTO_TEST_CASE(arrays_become_double) {
    Parameters parameters;
    parameters.add("f", Array<float>{0.5f, 0.25f});
    parameters.add("i", xt::xtensor<int, 1>{1, 2});
    BOOST_TEST((parameters.cell("f")->array().element() == Element::f64));
    BOOST_TEST(parameters["f"](1) == 0.25);
    BOOST_TEST(parameters["i"](1) == 2);
    parameters.assign("f", Array<float>{2, 3});
    BOOST_TEST(parameters["f"](0) == 2);
}

BOOST_AUTO_TEST_CASE(names_that_are_taken_or_unknown) {
    Parameters parameters = example();
    BOOST_CHECK_THROW(parameters.add("W1", literal({{1}})), NameError);
    BOOST_CHECK_THROW(parameters.add("", literal({{1}})), NameError);
    BOOST_TEST(parameters.names().size() == 3u);
    const auto suggests = [](const Error& error) { return mentions(error, "Did you mean W1?"); };
    BOOST_CHECK_EXCEPTION((void)parameters["w1"], NameError, suggests);
    BOOST_CHECK_EXCEPTION(parameters.assign("W", literal({{1}})), NameError, suggests);
    Tape tape;
    BOOST_CHECK_THROW(parameters.record(tape, "W7"), NameError);
    BOOST_TEST(tape.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_parameter_keeps_its_shape) {
    Parameters parameters = example();
    BOOST_CHECK_EXCEPTION(
        parameters.assign("W1", literal({{1, 2}, {3, 4}, {5, 6}})), ShapeError,
        [](const Error& error) { return mentions(error, "W1 is (2 × 3), and the array is (3 × 2)"); });
    BOOST_TEST((parameters.flat() == example().flat()));
}

BOOST_AUTO_TEST_CASE(nothing_is_an_empty_vector) {
    Parameters nothing;
    BOOST_TEST(nothing.count() == 0u);
    BOOST_TEST(nothing.flat().size() == 0u);
    nothing.assign_flat(std::vector<double>{});
    nothing.add("E", Array<double>(Extents{0, 3}));
    BOOST_TEST(nothing.flat().size() == 0u);
}

BOOST_AUTO_TEST_CASE(gradients_are_flattened_in_the_order_of_names) {
    nn::Parameters parameters;
    parameters.add("W", xt::xarray<double>{{1, 2, 3}, {4, 5, 6}});
    parameters.add("b", xt::xarray<double>{7, 8});
    const Array<double> dW{{10, 20, 30}, {40, 50, 60}}, db{70, 80}, wrong{1, 2, 3};
    BOOST_TEST(parameters.flat({dW, db}) == 10 * parameters.flat(), boost::test_tools::per_element());
    BOOST_CHECK_THROW((void)parameters.flat({dW}), ShapeError);
    BOOST_CHECK_THROW((void)parameters.flat({dW, wrong}), ShapeError);
}

BOOST_AUTO_TEST_CASE(frozen_ones_are_no_part_of_the_flat_vector) {
    Parameters parameters = example();
    parameters.freeze({"b1"});
    BOOST_TEST(parameters.frozen("b1"));
    BOOST_TEST(!parameters.frozen("W1"));
    BOOST_TEST(parameters.count() == 7u);
    const Array<double> rest{1, 2, 3, 4, 5, 6, 9};
    BOOST_TEST((parameters.flat() == rest));
    const std::vector<Array<double>> gradients{parameters["W1"], parameters["b1"], parameters["A"]};
    BOOST_TEST((parameters.flat(gradients) == rest));
    parameters.assign_flat(10 * rest);
    BOOST_TEST((parameters["b1"] == literal({{7}, {8}})));
    BOOST_TEST((parameters["A"] == literal({{90}})));
    BOOST_CHECK_THROW(parameters.assign_flat(example().flat()), ShapeError); // 9 numbers
    BOOST_TEST(Parameters(parameters).frozen("b1"));
    parameters.assign("b1", literal({{1}, {2}})); // by hand all the same
    parameters.unfreeze({"b1", "A"});
    BOOST_TEST(parameters.count() == 9u);
    BOOST_TEST(parameters.flat()(6) == 1);
}

BOOST_AUTO_TEST_CASE(freezing_what_is_not_there_suggests_the_nearest) {
    Parameters parameters = example();
    const auto suggests = [](const Error& error) {
        return mentions(error, "nothing is called w1. There is: W1, b1, A. Did you mean W1?");
    };
    BOOST_CHECK_EXCEPTION(parameters.freeze({"A", "w1"}), NameError, suggests);
    BOOST_TEST(!parameters.frozen("A")); // none of them
    BOOST_CHECK_EXCEPTION(parameters.unfreeze({"w1"}), NameError, suggests);
    BOOST_CHECK_EXCEPTION((void)parameters.frozen("w1"), NameError, suggests);
}
