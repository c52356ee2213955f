#include "broken_rules.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>

namespace broken {

using namespace xtape;

namespace {

Op tanh_op() {
    return elementwise("right::tanh")
        .opaque([](auto x) { return tanh(x); })
        .vjp([](const Pullback& p) { return g(p) * (1 - square(p.output())); })
        .notation("tanh({0})", R"(\tanh({0}))");
}

/// Its derivative is that of its body.
Op bell_op() {
    return elementwise("right::bell")
        .forward([](auto x) { return exp(-x * x); })
        .notation("bell({0})", R"(\operatorname{bell}({0}))")
        .sampled_on(-2, 2);
}

Op product_op() {
    return elementwise("right::product")
        .opaque([](auto a, auto b) { return a * b; })
        .vjp([](const Pullback& p) { return g(p) * p.input(1); },
             [](const Pullback& p) { return g(p) * p.input(0); })
        .notation("{0} ∘ {1}", R"({0} \circ {1})", 20);
}

Op root_op() {
    return elementwise("right::root")
        .opaque([](auto x) { return sqrt(x); })
        .vjp([](const Pullback& p) { return g(p) / (2 * p.output()); })
        .notation("√{0}", R"(\sqrt{{0}})", 30)
        .domain(0, std::numeric_limits<double>::infinity())
        .sampled_on(0.25, 4);
}

Op scaled_op() {
    return elementwise("right::scaled")
        .attributes({"by"}, {0.3L})
        .opaque([](auto x, auto by) { return by * x; })
        .vjp([](const Pullback& p) { return p.attributes().real("by") * g(p); })
        .notation("{by} {0}", "{by} {0}", 20);
}

Op step_op() {
    return elementwise("right::step")
        .opaque([](auto x) { return where(x > 0, 1, 0 * x); })
        .kink("x = 0", [](auto x) { return x > 0; })
        .without_gradient()
        .notation("step({0})", R"(\operatorname{step}({0}))");
}

Op near_zero_op() {
    return elementwise("right::expm1")
        .opaque([](auto x) { return expm1(x); })
        .vjp([](const Pullback& p) { return g(p) * (p.output() + 1); })
        .notation("expm1({0})", R"(\operatorname{expm1}({0}))")
        .sampled_on(1e-9, 1e-8);
}

/// The sums of a matrix's rows.
Op row_sums_op() {
    return operation("right::row_sums")
        .operands({Kind::real})
        .shape([](const Signature& s) { return Shape{s.shape()[0]}; })
        .forward([](auto& call) {
            using T = value_of<decltype(call)>;
            const std::size_t rows = call.operand(0).extents()[0], columns = call.operand(0).extents()[1];
            const T* from = call.operand(0).template data<T>();
            T* to = call.allocate();
            for (std::size_t i = 0; i < rows * columns; ++i)
                to[i / columns] += from[i];
        })
        .vjp([](const Pullback& p) { return broadcast_to(expand_dims(g(p), {1}), p.input().shape()); })
        .notation("Σ {0}", R"(\sum {0})", 15)
        .samples([](Draw& draw) {
            return std::vector<Sample>{{{draw.reals({2, 3})}, {}}, {{draw.reals({3, 0})}, {}}};
        });
}

/// Something that is done to the kernels of all three scalar types after they have run.
template <class F>
Damage after_forward(F f) {
    return [f](Definition& d) {
        d.forward = std::apply(
            [f]<class... T>(const Kernel<T>&... kernels) {
                return std::tuple(Kernel<T>([f, kernel = kernels](Call<T>& call) {
                    kernel(call);
                    f(call);
                })...);
            },
            d.forward);
    };
}

/// Every entry of the result, replaced.
template <class F>
Damage entries(F f) {
    return after_forward([f](auto& call) {
        using T = value_of<decltype(call)>;
        Array<T> result = call.results()[0]->template to<T>();
        for (T& entry : result)
            entry = f(entry);
        call.give(0, std::move(result));
    });
}

Damage samples(std::function<std::vector<Sample>(Draw&)> draw) {
    return [draw](Definition& d) { d.samples = draw; };
}

Damage notation(std::string text, std::string latex) {
    return [=](Definition& d) { d.notation = {text, latex}; };
}

} // namespace

std::vector<BrokenRule> of_contracts() {
    const std::string first = "derivative", value = "value";
    const auto shape = [](std::function<std::vector<ResultType>(const Signature&)> f) -> Damage {
        return [f](Definition& d) {
            d.shape = [f](const Signature& s, std::vector<ResultType>& results) { results = f(s); };
        };
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    return {
        {"false_no_gradient", "The second factor is said to need no gradient.", product_op(),
         [](Definition& d) {
             d.differentiable = {true, false};
         },
         ""},
        {"false_without_gradient", "tanh is said to have no gradient.", tanh_op(),
         [](Definition& d) { d.without_gradient = true; }, ""},
        {"straight_through", "A step passes its cotangent on as if it were the identity.", step_op(),
         [](Definition& d) {
             d.without_gradient = false;
             d.vjp = [](const Pullback& p, std::size_t) { return g(p); };
         },
         first},
        {"no_rule", "Neither a rule nor a body.", tanh_op(), [](Definition& d) { d.vjp = {}; }, first},
        {"wrong_in_float", "A thousandth too much in float, right in double.", tanh_op(),
         entries([]<class T>(T v) { return std::same_as<T, float> ? T(1.001L) * v : v; }), value},
        {"float_inside_double", "In double the result is rounded to float.", tanh_op(),
         entries([]<class T>(T v) {
             return std::same_as<T, double> ? static_cast<T>(static_cast<float>(v)) : v;
         }),
         value},
        {"digits_lost_near_zero", "exp(x) − 1 where x is small.", near_zero_op(),
         [](Definition& d) {
             d.forward =
                 Op(elementwise("broken::x").opaque([](auto x) { return exp(x) - 1; })).definition().forward;
         },
         value},
        {"nan_hidden", "A NaN comes out as zero.", tanh_op(),
         entries([](auto v) { return std::isnan(v) ? 0 * decltype(v){1} : v; }), ""},
        {"attribute_ignored_by_the_rule", "The rule has a slope of its own.", scaled_op(),
         rule([](const Pullback& p) { return 0.1L * g(p); }), first},
        {"attribute_that_is_not_there", "The rule reads an attribute of another name.", scaled_op(),
         rule([](const Pullback& p) { return p.attributes().real("slope") * g(p); }), first},
        {"body_off_by_a_constant", "The traced body is 1 more than the function.", bell_op(),
         [](Definition& d) { d.body = [right = d.body](std::span<const Var> x) { return right(x) + 1; }; },
         ""},
        {"body_of_another_function", "The traced body is exp(−x²/2).", bell_op(),
         [](Definition& d) { d.body = [](std::span<const Var> x) { return exp(-square(x[0]) / 2); }; },
         first},
        {"body_wrong_in_the_tail", "The traced body is cut off where |x| > 3/2.", bell_op(),
         [](Definition& d) {
             d.body = [right = d.body](std::span<const Var> x) {
                 return where(abs(x[0]) > 1.5, 0, right(x));
             };
         },
         first},
        {"forward_at_random", "The result differs from call to call by a thousandth.", tanh_op(),
         [](Definition& d) {
             const auto calls = std::make_shared<int>(0);
             after_forward([calls](auto& call) {
                 using T = value_of<decltype(call)>;
                 Array<T> result = call.results()[0]->template to<T>();
                 const T factor = 1 + static_cast<T>(++*calls % 7) / 1000;
                 for (T& entry : result)
                     entry *= factor;
                 call.give(0, std::move(result));
             })(d);
         },
         ""},
        {"operand_overwritten", "The operand's buffer is used for the result.", tanh_op(),
         after_forward([](auto& call) {
             using T = value_of<decltype(call)>;
             T* x = const_cast<T*>(call.operand(0).template data<T>());
             const T* y = call.results()[0]->template data<T>();
             std::copy_n(y, call.operand(0).size(), x);
         }),
         ""},
        {"shape_with_another_axis", "The shape rule keeps the axis that the forward function sums.",
         row_sums_op(), shape([](const Signature& s) {
             return std::vector<ResultType>{Shape{s.shape()[0], 1}};
         }),
         ""},
        {"shape_of_the_operand", "The shape rule says the operand's own shape.", row_sums_op(),
         [](Definition& d) {
             d.shape = [](const Signature& s, std::vector<ResultType>& results) {
                 results.emplace_back(s.shape());
             };
             after_forward([](auto& call) {
                 using T = value_of<decltype(call)>;
                 call.give(0, Array<T>(xt::sum(call.real(0), {1})));
             })(d);
         },
         ""},
        {"kind_of_an_index", "The shape rule says indices, the forward function gives numbers.",
         row_sums_op(),
         [](Definition& d) {
             d.shape = [](const Signature& s, std::vector<ResultType>& results) {
                 results.emplace_back(Shape{s.shape()[0]}, Kind::index);
             };
         },
         ""},
        {"one_result_of_two", "The shape rule promises a second result that never comes.", row_sums_op(),
         shape([](const Signature& s) {
             return std::vector<ResultType>{Shape{s.shape()[0]}, Shape{s.shape()[0]}};
         }),
         ""},
        {"no_result", "The forward function gives nothing.", row_sums_op(),
         after_forward([](auto& call) { call.results()[0].reset(); }), ""},
        {"rule_throws", "The rule throws what is not an error of ours.", tanh_op(),
         rule([](const Pullback&) -> Var { throw std::out_of_range("vector::_M_range_check"); }), ""},
        {"forward_throws", "The forward function throws what is not an error of ours.", tanh_op(),
         after_forward([](auto&) { throw std::runtime_error("not converged"); }), ""},
        {"domain_not_declared", "√ is drawn from negative numbers.", root_op(),
         [](Definition& d) {
             d.domain = {};
             d.sampled_on = {};
         },
         value},
        {"domain_too_wide", "√ is said to be defined from −1 on.", root_op(),
         [](Definition& d) {
             d.domain = {{-1, std::numeric_limits<double>::infinity()}};
             d.sampled_on = {};
         },
         ""},
        {"number_outside_the_domain", "√|x|: a number where there should be none.", root_op(),
         [](Definition& d) {
             d.forward = Op(elementwise("broken::x").opaque([](auto x) { return sqrt(abs(x)); }))
                             .definition()
                             .forward;
         },
         ""},
        {"kink_everywhere", "A kink at every point, so that a wrong rule is never compared.", tanh_op(),
         [](Definition& d) {
             rule([](const Pullback& p) { return 2 * g(p); })(d);
             d.kink = "any x";
             d.branch = Op(elementwise("broken::x")
                               .opaque([](auto x) { return x; })
                               .kink("x", [](auto x) { return x; }))
                            .definition()
                            .branch;
         },
         ""},
        {"no_notation", "It is not said how it is written.", tanh_op(), notation("", ""), ""},
        {"no_latex", "It is written in text only.", tanh_op(), notation("tanh({0})", ""), ""},
        {"placeholder_out_of_range", "{1} of an operation with one operand.", tanh_op(),
         notation("tanh({1})", R"(\tanh({1}))"), ""},
        {"placeholder_of_no_attribute", "{slope} of an operation without attributes.", tanh_op(),
         notation("tanh({0}, {slope})", R"(\tanh_{{slope}}({0}))"), ""},
        {"brace_not_closed", R"(\frac{1}{{0}: LaTeX would not compile.)", tanh_op(),
         notation("tanh({0})", R"(\frac{1}{{0})"), ""},
        {"no_samples", "An operation on whole arrays without samples.", row_sums_op(), samples({}), ""},
        {"samples_of_nothing", "A list of no samples.", row_sums_op(),
         samples([](Draw&) { return std::vector<Sample>(); }), ""},
        {"samples_of_size_zero", "Samples without an entry: nothing would be compared.", row_sums_op(),
         samples([](Draw& draw) {
             return std::vector<Sample>{{{draw.reals({0, 3})}, {}}};
         }),
         ""},
        {"samples_that_do_not_fit", "A vector for an operation on matrices.", row_sums_op(),
         samples([](Draw& draw) {
             return std::vector<Sample>{{{draw.reals({2, 3})}, {}},
                                        {{draw.reals({2, 3}), draw.reals({3})}, {}}};
         }),
         ""},
        {"samples_with_nan", "NaN on both sides is no agreement.", row_sums_op(), samples([nan](Draw& draw) {
             Array<double> x = draw.reals({2, 3});
             x(1, 1) = nan;
             return std::vector<Sample>{{{std::move(x)}, {}}};
         }),
         ""},
    };
}

} // namespace broken
