#include "check.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <optional>

using namespace xtape;
using check::complaint;
using check::says;

namespace {

/// Runs f, which must throw an E, and asserts that the tape's records and names are as before.
template <class E, class F>
void leaves_the_tape_as_it_was(const Tape& tape, const std::string& what, F f) {
    const std::size_t size = tape.size();
    const std::vector<std::string> names = tape.names();
    const std::string message = complaint<E>(f);
    BOOST_TEST(message != "nothing", what << " did not throw");
    BOOST_TEST(tape.size() == size, what << " left " << tape.size() - size << " records");
    BOOST_TEST(tape.names() == names, boost::test_tools::per_element());
}

struct Network {
    Tape tape;
    Var W1 = tape.variable("W1", check::filled<double>({4, 3}, {0.5, -0.25, 1}), {"n1", "n0"});
    Var b1 = tape.variable("b1", check::filled<double>({4, 1}, {0.125}), {"n1", ""});
    Var X = tape.input("X", {Dim("n0", 3), Dim("n")}), Y = tape.input("Y", {1, Dim("n")});
    Var Z1 = named("Z1", matmul(W1, X) + b1);
    Var J = named("J", mean(square(mean(tanh(Z1), {0}, Keep::dims) - Y)));
};

} // namespace

BOOST_AUTO_TEST_CASE(names) {
    Network net;
    BOOST_TEST(net.tape.names() == (std::vector<std::string>{"W1", "b1", "X", "Y", "Z1", "J"}),
               boost::test_tools::per_element());
    BOOST_TEST(net.tape["Z1"].same_as(net.Z1));
    BOOST_TEST(net.Z1.name() == "Z1");
    BOOST_TEST(net.Z1.shape().to_string() == "(n1=4 × n)");
    BOOST_TEST(sigmoid(net.Z1).to_string() == "sigmoid(Z1)");
    named("preactivation", net.Z1); // a second name
    BOOST_TEST(net.tape["preactivation"].same_as(net.Z1));
    BOOST_TEST(net.Z1.name() == "Z1");
    named("Z1", net.Z1); // the same again
    const std::string message = complaint<NameError>([&] { (void)net.tape["z2"]; });
    BOOST_TEST(says(message, "Nothing on this tape is called z2"));
    BOOST_TEST(says(message, "Did you mean Z1?"));
    BOOST_CHECK_THROW(named("W1", net.Z1), NameError);
    BOOST_CHECK_THROW(named("", net.Z1), NameError);
}

BOOST_AUTO_TEST_CASE(one_recording_serves_any_number_of_examples) {
    Network net;
    const Var dW1 = gradient(net.J, net.W1);
    const std::size_t size = net.tape.size();
    for (const std::size_t n : {455u, 114u, 7u, 1u, 0u}) {
        const auto x = check::filled<double>({3, n}, {0.5, -1, 2, 0.25, -0.5}),
                   y = check::filled<double>({1, n}, {1, 0});
        Evaluation<double> evaluation{{net.X, x}, {net.Y, y}};
        BOOST_TEST((evaluation.value(net.Z1).shape() == Extents{4, n}));
        const auto slope = evaluation.value(dW1);
        BOOST_TEST((slope.shape() == Extents{4, 3}));
        // The mean's 1/n by hand: the cost of n examples is the mean of the costs of each.
        double total = 0;
        for (std::size_t i = 0; i < n; ++i) {
            const Array<double> xi = xt::view(x, xt::all(), xt::range(i, i + 1)),
                                yi = xt::view(y, xt::all(), xt::range(i, i + 1));
            total += net.J.item({{net.X, xi}, {net.Y, yi}});
        }
        if (n > 0)
            BOOST_TEST(evaluation.item(net.J) == total / static_cast<double>(n),
                       boost::test_tools::tolerance(1e-14));
        else
            BOOST_TEST(std::isnan(evaluation.item(net.J))); // the mean of nothing
    }
    BOOST_TEST(net.tape.size() == size);
}

