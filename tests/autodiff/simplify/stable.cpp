/// Probabilities written naively are right once simplified for the stable goal: values and gradients against
/// closed forms in long double, for arguments from −800 to 800, where the mechanical version is not.

#include "check.hpp"
#include <xtape/autodiff/gradient.hpp>
#include <xtape/autodiff/simplify/simplify.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace xtape;
using Real80 = long double;

constexpr Real80 bound = 1e-12L;

/// True where both are equal to 1e-12 of the scale, or differ by less than the smallest normal number.
bool close(double value, Real80 right, Real80 scale) {
    const Real80 difference = std::abs(static_cast<Real80>(value) - right);
    return difference <= bound * scale || difference < std::numeric_limits<double>::min();
}

/// −800 to 800, denser around 0, with tiny ones; rounded to double, so that both sides see the same numbers.
std::vector<double> arguments() {
    std::vector<double> z{0.0, 1e-300, -1e-300, 1e-17, -1e-17};
    for (int i = -1600; i <= 1600; ++i) {
        z.push_back(0.5 * i);
        z.push_back(0.01 * i + 0.003);
    }
    return z;
}

struct Counted {
    std::size_t wrong = 0, compared = 0;
    double first = 0; ///< the argument of the first wrong one

    void take(bool right, double argument) {
        ++compared;
        if (right) return;
        if (wrong++ == 0) first = argument;
    }
};

/// A function of one number, the naive way to write it, and its closed forms.
struct Form {
    const char* name;
    Var (*naive)(const Var& z);
    Real80 (*value)(Real80 z);
    Real80 (*slope)(Real80 z);
    Real80 (*slope_scale)(Real80 z); ///< what the slope's error is relative to
};

Real80 logistic(Real80 z) { return 1 / (1 + std::exp(-z)); }
Real80 softplus_of(Real80 z) { return std::max(z, Real80{0}) + std::log1p(std::exp(-std::abs(z))); }

/// The target of the cross-entropy below.
constexpr double y = 0.25;

const Form forms[] = {
    {"log(sigmoid(z))", [](const Var& z) { return log(sigmoid(z)); },
     [](Real80 z) { return -softplus_of(-z); }, [](Real80 z) { return logistic(-z); },
     [](Real80 z) { return logistic(-z); }},
    {"log(1 - sigmoid(z))", [](const Var& z) { return log(1 - sigmoid(z)); },
     [](Real80 z) { return -softplus_of(z); }, [](Real80 z) { return -logistic(z); },
     [](Real80 z) { return logistic(z); }},
    {"log(1 + exp(z))", [](const Var& z) { return log(1 + exp(z)); }, softplus_of, logistic, logistic},
    {"cross-entropy", [](const Var& z) { return -(y * log(sigmoid(z)) + (1 - y) * log(1 - sigmoid(z))); },
     [](Real80 z) { return y * softplus_of(-z) + (1 - y) * softplus_of(z); },
     [](Real80 z) { return logistic(z) - y; }, [](Real80 z) { return std::max(logistic(z), Real80{y}); }},
};

/// Values and slopes of a form, as written (or simplified), that are not right.
std::pair<Counted, Counted> look_at(const Form& form, bool simplified) {
    const std::vector<double> z = arguments();
    Tape tape;
    const Var Z = tape.input("z", {z.size()});
    Var f = form.naive(Z), slope = gradient(sum(f), Z);
    std::optional<Simplified> stable;
    Array<double> array = Array<double>::from_shape({z.size()});
    std::ranges::copy(z, array.begin());
    Var input = Z;
    if (simplified) {
        stable = simplify({f, slope}, {.goal = Goal::stable});
        f = (*stable)(f);
        slope = (*stable)(slope);
        input = (*stable)(Z);
    }
    Evaluation<double> evaluation{{input, array}};
    const Array<double> values = evaluation.value(f), slopes = evaluation.value(slope);
    std::pair<Counted, Counted> counted;
    for (std::size_t i = 0; i < z.size(); ++i) {
        const Real80 right = form.value(z[i]);
        counted.first.take(close(values(i), right, std::abs(right)), z[i]);
        counted.second.take(close(slopes(i), form.slope(z[i]), form.slope_scale(z[i])), z[i]);
    }
    return counted;
}

