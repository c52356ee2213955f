#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <map>
#include <random>

using namespace xtape;

namespace {

using Matrix = xt::xarray<double>;

Matrix zeros(std::size_t rows, std::size_t columns) { return Matrix(xt::zeros<double>({rows, columns})); }

Matrix turned(const Matrix& a) { return xt::transpose(a); }

Matrix shaped(Matrix a, const Extents& extents) {
    a.reshape(extents);
    return a;
}

Matrix product(const Matrix& a, const Matrix& b) {
    Matrix c = zeros(a.shape(0), b.shape(1));
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < b.shape(1); ++j)
            for (std::size_t k = 0; k < a.shape(1); ++k)
                c(i, j) += a(i, k) * b(k, j);
    return c;
}

Matrix row_sums(const Matrix& a) {
    Matrix c = zeros(a.shape(0), 1);
    for (std::size_t i = 0; i < a.shape(0); ++i)
        for (std::size_t j = 0; j < a.shape(1); ++j)
            c(i, 0) += a(i, j);
    return c;
}

/// The derivation of a network with tanh and sigmoid by hand, in plain loops, in which a mistake may be made
/// right after a step, and everything behind it is derived from what that left.
class Hand {
public:
    std::size_t n0 = 3, n1 = 4, n2 = 2, n = 5;
    unsigned seed = 1;
    bool deferred = true;
    double lambda = 0; ///< of the L2 penalty λ/2 Σ W²
    std::map<std::string, Matrix> a;
    std::map<std::string, std::function<void(Hand&)>> mistakes;

    Hand& derive() {
        std::mt19937 generator(seed);
        std::normal_distribution<double> normal;
        const auto draw = [&](const std::string& name, std::size_t rows, std::size_t columns) {
            a[name] = zeros(rows, columns);
            for (double& x : a[name])
                x = normal(generator);
        };
        draw("X", n0, n);
        draw("Y", n2, n);
        for (double& y : a["Y"])
            y = y > 0;
        draw("W1", n1, n0);
        draw("b1", n1, 1);
        draw("W2", n2, n1);
        draw("b2", n2, 1);
        const double m = static_cast<double>(n), later = deferred ? m : 1;
        step("Z1", [](Hand& h) { return product(h["W1"], h["X"]) + h["b1"]; });
        step("A1", [](Hand& h) { return xt::tanh(h["Z1"]); });
        step("Z2", [](Hand& h) { return product(h["W2"], h["A1"]) + h["b2"]; });
        step("A2", [](Hand& h) { return 1 / (1 + xt::exp(-h["Z2"])); });
        step("dZ2", [&](Hand& h) { return (h["A2"] - h["Y"]) * (later / m); });
        step("dW2", [&](Hand& h) { return product(h["dZ2"], turned(h["A1"])) / later + h.lambda * h["W2"]; });
        step("db2", [&](Hand& h) { return row_sums(h["dZ2"]) / later; });
        step("dZ1", [](Hand& h) { return product(turned(h["W2"]), h["dZ2"]) * (1 - h["A1"] * h["A1"]); });
        step("dW1", [&](Hand& h) { return product(h["dZ1"], turned(h["X"])) / later + h.lambda * h["W1"]; });
        step("db1", [&](Hand& h) { return row_sums(h["dZ1"]) / later; });
        return *this;
    }
    Matrix& operator[](const std::string& name) { return a[name]; }

    [[nodiscard]] Report check() const {
        Tape tape;
        const Var x = tape.input("X", {Dim("n0", n0), Dim("n")}),
                  y = tape.input("Y", {Dim("n2", n2), Dim("n")});
        const auto parameter = [&](const std::string& name) { return tape.variable(name, a.at(name)); };
        const Var w1 = parameter("W1"), b1 = parameter("b1"), w2 = parameter("W2"), b2 = parameter("b2");
        const Var a1 = named("A1", tanh(named("Z1", matmul(w1, x) + b1)));
        const Var a2 = named("A2", sigmoid(named("Z2", matmul(w2, a1) + b2)));
        Var cost = sum(-(y * log(a2) + (1 - y) * log(1 - a2))) / extent(x, 1);
        if (lambda != 0) cost = cost + lambda / 2 * (sum(square(w1)) + sum(square(w2)));
        return verify(cost, arrays());
    }
    [[nodiscard]] NamedArrays arrays() const {
        NamedArrays result;
        for (const auto& [name, array] : a)
            result.emplace_back(name, array);
        return result;
    }

private:
    void step(const std::string& name, const std::function<Matrix(Hand&)>& right) {
        a[name] = right(*this);
        if (const auto mistake = mistakes.find(name); mistake != mistakes.end()) mistake->second(*this);
    }
};

