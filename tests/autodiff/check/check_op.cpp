#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <stdexcept>

using namespace xtape;

namespace {

bool catches(const Op& op) { return check_op(op).verdict() == Verdict::fail; }

Elementwise tanh_with(std::function<Var(const Pullback&)> rule) {
    Elementwise op = elementwise("test::tanh");
    op.opaque([](auto x) { return tanh(x); }).vjp(std::move(rule)).notation("tanh({0})", R"(\tanh({0}))");
    return op;
}

Var right_rule(const Pullback& p) { return p.cotangent() * (1 - square(p.output())); }

} // namespace

BOOST_AUTO_TEST_CASE(the_right_rule_passes) {
    const Report report = check_op(tanh_with(right_rule));
    BOOST_TEST(report.passed(), report.to_string());
}

BOOST_AUTO_TEST_CASE(wrong_rules_are_caught) {
    BOOST_TEST(catches(tanh_with([](const Pullback& p) { return -right_rule(p); })));
    BOOST_TEST(catches(tanh_with([](const Pullback&) { return Var(); })));
    BOOST_TEST(catches(tanh_with([](const Pullback& p) { return p.cotangent() * (1 - square(p.input())); })));
    BOOST_TEST(catches(tanh_with([](const Pullback& p) { return sum(right_rule(p)); })));
    BOOST_TEST(
        catches(tanh_with([](const Pullback& p) { return where(p.input() < 0, 1.001, 1) * right_rule(p); })));
    BOOST_TEST(
        catches(tanh_with([](const Pullback& p) { return right_rule(p) * (0 / (p.input() - p.input())); })));
}

