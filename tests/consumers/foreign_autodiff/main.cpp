// Two libraries that have a header autodiff.hpp, a Var and a gradient, in one file.
#include <autodiff/autodiff.hpp>
#include <xtape/autodiff.hpp>

int main() {
    const double theirs = autodiff::gradient(autodiff::sin({3}), {1});

    xtape::Tape tape;
    xtape::Var x = tape.variable("x", xt::xarray<double>{0.0});
    xt::xarray<double> ours = xtape::gradient(sum(sin(x)), x).value();
    return theirs == 2 && ours(0) == 1 ? 0 : 1;
}
