// Derivatives of functions as functions, against closed forms and identities.

#include <xtape/autodiff.hpp>

#include <boost/test/unit_test.hpp>

#include <check.hpp>

using namespace xtape;

namespace {

/// Largest difference, relative to the largest entry; infinite where shapes differ or there is a NaN.
template <class T>
long double apart_by(const Array<T>& a, const Array<T>& b) {
    if (a.shape() != b.shape()) return std::numeric_limits<long double>::infinity();
    long double difference = 0, scale = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const long double d = std::abs(static_cast<long double>(a.data()[i]) - b.data()[i]);
        if (!(d <= std::numeric_limits<long double>::max()))
            return std::numeric_limits<long double>::infinity();
        difference = std::max(difference, d);
        scale = std::max(scale, std::abs(static_cast<long double>(b.data()[i])));
    }
    return scale > 0 ? difference / scale : difference;
}

constexpr long double rounding = 64 * std::numeric_limits<double>::epsilon(); // some tens of operations

const auto cube_sum = [](const Var& x) { return sum(x * x * x); };

Array<double> vector(std::initializer_list<double> entries) {
    auto array = Array<double>::from_shape({entries.size()});
    std::copy(entries.begin(), entries.end(), array.begin());
    return array;
}

} // namespace

BOOST_AUTO_TEST_CASE(gradient_of_one_argument) {
    const Array<double> x = vector({-1.5, 0, 2});
    BOOST_TEST(grad(cube_sum)(x) == 3 * x * x, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(gradients_of_several_arguments) {
    const auto f = [](const Var& W, const Var& x) { return sum(square(matmul(W, x))); };
    const Array<double> W{{1, 2, -1}, {0.5, -3, 2}};
    const Array<double> x = vector({2, -1, 0.5});
    const auto [dW, dx] = grad(f)(W, x);
    Array<double> right_x = Array<double>::from_shape({3}), right_W = Array<double>::from_shape({2, 3});
    for (std::size_t j = 0; j < 3; ++j) {
        right_x(j) = 0;
        for (std::size_t i = 0; i < 2; ++i) {
            const double y = W(i, 0) * x(0) + W(i, 1) * x(1) + W(i, 2) * x(2);
            right_x(j) += 2 * y * W(i, j);
            right_W(i, j) = 2 * y * x(j);
        }
    }
    BOOST_TEST(apart_by(dW, right_W) <= rounding);
    BOOST_TEST(apart_by(dx, right_x) <= rounding);
}

BOOST_AUTO_TEST_CASE(a_vector_of_arguments) {
    const auto f = [](const std::vector<Var>& v) { return sum(v[0] * v[0] * v[1]); };
    const std::vector<Array<double>> at{vector({1, 2}), vector({3, -4})};
    const auto gradients = grad(f)(at);
    BOOST_REQUIRE(gradients.size() == 2u);
    BOOST_TEST(gradients[0] == 2 * at[0] * at[1], boost::test_tools::per_element());
    BOOST_TEST(gradients[1] == at[0] * at[0], boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(value_and_gradient_come_from_one_recording) {
    const Array<double> x = vector({1, -2});
    int calls = 0;
    const auto f = [&](const Var& v) { return ++calls, sum(v * v); };
    const auto [value, dx] = value_and_grad(f)(x);
    BOOST_TEST(value() == 5);
    BOOST_TEST(dx == 2 * x, boost::test_tools::per_element());
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(element_types_follow_the_arrays) {
    const Array<float> single = xt::cast<float>(vector({1, 2}));
    static_assert(std::same_as<decltype(grad(cube_sum)(single)), Array<float>>);
    static_assert(std::same_as<decltype(grad(cube_sum)(xt::xarray<double>())), Array<double>>);
    static_assert(std::same_as<decltype(grad(cube_sum)(Array<long double>())), Array<long double>>);
    BOOST_TEST(grad(cube_sum)(single)(1) == 12.0f);
    const xt::xarray<double> wide{{1, 2}, {3, 4}, {5, 6}};
    BOOST_TEST(grad(cube_sum)(xt::view(wide, xt::all(), 1)) == vector({12, 48, 108}), // a strided view
               boost::test_tools::per_element());
    BOOST_TEST(grad(cube_sum)(Array<double>::from_shape({0})).size() == 0u);
}

BOOST_AUTO_TEST_CASE(third_derivatives_of_polynomials_are_exact) {
    // x⁴ − 2x³ at small integers: every intermediate is an integer below 2⁵³.
    const auto f = [](const Var& x) { return sum(x * x * x * x - 2 * x * x * x); };
    const auto once = [](auto g) { return [g](const Var& x) { return sum(grad(g)(x)); }; };
    const Array<double> x = vector({-2, 0, 3});
    BOOST_TEST(grad(once(once(f)))(x) == 24 * x - 12, boost::test_tools::per_element());
    BOOST_TEST(grad(once(once(once(f))))(x) == vector({24, 24, 24}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nestings_of_forward_and_reverse_agree) {
    const auto f = [](const Var& x) { return sum(exp(x) * sin(x * x)); };
    const Array<double> x = vector({0.3, -1.1, 0.7}), v = vector({1, -2, 0.5});
    const auto along = [&](const Var& at) {
        return jvp(f)(at, Operand(v).on(at.records())); // forward, then reverse over it
    };
    const auto slope = [&](const Var& at) { return sum(grad(f)(at) * v); }; // reverse over reverse
    const auto right = hvp(f)(x, v);                                        // forward over reverse
    BOOST_TEST(apart_by(grad(along)(x), right) <= rounding);
    BOOST_TEST(apart_by(grad(slope)(x), right) <= rounding);
    // f″ of each entry, by hand: the Hessian is diagonal.
    Array<double> hand = x;
    for (std::size_t i = 0; i < 3; ++i) {
        const double t = x(i), s = std::sin(t * t), c = std::cos(t * t);
        hand(i) = v(i) * std::exp(t) * (s + 4 * t * c + 2 * c - 4 * t * t * s);
    }
    BOOST_TEST(apart_by(right, hand) <= rounding);
}

BOOST_AUTO_TEST_CASE(hessian_is_symmetric_and_gives_the_hvp) {
    const auto g = [](const Var& x) { return logsumexp(x * x) * sum(sin(x)); };
    const Array<double> x = vector({0.3, -1.1, 0.7, 1.9}), v = vector({1, -2, 0.5, 3});
    const Array<double> H = hessian(g)(x);
    BOOST_REQUIRE((H.shape() == Extents{4, 4}));
    BOOST_TEST(apart_by(H, Array<double>(xt::transpose(H))) <= rounding);
    Array<double> product = Array<double>::from_shape({4});
    for (std::size_t i = 0; i < 4; ++i) {
        product(i) = 0;
        for (std::size_t j = 0; j < 4; ++j)
            product(i) += H(i, j) * v(j);
    }
    BOOST_TEST(apart_by(hvp(g)(x, v), product) <= rounding);
    Array<double> off = product;
    off(2) *= 1.001; // the control
    BOOST_TEST(apart_by(hvp(g)(x, v), off) > rounding);
}

BOOST_AUTO_TEST_CASE(euler_on_homogeneous_functions) {
    // f(t x) = t³ f(x), hence ⟨x, ∇f⟩ = 3 f and H x = 2 ∇f.
    const auto f = [](const Var& x) { return sum(x) * sum(x * x) + norm(x) * square(sum(x)); };
    const Array<double> x = vector({0.3, -1.1, 0.7, 1.9, 0.2});
    const auto [value, dx] = value_and_grad(f)(x);
    BOOST_TEST(std::abs(xt::sum(x * dx)() - 3 * value()) <=
               static_cast<double>(rounding) * std::abs(3 * value()));
    BOOST_TEST(apart_by(hvp(f)(x, x), Array<double>(2 * dx)) <= rounding);
}

BOOST_AUTO_TEST_CASE(blocks_of_a_hessian) {
    const auto f = [](const Var& x, const Var& y) { return sum(x * x) * sum(y); };
    const auto blocks = hessian(f)(vector({1, 2}), vector({3, 4, 5}));
    BOOST_TEST(blocks[0][0] == (Array<double>{{24, 0}, {0, 24}}), boost::test_tools::per_element());
    BOOST_TEST(blocks[0][1] == (Array<double>{{2, 2, 2}, {4, 4, 4}}), boost::test_tools::per_element());
    BOOST_TEST(blocks[1][0] == (Array<double>{{2, 4}, {2, 4}, {2, 4}}), boost::test_tools::per_element());
    BOOST_TEST(blocks[1][1] == xt::zeros<double>({3, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(forward_and_reverse_are_adjoint) {
    const auto f = [](const Var& W, const Var& x) { return tanh(matmul(W, x)); };
    const Array<double> W{{1, 2, -1}, {0.5, -3, 2}}, U{{0.1, -1, 2}, {0.3, 0.7, -2}};
    const Array<double> x = vector({0.2, -0.1, 0.5}), u = vector({1, 2, -3}), v = vector({0.4, -1.3});
    const double forward = xt::sum(v * jvp(f)(W, x, U, u))();
    const auto [dW, dx] = vjp(f)(W, x, v);
    const double reverse = xt::sum(dW * U)() + xt::sum(dx * u)();
    BOOST_TEST(std::abs(forward - reverse) <= static_cast<double>(rounding) * std::abs(forward));
}

BOOST_AUTO_TEST_CASE(an_inner_derivative_holds_the_outer_variable_constant) {
    // d/dx [x · d/dy (x + y)] = 1, not 2: the x inside is a constant to the inner derivative, at y = x too.
    const auto f = [](const Var& x) { return sum(x * grad([&](const Var& y) { return sum(x + y); })(x)); };
    BOOST_TEST(grad(f)(vector({1}))(0) == 1);
}

BOOST_AUTO_TEST_CASE(one_flat_vector_of_a_whole_network) {
    // 3 inputs, 2 hidden, 1 output: the Hessian in all 11 parameters against differences of the gradient.
    const Array<double> X{{0.5, -1, 2, 0.1}, {1, 0.3, -0.7, 0.9}, {-0.2, 0.8, 0.4, -1.5}};
    const Array<double> Y{{0, 1, 1, 0}};
    const auto cost = [&](const Var& theta) {
        const Var W1 = reshape(slice(theta, 0, 0, 6), {2, 3}), b1 = reshape(slice(theta, 0, 6, 8), {2, 1}),
                  W2 = reshape(slice(theta, 0, 8, 10), {1, 2}), b2 = reshape(slice(theta, 0, 10, 11), {1, 1});
        const Var z = matmul(W2, tanh(matmul(W1, X) + b1)) + b2;
        return mean(softplus(z) - Y * z);
    };
    Array<long double> theta = Array<long double>::from_shape({11});
    for (std::size_t i = 0; i < 11; ++i)
        theta(i) = 0.3L * static_cast<long double>(i % 4) - 0.4L;
    const auto H = hessian(cost)(theta);
    const auto slope = grad(cost);
    Array<long double> differences = H;
    const long double h = 1e-5L; // error h² f‴/6 ~ 1e-11, rounding 1e-19 / h = 1e-14
    for (std::size_t j = 0; j < 11; ++j) {
        Array<long double> above = theta, below = theta;
        above(j) += h;
        below(j) -= h;
        const Array<long double> column = (slope(above) - slope(below)) / (2 * h);
        for (std::size_t i = 0; i < 11; ++i)
            differences(i, j) = column(i);
    }
    BOOST_TEST(apart_by(H, differences) <= 1e-9L);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said) {
    const auto not_one = [](const Var& x) { return x * 2; };
    const Array<double> x = vector({1, 2, 3});
    BOOST_TEST(check::says(check::complaint<GradientError>([&] { (void)grad(not_one)(x); }),
                           "multiply(x, 2) is (3), not one number"));
    const auto ignores = [](const Var& a, const Var&) { return sum(a); };
    BOOST_TEST(
        check::says(check::complaint<GradientError>([&] { (void)grad(ignores)(x, x); }), "no path from"));
    BOOST_TEST(check::says(check::complaint<ShapeError>([&] {
                               (void)hvp(cube_sum)(x, vector({1, 2}));
                           }),
                           "A tangent has the shape of its input"));
    Tape one, two;
    const Var a = one.input("a", {3}), b = two.input("b", {3});
    const auto product = [](const Var& p, const Var& q) { return sum(p * q); };
    BOOST_CHECK_THROW((void)grad(product)(a, b), VarError);
    const Array<double> hidden = vector({1, std::numeric_limits<double>::quiet_NaN(), 3});
    BOOST_TEST(std::isnan(grad(cube_sum)(hidden)(1)));
}
