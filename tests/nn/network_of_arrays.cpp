#include <xtape/autodiff.hpp>
#include <xtape/nn/network_rules.hpp>
#include <xtape/nn/npz.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace xtape;
using namespace xtape::nn;

namespace {

NamedArrays file(const std::string& name) { return load_npz(std::filesystem::path(XTAPE_TEST_NPZ) / name); }

AnyArray& at(NamedArrays& arrays, const std::string& name) {
    return std::ranges::find(arrays, name, &NamedArrays::value_type::first)->second;
}

void rename(NamedArrays& arrays, const std::string& from, const std::string& to) {
    std::ranges::find(arrays, from, &NamedArrays::value_type::first)->first = to;
}

Report verified(const NamedArrays& mine, const NetworkOptions& options = {},
                Examples examples = Examples::columns) {
    Tape tape;
    return verify(network(tape, mine, options, examples).cost, mine);
}

/// CS231n's convention: λW in the gradient of W; `reg` is no part of the network.
NamedArrays in_rows() {
    NamedArrays mine = file("rows.npz");
    std::erase_if(mine, [](const auto& named) { return named.first == "reg"; });
    return mine;
}
const NetworkOptions rows_options{.hidden = "relu",
                                  .output = "softmax",
                                  .loss = "categorical_cross_entropy",
                                  .lambda = 1e-2,
                                  .convention = L2::half_lambda};

template <class E>
void refused(const NamedArrays& mine, const std::string& words, const NetworkOptions& options = {},
             Examples examples = Examples::columns) {
    Tape tape;
    BOOST_CHECK_EXCEPTION(network(tape, mine, options, examples), E, [&](const E& error) {
        BOOST_TEST_MESSAGE(error.what());
        return std::string(error.what()).find(words) != std::string::npos;
    });
    BOOST_TEST(tape.size() == 0);
}

} // namespace

BOOST_AUTO_TEST_CASE(numpys_own_gradients_pass) {
    const Report columns = verified(file("columns.npz"));
    BOOST_TEST(columns);
    BOOST_TEST(columns.comparisons().size() == 12); // all but X, Y and the parameters
    BOOST_TEST(verified(file("compressed.npz")));   // float32, Fortran order
    const Report rows = verified(in_rows(), rows_options, Examples::rows);
    BOOST_TEST(rows);
    BOOST_TEST(rows["db1"].shape == "(5)");
}

BOOST_AUTO_TEST_CASE(wrong_ones_fail) {
    const Report wrong = verified(file("wrong.npz"));
    BOOST_TEST((wrong.verdict() == Verdict::fail));
    BOOST_TEST((wrong["dZ2"].verdict == Verdict::pass));
    BOOST_TEST((wrong["dZ1"].verdict == Verdict::fail));
    NetworkOptions doubled = rows_options;
    doubled.convention = L2::lambda;
    const Report rows = verified(in_rows(), doubled, Examples::rows);
    BOOST_TEST((rows["dW1"].verdict == Verdict::fail));
    BOOST_TEST((rows["db1"].verdict == Verdict::pass));
}

/// As CS231n writes them; the integers that label examples are called by what is made of them.
BOOST_AUTO_TEST_CASE(equations_of_examples_in_rows) {
    const auto lines = [](NamedArrays mine, const NetworkOptions& options) {
        Tape tape;
        const Network net = network(tape, mine, options, Examples::rows);
        std::string text;
        for (const Equation& line :
             equations(gradient(net.cost, net.parameters()), {.rules = network_rules(net, options)}))
            if (line.left[0] == 'd') text += line.to_string() + "\n";
        return text;
    };
    const auto expected = [](const std::string& Y) {
        return "dZ2 = 1/n (A2 − " + Y +
               ")\ndW2 = A1ᵀ dZ2\ndb2 = Σ_n dZ2\ndZ1 = dZ2 W2ᵀ ∘ [Z1 > 0]\ndW1 = Xᵀ dZ1\ndb1 = Σ_n dZ1\n";
    };
    NetworkOptions options = rows_options;
    options.lambda = 0;
    NamedArrays mine = in_rows();
    BOOST_TEST(lines(mine, options) == expected("one_hot(y, n2)"));
    at(mine, "y") = AnyArray(zeros(6, 3));
    BOOST_TEST(lines(mine, options) == expected("y"));
    // A loss of one's own is given columns.
    options.loss = [](const Var& A, const Var& Y) {
        BOOST_TEST(A.shape()[0].name() == "n2");
        return squared_error(A, Y);
    };
    options.output = "identity";
    const std::string own = lines(mine, options);
    options.loss = "squared_error";
    const std::string built_in = lines(mine, options);
    BOOST_TEST(built_in.starts_with("dZ2 = 1/n (Z2 − y)\n"), built_in);
    Tape tape;
    BOOST_TEST((network(tape, mine, options, Examples::rows).loss.shape()[1].is_one()));
    BOOST_TEST(own.ends_with("dW1 = Xᵀ dZ1\ndb1 = Σ_n dZ1\n"), own);
}

