#pragma once

/// A network of dense layers as a plain composition of Vars.

#include <xtape/autodiff/check/verify.hpp>
#include <xtape/autodiff/tape.hpp>
#include <xtape/nn/activations.hpp>
#include <xtape/nn/initialisers.hpp>
#include <xtape/nn/losses.hpp>
#include <xtape/nn/parameters.hpp>

#include <functional>
#include <string>
#include <vector>

namespace xtape::nn {

/// Z = W x + b: W is (n_l × n_{l−1}), x is (n_{l−1} × n), b is (n_l × 1) and broadcast over the examples.
/// Throws ShapeError.
Var dense(const Var& x, const Var& W, const Var& b);

/// The first values of a weight matrix: xavier, he or glorot_uniform of <xtape/nn/initialisers.hpp>, or your
/// own.
using Initialiser = std::function<Array<double>(std::size_t rows, std::size_t cols, Random& random)>;

/// W1, b1, W2, b2, … for layers of n_0, n_1, …, n_L nodes, n_0 of them inputs: {30, 16, 1} has one hidden
/// layer, {30, 1} is logistic regression. Weights are drawn in this order, biases are 0. Throws ArgumentError
/// for fewer than two numbers or a layer of no nodes, ShapeError where the initialiser gives another shape.
Parameters initialise(const std::vector<std::size_t>& layers, Random& random,
                      const Initialiser& initialiser = xavier);

struct NetworkOptions {
    Activation hidden = "tanh";         ///< of every layer but the last
    Activation output = "sigmoid";      ///< of the last
    Loss loss = "binary_cross_entropy"; ///< of A_L and Y, or
    bool from_logits = false;           ///< of Z_L and Y: the loss of that name `_from_logits`, or your own
    double lambda = 0;                  ///< L2 regularisation of the weights, not the biases
    L2 convention = L2::half_lambda_over_n; ///< what λ stands for
};

/// What is recorded. The vectors are indexed as the textbook does, so that Z[1] is Z1: element 0 is X in A
/// and empty in the others.
struct Network {
    Var X, Y; ///< inputs, (n_0 × n) and (n_L × n); n is that of the arrays that are bound
    std::vector<Var> W,
        b; ///< (n_l × n_{l−1}) and (n_l × 1): variables, shared with the Parameters, or cut out
    std::vector<Var> Z, A; ///< (n_l × n)
    Var loss;              ///< (1 × n)
    Var cost;              ///< J: the mean of the loss over the examples, and L2: one number

    /// W1, b1, W2, b2, …
    [[nodiscard]] std::vector<Var> parameters() const;

    /// A_L
    [[nodiscard]] const Var& prediction() const { return A.back(); }
};

/// Records the network whose weights and biases are W1, b1, W2, b2, … of `parameters` (others there are
/// ignored), naming everything as the textbook does: X, Y, W1, b1, Z1, A1, …, J. The number of examples stays
/// open: one network serves the training part, the held-out part and a last short batch.
///
/// Throws NameError where a W or b is missing, or one of these names is taken on the tape; ShapeError where
/// shapes do not fit; ArgumentError where a loss from logits does not contain the output's activation. The
/// tape is then as it was.
Network network(Tape& tape, const Parameters& parameters, const NetworkOptions& options = {});

/// The same as a function of one vector: W1, b1, W2, b2, … are cut out of `flat`, a Var on the tape that is
/// laid out as parameters.flat() is, and those that are frozen are constants of the values that they have
/// now. Every derivative of the cost in the whole parameter set is then one in `flat`, and an optimiser of
/// your own moves one array:
///
///     Var theta = tape.variable("theta", parameters.flat());
///     Network net = network(tape, theta, parameters);
///     Var dJ = gradient(net.cost, theta), H = hessian(net.cost, theta); // (count()), (count() × count())
///     Evaluation<double> at{{net.X, X}, {net.Y, Y}};
///     while (…) {
///         tape.assign(theta, flat); // BindingError for another length
///         yours.step(flat, at.item(net.cost), at.value(dJ));
///     }
///     parameters.assign_flat(flat);
///
/// Throws ShapeError unless `flat` is (count()), VarError where it is on another tape, and as above.
Network network(Tape& tape, const Var& flat, const Parameters& parameters,
                const NetworkOptions& options = {});

/// How arrays hold the examples: X (n_0 × n), W (n_l × n_{l−1}), Z = W X + b as in this textbook; or X (n ×
/// n_0), W (n_{l−1} × n_l), Z = X W + b.
enum class Examples { columns, rows };

/// The network that a person's arrays describe, to be verified: its layers are W1, b1, W2, b2, … of `arrays`,
/// beside X and Y, in double whatever they are. It is recorded as the arrays are: with examples in rows Z, A,
/// X, Y and loss of the result are transposed as well. A bias may be (k). Y may be called y and be (n):
/// integers are the classes of a network with several outputs, other labels those of one with a single
/// output.
///
///     NamedArrays mine = nn::load_npz("mine.npz");
///     Report report = verify(nn::network(tape, mine, {.hidden = "tanh"}).cost, mine);
///
/// Throws NameError where an array is missing, suggesting the nearest; ShapeError where shapes contradict
/// each other or there is no example, KindError where labels are no integers; ArgumentError where they are
/// not 0 to n_L − 1, or for a cross-entropy not in [0, 1], and as above. The tape is then as it was.
Network network(Tape& tape, const NamedArrays& arrays, const NetworkOptions& options = {},
                Examples examples = Examples::columns);

/// What the network says about examples X (n_0 × n): A_L (n_L × n). Throws BindingError for another n_0.
[[nodiscard]] Array<double> predict(const Network& network, const Array<double>& X);

} // namespace xtape::nn
