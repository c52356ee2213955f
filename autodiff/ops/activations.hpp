#pragma once

#include <xtape/autodiff/op.hpp>

namespace xtape {

/// 1 / (1 + exp(−x)); nothing overflows.
Var sigmoid(const Var& x);
/// log(sigmoid(x)) as −softplus(−x), right where sigmoid(x) itself is 0.
Var log_sigmoid(const Var& x);
/// log(1 + exp(x)); nothing overflows.
Var softplus(const Var& x);
/// max(x, 0). Its derivative at 0 is 0, at NaN it is NaN, as is leaky_relu's and elu's.
Var relu(const Var& x);
/// x where it is positive, else slope · x. Its derivative at 0 is `slope`.
Var leaky_relu(const Var& x, long double slope = 0.01L);
/// x where it is positive, else alpha · (exp(x) − 1) (Clevert, Unterthiner, Hochreiter 2016). Its derivative
/// at 0 is `alpha`.
Var elu(const Var& x, long double alpha = 1);
/// x Φ(x) with the normal distribution's Φ exactly, not by tanh (Hendrycks, Gimpel 2016).
Var gelu(const Var& x);
/// x · sigmoid(x), also called swish (Elfwing, Uchibe, Doya 2018).
Var silu(const Var& x);
/// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
Var erf(const Var& x);
/// 1 − erf(x), accurate where erf(x) is near 1.
Var erfc(const Var& x);

[[nodiscard]] std::span<const Op> activation_ops();

} // namespace xtape