BOOST_AUTO_TEST_CASE(flat_biases_and_labels) {
    NamedArrays mine = file("columns.npz");
    for (const std::string name : {"b1", "db1"})
        at(mine, name) = at(mine, name).reshaped({4});
    at(mine, "Y") = at(mine, "Y").reshaped({5});
    rename(mine, "Y", "y");
    const Report report = verified(mine);
    BOOST_TEST(report);
    BOOST_TEST(report["db1"].shape == "(4)");
    at(mine, "db1") = at(mine, "db1").reshaped({4, 1}); // not the shape of their own b1
    BOOST_TEST((verified(mine)["db1"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(what_is_missing_or_contradicts) {
    NamedArrays mine = file("columns.npz");
    rename(mine, "b1", "B1");
    refused<NameError>(mine, "Did you mean B1?");
    mine = file("columns.npz");
    rename(mine, "W1", "W3");
    refused<NameError>(mine, "no array is called W1");
    refused<NameError>({}, "no array is called W1");
    refused<ShapeError>(file("columns.npz"), "X is (3 × 5), W1 is (4 × 3): 5 ≠ 4", {}, Examples::rows);
    refused<ShapeError>(in_rows(), "With examples in columns", rows_options);
    mine = file("columns.npz");
    at(mine, "b1") = at(mine, "b1").reshaped({1, 4});
    refused<ShapeError>(mine, "Reshape b1 to (4 × 1) or (4)");
    mine = file("columns.npz");
    at(mine, "Y") = at(mine, "Y").reshaped({5, 1});
    refused<ShapeError>(mine, "Y must be (1 × 5), or labels of shape (5)");
    at(mine, "X") = at(mine, "X").reshaped({15});
    refused<ShapeError>(mine, "X is (15). It must be a matrix");
    mine = in_rows();
    at(mine, "y") = at(mine, "y").as<double>();
    refused<KindError>(mine, "y.astype(int)", rows_options, Examples::rows);
    mine = in_rows();
    for (const std::int64_t label : {-1, 3}) {
        Array<std::int64_t> y = Array<std::int64_t>::from_shape({6});
        y.fill(label);
        at(mine, "y") = AnyArray(std::move(y));
        refused<ArgumentError>(mine, fmt::format("y holds {}. The classes of 3 outputs are 0 to 2", label),
                               rows_options, Examples::rows);
    }
    mine = file("columns.npz");
    Array<double> Y = at(mine, "Y").to<double>();
    Y(0, 2) = -1;
    at(mine, "Y") = AnyArray(std::move(Y));
    refused<ArgumentError>(mine, "Y holds -1. Labels of the binary_cross_entropy are 0 and 1");
    BOOST_TEST((verified(mine, {.loss = "squared_error"}).verdict() == Verdict::fail)); // compared
    mine = file("columns.npz");
    std::erase_if(mine, [](const auto& named) { return named.first == "W2"; });
    refused<NameError>(mine, "no array is called W2");
    at(mine, "X") = AnyArray(Array<double>::from_shape({3, 0}));
    refused<ShapeError>(mine, "X is (3 × 0). With examples in columns X is (inputs × n) and a W (nodes × "
                              "inputs): there is no example");
    refused<ArgumentError>(file("columns.npz"), "Set output", {.output = "tanh", .from_logits = true});
}
