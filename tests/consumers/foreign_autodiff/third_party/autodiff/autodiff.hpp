#pragma once

// Stands for the library that is called autodiff: its header, its namespace and names of its that are also
// ours.
namespace autodiff {

struct Var {
    double value;
};

inline Var sin(Var x) {
    return {x.value};
}
inline double gradient(Var y, Var x) {
    return y.value - x.value;
}

} // namespace autodiff
