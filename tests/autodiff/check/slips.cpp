#include "derivation.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace derivation;

namespace {

/// A mistake in a network of one hidden layer, and what is to be said of it first.
struct Slip {
    std::string at;
    std::function<Matrix(Hand&)> wrong;
    std::string cause, equation; ///< parts of both
    std::string hidden = "tanh";
    double lambda = 0;
};

Matrix columns(const Matrix& a, std::size_t begin, std::size_t end) {
    return Matrix(xt::view(a, xt::all(), xt::range(begin, end)));
}

Matrix full(const Matrix& like, double x) { return Matrix(xt::ones_like(like) * x); }

Matrix norm_of_one(const Matrix& a) {
    double squares = 0;
    for (const double x : a)
        squares += x * x;
    return times(1 / std::sqrt(squares), a);
}

double total(const Matrix& a) { return std::accumulate(a.begin(), a.end(), 0.0); }

Matrix dA1(Hand& h) { return product(turned(h["W2"]), h["dZ2"]); }
Matrix mean_product(Hand& h) { return times(1 / h.count(), product(h["dZ1"], turned(h["X"]))); }
Matrix with_penalty(Hand& h, const Matrix& of) {
    return plus(mean_product(h), times(h.lambda / h.count(), of));
}

const std::vector<Slip>& slips() {
    static const auto A1 = [](Hand& h, double (*f)(double)) { return each(h["A1"], f); };
    static const std::vector<Slip> all{
        {"dW1",
         [](Hand& h) {
             return times(1 / h.count(), product(columns(h["dZ1"], 4, 5), turned(columns(h["X"], 4, 5))));
         },
         "takes only the last example", "dZ1[:, -1:]"},
        {"dW1",
         [](Hand& h) {
             return times(1 / h.count(), product(columns(h["dZ1"], 0, 4), turned(columns(h["X"], 0, 4))));
         },
         "leaves out the last example", "dZ1[:, :-1]"},
        {"db1", [](Hand& h) { return times(1 / h.count(), columns(h["dZ1"], 0, 1)); },
         "takes only the first example", "dZ1[:, :1]"},
        {"db1", [](Hand& h) { return full(h["b1"], total(h["dZ1"]) / h.count()); }, "sums over all axes",
         "Σ dZ1"},
        {"db1", [](Hand& h) { return times(1 / h.count(), row_sums(times(h["dZ1"], h["dZ1"]))); },
         "has squares", "dZ1²"},
        {"dW1",
         [](Hand& h) {
             return times(1 / h.count() / h.count(), product(row_sums(h["dZ1"]), turned(row_sums(h["X"]))));
         },
         "has the product of the means", "Σ_n dZ1"},
        {"dW1", [](Hand& h) { return times(h.count() / (h.count() - 1), mean_product(h)); },
         "has n − 1 where n belongs", "n − 1"},
        {"dW1", [](Hand& h) { return norm_of_one(mean_product(h)); }, "is divided by its norm", "√"},
        {"dW1", [](Hand& h) { return with_penalty(h, times(0.5, times(h["W1"], h["W1"]))); },
         "has ½ W1² where W1 belongs", "W1²", "tanh", 0.7},
        {"dW1",
         [](Hand& h) { return with_penalty(h, each(h["W1"], [](double w) { return w > 0 ? 1.0 : -1.0; })); },
         "has sign(W1) where W1 belongs", "sign(W1)", "tanh", 0.7},
        {"dW1", [](Hand& h) { return with_penalty(h, full(h["W1"], total(h["W1"]))); },
         "has the sum of W1 where W1 belongs", "Σ W1", "tanh", 0.7},
        {"dW1", [](Hand& h) { return times(1 + h.lambda / h.count(), mean_product(h)); }, "where W1 belongs",
         "dZ1 Xᵀ", "tanh", 0.7},
        {"dW2",
         [](Hand& h) {
             return times(1 / h.count(),
                          product(h["dZ2"], turned(A1(h, [](double x) { return 1 - x * x; }))));
         },
         "has 1 − A1² where A1 belongs", "1 − A1²"},
        {"dZ1", [](Hand& h) { return times(dA1(h), A1(h, [](double x) { return 1 - 2 * x; })); },
         "derivative of A1²", "1 − 2 A1"},
        {"dZ1", [](Hand& h) { return plus(dA1(h), A1(h, [](double x) { return x * (1 - x); })); },
         "where it belongs as a factor", "+ A1", "sigmoid"},
        {"dZ1",
         [](Hand& h) { return both(dA1(h), A1(h, [](double x) { return x * (1 - x); }), std::divides<>()); },
         "where it belongs as a factor", "/(A1", "sigmoid"},
        {"dZ1", [](Hand& h) { return times(dA1(h), each(h["Z1"], [](double z) { return std::exp(z); })); },
         "exp", "e^Z1", "softplus"},
        {"dZ1",
         [](Hand& h) { return times(dA1(h), each(h["Z1"], [](double z) { return z < 0 ? 1.0 : 0.0; })); },
         "the other way round", "Z1 < 0", "relu"},
        {"dZ1",
         [](Hand& h) { return times(dA1(h), each(h["Z1"], [](double z) { return z > 1 ? 1.0 : 0.0; })); },
         "compares with 1", "Z1 > 1", "relu"},
        {"dZ1",
         [](Hand& h) { return times(dA1(h), each(h["Z1"], [](double z) { return z > 0 ? 1.0 : -1.0; })); },
         "has the sign", "sign(Z1)", "relu"},
        {"dZ1",
         [](Hand& h) { return times(dA1(h), each(h["Z1"], [](double z) { return z > 0 ? 1.0 : 0.01; })); },
         "has a slope of 0.01", "0.01", "relu"},
        {"dZ1", [](Hand& h) { return times(plus(dA1(h), h["b1"]), h.slope(1)); }, "has an extra term b1",
         "+ b1"},
        {"db1", [](Hand& h) { return times(1 / h.count(), row_sums(dA1(h))); },
         "lacks the derivative of tanh", "W2ᵀ dZ2"},
        {"dZ2",
         [](Hand& h) { return minus(each(h["A2"], [](double p) { return p > 0.5 ? 1.0 : 0.0; }), h["Y"]); },
         "has the class A2 > ½ where A2 belongs", "A2 > 0.5"},
    };
    return all;
}

Hand hand_of(const Slip& slip) {
    Hand hand;
    hand.hidden = {slip.hidden};
    hand.lambda = slip.lambda;
    hand.widths = {3, 6, 4};
    return hand;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_an_equation_stands_for_is_mistaken) {
    for (const Slip& slip : slips()) {
        Hand hand = hand_of(slip);
        hand.mistakes[slip.at].push_back(slip.wrong);
        const Report report = hand.derive().check();
        const auto causes = causes_in(report);
        BOOST_TEST_CONTEXT(slip.cause << "\n" << report.to_string()) {
            BOOST_TEST(causes.size() == 1u);
            BOOST_REQUIRE(causes.contains(slip.at));
            BOOST_TEST(causes.at(slip.at)[0].find(slip.cause) != std::string::npos);
            BOOST_TEST(report[slip.at].finding.find(slip.equation) != std::string::npos);
        }
    }
}

/// What has no reason that is known is said of the data, and not as an equation.
BOOST_AUTO_TEST_CASE(a_number_without_a_reason_is_an_observation) {
    Hand hand;
    hand.mistakes["dW1"].push_back([](Hand& h) { return times(1.2345678901, h["dW1"]); });
    const Report report = hand.derive().check();
    const std::string& finding = report["dW1"].finding;
    BOOST_TEST(finding.starts_with(": yours is 1.23457 times what it should be on these data"), finding);
    BOOST_TEST(finding.find("yours: dW1") == std::string::npos, finding);
}

/// Both entries of two classes are x and −x: one number gives both, of whatever x.
BOOST_AUTO_TEST_CASE(a_number_is_not_told_by_entries_that_are_equal_but_for_the_sign) {
    Tape tape;
    const Matrix x{{0.5, -1, 2}, {1, 0.75, -0.5}}, y{{1, 0, 0}, {0, 1, 1}};
    const Var z = tape.input("Z", {2, Dim("n")}), right = tape.input("Y", {2, Dim("n")});
    const Var b = tape.variable("b", turned(Matrix{{0.25, 0.5}}));
    const Var a = named("A", softmax(z + b, 0)), cost = sum(-right * log(a)) / extent(z, 1);
    const auto finding = [&](const Matrix& db) {
        return verify(cost, {{"Z", x}, {"Y", y}, {"db", db}})["db"].finding;
    };
    BOOST_TEST(finding(turned(Matrix{{0.123456, -0.123456}})).starts_with(": nothing reproduces it"));
}