BOOST_AUTO_TEST_CASE(a_throw_leaves_the_tape_as_it_was) {
    Network net;
    Tape other;
    const Var foreign = other.input("F", {3, Dim("n")}), mask = net.Z1 > 0;
    const Var v2 = net.tape.variable("v2", xt::xarray<double>{1, 2}), p = net.tape.input("p", {Dim("p")});
    const xt::xarray<double> vector{1, 2, 3, 4, 5}, matrix{{1, 2}, {3, 4}};
    const Tape& tape = net.tape;
    leaves_the_tape_as_it_was<ShapeError>(tape, "add", [&] { net.W1 + net.X; });
    leaves_the_tape_as_it_was<ShapeError>(tape, "add an array", [&] { net.W1 + vector; });
    leaves_the_tape_as_it_was<ShapeError>(tape, "matmul", [&] { matmul(net.X, net.W1); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "matmul with an array", [&] { matmul(net.W1, vector); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "matmul with a matrix", [&] { matmul(matrix, net.X); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "dot", [&] { dot(v2, vector); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "outer", [&] { outer(matrix, v2); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "outer, second", [&] { outer(vector, net.W1); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "sum", [&] { sum(net.W1, {2}); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "mean", [&] { mean(net.W1, {1, 5}); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "prod", [&] { prod(net.X); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "softmax", [&] { softmax(net.W1, 3); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "reshape", [&] { reshape(net.W1, {5, 2}); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "flatten", [&] { flatten(net.X); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "stack", [&] { stack({net.W1, net.b1}, 0); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "split", [&] { split(net.W1, {1, 4}, 0); });
    leaves_the_tape_as_it_was<ArgumentError>(tape, "concatenate", [&] { concatenate({}, 0); });
    leaves_the_tape_as_it_was<KindError>(tape, "a mask", [&] { sigmoid(mask); });
    leaves_the_tape_as_it_was<KindError>(tape, "a mask among numbers", [&] { 2 * mask; });
    leaves_the_tape_as_it_was<VarError>(tape, "two tapes", [&] { net.X* foreign; });
    leaves_the_tape_as_it_was<VarError>(tape, "an empty Var", [&] { net.X* Var(); });
    leaves_the_tape_as_it_was<NameError>(tape, "a name", [&] { net.tape.input("W1", {2}); });
    leaves_the_tape_as_it_was<NameError>(tape, "a variable's name", [&] { net.tape.variable("X", vector); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "names of dimensions", [&] {
        net.tape.variable("V", vector, {"a", "b"});
    });
    leaves_the_tape_as_it_was<KindError>(tape, "a variable of integers",
                                         [&] { net.tape.variable("V", xt::xarray<int>{1}); });
    leaves_the_tape_as_it_was<ArgumentError>(tape, "no cell",
                                             [&] { net.tape.variable("V", std::shared_ptr<Cell>()); });
    leaves_the_tape_as_it_was<GradientError>(tape, "gradient of an array", [&] { gradient(net.Z1, net.W1); });
    leaves_the_tape_as_it_was<GradientError>(tape, "gradient without a path", [&] { gradient(net.J, v2); });
    leaves_the_tape_as_it_was<GradientError>(tape, "gradient, one of two",
                                             [&] { gradient(net.J, net.W1, p); });
    leaves_the_tape_as_it_was<VarError>(tape, "gradient, two tapes", [&] { gradient(net.J, foreign); });
    leaves_the_tape_as_it_was<KindError>(tape, "gradient by a mask", [&] { gradient(net.J, mask); });
    leaves_the_tape_as_it_was<ShapeError>(tape, "vjp", [&] { vjp(net.Z1, net.W1, net.b1); });
    BOOST_TEST(other.size() == 1u);
}

BOOST_AUTO_TEST_CASE(rewound) {
    Network net;
    const Tape::Mark mark = net.tape.mark();
    const std::size_t size = net.tape.size();
    const Var dW1 = gradient(net.J, net.W1);
    BOOST_TEST(dW1.name() == "dW1");
    net.tape.rewind(mark);
    BOOST_TEST(net.tape.size() == size);
    const std::string expected = "Var dW1 was rewound: its tape was taken back past it. Record it again "
                                 "after rewind(), or take the mark later.";
    BOOST_TEST(complaint<VarError>([&] { (void)dW1.value(); }) == expected);
    BOOST_TEST(complaint<VarError>([&] { (void)(dW1 + 1); }) == expected);
    BOOST_TEST(complaint<VarError>([&] { (void)gradient(sum(dW1), net.W1); }) == expected);
    const Var again = gradient(net.J, net.W1); // at the same place: the old handle is not taken for it
    BOOST_TEST(again.name() == "dW1");
    BOOST_CHECK_THROW((void)dW1.shape(), VarError);
    net.tape.rewind(mark);
    BOOST_TEST(net.tape.size() == size);
}

BOOST_AUTO_TEST_CASE(stale_marks) {
    Network net;
    const Tape::Mark outer = net.tape.mark();
    tanh(net.Z1);
    const Tape::Mark inner = net.tape.mark();
    net.tape.rewind(outer);
    BOOST_CHECK_THROW(net.tape.rewind(inner), VarError); // beyond the end
    sigmoid(net.Z1);
    sigmoid(net.Z1);
    BOOST_CHECK_THROW(net.tape.rewind(inner), VarError); // another record is there now
    Tape other;
    BOOST_CHECK_THROW(other.rewind(outer), VarError);
    BOOST_CHECK_THROW(other.rewind(Tape::Mark()), VarError);
    net.tape.rewind(outer);
    net.tape.rewind(outer);
}

BOOST_AUTO_TEST_CASE(vars_outlive_their_tape) {
    std::optional<Tape> tape(std::in_place);
    const Var x = tape->variable("x", xt::xarray<double>{1, 2});
    const Var y = sum(square(x));
    tape.reset();
    BOOST_TEST(y.item() == 5);
    BOOST_TEST(gradient(y, x).value() == (Array<double>{2, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(empty_vars_and_two_tapes) {
    BOOST_CHECK_THROW((void)Var().shape(), VarError);
    BOOST_CHECK_THROW((void)Var().value(), VarError);
    BOOST_CHECK_THROW((void)Var().to_string(), VarError);
    BOOST_CHECK_THROW(named("x", Var()), VarError);
    BOOST_CHECK_THROW(Var() + 1, VarError);
    BOOST_CHECK_THROW(1 + Operand(2), VarError); // no Var at all
    Tape a, b;
    const Var x = a.input("x", {2}), y = b.input("y", {2});
    const std::string message = complaint<VarError>([&] { x + y; });
    BOOST_TEST(says(message, "add(x, y): y is on another tape than x"));
    BOOST_CHECK_THROW(matmul(x, y), VarError);
    BOOST_CHECK_THROW(concatenate({x, y}, 0), VarError);
    BOOST_TEST(a.size() == 1u);
}

BOOST_AUTO_TEST_CASE(variables_and_cells) {
    Tape a, b;
    const auto cell = std::make_shared<Cell>(xt::xarray<double>{1, 2});
    const Var x = a.variable("x", cell), y = b.variable("y", cell);
    Evaluation<double> of_a, of_b;
    BOOST_TEST(of_a.item(sum(x)) == 3);
    BOOST_TEST(of_b.item(sum(y)) == 3);
    a.assign(x, xt::xarray<float>{3, 4});
    BOOST_TEST(of_a.item(sum(x)) == 7);
    BOOST_TEST(of_b.item(sum(y)) == 7);
    BOOST_CHECK_EXCEPTION(a.assign(x, xt::xarray<double>{1, 2, 3}), BindingError, [](const Error& error) {
        return std::string(error.what()) == "assign(x): x is (2), and the array is (3). A variable keeps its "
                                            "shape; reshape the array.";
    });
    BOOST_CHECK_THROW(a.assign(sum(x), xt::xarray<double>(1)), VarError);
    BOOST_CHECK_THROW(a.assign(y, xt::xarray<double>{1, 2}), VarError);
    BOOST_CHECK_THROW(cell->assign(xt::xarray<float>{1, 2}), BindingError);
    BOOST_TEST(x.value() == (Array<double>{3, 4}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_variable_is_a_copy) {
    Tape tape;
    xt::xarray<double> w{1, 2};
    const Var x = tape.variable("x", w);
    w(0) = 100;
    BOOST_TEST(x.value()(0) == 1);
}

BOOST_AUTO_TEST_CASE(two_operations_of_one_name) {
    const Op first = elementwise("mylib::twice").forward([](auto x) { return 2 * x; });
    const Op second = elementwise("mylib::twice").forward([](auto x) { return 3 * x; });
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    record(first, {x});
    const std::size_t size = tape.size();
    const std::string message = complaint<NameError>([&] { record(second, {x}); });
    BOOST_TEST(says(message, "Two operations are called mylib::twice"));
    BOOST_TEST(tape.size() == size);
    Tape other; // each has operations of its own
    BOOST_TEST(record(second, {other.variable("x", xt::xarray<double>{1})}).value()(0) == 3);
}

BOOST_AUTO_TEST_CASE(an_operation_made_in_a_loop_is_forgotten_with_its_records) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    const Tape::Mark mark = tape.mark();
    for (int factor = 1; factor <= 3; ++factor) {
        const Op times = elementwise("mylib::times").forward([factor](auto y) { return factor * y; });
        const Var y = record(times, {x});
        BOOST_TEST(y.value()(0) == factor);
        BOOST_TEST(gradient(sum(y), x).value()(0) == factor);
        tape.rewind(mark);
    }
}

BOOST_AUTO_TEST_CASE(an_extent_that_an_operation_has_to_know_is_asked_for_by_its_name) {
    Tape tape;
    const Var X = tape.input("X", {3, Dim("n")});
    const auto asks = [&](const char* op, auto f) {
        const std::string message = complaint<ShapeError>(f);
        BOOST_TEST(
            says(message, std::string(op) + "(X): X is (3 × n), and " + op + " has to know the extent of n"),
            message);
    };
    asks("flatten", [&] { flatten(X); });
    asks("prod", [&] { prod(X); });
    asks("split", [&] { split(X, 2, 1); });
}

BOOST_AUTO_TEST_CASE(a_tape_that_was_moved_from_is_empty) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    Tape moved = std::move(tape);
    BOOST_TEST(moved.size() == 1u);
    tape = std::move(moved);
    BOOST_TEST(tape.size() == 1u);
    BOOST_TEST(tape["x"].same_as(x));
    BOOST_TEST(moved.size() == 0u); // NOLINT(bugprone-use-after-move): that is what is tested
    moved.variable("x", xt::xarray<double>{2});
}

BOOST_AUTO_TEST_CASE(a_rewound_var_does_not_take_anothers_name) {
    Tape tape;
    const Var x = tape.variable("x", xt::xarray<double>{1});
    const Tape::Mark mark = tape.mark();
    const Var a = named("A", exp(x));
    tape.rewind(mark);
    const Var unnamed = exp(x);
    tape.rewind(mark);
    BOOST_TEST(says(complaint<VarError>([&] { (void)a.shape(); }), "Var A was rewound"));
    BOOST_TEST(!says(complaint<VarError>([&] { (void)unnamed.shape(); }), "Var A"));
}

BOOST_AUTO_TEST_CASE(two_tapes_are_told_apart_before_anything_is_recorded) {
    Tape one, two;
    const Var A = one.variable("A", xt::xarray<double>{{1, 2}}),
              v = two.variable("v", xt::xarray<double>{1, 2});
    const Var w = one.variable("w", xt::xarray<double>{1, 2});
    for (const auto& f :
         std::vector<std::function<void()>>{[&] { matmul(A, v); }, [&] { outer(w, v); }, [&] { dot(w, v); },
                                            [&] {
                                                stack({w, v}, 0);
                                            },
                                            [&] {
                                                concatenate({w, v}, 0);
                                            }}) {
        const std::size_t sizes[] = {one.size(), two.size()};
        BOOST_CHECK_THROW(f(), VarError);
        BOOST_TEST(one.size() == sizes[0]);
        BOOST_TEST(two.size() == sizes[1]);
    }
}
