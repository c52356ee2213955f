#include <xtape/autodiff.hpp>
using namespace xtape;

const Op mish_op =
    elementwise("mylib::mish")
        .forward([](auto x) { return x * tanh(softplus(x)); }) // no vjp: this line is differentiated
        .notation("mish({0})", R"(\operatorname{mish}({0}))")
        .sampled_on(-30, 30);
Var mish(Var x) { return record(mish_op, {x}); }

int main() {
    Report report = check_op(mish_op);
    fmt::print("{}\n", report);
    return report.exit_status();
}
