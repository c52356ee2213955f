#include "broken_rules.hpp"

#include <memory>

namespace broken {

using namespace xtape;

namespace {

Op tanh_op() {
    return elementwise("right::tanh")
        .opaque([](auto x) { return tanh(x); })
        .vjp([](const Pullback& p) { return g(p) * (1 - square(p.output())); })
        .notation("tanh({0})", R"(\tanh({0}))");
}

Op exp_op() {
    return elementwise("right::exp")
        .opaque([](auto x) { return exp(x); })
        .vjp([](const Pullback& p) { return g(p) * p.output(); })
        .notation("exp({0})", R"(\exp({0}))")
        .sampled_on(-2, 2);
}

Op product_op() {
    return elementwise("right::product")
        .opaque([](auto a, auto b) { return a * b; })
        .vjp([](const Pullback& p) { return g(p) * p.input(1); },
             [](const Pullback& p) { return g(p) * p.input(0); })
        .notation("{0} ∘ {1}", R"({0} \circ {1})", 20);
}

/// |x|³: smooth up to its second derivative, and written with abs.
Op cubed_op() {
    return elementwise("right::cubed_magnitude")
        .opaque([](auto x) { return x * x * abs(x); })
        .vjp([](const Pullback& p) { return g(p) * (3 * p.input() * abs(p.input())); })
        .notation("|{0}|³", R"(\left|{0}\right|^3)");
}

/// A rule that gives a different answer with each call.
Damage altered_by_call(std::function<Var(const Var& right, int call)> alter) {
    return [=](Definition& d) {
        d.vjp = [right = d.vjp, alter, calls = std::make_shared<int>(0)](const Pullback& p, std::size_t k) {
            return alter(right(p, k), (*calls)++);
        };
    };
}

/// exp whose rule is right up to the second derivative: its value at order three is a constant.
Var exp_without_third(const Var& x) {
    const Op op = elementwise("broken::exp_of_order_one")
                      .opaque([](auto v) { return exp(v); })
                      .vjp([](const Pullback& p) { return g(p) * stop_gradient(p.output()); })
                      .notation("exp({0})", R"(\exp({0}))");
    return record(op, {x});
}

} // namespace

std::vector<BrokenRule> of_cotangents() {
    const std::string first = "derivative", second = "second derivative", linear = "linear in cotangent";
    return {
        {"cotangent_forgotten", "The local derivative alone, without the cotangent.", tanh_op(),
         rule([](const Pullback& p) { return 1 - square(p.output()); }), first},
        {"cotangent_squared", "g² for g: right where the cotangent is one.", tanh_op(),
         altered([](const Pullback& p, const Var& right) { return right * g(p); }), first},
        {"magnitude_of_the_cotangent", "|g| for g: right where the cotangent is positive.", tanh_op(),
         rule([](const Pullback& p) { return abs(g(p)) * (1 - square(p.output())); }), first},
        {"sign_of_the_cotangent", "sign(g) for g: right where the cotangent is ±1.", tanh_op(),
         rule([](const Pullback& p) { return sign(g(p)) * (1 - square(p.output())); }), first},
        {"constant_added_to_the_cotangent", "g + 0.001 for g.", tanh_op(),
         rule([](const Pullback& p) { return (g(p) + 1e-3) * (1 - square(p.output())); }), first},
        {"clipped_cotangent", "The cotangent is clipped to [−0.9, 0.9], as against exploding gradients.",
         tanh_op(),
         rule([](const Pullback& p) { return clip(g(p), -0.9L, 0.9L) * (1 - square(p.output())); }), first},
        {"slightly_curved", "g + g²/1000: linear to a thousandth.", tanh_op(),
         altered([](const Pullback& p, const Var& right) { return right * (1 + 1e-3 * g(p)); }), linear},
        {"normalised_cotangent", "The cotangent is divided by its own mean.", tanh_op(),
         altered([](const Pullback& p, const Var& right) { return right / mean(g(p)); }), first},
        {"stopped_cotangent", "stop_gradient on the cotangent: right at order one, and no Hessian.",
         tanh_op(), rule([](const Pullback& p) { return stop_gradient(g(p)) * (1 - square(p.output())); }),
         ""},
        {"stopped_output", "stop_gradient on the local derivative: right at order one.", tanh_op(),
         rule([](const Pullback& p) { return g(p) * stop_gradient(1 - square(p.output())); }), second},
        {"stopped_input", "stop_gradient on the other factor: the mixed second derivative is lost.",
         product_op(), rule([](const Pullback& p) { return g(p) * stop_gradient(p.input(1)); }), second},
        {"constants_for_values", "The sign of x was stored as if x were smooth: g·3x²·stop(sign x).",
         cubed_op(), rule([](const Pullback& p) {
             return g(p) * (3 * square(stop_gradient(p.input())) * sign(p.input()));
         }),
         second},
        {"second_derivative_doubled", "Right at order one by an expression whose derivative is doubled.",
         tanh_op(), rule([](const Pullback& p) {
             const Var y = p.output();
             return g(p) * (1 - 2 * square(y) + square(stop_gradient(y)));
         }),
         second},
        {"second_derivative_not_a_number", "Right at order one; √(x − x)′ is 0 · ∞ at order two.", tanh_op(),
         altered(
             [](const Pullback& p, const Var& right) { return right + g(p) * sqrt(p.input() - p.input()); }),
         second},
        {"third_derivative_zero", "Right at orders one and two, and zero at order three.", exp_op(),
         rule([](const Pullback& p) { return g(p) * exp_without_third(p.input()); }), ""},
        {"right_only_once", "Right at the first call; a tenth is added with each further one.", tanh_op(),
         altered_by_call([](const Var& right, int call) { return (1 + 0.1 * call) * right; }), ""},
        {"grows_from_call_to_call", "Gradients are accumulated over calls, and never reset.", tanh_op(),
         altered_by_call([](const Var& right, int call) { return (1.0 + call) * right; }), ""},
        {"every_third_call_wrong", "Two calls of three are right.", tanh_op(),
         altered_by_call([](const Var& right, int call) { return call % 3 == 2 ? 1.01 * right : right; }),
         ""},
        {"mask_for_a_number", "The rule returns a comparison.", tanh_op(),
         rule([](const Pullback& p) { return g(p) > 0; }), first},
        {"cotangent_of_another_tape", "The rule makes a tape of its own.", tanh_op(),
         rule([](const Pullback&) {
             Tape other;
             return other.constant(1);
         }),
         first},
    };
}

} // namespace broken
