#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

using namespace xtape;

namespace {

/// Two features, five examples: logistic regression by hand, and the tape of the same.
struct Logistic {
    Tape tape;
    Var cost;
    xt::xarray<double> X{{0.5, -1.5, 2.0, 0.25, 1.0}, {1.0, 0.75, -0.5, -2.0, 0.1}}, Y{{0, 1, 1, 0, 1}};
    xt::xarray<double> W{{0.3, -0.7}}, b = xt::xarray<double>::from_shape({1, 1});
    xt::xarray<double> Z, A, dZ, dW = xt::xarray<double>::from_shape({1, 2}), db = b;

    Logistic() {
        const Var x = tape.input("X", {Dim("n0", 2), Dim("n")}), y = tape.input("Y", {1, Dim("n")});
        const Var w = tape.variable("W", xt::xarray<double>{{9, 9}}), bias = tape.variable("b", b);
        const Var z = named("Z", matmul(w, x) + bias), a = named("A", sigmoid(z));
        cost = named("J", mean(-(y * log(a) + (1 - y) * log(1 - a))));
        b(0, 0) = 0.2;
        Z = 0.3 * xt::view(X, xt::range(0, 1)) - 0.7 * xt::view(X, xt::range(1, 2)) + 0.2;
        A = 1 / (1 + xt::exp(-Z));
        dZ = A - Y;
        dW.fill(0);
        db.fill(0);
        for (std::size_t j = 0; j < 5; ++j) {
            for (std::size_t i = 0; i < 2; ++i)
                dW(0, i) += dZ(0, j) * X(i, j) / 5;
            db(0, 0) += dZ(0, j) / 5;
        }
    }
    [[nodiscard]] NamedArrays arrays() const {
        return {{"X", X}, {"Y", Y},   {"W", W},   {"b", b},  {"Z", Z},
                {"A", A}, {"dZ", dZ}, {"dW", dW}, {"db", db}};
    }
    [[nodiscard]] Report check() const { return verify(cost, arrays()); }
};

} // namespace

BOOST_AUTO_TEST_CASE(right_arrays_pass_and_nothing_is_changed) {
    const Logistic mine;
    const std::size_t size = mine.tape.size();
    const auto names = mine.tape.names();
    const Report report = mine.check();
    BOOST_TEST(report.passed(), report.to_string());
    BOOST_TEST(report.compared() == 5u + 5 + 5 + 2 + 1);
    BOOST_TEST(mine.tape.size() == size);
    BOOST_TEST(mine.tape.names() == names, boost::test_tools::per_element());
    BOOST_TEST(mine.tape["W"].value()(0, 0) == 9); // the variable's own value is not touched
}