/// A function of the rows of a matrix of logits.
struct RowForm {
    const char* name;
    Var (*naive)(const Var& z);
    bool reduces; ///< one result per row: log Σ exp(z); else one per entry: the logarithm of the softmax
    double slope_reaches = 800; ///< the largest entry at which its gradient is right
};

const RowForm row_forms[] = {
    {"log(softmax(z))", [](const Var& z) { return log(softmax(z, 1)); }, false},
    {"log(exp(z) / sum(exp(z)))", [](const Var& z) { return log(exp(z) / sum(exp(z), {1}, Keep::dims)); },
     false,
     // Its gradient keeps exp(z) apart from Σ exp(z), so both overflow in double beyond log(1.8e308).
     709},
    {"log(sum(exp(z)))", [](const Var& z) { return log(sum(exp(z), {1}, Keep::dims)); }, true},
};

/// Rows (t, −t/2, 0.25), of which each entry is the largest, the middle and the smallest one.
Array<double> rows_of_logits() {
    const std::vector<double> t = arguments();
    auto z = Array<double>::from_shape({t.size(), 3});
    for (std::size_t i = 0; i < t.size(); ++i) {
        z(i, 0) = t[i];
        z(i, 1) = -t[i] / 2;
        z(i, 2) = 0.25;
    }
    return z;
}

/// log Σ exp(z) of one row, without the loss of what is small beside the largest.
Real80 log_sum_exp(const Array<double>& z, std::size_t row) {
    std::size_t largest = 0;
    for (std::size_t j = 1; j < 3; ++j)
        if (z(row, j) > z(row, largest)) largest = j;
    Real80 others = 0;
    for (std::size_t j = 0; j < 3; ++j)
        if (j != largest) others += std::exp(static_cast<Real80>(z(row, j)) - z(row, largest));
    return z(row, largest) + std::log1p(others);
}

/// log of the softmax at one entry: what all others are beside it, added up before the logarithm.
Real80 log_softmax_at(const Array<double>& z, std::size_t row, std::size_t column) {
    Real80 others = 0;
    for (std::size_t j = 0; j < 3; ++j)
        if (j != column) others += std::exp(static_cast<Real80>(z(row, j)) - z(row, column));
    return -std::log1p(others);
}

/// Values, and slopes of −Σ Y∘f for one-hot Y in the first column (of Σ f where f reduces).
std::pair<Counted, Counted> look_at(const RowForm& form, bool simplified) {
    const Array<double> z = rows_of_logits();
    Tape tape;
    const Var Z = tape.input("z", {z.shape()[0], 3}), Y = tape.input("Y", {1, 3});
    Var f = form.naive(Z), slope = gradient(form.reduces ? sum(f) : -sum(Y * f), Z);
    Var z_input = Z, y_input = Y;
    std::optional<Simplified> stable;
    if (simplified) {
        std::vector<Rule> rules = standard_rules();
        rules.push_back(sums_to_one(Y, 1));
        stable = simplify({f, slope}, {.goal = Goal::stable, .rules = rules});
        f = (*stable)(f);
        slope = (*stable)(slope);
        z_input = (*stable)(Z);
        y_input = (*stable)(Y);
    }
    Evaluation<double> evaluation{{z_input, z}};
    if (!y_input.empty()) evaluation.bind(y_input, check::filled<double>({1, 3}, {1, 0, 0}));
    const Array<double> values = evaluation.value(f), slopes = evaluation.value(slope);
    std::pair<Counted, Counted> counted;
    for (std::size_t i = 0; i < z.shape()[0]; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
            const Real80 right = form.reduces ? log_sum_exp(z, i) : log_softmax_at(z, i, j);
            // log Σ exp(z) is a sum whose terms may cancel: relative to the terms.
            const Real80 scale =
                form.reduces ? std::max(std::abs(right), std::abs(Real80{z(i, j)})) : std::abs(right);
            counted.first.take(close(form.reduces ? values(i, 0) : values(i, j), right, scale), z(i, 0));
            const Real80 a = std::exp(log_softmax_at(z, i, j)), target = form.reduces || j > 0 ? 0 : 1;
            if (std::max(z(i, 0), z(i, 1)) <= form.slope_reaches)
                counted.second.take(close(slopes(i, j), a - target, std::max(a, target)), z(i, 0));
        }
    return counted;
}