BOOST_AUTO_TEST_CASE(a_rule_wrong_only_in_the_second_derivative_is_caught) {
    const Report report = check_op(
        tanh_with([](const Pullback& p) { return p.cotangent() * stop_gradient(1 - square(p.output())); }));
    BOOST_TEST((report["derivative"].verdict == Verdict::pass));
    BOOST_TEST((report["second derivative"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_rule_that_is_not_linear_in_its_cotangent_is_caught) {
    const Report report = check_op(
        tanh_with([](const Pullback& p) { return right_rule(p) * (1 + 1e-3 * square(p.cotangent())); }));
    BOOST_TEST((report["linear in cotangent"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_rule_wrong_only_when_broadcast_is_caught) {
    const Op op = elementwise("test::product")
                      .opaque([](auto a, auto b) { return a * b; })
                      .vjp([](const Pullback& p) { return p.cotangent() * p.input(1); },
                           [](const Pullback& p) {
                               const Var right = p.cotangent() * p.input(0);
                               return same_extents(p.input(1).shape(), right.shape()) ? right : 1.001 * right;
                           });
    BOOST_TEST(catches(op));
}

BOOST_AUTO_TEST_CASE(a_forward_that_loses_digits_is_caught) {
    const Op op = elementwise("test::expm1")
                      .opaque([](auto x) { return exp(x) - 1; })
                      .vjp([](const Pullback& p) { return p.cotangent() * exp(p.input()); })
                      .sampled_on(1e-9, 1e-8);
    BOOST_TEST((check_op(op)["value"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(what_a_definition_lacks_is_told_by_name_and_all_of_it) {
    const Op op = operation("test::bad")
                      .operands({Kind::real})
                      .shape([](const Signature& s) { return s.shape(); })
                      .forward([](auto& call) { call.give(0, call.operand(0)); })
                      .notation("bad({1})", R"(\operatorname{bad}({0})");
    const Report alone = check_op(op);
    BOOST_TEST((alone["samples"].verdict == Verdict::fail), alone);
    const Report report = check_op(op, {Sample{{xt::xarray<double>{1, 2}}, {}}});
    for (const char* line : {"notation", "rule", "derivative"})
        BOOST_TEST((report[line].verdict == Verdict::fail), report);
    BOOST_TEST((check_op(op, std::vector<Sample>{})["samples"].verdict == Verdict::fail));
    const Report empty = check_op(op, {Sample{{Array<double>::from_shape({0})}, {}}});
    BOOST_TEST((empty["samples"].verdict == Verdict::fail), empty);
}

BOOST_AUTO_TEST_CASE(derivatives_that_are_declared_away_are_caught) {
    const Op product = elementwise("test::product")
                           .opaque([](auto a, auto b) { return a * b; })
                           .vjp([](const Pullback& p) { return p.cotangent() * p.input(1); }, no_gradient);
    BOOST_TEST((check_op(product)["no gradient"].verdict == Verdict::fail));
    const Op cut = elementwise("test::cut").opaque([](auto x) { return 2 * x; }).without_gradient();
    BOOST_TEST((check_op(cut)["no gradient"].verdict == Verdict::fail));
    const Op steps = elementwise("test::sign").opaque([](auto x) { return sign(x); }).without_gradient();
    BOOST_TEST((check_op(steps)["no gradient"].verdict == Verdict::pass));
}

BOOST_AUTO_TEST_CASE(a_rule_that_stops_the_gradient_of_its_cotangent_is_caught) {
    const Report report = check_op(
        tanh_with([](const Pullback& p) { return stop_gradient(p.cotangent()) * (1 - square(p.output())); }));
    BOOST_TEST((report["derivative"].verdict == Verdict::pass));
    BOOST_TEST((report["jvp"].verdict == Verdict::fail), report);
}

BOOST_AUTO_TEST_CASE(a_rule_wrong_only_in_the_third_derivative_is_caught) {
    const Report report = check_op(tanh_with([](const Pullback& p) {
        const Var off = p.input() - stop_gradient(p.input());
        return right_rule(p) * (1 + 0.01 * square(off));
    }));
    BOOST_TEST((report["derivative"].verdict == Verdict::pass));
    BOOST_TEST((report["second derivative"].verdict == Verdict::pass));
    BOOST_TEST((report["Taylor remainder"].verdict == Verdict::fail), report);
}

BOOST_AUTO_TEST_CASE(what_a_forward_function_may_not_do_is_caught) {
    const auto whole = [](auto forward) {
        return check_op(operation("test::f")
                            .operands({Kind::real})
                            .shape([](const Signature& s) { return s.shape(); })
                            .forward(forward)
                            .vjp([](const Pullback& p) { return p.cotangent(); })
                            .notation("f({0})", "f({0})"),
                        {Sample{{xt::xarray<double>{1, -2, 3}}, {}}});
    };
    BOOST_TEST(whole([](auto& call) { call.give(0, call.operand(0)); }));
    const Report writes = whole([](auto& call) {
        using T = typename std::decay_t<decltype(call)>::value_type;
        T* const data = const_cast<T*>(call.operand(0).template data<T>());
        data[0] += 1;
        call.give(0, call.operand(0).owned());
    });
    BOOST_TEST((writes["operands"].verdict == Verdict::fail), writes);
    const Report hides = whole([](auto& call) {
        using T = typename std::decay_t<decltype(call)>::value_type;
        T* const to = call.allocate();
        for (std::size_t i = 0; i < call.operand(0).size(); ++i) {
            const T x = call.operand(0).template data<T>()[i];
            to[i] = std::isnan(x) ? 0 : x;
        }
    });
    BOOST_TEST((hides["NaN"].verdict == Verdict::fail), hides);
    int calls = 0;
    const Report random = whole([&calls](auto& call) {
        using T = typename std::decay_t<decltype(call)>::value_type;
        T* const to = call.allocate();
        for (std::size_t i = 0; i < call.operand(0).size(); ++i)
            to[i] = call.operand(0).template data<T>()[i] + static_cast<T>(++calls);
    });
    BOOST_TEST((random["deterministic"].verdict == Verdict::fail), random);
    const Report standard = whole([](auto& call) {
        throw std::runtime_error("no memory");
        call.give(0, call.operand(0));
    });
    BOOST_TEST((standard["value"].verdict == Verdict::fail), standard);
    BOOST_TEST(standard["value"].finding.find("no memory") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(kinks) {
    const auto rectified = [](std::function<Var(const Pullback&)> rule) {
        return check_op(elementwise("test::relu")
                            .opaque([](auto x) { return relu(x); })
                            .vjp(std::move(rule))
                            .kink("x = 0", [](auto x) { return x > 0; })
                            .notation("relu({0})", "{0}"));
    };
    const Report right = rectified([](const Pullback& p) { return where(p.input() > 0, p.cotangent(), 0); });
    BOOST_TEST(right);
    BOOST_TEST(right["kink"].compared == 2u);
    const Report outside = rectified([](const Pullback& p) {
        return where(p.input() > 1e-3, p.cotangent(), where(p.input() < -1e-3, 0, 2 * p.cotangent()));
    });
    BOOST_TEST((outside["kink"].verdict == Verdict::fail), outside);
    // Where every point is said to be a kink, nothing is compared.
    const Report everywhere = check_op(elementwise("test::tanh")
                                           .opaque([](auto x) { return tanh(x); })
                                           .vjp(right_rule)
                                           .kink("anywhere", [](auto x) { return x; })
                                           .notation("tanh({0})", "{0}"));
    BOOST_TEST((everywhere["derivative"].verdict == Verdict::fail), everywhere);
}

BOOST_AUTO_TEST_CASE(terms_that_cancel_are_no_false_alarm) {
    // Seeds with which weighted sums nearly cancel: their rounding is that of their terms.
    const auto find = [](std::span<const Op> ops, const std::string& name) {
        return *std::ranges::find(ops, name, &Op::name);
    };
    const std::pair<Op, std::uint64_t> cases[] = {{find(hyperbolic_ops(), "xtape::tanh"), 188},
                                                  {find(hyperbolic_ops(), "xtape::cosh"), 151},
                                                  {find(arithmetic_ops(), "xtape::subtract"), 22},
                                                  {find(arithmetic_ops(), "xtape::pow"), 200},
                                                  {find(activation_ops(), "xtape::sigmoid"), 159}};
    for (const auto& [op, seed] : cases)
        BOOST_TEST(check_op(op, seed).passed(), check_op(op, seed).to_string());
}

BOOST_AUTO_TEST_CASE(what_throws_is_a_failure_with_its_words) {
    const Report report = check_op(elementwise("test::tanh").opaque([](auto x) { return tanh(x); }));
    BOOST_TEST((report.verdict() == Verdict::fail));
    BOOST_TEST((report["value"].verdict == Verdict::pass));
    BOOST_TEST(report["rule"].finding.find("has no derivative") != std::string::npos);
    BOOST_TEST(report["derivative"].finding.find("has no derivative") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(samples_outside_the_domain_are_said_to_be) {
    const Report report = check_op(elementwise("test::root").forward([](auto x) { return sqrt(x); }));
    BOOST_TEST((report["value"].verdict == Verdict::fail));
    BOOST_TEST(report["value"].finding.find("not a number; .sampled_on") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whole_arrays_need_samples_and_are_checked_with_them) {
    const Op op = operation("test::row_sums")
                      .operands({Kind::real})
                      .shape([](const Signature& s) { return Shape{s.shape()[0]}; })
                      .forward([](const auto& call) {
                          using T = typename std::decay_t<decltype(call)>::value_type;
                          return Array<T>(xt::sum(call.real(0), {1}));
                      })
                      .vjp([](const Pullback& p) {
                          return broadcast_to(expand_dims(p.cotangent(), {1}), p.input().shape());
                      })
                      .notation("row_sums({0})", "{0}");
    BOOST_TEST((check_op(op)["samples"].verdict == Verdict::fail));
    const xt::xarray<double> x{{1, -2, 3}, {0.5, 4, -1}};
    const Report report = check_op(op, {Sample{{x}, {}}});
    BOOST_TEST(report.passed(), report.to_string());
}

BOOST_AUTO_TEST_CASE(operands_are_drawn_where_the_operation_is_defined) {
    const double infinity = std::numeric_limits<double>::infinity();
    const auto log_on = [](double low, double high) {
        return check_op(elementwise("test::log").forward([](auto x) { return log(x); }).domain(low, high));
    };
    for (const Report& report : {log_on(0, infinity), log_on(0, 1e300), log_on(0.5, 1), log_on(100, 200)})
        for (const char* line : {"value", "derivative", "second derivative"})
            BOOST_TEST((report[line].verdict == Verdict::pass), report);
    BOOST_TEST((log_on(-infinity, infinity)["value"].verdict == Verdict::fail));
    // Beyond a domain that is narrower than it need be, numbers come out.
    BOOST_TEST((log_on(0, infinity)["domain"].verdict == Verdict::pass));
    BOOST_TEST((log_on(0.5, 1)["domain"].verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_forward_that_goes_through_double_is_caught) {
    const Op op = elementwise("test::tanh")
                      .opaque([](auto x) { return decltype(x)(std::tanh(static_cast<double>(x.value))); })
                      .vjp(right_rule)
                      .notation("tanh({0})", "{0}");
    const Report report = check_op(op);
    BOOST_TEST((report["value"].verdict == Verdict::fail), report);
}

BOOST_AUTO_TEST_CASE(a_forward_rule_that_contradicts_the_vjp_is_caught) {
    const auto with = [](long double factor) {
        return check_op(
            elementwise("test::tanh")
                .opaque([](auto x) { return tanh(x); })
                .vjp(right_rule)
                .jvp([=](const Pushforward& p) { return factor * p.tangent() * (1 - square(p.output())); })
                .notation("tanh({0})", "{0}"));
    };
    BOOST_TEST(with(1));
    const Report report = with(1.001L);
    BOOST_TEST((report["jvp"].verdict == Verdict::fail), report);
    BOOST_TEST((report["derivative"].verdict == Verdict::pass), report);
}

BOOST_AUTO_TEST_CASE(a_rule_for_all_operands_is_checked_and_made_wrong_like_others) {
    const Op op = elementwise("test::product")
                      .opaque([](auto a, auto b) { return a * b; })
                      .vjp_all([](const Pullback& p, std::span<const std::size_t> needed) {
                          std::vector<Var> cotangents;
                          for (const std::size_t k : needed)
                              cotangents.push_back(p.cotangent() * p.input(1 - k));
                          return cotangents;
                      })
                      .notation("{0} {1}", "{0} {1}");
    BOOST_TEST(check_op(op));
    BOOST_TEST(wrong_versions(op).size() == 3u);
    for (const Op& wrong : wrong_versions(op))
        BOOST_TEST(!check_op(wrong), wrong.name());
}