BOOST_AUTO_TEST_CASE(forward_values_come_first_then_gradients_from_the_cost_back) {
    const Logistic mine;
    std::vector<std::string> order;
    for (const Comparison& c : mine.check().comparisons())
        order.push_back(c.name);
    BOOST_TEST(order == (std::vector<std::string>{"Z", "A", "dZ", "db", "dW"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_deferred_mean_is_a_convention) {
    Logistic mine;
    BOOST_TEST(mine.check()["dZ"].note.find("mean deferred") != std::string::npos);
    mine.dZ /= 5;
    const Report exact = mine.check();
    BOOST_TEST(exact.passed(), exact.to_string());
    BOOST_TEST(exact["dZ"].note.empty());
}

BOOST_AUTO_TEST_CASE(an_extent_in_another_term_of_the_cost_is_not_deferred) {
    Logistic mine;
    const Var w = mine.tape["W"];
    const Var with_l2 = mine.cost + 0.5 * sum(square(w)) / extent(mine.tape["X"], 1);
    NamedArrays arrays{{"X", mine.X}, {"Y", mine.Y}, {"W", mine.W}, {"b", mine.b}, {"dZ", mine.dZ}};
    const Report report = verify(with_l2, arrays);
    BOOST_TEST(report.passed(), report.to_string());
    mine.dZ *= 5; // n² times the gradient
    BOOST_TEST(!verify(with_l2, arrays).passed());
}

BOOST_AUTO_TEST_CASE(a_mixture_of_conventions_fails) {
    Logistic mine;
    const xt::xarray<double> dA = -mine.Y / mine.A + (1 - mine.Y) / (1 - mine.A); // deferred
    NamedArrays arrays = mine.arrays();
    arrays.emplace_back("dA", dA);
    BOOST_TEST(verify(mine.cost, arrays).passed());
    mine.dZ /= 5; // exact, downstream of a deferred one
    const Report report = verify(mine.cost, arrays);
    BOOST_TEST((report["dZ"].verdict == Verdict::fail));
    BOOST_TEST(report["dZ"].note.find("factor 5 is missing") != std::string::npos, report.to_string());
}

BOOST_AUTO_TEST_CASE(a_parameter_may_not_defer_the_mean) {
    Logistic mine;
    mine.dW *= 5;
    BOOST_TEST((mine.check()["dW"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(an_error_in_any_array_is_caught_and_nothing_else_blamed) {
    const auto failing = [](const Logistic& mine) {
        std::vector<std::string> names;
        for (const Comparison& c : mine.check().comparisons())
            if (c.verdict == Verdict::fail) names.push_back(c.name);
        return names;
    };
    for (const std::string name : {"Z", "A", "dZ", "dW", "db"})
        for (const double factor : {1.001, 1 + 1e-11, std::numeric_limits<double>::quiet_NaN()}) {
            Logistic mine;
            auto& array = name == "Z"    ? mine.Z
                          : name == "A"  ? mine.A
                          : name == "dZ" ? mine.dZ
                          : name == "dW" ? mine.dW
                                         : mine.db;
            array.data()[array.size() - 1] *= factor;
            BOOST_TEST(failing(mine) == std::vector<std::string>{name}, boost::test_tools::per_element());
        }
}

BOOST_AUTO_TEST_CASE(float_arrays_are_held_to_the_rounding_of_float) {
    const Logistic mine;
    NamedArrays arrays = mine.arrays();
    const xt::xarray<float> right = xt::cast<float>(mine.dW), wrong = 1.001f * right;
    arrays[7].second = AnyArray(right);
    BOOST_TEST(verify(mine.cost, arrays).passed());
    arrays[7].second = AnyArray(wrong);
    BOOST_TEST((verify(mine.cost, arrays)["dW"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(shapes_are_reported_not_crashed_on) {
    const Logistic mine;
    NamedArrays arrays = mine.arrays();
    arrays[7].second = AnyArray(xt::xarray<double>(xt::transpose(mine.dW)));
    Report report = verify(mine.cost, arrays);
    BOOST_TEST(report["dW"].note.find("transposed") != std::string::npos);
    BOOST_TEST((report["dW"].verdict == Verdict::fail));
    arrays[7].second = AnyArray(xt::xarray<double>{mine.dW(0, 0), mine.dW(0, 1)});
    report = verify(mine.cost, arrays);
    BOOST_TEST(report["dW"].note.find("reshape") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(column_major_arrays_and_views_are_welcome) {
    const Logistic mine;
    const xt::xarray<double, xt::layout_type::column_major> X = mine.X;
    NamedArrays arrays = mine.arrays();
    arrays[0].second = AnyArray(X);
    arrays[6].second = AnyArray(xt::view(mine.dZ, xt::all(), xt::all()));
    BOOST_TEST(verify(mine.cost, arrays).passed());
}

BOOST_AUTO_TEST_CASE(zero_everywhere_is_inconclusive_unless_declared) {
    Logistic mine;
    mine.X.fill(0); // then dW is zero
    mine.Z.fill(0.2);
    mine.A = 1 / (1 + xt::exp(-mine.Z));
    mine.dZ = mine.A - mine.Y;
    mine.dW.fill(0);
    mine.db(0, 0) = xt::sum(mine.dZ)() / 5;
    BOOST_TEST((mine.check()["dW"].verdict == Verdict::inconclusive));
    BOOST_TEST(mine.check().exit_status() == 2);
    BOOST_TEST(verify(mine.cost, mine.arrays(), {.zero = {"dW"}}).passed());
}

BOOST_AUTO_TEST_CASE(bad_names_and_missing_inputs_are_said) {
    const Logistic mine;
    BOOST_CHECK_EXCEPTION((void)verify(mine.cost, {{"X", mine.X}, {"Y", mine.Y}, {"dw", mine.dW}}), NameError,
                          [](const NameError& e) {
                              return std::string(e.what()).find("Did you mean dW?") != std::string::npos;
                          });
    BOOST_CHECK_EXCEPTION(
        (void)verify(mine.cost, {{"X", mine.X}, {"dW", mine.dW}}), BindingError,
        [](const BindingError& e) { return std::string(e.what()).find("Y") != std::string::npos; });
    BOOST_TEST(verify(mine.cost, {{"X", mine.X}, {"Y", mine.Y}}).exit_status() == 1); // nothing was compared
}

BOOST_AUTO_TEST_CASE(a_leaf_that_is_not_finite_is_bad_input_and_blames_no_gradient) {
    for (const double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
        Logistic mine;
        mine.X(1, 2) = bad;
        BOOST_CHECK_EXCEPTION((void)mine.check(), BindingError, [](const BindingError& e) {
            return std::string(e.what()).starts_with("verify: X holds a NaN or an infinity");
        });
    }
}

BOOST_AUTO_TEST_CASE(every_entry_is_held_to_its_own_size) {
    Logistic mine;
    mine.X(1, 0) = mine.X(1, 1) = mine.X(1, 2) = mine.X(1, 3) = mine.X(1, 4) =
        1e-9; // a feature of another scale
    mine.Z = 0.3 * xt::view(mine.X, xt::range(0, 1)) - 0.7 * xt::view(mine.X, xt::range(1, 2)) + 0.2;
    mine.A = 1 / (1 + xt::exp(-mine.Z));
    mine.dZ = mine.A - mine.Y;
    mine.dW.fill(0);
    mine.db.fill(0);
    for (std::size_t j = 0; j < 5; ++j) {
        for (std::size_t i = 0; i < 2; ++i)
            mine.dW(0, i) += mine.dZ(0, j) * mine.X(i, j) / 5;
        mine.db(0, 0) += mine.dZ(0, j) / 5;
    }
    BOOST_TEST(mine.check().passed(), mine.check().to_string());
    mine.dW(0, 1) *= -1;
    BOOST_TEST((mine.check()["dW"].verdict == Verdict::fail), mine.check().to_string());
}

/// The tape's softplus and sigmoid keep their digits where log(1 + eᶻ), 1 − e⁻ᴬ and eᶻ / (1 + eᶻ)² lose
/// them, or underflow.
BOOST_AUTO_TEST_CASE(a_right_form_that_cancels_passes) {
    Tape tape;
    const Var z = tape.input("z", {4}), A = named("A", softplus(z)), p = named("p", sigmoid(z));
    const Var slope = named("slope", p * (1 - p)), cost = sum(A);
    const xt::xarray<float> at{-120, -12, 0.5F, 2}, e = xt::exp(at), by_hand = xt::log(1 + e);
    const std::vector<std::pair<std::string, xt::xarray<float>>> arrays{{"A", by_hand},
                                                                        {"dz", 1 - xt::exp(-by_hand)},
                                                                        {"p", 1 / (1 + 1 / e)},
                                                                        {"slope", e / xt::square(1 + e)}};
    for (const auto& [name, array] : arrays)
        for (const bool right : {true, false}) {
            const xt::xarray<float> mine = (right ? 1 : 1.001F) * array;
            const Report report = verify(cost, {{"z", at}, {name, mine}});
            BOOST_TEST((report[name].verdict == (right ? Verdict::pass : Verdict::fail)), report.to_string());
        }
}

BOOST_AUTO_TEST_CASE(where_rounding_decides_nothing_passes) {
    Tape tape;
    const Var x = tape.input("x", {2}), z = named("z", x * 3 - x * 2 - x); // 0, and rounding gives it a sign
    const Var cost = sum(relu(z) * 5);
    const xt::xarray<double> at{1, 2}, wrong{7, -3};
    const Report report = verify(cost, {{"x", at}, {"dx", wrong}});
    BOOST_TEST(!report.passed(), report.to_string());
    // a saturated sigmoid: 1 − A has no digits left
    const Var s = tape.input("s", {2}), A = named("A", sigmoid(s));
    const xt::xarray<double> far{38, 0.5}, dA{123, -1 / (1 + std::exp(-0.5))};
    BOOST_TEST(!verify(-sum(log(1 - A)), {{"s", far}, {"dA", dA}}).passed());
}

BOOST_AUTO_TEST_CASE(a_gradient_that_fits_both_conventions_decides_neither) {
    Tape tape;
    const Var x = tape.input("x", {1, Dim("n")}), y = named("y", 2 * x), z = named("z", 3 * y);
    const Var cost =
        mean(square(z)) - mean(square(z)) + mean(z * 0); // every gradient is zero, in either convention
    const Var other = cost + mean(square(y));
    const xt::xarray<double> at{{0.5, -1, 2}}, none = xt::zeros<double>({1, 3}), dy = 4 * at / 3;
    const Report report = verify(other, {{"x", at}, {"dz", none}, {"dy", dy}}, {.zero = {"dz"}});
    BOOST_TEST(report.passed(), report.to_string());
}

BOOST_AUTO_TEST_CASE(one_of_two_extents_may_be_deferred) {
    Tape tape;
    const Var x = tape.input("x", {Dim("m"), Dim("n")}), z = named("z", 2 * x);
    const Var cost = mean(square(z));
    const xt::xarray<double> at{{0.5, -1, 2}, {1, 3, -0.25}}, over_n = 4 * at / 2, over_both = 4 * at,
                                                              wrong = 4 * at / 5;
    for (const auto& dz : {over_n, over_both})
        BOOST_TEST(verify(cost, {{"x", at}, {"dz", dz}}).passed());
    BOOST_TEST((verify(cost, {{"x", at}, {"dz", wrong}}).verdict() == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(an_array_given_twice_is_refused) {
    const Logistic mine;
    NamedArrays arrays = mine.arrays();
    arrays.emplace_back("dW", mine.dW);
    BOOST_CHECK_THROW((void)verify(mine.cost, arrays), NameError);
}