/// The findings of a report by name; only those that failed and did not inherit have one.
std::map<std::string, std::string> findings(const Report& report) {
    std::map<std::string, std::string> result;
    for (const Comparison& c : report.comparisons())
        if (!c.finding.empty()) result[c.name] = c.finding;
    return result;
}

struct Case {
    std::string at;
    std::function<Matrix(Hand&)> wrong;
    std::string cause; ///< how the first finding begins
    std::function<void(Hand&)> prepare = [](Hand&) {};
};

const std::vector<Case>& cases() {
    const auto ones_minus_square = [](const Matrix& x) { return Matrix(1 - x * x); };
    static const std::vector<Case> list{
        {"dZ1", [](Hand& h) { return h["dZ1"] / 5; }, "yours has an extra factor 1/n"},
        {"dW1", [](Hand& h) { return h["dW1"] * 5; }, "yours lacks the factor 1/n"},
        {"db2", [](Hand& h) { return h["db2"] * 5; }, "yours lacks the factor 1/n"},
        {"dZ1", [](Hand& h) { return product(turned(h["W2"]), h["dZ2"]) * h["Z1"]; },
         "yours has Z1 where 1 − A1² belongs"},
        {"dZ1", [=](Hand& h) { return product(turned(h["W2"]), h["dZ2"]) * ones_minus_square(h["Z1"]); },
         "yours has Z1 where A1 belongs"},
        {"dZ1", [](Hand& h) { return product(turned(h["W2"]), h["dZ2"]); }, "yours lacks the factor 1 − A1²"},
        {"dZ1", [=](Hand& h) { return product(turned(h["dW2"]), h["dZ2"]) * ones_minus_square(h["A1"]); },
         "yours has dW2 where W2 belongs"},
        {"dZ2", [](Hand& h) { return -h["dZ2"]; }, "yours has the opposite sign"},
        {"dZ1", [=](Hand& h) { return product(h["W2"], h["dZ2"]) * ones_minus_square(h["A1"]); },
         "yours has W2 not transposed", [](Hand& h) { h.n1 = h.n2 = 4; }},
        {"dW1", [](Hand& h) { return product(h["dZ1"], turned(h["A1"])) / 5; },
         "yours has A1 where X belongs"},
        {"dW2", [](Hand& h) { return product(h["dZ2"], turned(h["Z1"])) / 5; },
         "yours has Z1 where A1 belongs"},
        {"db1", [](Hand& h) { return h["dZ1"] / 5; }, "yours lacks the sum"},
        {"db1",
         [](Hand& h) {
             return shaped(xt::sum(h["dZ1"], {0}) / 5, {1, h.n});
         },
         "yours sums over axis 0"},
        {"db1", [](Hand& h) { return shaped(h["db1"], {h.n1}); },
         "yours has the right entries in the shape (4)"},
        {"dW1", [](Hand& h) { return turned(h["dW1"]); }, "yours is transposed"},
        {"dW2", [](Hand& h) { return 2 * h["dW2"]; }, "yours has an extra factor 2"},
        {"dW2", [](Hand& h) { return h["dW2"] - 0.25 * h["W2"]; }, "yours lacks the term 0.25 W2",
         [](Hand& h) { h.lambda = 0.25; }},
        {"db2", [](Hand& h) { return row_sums(h["dZ2"] * h["A2"]) / 5; }, "yours has an extra factor A2"},
        {"Z1", [](Hand& h) { return product(h["W1"], h["X"]); }, "yours lacks the term b1"},
        {"dZ1", [](Hand& h) { return product(turned(h["W2"]), h["dZ2"]) * h["A1"] * (1 - h["A1"]); },
         "yours has the derivative of sigmoid where that of tanh belongs"},
        {"dZ1",
         [](Hand& h) {
             const Matrix t = xt::tanh(h["A1"]);
             return Matrix(product(turned(h["W2"]), h["dZ2"]) * (1 - t * t));
         },
         "yours has the derivative of tanh at A1 in place of Z1"},
        {"dZ2", [](Hand& h) { return (h["A2"] - h["Y"]) * h["A2"] * (1 - h["A2"]); },
         "yours has the derivative of sigmoid twice"},
        {"dZ1",
         [](Hand& h) {
             const Matrix updated = h["W2"] - 0.1 * h["dW2"];
             return Matrix(product(turned(updated), h["dZ2"]) * (1 - h["A1"] * h["A1"]));
         },
         "yours has W2 − 0.1 dW2 where W2 belongs: it seems to be updated already"},
        {"dW1", [](Hand& h) { return h["dW1"] + 0.3 * h["W1"]; }, "yours has an extra term 0.3 W1"},
        {"db1", [](Hand& h) { return h["dZ1"]; }, "yours lacks the sum Σ_n dZ1 and lacks the factor 1/n"},
        {"dW2", [](Hand& h) { return 0.37 * h["dW2"]; }, "yours is 0.37 times what it should be"},
        {"dW2", [](Hand& h) { return h["dZ2"] * h["A1"] / 5; }, "yours has an elementwise product in dZ2 A1ᵀ",
         [](Hand& h) { h.n1 = h.n2 = 4; }},
    };
    return list;
}