/// Simplified, no form is wrong anywhere; as written, each is somewhere.
template <class Forms>
void require_stable(const Forms& list, std::size_t least) {
    for (const auto& form : list)
        BOOST_TEST_CONTEXT(form.name) {
            const auto stable = look_at(form, true);
            for (const Counted& counted : {stable.first, stable.second}) {
                BOOST_TEST(counted.compared > least);
                BOOST_TEST(counted.wrong == 0u, counted.wrong << " wrong, first at " << counted.first);
            }
            const auto [values, slopes] = look_at(form, false);
            BOOST_TEST(values.wrong > 0u);
            BOOST_TEST(slopes.wrong > 0u);
        }
}

BOOST_AUTO_TEST_CASE(functions_of_one_number) { require_stable(forms, 6000); }
BOOST_AUTO_TEST_CASE(functions_of_a_row) { require_stable(row_forms, 17000); }

/// The stable gradient is A (1 − Y) − σ(−Z) Y and not the textbook's A − Y, which no rule makes of it: for
/// labels of 0 and 1 it is right to 1e-12 of itself, where A − Y is 0 from z = 38 on.
BOOST_AUTO_TEST_CASE(hard_labels_keep_what_a_difference_of_probabilities_loses) {
    const std::vector<double> z = arguments();
    Tape tape;
    const Var Z = tape.input("Z", {z.size()}), Y = tape.input("Y", {}), A = sigmoid(Z);
    const Var slope = gradient(-sum(Y * log(A) + (1 - Y) * log(1 - A)), Z);
    const Var difference = A - Y;
    const Simplified stable = simplify({slope, difference}, {.goal = Goal::stable});
    Array<double> array = Array<double>::from_shape({z.size()});
    std::ranges::copy(z, array.begin());
    for (const double label : {0.0, 1.0}) {
        Evaluation<double> evaluation{{stable(Z), array}};
        evaluation.bind(stable(Y), check::filled<double>({}, {label}));
        const Array<double> slopes = evaluation.value(stable(slope)),
                            differences = evaluation.value(stable(difference));
        Counted of_slope, of_difference, of_textbook;
        for (std::size_t i = 0; i < z.size(); ++i) {
            const Real80 a = logistic(z[i]), right = label == 1 ? -logistic(-z[i]) : a;
            of_slope.take(close(slopes(i), right, std::abs(right)), z[i]);
            of_difference.take(close(differences(i), right, std::abs(right)), z[i]);
            of_textbook.take(close(slopes(i), right, std::max(a, Real80{label})), z[i]);
        }
        BOOST_TEST(of_slope.wrong == 0u, of_slope.wrong << " wrong, first at " << of_slope.first);
        BOOST_TEST(of_textbook.wrong == 0u);
        BOOST_TEST(of_slope.compared > 6000u);
        if (label == 1) BOOST_TEST(of_difference.wrong > 0u);
    }
}

BOOST_AUTO_TEST_CASE(an_error_of_a_billionth_is_seen) {
    BOOST_TEST(!close(1.0 + 1e-9, 1.0L, 1.0L));
    BOOST_TEST(!close(std::numeric_limits<double>::quiet_NaN(), 1.0L, 1.0L));
    BOOST_TEST(!close(0.0, 1e-300L, 1e-300L));
    BOOST_TEST(close(0.0, 1e-310L, 1e-310L));
}

} // namespace
