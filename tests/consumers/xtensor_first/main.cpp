// A program that has always used xtensor, and includes xtape last.
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

#include <xtape/autodiff.hpp>

#include <type_traits>

int main() {
    xt::xarray<double> a{{1, 2}, {3, 4}};
    auto twice = xt::eval(a + a);
    static_assert(std::is_same_v<decltype(twice), xt::xarray<double>>);

    xtape::Tape tape;
    xtape::Var A = tape.variable("A", xt::view(twice, xt::all(), xt::range(0, 1)));
    xt::xarray<double> gradient = xtape::gradient(xtape::sum(A * A), A).value();
    return gradient(0, 0) == 4 && gradient(1, 0) == 12 ? 0 : 1;
}
