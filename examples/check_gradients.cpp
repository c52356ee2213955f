#include <xtape/autodiff.hpp>

#define BOOST_TEST_MODULE gradients
#include <boost/test/included/unit_test.hpp>
using namespace xtape;

BOOST_AUTO_TEST_CASE(gradient_of_a_layer) {
    xt::xarray<double> w{{0.3, -0.7, 1.1}, {-0.2, 0.9, 0.4}}, x{{0.5, -1.5}, {1.25, 0.75}, {-0.25, 2}};
    auto layer = [](Var W, Var X) { return tanh(matmul(W, X)); };
    BOOST_TEST(check_gradients(layer, {{"W", w}, {"X", x}}));
}
