#include <xtape/autodiff.hpp>
using namespace xtape;

int main() {
    const xt::xarray<double> x{1.0, 2.0, 3.0}, u{1.0, 0.0, -1.0};
    const auto f = [](const Var& v) { return logsumexp(v * v); };
    const auto [value, slope] = value_and_grad(f)(x);
    fmt::print("f = {}, ∇f = {}\n", value, slope);
    fmt::print("H u = {}\n", hvp(f)(x, u)); // forward over reverse, without H
    fmt::print("∇(∇f · u) = {}\n",
               grad([&](const Var& v) { return jvp(f)(v, Operand(u).on(v.records())); })(x));

    // A loop is one record, however long, and can be differentiated.
    const auto population = [](const Var& rate) {
        const auto step = [&](const std::vector<Var>& p, const std::vector<Var>&) {
            return ScanStep{{p[0] + rate * p[0] * (1 - p[0])}, {}};
        };
        return scan(step, {0.1 + 0 * rate}, Dim(1000)).carry[0];
    };
    fmt::print("d/dr = {}\n", grad(population)(xt::xarray<double>(0.003)));
}