void require_cause(const Case& c, bool deferred) {
    Hand hand;
    hand.deferred = deferred;
    c.prepare(hand);
    hand.mistakes[c.at] = [&](Hand& h) { h[c.at] = c.wrong(h); };
    const Report report = hand.derive().check();
    const auto found = findings(report);
    BOOST_TEST_CONTEXT(c.at << ", expected: " << c.cause << "\n" << report.to_string()) {
        BOOST_TEST(found.size() == 1u);
        BOOST_TEST(found.contains(c.at));
        if (found.contains(c.at)) BOOST_TEST(found.at(c.at).starts_with(": " + c.cause));
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(the_cause_of_a_single_mistake_is_named_first_and_nothing_else_blamed) {
    for (const Case& c : cases())
        require_cause(c, true);
}

BOOST_AUTO_TEST_CASE(the_report_shows_both_equations_and_what_is_inherited) {
    Hand hand;
    hand.mistakes["dZ1"] = [](Hand& h) { h["dZ1"] /= 5; };
    hand.mistakes["db2"] = [](Hand& h) { h["db2"] *= 5; };
    const std::string text = hand.derive().check().to_string();
    BOOST_TEST(text.find("FAIL dZ1: yours has an extra factor 1/n; db1, dW1 inherited\n"
                         "  yours: dZ1 = 1/n W2ᵀ dZ2 ∘ (1 − A1²)\n"
                         "  right: dZ1 = W2ᵀ dZ2 ∘ (1 − A1²)\n") != std::string::npos,
               text);
    BOOST_TEST(text.find("FAIL db2: yours lacks the factor 1/n\n"
                         "  yours: db2 = Σ_n dZ2\n"
                         "  right: db2 = 1/n Σ_n dZ2\n") != std::string::npos,
               text);
}

BOOST_AUTO_TEST_CASE(two_mistakes_in_two_steps_are_found_as_two) {
    Hand hand;
    hand.mistakes["dZ1"] = [](Hand& h) { h["dZ1"] = product(turned(h["W2"]), h["dZ2"]) * h["Z1"]; };
    hand.mistakes["dW1"] = [](Hand& h) { h["dW1"] *= 5; };
    const Report report = hand.derive().check();
    const auto found = findings(report);
    BOOST_TEST(found.size() == 2u, report.to_string());
    BOOST_TEST(found.at("dZ1").find("has Z1 where 1 − A1² belongs") != std::string::npos);
    BOOST_TEST(found.at("dW1").find("lacks the factor 1/n") != std::string::npos);
    BOOST_TEST(report["db1"].note == "inherited from dZ1");
}

BOOST_AUTO_TEST_CASE(right_gradients_are_not_diagnosed) {
    for (unsigned seed = 1; seed <= 100; ++seed) {
        Hand hand;
        hand.seed = seed;
        hand.deferred = seed % 2 == 0;
        hand.lambda = seed % 3 == 0 ? 0.125 : 0;
        hand.n1 = 1 + seed % 4;
        hand.n = 2 + seed % 7;
        const Report report = hand.derive().check();
        BOOST_TEST(report.passed(), report.to_string());
        BOOST_TEST(findings(report).empty());
    }
}

BOOST_AUTO_TEST_CASE(what_no_mistake_gives_is_not_explained) {
    Hand hand;
    hand.mistakes["dW1"] = [](Hand& h) {
        std::mt19937 generator(9);
        for (double& x : h["dW1"])
            x = std::normal_distribution<double>()(generator);
    };
    const Report report = hand.derive().check();
    BOOST_TEST(findings(report).at("dW1").starts_with(": nothing reproduces it"), report.to_string());
}

BOOST_AUTO_TEST_CASE(what_is_made_of_zeros_is_zero_and_inherits_it) {
    Hand hand;
    hand.mistakes["dZ1"] = [](Hand& h) { h["dZ1"] *= 0; };
    const Report report = hand.derive().check();
    const auto found = findings(report);
    BOOST_TEST(found.size() == 1u, report.to_string());
    BOOST_TEST(found.at("dZ1").starts_with(": yours is zero everywhere"), report.to_string());
    BOOST_TEST(report["dW1"].note == "inherited from dZ1");
    // What is zero though nothing that it is made of is.
    hand.mistakes["dW2"] = [](Hand& h) { h["dW2"] *= 0; };
    BOOST_TEST(findings(hand.derive().check()).at("dW2").starts_with(": yours is zero everywhere"));
}

/// Of one example db1 is dZ1, and says nothing of it: it was made of it.
BOOST_AUTO_TEST_CASE(what_is_made_of_an_array_does_not_explain_it) {
    Hand hand;
    hand.n = 1;
    hand.mistakes["dZ1"] = [](Hand& h) {
        for (std::size_t i = 0; i < h.n1; ++i)
            h["dZ1"](i, 0) += 1.0 / (3.0 + static_cast<double>(i * i));
    };
    const Report report = hand.derive().check();
    const auto found = findings(report);
    BOOST_TEST(found.size() == 1u, report.to_string());
    BOOST_TEST(found.at("dZ1").starts_with(": nothing reproduces it"), report.to_string());
}

/// In no form but the chain rule's is there a term whose sign is wrong.
BOOST_AUTO_TEST_CASE(the_chain_rule_is_written_without_what_the_tape_records_of_signs) {
    Hand hand;
    hand.mistakes["dZ2"] = [](Hand& h) {
        h["dA2"] = -h["Y"] / h["A2"] - (1 - h["Y"]) / (1 - h["A2"]);
        h["dZ2"] = h["dA2"] * h["A2"] * (1 - h["A2"]);
    };
    const Report report = hand.derive().check();
    const auto found = findings(report);
    BOOST_TEST(found.size() == 1u, report.to_string());
    BOOST_TEST(found.at("dA2") == ": yours has the opposite sign of 1/n (1 − Y)/(1 − A2); dZ2 inherited\n"
                                  "  yours: dA2 = n (−1/n Y/A2 − 1/n (1 − Y)/(1 − A2))\n"
                                  "  right: dA2 = n (−1/n Y/A2 + 1/n (1 − Y)/(1 − A2))",
               report.to_string());
}

BOOST_AUTO_TEST_CASE(what_data_cannot_tell_apart_is_all_given) {
    Hand hand;
    hand.n = 2; // an extra 1/n and an extra 1/2 are the same numbers
    hand.mistakes["dZ1"] = [](Hand& h) { h["dZ1"] /= 2; };
    const std::string found = findings(hand.derive().check()).at("dZ1");
    BOOST_TEST(found.starts_with(": yours has an extra factor 1/n"), found);
    BOOST_TEST(found.find("These data cannot tell that from: has an extra factor 1/2; has an extra factor "
                          "1/n2. Take data whose dimensions differ") != std::string::npos,
               found);
}

namespace {

const Op softsign = elementwise("mine::softsign")
                        .forward([](auto x) { return x / (1 + square(x)); })
                        .notation("s({0})", R"(s({0}))")
                        .sampled_on(-3, 3);

/// Three layers with an operation of the user's own, squared error and other names, recorded in another
/// order. What is said of dp, for which `wrong` stands in.
std::string third_layer(const std::function<Matrix(const std::map<std::string, Matrix>&)>& wrong) {
    std::mt19937 generator(3);
    std::normal_distribution<double> normal;
    std::map<std::string, Matrix> a;
    const auto draw = [&](const std::string& name, std::size_t rows, std::size_t columns) {
        a[name] = zeros(rows, columns);
        for (double& x : a[name])
            x = normal(generator);
    };
    draw("target", 2, 6);
    draw("omega", 2, 3);
    draw("chi", 3, 4);
    draw("psi", 4, 5);
    draw("data", 5, 6);
    const auto s = [](const Matrix& z) { return Matrix(z / (1 + z * z)); };
    const auto slope = [](const Matrix& z) { return Matrix((1 - z * z) / ((1 + z * z) * (1 + z * z))); };
    a["p"] = product(a["psi"], a["data"]);
    a["q"] = product(a["chi"], s(a["p"]));
    a["r"] = product(a["omega"], s(a["q"]));
    a["dr"] = 2 * (a["r"] - a["target"]);
    a["dq"] = product(turned(a["omega"]), a["dr"]) * slope(a["q"]);
    a["dp"] = product(turned(a["chi"]), a["dq"]) * slope(a["p"]);
    a["dpsi"] = product(a["dp"], turned(a["data"])) / 6;
    a["dp"] = wrong(a);

    Tape tape;
    const Var target = tape.input("target", {2, Dim("m")}), omega = tape.variable("omega", a["omega"]);
    const Var chi = tape.variable("chi", a["chi"]), psi = tape.variable("psi", a["psi"]);
    const Var p = named("p", matmul(psi, tape.input("data", {5, Dim("m")})));
    const Var q = named("q", matmul(chi, record(softsign, {p})));
    const Var r = named("r", matmul(omega, record(softsign, {q})));
    NamedArrays arrays;
    for (const auto& [name, array] : a)
        arrays.emplace_back(name, array);
    const Report report = verify(sum(square(r - target)) / extent(target, 1), arrays);
    const auto found = findings(report);
    BOOST_TEST(found.size() == (report.passed() ? 0u : 1u), report.to_string());
    return found.contains("dp") ? found.at("dp") : "";
}

} // namespace

BOOST_AUTO_TEST_CASE(neither_names_nor_depth_nor_an_operation_of_ones_own_matter) {
    using Arrays = std::map<std::string, Matrix>;
    BOOST_TEST(third_layer([](const Arrays& a) { return a.at("dp"); }) == "");
    BOOST_TEST(third_layer([](const Arrays& a) {
                   return Matrix(a.at("dp") / 6);
               }).starts_with(": yours has an extra factor 1/m"));
    BOOST_TEST(third_layer([](const Arrays& a) {
                   return Matrix(-a.at("dp"));
               }).starts_with(": yours has the opposite sign"));
    const std::string exchanged = third_layer(
        [](const Arrays& a) { return Matrix(product(turned(a.at("chi")), a.at("dq")) * a.at("p")); });
    BOOST_TEST(exchanged.starts_with(": yours has p where the derivative of softsign belongs"), exchanged);
    const std::string none =
        third_layer([](const Arrays& a) { return product(turned(a.at("chi")), a.at("dq")); });
    BOOST_TEST(none.starts_with(": yours lacks the "), none);
    const std::string other = third_layer([](const Arrays& a) {
        const Matrix t = xt::tanh(a.at("p"));
        return Matrix(product(turned(a.at("chi")), a.at("dq")) * (1 - t * t));
    });
    BOOST_TEST(other.starts_with(": yours has the derivative of tanh where that of softsign belongs"), other);
}

BOOST_AUTO_TEST_CASE(a_mistake_in_a_step_that_is_not_shown_is_found_in_what_it_leads_to) {
    Hand hand;
    hand.mistakes["dZ1"] = [](Hand& h) { h["dZ1"] = product(turned(h["W2"]), h["dZ2"]) * h["Z1"]; };
    hand.derive();
    for (const char* name : {"Z1", "Z2", "dZ1", "dZ2"})
        hand.a.erase(name);
    const auto found = findings(hand.check());
    BOOST_TEST(found.size() == 2u);
    for (const char* name : {"dW1", "db1"})
        BOOST_TEST(found.at(name).starts_with(": yours has Z1 where 1 − A1² belongs"), found.at(name));
}

BOOST_AUTO_TEST_CASE(softmax_treated_elementwise_is_named) {
    Tape tape;
    const Matrix x{{0.5, -1, 2, 0.25}, {1, 0.75, -0.5, -2}, {0.3, 1.5, -1, 0.1}},
        y{{1, 0, 0, 1}, {0, 1, 0, 0}, {0, 0, 1, 0}};
    const Var z = tape.input("Z", {3, Dim("n")}), right = tape.input("Y", {3, Dim("n")});
    const Var a = named("A", softmax(z, 0)), cost = sum(square(a - right)) / extent(z, 1);
    const Matrix p = xt::exp(x), A = p / Matrix(xt::sum(p, {0})), dA = 2 * (A - y) / 4, dZ = dA * A * (1 - A);
    const auto found = findings(verify(cost, {{"Z", x}, {"Y", y}, {"A", A}, {"dA", dA}, {"dZ", dZ}}));
    BOOST_TEST(found.size() == 1u);
    BOOST_TEST(found.at("dZ").starts_with(": yours lacks the sum Σ_axis0 dA ∘ A"), found.at("dZ"));
}

BOOST_AUTO_TEST_CASE(pairs_of_mistakes_in_different_steps_are_found_as_two) {
    std::size_t pairs = 0, cancelled = 0; // 1/n too much and one too few are right again
    for (std::size_t i = 0; i < cases().size(); ++i)
        for (std::size_t j = i + 1; j < cases().size(); ++j) {
            const Case &c = cases()[i], &d = cases()[j];
            Hand hand;
            if ((i + j) % 4 != 0 || c.at == d.at || c.at == "Z1" || d.at == "Z1") continue;
            c.prepare(hand);
            d.prepare(hand);
            const auto of_square = [](const Case& x) {
                return x.cause.find("not transposed") != std::string::npos ||
                       x.cause.find("product in") != std::string::npos;
            };
            if (of_square(c) || of_square(d) || hand.lambda != 0) continue;
            for (const Case* both : {&c, &d})
                hand.mistakes[both->at] = [both](Hand& h) { h[both->at] = both->wrong(h); };
            const Report report = hand.derive().check();
            const auto found = findings(report);
            if (report[d.at].verdict == Verdict::pass || report[c.at].verdict == Verdict::pass) {
                ++cancelled;
                continue;
            }
            ++pairs;
            BOOST_TEST_CONTEXT(c.at << " " << c.cause << ", " << d.at << " " << d.cause << "\n"
                                    << report.to_string()) {
                BOOST_TEST(found.size() == 2u);
                BOOST_TEST((found.contains(c.at) && found.at(c.at).starts_with(": " + c.cause)));
                BOOST_TEST((found.contains(d.at) && found.at(d.at).starts_with(": " + d.cause)));
            }
        }
    BOOST_TEST(pairs > 40u);
    BOOST_TEST(cancelled <= 1u);
}
