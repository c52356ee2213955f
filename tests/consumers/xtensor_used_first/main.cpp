// An xtensor temporary before xtape is included: its type is chosen already, and on g++ 12 it is the wrong
// one.
#include <xtensor/xarray.hpp>
#include <xtensor/xmath.hpp>

double too_early(const xt::xarray<double>& a) {
    return xt::eval(a + a)(0);
}

#include <xtape/autodiff.hpp>

int main() {}
