#include <xtape/autodiff/autodiff.hpp>

#include <boost/test/unit_test.hpp>

using namespace xtape;

namespace {

bool catches(const Op& op) { return check_op(op).verdict() == Verdict::fail; }

Elementwise tanh_with(std::function<Var(const Pullback&)> rule) {
    Elementwise op = elementwise("test::tanh");
    op.opaque([](auto x) { return tanh(x); }).vjp(std::move(rule));
    return op;
}

Var right_rule(const Pullback& p) { return p.cotangent() * (1 - square(p.output())); }

} // namespace

BOOST_AUTO_TEST_CASE(every_elementwise_operation_of_the_library_passes) {
    std::size_t checked = 0, entries = 0;
    for (const Op& op : builtin_ops()) {
        if (!op.definition().elementwise) continue;
        const Report report = check_op(op);
        BOOST_TEST(report.passed(), report.to_string());
        ++checked;
        entries += report.compared();
    }
    BOOST_TEST(checked >= 52u);
    BOOST_TEST(entries >= 5000u);
}

BOOST_AUTO_TEST_CASE(every_rule_of_the_library_off_by_a_thousandth_fails) {
    std::size_t wrapped = 0;
    for (const Op& op : builtin_ops()) {
        Definition wrong = op.definition();
        wrong.name = "wrong::" + wrong.short_name();
        const bool gives_real = op.name() != "xtape::sign" && wrong.vjp;
        if (!wrong.elementwise || !gives_real || wrong.without_gradient) continue;
        wrong.vjp = [rule = wrong.vjp](const Pullback& p, std::size_t k) {
            const Var cotangent = rule(p, k);
            return cotangent.empty() ? cotangent : 1.001 * cotangent;
        };
        const Report report = check_op(Op(wrong));
        BOOST_TEST((report["derivative"].verdict == Verdict::fail), report.to_string());
        ++wrapped;
    }
    BOOST_TEST(wrapped >= 42u);
}

BOOST_AUTO_TEST_CASE(the_right_rule_passes) {
    const Report report = check_op(tanh_with(right_rule));
    BOOST_TEST(report.passed(), report.to_string());
    BOOST_TEST(report.comparisons().size() == 4u);
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
    BOOST_TEST(report["derivative"].note.find("has no derivative") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(samples_outside_the_domain_are_said_to_be) {
    const Report report = check_op(elementwise("test::root").forward([](auto x) { return sqrt(x); }));
    for (const char* name : {"value", "derivative"}) {
        BOOST_TEST((report[name].verdict == Verdict::fail));
        BOOST_TEST(report[name].note.find("not a number; .sampled_on") != std::string::npos);
    }
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
                      });
    BOOST_CHECK_THROW((void)check_op(op), ArgumentError);
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
        BOOST_TEST(report.passed(), report.to_string());
    BOOST_TEST(!log_on(-infinity, infinity).passed());
}
