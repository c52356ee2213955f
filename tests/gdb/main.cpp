// Stops where gdb is to look at its variables.
#include <xtape/autodiff.hpp>

void look(const xtape::Tape&, const xtape::Var&) {}

int main() {
    using namespace xtape;
    const xt::xarray<double> values{{1, 2, 3}, {4, 5, 6}};
    Tape tape;
    Var X = tape.input("X", {Dim("n0", 3), Dim("n")});
    Var W = tape.variable("W", values, {"", "n0"});
    Var Z = named("Z", matmul(W, X)), A = tanh(Z) * 2;
    Var gone, none;
    {
        const auto mark = tape.mark();
        gone = exp(A);
        tape.rewind(mark);
    }
    look(tape, W);
}
