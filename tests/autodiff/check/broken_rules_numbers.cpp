#include "broken_rules.hpp"

namespace broken {

using namespace xtape;

namespace {

Op tanh_op() {
    return elementwise("right::tanh")
        .opaque([](auto x) { return tanh(x); })
        .vjp([](const Pullback& p) { return g(p) * (1 - square(p.output())); })
        .notation("tanh({0})", R"(\tanh({0}))");
}

Op square_op() {
    return elementwise("right::square")
        .opaque([](auto x) { return square(x); })
        .vjp([](const Pullback& p) { return g(p) * (2 * p.input()); })
        .notation("{0}²", "{0}^2", 30);
}

Op sigmoid_op() {
    return elementwise("right::sigmoid")
        .opaque([](auto x) { return sigmoid(x); })
        .vjp([](const Pullback& p) { return g(p) * (p.output() * (1 - p.output())); })
        .notation("σ({0})", R"(\sigma({0}))")
        .sampled_on(-8, 8);
}

Op softplus_op() {
    return elementwise("right::softplus")
        .opaque([](auto x) { return softplus(x); })
        .vjp([](const Pullback& p) { return g(p) * sigmoid(p.input()); })
        .notation("softplus({0})", R"(\operatorname{softplus}({0}))")
        .sampled_on(-120, 120);
}

Op erf_op() {
    return elementwise("right::erf")
        .opaque([](auto x) { return erf(x); })
        .vjp([](const Pullback& p) {
            constexpr long double scale = 2 * std::numbers::inv_sqrtpi_v<long double>;
            return g(p) * (scale * exp(-square(p.input())));
        })
        .notation("erf({0})", R"(\operatorname{erf}({0}))")
        .sampled_on(-3, 3);
}

Op leaky_op() {
    return elementwise("right::leaky")
        .opaque([](auto x) { return where(x > 0, x, 0.1L * x); })
        .kink("x = 0", [](auto x) { return x > 0; })
        .vjp([](const Pullback& p) { return where(p.input() > 0, g(p), 0.1L * g(p)); })
        .notation("leaky({0})", R"(\operatorname{leaky}({0}))");
}

Op subtract_op() {
    return elementwise("right::subtract")
        .opaque([](auto a, auto b) { return a - b; })
        .vjp([](const Pullback& p) { return g(p); }, [](const Pullback& p) { return -g(p); })
        .notation("{0} − {1}", "{0} - {1}", 10);
}

Op product_op() {
    return elementwise("right::product")
        .opaque([](auto a, auto b) { return a * b; })
        .vjp([](const Pullback& p) { return g(p) * p.input(1); },
             [](const Pullback& p) { return g(p) * p.input(0); })
        .notation("{0} ∘ {1}", R"({0} \circ {1})", 20);
}

Op quotient_op() {
    return elementwise("right::quotient")
        .opaque([](auto a, auto b) { return a / b; })
        .vjp([](const Pullback& p) { return g(p) / p.input(1); },
             [](const Pullback& p) { return -g(p) * p.output() / p.input(1); })
        .notation("{0} / {1}", R"(\frac{{0}}{{1}})", 20)
        .sampled_on({{-4, 4}, {0.25, 4}});
}

Op power_op() {
    return elementwise("right::power")
        .opaque([](auto a, auto b) { return pow(a, b); })
        .vjp([](const Pullback& p) { return g(p) * p.input(1) * pow(p.input(0), p.input(1) - 1); },
             [](const Pullback& p) { return g(p) * p.output() * log(p.input(0)); })
        .notation("{0}^{1}", "{0}^{{1}}", 30)
        .sampled_on({{0.25, 4}, {-3, 3}});
}

/// The right cotangent where the condition on x does not hold, times `factor` where it does.
Damage wrong_where(std::function<Var(const Var&)> condition, long double factor) {
    return altered([=](const Pullback& p, const Var& right) {
        return where(condition(p.input()), factor * right, right);
    });
}

/// The right cotangent, except for `value` where x > 0 is largest.
Damage one_entry(std::function<Var(const Var& x, const Var& right)> value) {
    return altered([=](const Pullback& p, const Var& right) {
        const Var& x = p.input();
        if (x.rank() != 2 || x.shape()[1].extent() == 0) return right;
        return where(x == amax(x), value(x, right), right);
    });
}

} // namespace

std::vector<BrokenRule> of_numbers() {
    const std::string first = "derivative";
    return {
        {"sign_flipped", "minus where plus is right.", tanh_op(),
         altered([](const Pullback&, const Var& right) { return -right; }), first},
        {"no_rule_is_no_zero", "An empty Var stands for zero.", tanh_op(),
         rule([](const Pullback&) { return Var(); }), first},
        {"computed_zero", "The cotangent is multiplied by zero.", tanh_op(),
         rule([](const Pullback& p) { return 0 * g(p); }), first},
        {"factor_two_missing", "x for 2x.", square_op(),
         rule([](const Pullback& p) { return g(p) * p.input(); }), first},
        {"output_for_input", "2y for 2x.", square_op(),
         rule([](const Pullback& p) { return g(p) * (2 * p.output()); }), first},
        {"input_for_output", "1 − x² for 1 − y², as in a tanh whose Z and A were confused.", tanh_op(),
         rule([](const Pullback& p) { return g(p) * (1 - square(p.input())); }), first},
        {"derivative_of_another_activation", "tanh′ for σ′.", sigmoid_op(),
         rule([](const Pullback& p) { return g(p) * (1 - square(p.output())); }), first},
        {"sigmoid_of_the_output", "σ(y) (1 − σ(y)): the activation was applied twice.", sigmoid_op(),
         rule([](const Pullback& p) {
             const Var s = sigmoid(p.output());
             return g(p) * (s * (1 - s));
         }),
         first},
        {"wrong_at_negative_input", "Off by a thousandth where x < 0.", tanh_op(),
         wrong_where([](const Var& x) { return x < 0; }, 1.001L), first},
        {"wrong_at_positive_input", "Off by a thousandth where x > 0.", tanh_op(),
         wrong_where([](const Var& x) { return x > 0; }, 1.001L), first},
        {"flushed_to_zero_when_saturated", "Zero where the sigmoid is saturated, |x| > 7.", sigmoid_op(),
         wrong_where([](const Var& x) { return abs(x) > 7; }, 0), first},
        {"wrong_near_zero", "Off by a tenth where |x| < 1/2, as a series that was cut too early.", tanh_op(),
         wrong_where([](const Var& x) { return abs(x) < 0.5; }, 1.1L), first},
        {"off_by_1e_4", "One part in ten thousand too much everywhere.", erf_op(),
         altered([](const Pullback&, const Var& right) { return 1.0001L * right; }), first},
        {"constant_with_eight_digits", "2/√π was typed as 1.1283792.", erf_op(),
         rule([](const Pullback& p) { return g(p) * (1.1283792L * exp(-square(p.input()))); }), first},
        {"constant_of_a_float", "0.1f in the rule for 0.1 in the function.", leaky_op(),
         rule([](const Pullback& p) { return where(p.input() > 0, g(p), 0.1F * g(p)); }), first},
        {"constant_added", "A thousandth is added to the derivative.", tanh_op(),
         altered([](const Pullback& p, const Var& right) { return right + 1e-3L * g(p); }), first},
        {"nan_in_one_entry", "0/0 in one entry of many; a NaN is greater than no tolerance.", tanh_op(),
         one_entry([](const Var& x, const Var&) { return (x - x) / (x - x); }), first},
        {"infinity_in_one_entry", "1/0 in one entry of many.", tanh_op(),
         one_entry([](const Var& x, const Var&) { return 1 / (x - x); }), first},
        {"minus_infinity_in_one_entry", "−1/0 in one entry of many.", tanh_op(),
         one_entry([](const Var& x, const Var&) { return -1 / (x - x); }), first},
        {"one_entry_off_by_1e_4", "One part in ten thousand too much in one entry of many.", tanh_op(),
         one_entry([](const Var&, const Var& right) { return 1.0001L * right; }), first},
        {"one_entry_zero", "One entry of many is skipped.", tanh_op(),
         one_entry([](const Var&, const Var& right) { return 0 * right; }), first},
        {"nan_everywhere", "0/0 in every entry: nothing to compare with is no agreement.", tanh_op(),
         altered([](const Pullback& p, const Var& right) {
             const Var zero = p.input() - p.input();
             return right * (zero / zero);
         }),
         first},
        {"overflows_in_float", "exp(x) / (1 + exp(x)), which is ∞/∞ in float at x = 89.", softplus_op(),
         rule([](const Pullback& p) { return g(p) * (exp(p.input()) / (1 + exp(p.input()))); }), ""},
        {"branches_swapped", "The slope of the negative side on the positive one, and the reverse.",
         leaky_op(), rule([](const Pullback& p) { return where(p.input() < 0, g(p), 0.1L * g(p)); }), first},
        {"kink_elsewhere", "The rule changes its branch at 1, the function at 0.", leaky_op(),
         rule([](const Pullback& p) { return where(p.input() > 1, g(p), 0.1L * g(p)); }), first},
        {"one_side_zero", "relu's rule for a function that leaks.", leaky_op(),
         rule([](const Pullback& p) { return where(p.input() > 0, g(p), 0); }), first},
        {"both_operands_plus", "The subtrahend gets plus.", subtract_op(),
         rule([](const Pullback& p) { return g(p); }, 1), first},
        {"operands_swapped", "Each factor's cotangent went to itself.", product_op(),
         [](Definition& d) {
             d.vjp = [right = d.vjp](const Pullback& p, std::size_t k) { return right(p, 1 - k); };
         },
         first},
        {"divided_once_too_little", "−g y for −g y / b.", quotient_op(),
         rule([](const Pullback& p) { return -g(p) * p.output(); }, 1), first},
        {"denominator_without_sign", "g y / b for −g y / b.", quotient_op(),
         rule([](const Pullback& p) { return g(p) * p.output() / p.input(1); }, 1), first},
        {"exponent_without_logarithm", "y for y log a.", power_op(),
         rule([](const Pullback& p) { return g(p) * p.output(); }, 1), first},
        {"exponent_not_lowered", "b a^b for b a^(b − 1).", power_op(),
         rule([](const Pullback& p) { return g(p) * p.input(1) * p.output(); }), first},
        {"one_operand_twice", "Right for two operands, wrong where both are the same Var.", product_op(),
         altered([](const Pullback& p, const Var& right) {
             return p.input(0).same_as(p.input(1)) ? 0.5 * right : right;
         }),
         ""},
    };
}

std::vector<BrokenRule> of_broadcasts() {
    const std::string first = "derivative";
    /// The cotangent of the second factor, altered where that has another shape than the result.
    const auto narrow = [](std::function<bool(const Shape&)> concerned,
                           std::function<Var(const Var& right)> alter) {
        return altered(
            [=](const Pullback& p, const Var& right) {
                const Shape own = p.input(1).shape();
                return !same_extents(own, right.shape()) && concerned(own) ? alter(right) : right;
            },
            1);
    };
    const auto thousandth = [](const Var& right) { return 1.001L * right; };
    const auto is_row = [](const Shape& s) { return s.rank() == 2 && s[0].is_one() && !s[1].is_one(); };
    const auto is_column = [](const Shape& s) { return s.rank() == 2 && s[1].is_one() && !s[0].is_one(); };
    return {
        {"wrong_when_a_row", "Off by a thousandth where the operand is one row of many.", product_op(),
         narrow(is_row, thousandth), first},
        {"wrong_when_a_column", "Off by a thousandth where the operand is one column of many.", product_op(),
         narrow(is_column, thousandth), first},
        {"wrong_when_a_vector", "Off by a thousandth where the operand has fewer axes.", product_op(),
         narrow([](const Shape& s) { return s.rank() == 1; }, thousandth), first},
        {"wrong_when_a_number", "Off by a thousandth where the operand is one number.", product_op(),
         narrow([](const Shape& s) { return s.rank() == 0; }, thousandth), first},
        {"mean_for_sum_over_rows", "A row's cotangent is the mean of what it was repeated to.", product_op(),
         narrow(is_row, [](const Var& right) { return mean(right, {0}, Keep::dims); }), first},
        {"only_the_first_column", "A column's cotangent is that of the first column alone.", product_op(),
         narrow(is_column, [](const Var& right) { return slice(right, 1, 0, 1); }), first},
        {"summed_too_far", "The row's cotangent is summed to one number.", product_op(),
         narrow(is_row, [](const Var& right) { return sum(right); }), first},
        {"wrong_only_at_size_one", "Off by a thousandth where there is one entry.", tanh_op(),
         altered([](const Pullback& p, const Var& right) {
             for (const Dim& dim : p.input().shape().dims())
                 if (!dim.is_one()) return right;
             return 1.001L * right;
         }),
         first},
        {"transposed_cotangent", "The right numbers in a transposed array.", tanh_op(),
         altered([](const Pullback&, const Var& right) { return transpose(right); }), first},
        {"flattened_cotangent", "The right numbers in a flat array.", tanh_op(),
         altered([](const Pullback&, const Var& right) { return flatten(right); }), first},
        {"an_axis_too_many", "The right numbers with a trailing axis of one.", tanh_op(),
         altered([](const Pullback& p, const Var& right) {
             return expand_dims(right, {static_cast<std::int64_t>(p.input().rank())});
         }),
         first},
    };
}

} // namespace broken
