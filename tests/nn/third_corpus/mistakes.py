"""The mistakes: each says which line the person wrote otherwise. `make(s, l)` gives (array, expression, cause) or None where it cannot occur."""
from network import FACTOR, a, slope

KINDS = {}          # name → (where: "out" | "layer" | "hidden", make)
SHAPE = set()       # kinds whose array has the wrong shape: no equation can be compared
SQUARE = {"dA: W not transposed", "dW: own activation, square"}     # kinds that only square layers let pass
UPDATED = {"W: saved after the update"}                             # the saved W is not the one of the forward pass


def kind(where, name, array, expression, cause, when=lambda s, l: True, shape=False):
    def make(s, l):
        if not when(s, l):
            return None
        words = dict(l=l, m=l - 1, u=l + 1, a=a(l - 1), D=s.over_n, P=s.penalty(l), g=slope(s.hidden, l), E="" if s.deferred else " / n",
                     f=s.hidden, F=FACTOR[s.l2[1]] if s.l2 else "0", k=s.widths[l], j=s.widths[l - 1])
        return array.format(**words), expression.format(**words), cause
    KINDS[name] = (where, make)
    if shape:
        SHAPE.add(name)


def matched(s, l): return s.matched
def bce(s, l): return s.loss == "binary-cross-entropy"
def cce(s, l): return s.output == "softmax"
def mse_sigmoid(s, l): return s.output == "sigmoid" and s.loss == "squared-error"
def deferred(s, l): return s.deferred
def exact(s, l): return not s.deferred
def l2(s, l): return bool(s.l2)
def no_l2(s, l): return not s.l2
def g(*names): return lambda s, l: s.hidden in names


# The output layer
kind("out", "out: sign flipped", "dZ{l}", "(Y - A{l}){E}", "A and Y the wrong way round", matched)
kind("out", "out: 1/n twice", "dZ{l}", "(A{l} - Y) / n", "1/n in dZ as well as in dW and db", lambda s, l: s.matched and s.deferred)
kind("out", "out: no 1/n", "dZ{l}", "A{l} - Y", "the mean over the examples is forgotten: gradient of the sum", lambda s, l: s.matched and not s.deferred)
kind("out", "out: derivative of the sigmoid too much", "dZ{l}", "(A{l} - Y){E} * A{l} * (1 - A{l})", "A(1-A) multiplied although it cancels with the cross-entropy", bce)
kind("out", "out: softmax elementwise", "dZ{l}", "(A{l} - Y){E} * A{l} * (1 - A{l})", "softmax's derivative taken as A(1-A) and multiplied once more", cce)
kind("out", "out: softmax diagonal only", "dZ{l}", "-Y * (1 - A{l}){E}", "only the diagonal of softmax's Jacobian: -Y/A times A(1-A)", cce)
kind("out", "out: dA for dZ, binary", "dZ{l}", "(A{l} - Y) / (A{l} * (1 - A{l})){E}", "derivative of the loss by A taken as dZ, sigmoid' forgotten", bce)
kind("out", "out: dA for dZ, softmax", "dZ{l}", "-Y / A{l}{E}", "derivative of the loss by A taken as dZ, softmax forgotten", cce)
kind("out", "out: second term of the loss forgotten", "dZ{l}", "-Y * (1 - A{l}){E}", "only -Y/A of the binary cross-entropy differentiated", bce)
kind("out", "out: second term's sign", "dZ{l}", "(-Y / A{l} - (1 - Y) / (1 - A{l})) * A{l} * (1 - A{l}){E}", "sign of (1-Y)/(1-A) wrong", bce)
kind("out", "out: sigmoid' forgotten", "dZ{l}", "dA{l}", "squared error on a sigmoid without A(1-A)", mse_sigmoid)
kind("out", "out: sigmoid' of A", "dZ{l}", "dA{l} * sigmoid(A{l}) * (1 - sigmoid(A{l}))", "sigmoid' applied to A, which is already the sigmoid", mse_sigmoid)
kind("out", "out: factor 2", "dZ{l}", "2 * (A{l} - Y){E}", "derivative of (A-Y)² without the loss's ½", matched)
kind("out", "out: half", "dZ{l}", "0.5 * (A{l} - Y){E}", "the loss's ½ kept, the 2 of the square not", matched)
kind("out", "out: Z for A", "dZ{l}", "(Z{l} - Y){E}", "Y subtracted from the logits, not from the activation", lambda s, l: s.matched and s.output != "identity")
kind("out", "out: predicted class", "dZ{l}", "((A{l} > 0.5) - Y){E}", "prediction rounded to a class before Y is subtracted", lambda s, l: s.matched and s.output != "identity")
kind("out", "out: absolute error", "dZ{l}", "np.abs(A{l} - Y){E}", "absolute value of the error", matched)
kind("out", "out: loss for derivative", "dZ{l}", "0.5 * (A{l} - Y)**2{E}", "the loss itself, not its derivative", lambda s, l: s.output == "identity")
kind("out", "out: mean over outputs as well", "dZ{l}", "(A{l} - Y){E} / {k}", "np.mean over all entries: divided by the number of outputs too", lambda s, l: s.matched and s.widths[l] > 1)
kind("out", "out: labels off by one", "dZ{l}", "(A{l} - np.roll(Y, 1, axis=0)){E}", "classes counted from 1 in one place and from 0 in the other", cce)
kind("out", "out: plus", "dZ{l}", "(A{l} + Y){E}", "sum instead of difference", matched)
kind("out", "out: Y forgotten", "dZ{l}", "A{l}{E}", "1 at the right class not subtracted", cce)
kind("out", "out: Y times", "dZ{l}", "Y * (A{l} - Y){E}", "only the right class's entry kept", cce)

# dW
dW = "dZ{l} @ {a}.T"
kind("layer", "dW: no 1/n", "dW{l}", dW + "{P}", "1/n forgotten in dW", deferred)
kind("layer", "dW: 1/n twice", "dW{l}", dW + " / n{P}", "divided by n once more", exact)
kind("layer", "dW: number of nodes for n", "dW{l}", dW + " / {j}{P}", "divided by the wrong axis' length (nodes for examples)", deferred)
kind("layer", "dW: n - 1", "dW{l}", dW + " / (n - 1){P}", "divided by n-1", deferred)
kind("layer", "dW: factor 2", "dW{l}", "2 * (" + dW + ") / n{P}", "factor 2 (as planted in Coursera's gradient checking)", deferred)
kind("layer", "dW: penalty forgotten", "dW{l}", dW + "{D}", "L2 term forgotten", l2)
kind("layer", "dW: penalty twice", "dW{l}", dW + "{D} + 2 * {F} * W{l}", "L2 term with another convention's factor 2", l2)
kind("layer", "dW: penalty half", "dW{l}", dW + "{D} + 0.5 * {F} * W{l}", "L2 term with ½ although the square's 2 cancels it", l2)
kind("layer", "dW: penalty over n", "dW{l}", dW + "{D} + {F} * W{l} / n", "L2 term divided by n, which this cost does not", l2)
kind("layer", "dW: penalty's sign", "dW{l}", dW + "{D} - {F} * W{l}", "L2 term subtracted", l2)
kind("layer", "dW: penalty itself", "dW{l}", dW + "{D} + 0.5 * {F} * W{l}**2", "the penalty's W² instead of its derivative", l2)
kind("layer", "dW: penalty summed", "dW{l}", dW + "{D} + {F} * np.sum(W{l})", "a number added to each entry instead of W", l2)
kind("layer", "dW: penalty of |W|", "dW{l}", dW + "{D} + {F} * np.sign(W{l})", "L1's derivative for L2's", l2)
kind("layer", "dW: penalty of the gradient", "dW{l}", "(" + dW + "{D}) * (1 + {F})", "λ times dW instead of λ times W", l2)
kind("layer", "dW: penalty without being asked", "dW{l}", dW + "{D} + 0.1 * W{l}", "an L2 term although the cost has none", no_l2)
kind("layer", "dW: weights' penalty over n missing", "dW{l}", dW + " / n + lam * W{l}", "λ not divided by n", lambda s, l: s.l2 and s.deferred and s.l2[1] == "half-lambda-over-n")
kind("layer", "dW: Z for A", "dW{l}", "dZ{l} @ Z{m}.T{D}{P}", "previous Z instead of its activation", lambda s, l: l > 1)
kind("layer", "dW: slope of A for A", "dW{l}", "dZ{l} @ (1 - A{m}**2).T{D}{P}", "previous layer's derivative instead of its activation", lambda s, l: l > 1 and s.hidden == "tanh")
kind("layer", "dW: dA for dZ", "dW{l}", "dA{l} @ {a}.T{D}{P}", "dA used, so g' is missing in this product only", lambda s, l: l < s.L)
kind("layer", "dW: sign", "dW{l}", "-(" + dW + "){D}{P}", "minus sign (descent direction instead of gradient)")
kind("layer", "dW: transposed", "dW{l}", "({a} @ dZ{l}.T){D}", "the product the other way round: transposed", no_l2, shape=True)
kind("layer", "dW: last example only", "dW{l}", "dZ{l}[:, -1:] @ {a}[:, -1:].T{D}{P}", "loop over the examples with = instead of +=")
kind("layer", "dW: last example left out", "dW{l}", "dZ{l}[:, :-1] @ {a}[:, :-1].T{D}{P}", "loop over range(n-1)")
kind("layer", "dW: learning rate inside", "dW{l}", "0.05 * (" + dW + "{D}{P})", "step (learning rate times gradient) saved as gradient")
kind("layer", "dW: normalised", "dW{l}", "(" + dW + ") / np.linalg.norm(" + dW + ")", "gradient divided by its norm", no_l2)
kind("layer", "dW: error only averaged", "dW{l}", "mean_n(dZ{l}) @ mean_n({a}).T", "product of the means instead of the mean of the products", lambda s, l: s.deferred and not s.l2)
kind("layer", "dW: squared error signal", "dW{l}", "(dZ{l}**2) @ {a}.T{D}{P}", "dZ squared")
kind("layer", "dW: clipped", "dW{l}", "np.clip(" + dW + "{D}{P}, -0.02, 0.02)", "gradient clipped before it was saved")
kind("layer", "dW: times W", "dW{l}", "(" + dW + "{D}) * W{l}{P}", "multiplied elementwise by W")
kind("layer", "dW: own activation in place of input", "dW{l}", "dZ{l} @ A{l}.T{D}", "current layer's activation instead of the previous one's", lambda s, l: s.widths[l] != s.widths[l - 1] and not s.l2, shape=True)
kind("layer", "dW: own activation, square", "dW{l}", "dZ{l} @ A{l}.T{D}{P}", "current layer's activation instead of the previous one's", lambda s, l: s.widths[l] == s.widths[l - 1])

# db
db = "sum_n(dZ{l})"
kind("layer", "db: no 1/n", "db{l}", db, "sum instead of mean", deferred)
kind("layer", "db: 1/n twice", "db{l}", db + " / n", "mean of what is already divided by n", exact)
kind("layer", "db: factor 4", "db{l}", "4 * sum_n(dZ{l}){D}", "factor 4 (as planted in Coursera's gradient checking)")
kind("layer", "db: wrong axis", "db{l}", "sum_k(dZ{l}){D}", "summed over the nodes instead of the examples", lambda s, l: s.widths[l] > 1, shape=True)
kind("layer", "db: not summed", "db{l}", "dZ{l}{D}", "sum over the examples forgotten", shape=True)
kind("layer", "db: all summed", "db{l}", "np.sum(dZ{l}) * np.ones((dZ{l}.shape[0], 1)){D}", "np.sum without an axis, broadcast", lambda s, l: s.widths[l] > 1)
kind("layer", "db: divided by nodes", "db{l}", "sum_n(dZ{l}) / {k}", "divided by shape[0] instead of shape[1]", deferred)
kind("layer", "db: times activation", "db{l}", "sum_n(dZ{l} * A{l}){D}", "multiplied by the activation as if b had an input")
kind("layer", "db: dA for dZ", "db{l}", "sum_n(dA{l}){D}", "g' missing in db only", lambda s, l: l < s.L)
kind("layer", "db: sign", "db{l}", "-sum_n(dZ{l}){D}", "minus sign")
kind("layer", "db: never computed", "db{l}", "np.zeros_like(b{l})", "db left at its initial zeros")
kind("layer", "db: last example only", "db{l}", "dZ{l}[:, -1:]{D}", "loop with = instead of +=")
kind("layer", "db: first example only", "db{l}", "dZ{l}[:, :1]{D}", "first column taken instead of the sum")
kind("layer", "db: times b", "db{l}", "sum_n(dZ{l}) * b{l}{D}", "multiplied by b, as if b were a factor")
kind("layer", "db: penalty on the bias", "db{l}", "sum_n(dZ{l}){D} + {F} * b{l}", "L2 term on the bias, which the cost does not regularise", l2)
kind("layer", "db: squared", "db{l}", "sum_n(dZ{l}**2){D}", "dZ squared")

# dA of a hidden layer
kind("hidden", "dA: dW for W", "dA{l}", "dW{u}.T @ dZ{u}", "dW used where W belongs")
kind("hidden", "dA: W already updated", "dA{l}", "(W{u} - 0.5 * dW{u}).T @ dZ{u}", "W updated (rate 0.5) before it was used for dA")
kind("hidden", "dA: W left out", "dA{l}", "np.ones_like(W{u}).T @ dZ{u}", "error summed over the nodes without its weights")
kind("hidden", "dA: sign", "dA{l}", "-W{u}.T @ dZ{u}", "minus sign")
kind("hidden", "dA: 1/n inside", "dA{l}", "W{u}.T @ dZ{u} / n", "extra 1/n on the way back")
kind("hidden", "dA: error, not delta", "dA{l}", "W{u}.T @ dA{u}", "error dA propagated instead of dZ: the upper g' is missing", lambda s, l: (l + 1 < s.L or not s.matched) and s.saved in ("all",))
kind("hidden", "dA: weights as shares", "dA{l}", "(W{u} / np.sum(W{u}, axis=1, keepdims=True)).T @ dZ{u}", "error distributed in proportion to the weights")
kind("hidden", "dA: bias added", "dA{l}", "W{u}.T @ dZ{u} + b{l}", "bias added as in the forward pass")
kind("hidden", "dA: W squared", "dA{l}", "(W{u}**2).T @ dZ{u}", "weights squared")
kind("hidden", "dA: W not transposed", "dA{l}", "W{u} @ dZ{u}", "W not transposed", lambda s, l: s.widths[l] == s.widths[l + 1])
kind("hidden", "dA: raw output error", "dA{l}", "W{u}.T @ (Y - A{u})", "propagates Y - A although dZ is A - Y", lambda s, l: l + 1 == s.L and s.matched and s.deferred)

# dZ of a hidden layer
dA = "dA{l}"
kind("hidden", "dZ: g' forgotten", "dZ{l}", dA, "g' forgotten")
kind("hidden", "dZ: g for g'", "dZ{l}", dA + " * A{l}", "the activation itself instead of its derivative")
kind("hidden", "dZ: times Z", "dZ{l}", dA + " * Z{l}", "multiplied by Z instead of g'(Z)")
kind("hidden", "dZ: 1/n inside", "dZ{l}", dA + " * {g} / n", "extra 1/n in hidden dZ")
kind("hidden", "dZ: sign", "dZ{l}", "-(" + dA + " * {g})", "minus sign")
kind("hidden", "dZ: g' twice", "dZ{l}", dA + " * {g} * {g}", "derivative multiplied twice", g("tanh", "sigmoid", "softplus"))
kind("hidden", "dZ: added", "dZ{l}", dA + " + {g}", "g' added instead of multiplied")
kind("hidden", "dZ: averaged g'", "dZ{l}", dA + " * mean_n({g})", "derivative averaged over the examples")
kind("hidden", "dZ: divided by g'", "dZ{l}", dA + " / ({g})", "divided by g' instead of multiplied", g("tanh", "sigmoid", "softplus"))
kind("hidden", "dZ: matrix product with 1 - A.T A", "dZ{l}", dA + " @ (1 - A{l}.T @ A{l})", "matrix products instead of elementwise ones (deeplearning.ai forum)", g("tanh"))
kind("hidden", "dZ: tanh' of A", "dZ{l}", dA + " * (1 - tanh(A{l})**2)", "tanh' applied to A, which is already the tanh", g("tanh"))
kind("hidden", "dZ: 1 - Z²", "dZ{l}", dA + " * (1 - Z{l}**2)", "Z where A belongs in 1 - A²", g("tanh"))
kind("hidden", "dZ: 1 - A", "dZ{l}", dA + " * (1 - A{l})", "square forgotten in 1 - A²", g("tanh"))
kind("hidden", "dZ: 1 + A²", "dZ{l}", dA + " * (1 + A{l}**2)", "sign in 1 - A²", g("tanh"))
kind("hidden", "dZ: A² - 1", "dZ{l}", dA + " * (A{l}**2 - 1)", "1 - A² the wrong way round", g("tanh"))
kind("hidden", "dZ: 1 - 2A", "dZ{l}", dA + " * (1 - 2 * A{l})", "A² written as 2A", g("tanh"))
kind("hidden", "dZ: 1 - A³", "dZ{l}", dA + " * (1 - A{l}**3)", "wrong power", g("tanh"))
kind("hidden", "dZ: sigmoid' for tanh'", "dZ{l}", dA + " * A{l} * (1 - A{l})", "derivative of the sigmoid although the layer is tanh", g("tanh"))
kind("hidden", "dZ: sigmoid'(Z) for tanh'", "dZ{l}", dA + " * sigmoid(Z{l}) * (1 - sigmoid(Z{l}))", "derivative of the sigmoid at Z although the layer is tanh", g("tanh"))
kind("hidden", "dZ: relu' for another", "dZ{l}", dA + " * (Z{l} > 0)", "derivative of relu although the layer is smooth", g("tanh", "sigmoid", "softplus"))
kind("hidden", "dZ: tanh' for sigmoid'", "dZ{l}", dA + " * (1 - A{l}**2)", "derivative of tanh although the layer is a sigmoid", g("sigmoid"))
kind("hidden", "dZ: sigmoid' of A", "dZ{l}", dA + " * sigmoid(A{l}) * (1 - sigmoid(A{l}))", "sigmoid' applied to A, which is already the sigmoid", g("sigmoid"))
kind("hidden", "dZ: Z (1 - Z)", "dZ{l}", dA + " * Z{l} * (1 - Z{l})", "Z where A belongs in A(1-A)", g("sigmoid"))
kind("hidden", "dZ: 1 - A, sigmoid", "dZ{l}", dA + " * (1 - A{l})", "factor A of A(1-A) forgotten", g("sigmoid"))
kind("hidden", "dZ: A (1 + A)", "dZ{l}", dA + " * A{l} * (1 + A{l})", "sign in A(1-A)", g("sigmoid"))
kind("hidden", "dZ: A (A - 1)", "dZ{l}", dA + " * A{l} * (A{l} - 1)", "1-A the wrong way round", g("sigmoid"))
kind("hidden", "dZ: quotient rule's square forgotten", "dZ{l}", dA + " * exp(-Z{l}) / (1 + exp(-Z{l}))", "square of the denominator forgotten in sigmoid'", g("sigmoid"))
kind("hidden", "dZ: relu for relu'", "dZ{l}", dA + " * np.maximum(Z{l}, 0)", "relu itself instead of its step", g("relu"))
kind("hidden", "dZ: mask inverted", "dZ{l}", dA + " * (Z{l} < 0)", "mask keeps where Z is negative", g("relu"))
kind("hidden", "dZ: mask of the gradient", "dZ{l}", dA + " * (dA{l} > 0)", "relu applied to the gradient instead of masking by Z", g("relu"))
kind("hidden", "dZ: mask by both", "dZ{l}", dA + " * (Z{l} > 0) * (dA{l} > 0)", "masked by Z and by the sign of the gradient (guided backprop)", g("relu"))
kind("hidden", "dZ: sign of Z", "dZ{l}", dA + " * np.sign(Z{l})", "sign instead of step", g("relu"))
kind("hidden", "dZ: leaky slope", "dZ{l}", dA + " * np.where(Z{l} > 0, 1, 0.01)", "leaky relu's derivative although the layer is relu", g("relu"))
kind("hidden", "dZ: mask Z > 1", "dZ{l}", dA + " * (Z{l} > 1)", "threshold 1 instead of 0", g("relu"))
kind("hidden", "dZ: softplus' = exp Z", "dZ{l}", dA + " * exp(Z{l})", "inner derivative only of log(1 + e^Z)", g("softplus"))
kind("hidden", "dZ: softplus' mirrored", "dZ{l}", dA + " * sigmoid(-Z{l})", "1/(1+e^Z): sign in the exponent", g("softplus"))
kind("hidden", "dZ: softplus' = 1/(1+e^Z)... at A", "dZ{l}", dA + " * sigmoid(A{l})", "sigmoid taken of A instead of Z", g("softplus"))
kind("hidden", "dZ: softplus' differentiated again", "dZ{l}", dA + " * sigmoid(Z{l}) * (1 - sigmoid(Z{l}))", "derivative of the derivative", g("softplus"))
kind("hidden", "dZ: bias left out of Z", "dZ{l}", dA + " * (1 - tanh(Z{l} - b{l})**2)", "g' taken at W X without the bias", g("tanh"))

# The forward pass
kind("layer", "Z: bias forgotten", "Z{l}", "W{l} @ {a}", "forward: bias forgotten")
kind("layer", "Z: bias subtracted", "Z{l}", "W{l} @ {a} - b{l}", "forward: bias with a minus sign")
kind("hidden", "Z: activation skipped", "Z{u}", "W{u} @ Z{l} + b{u}", "forward: previous Z used instead of its activation")
kind("hidden", "A: activation at half Z", "A{l}", "{f}(Z{l} / 2)", "forward: activation taken at Z/2", g("tanh", "sigmoid"))
kind("hidden", "A: another activation", "A{l}", "sigmoid(Z{l})", "forward: sigmoid computed although the layer is called otherwise", g("tanh", "relu"))
kind("out", "A: softmax over the examples", "A{l}", "softmax(Z{l}, axis=1)", "forward: softmax normalised over the wrong axis", cce)
kind("out", "A: softmax not normalised", "A{l}", "exp(Z{l})", "forward: exp without dividing by the sum", cce)
kind("out", "A: sigmoid for softmax", "A{l}", "sigmoid(Z{l})", "forward: sigmoid on each output instead of softmax", cce)
kind("layer", "Z: inputs standardised inside", "Z{l}", "W{l} @ ((X - mean_n(X)) / X.std(axis=1, keepdims=True)) + b{l}", "forward: X standardised in the pass, raw X saved", lambda s, l: l == 1)
kind("layer", "W: saved after the update", "W{l}_saved", "W{l} - 0.3 * dW{l}", "W was updated before it was saved: Z and the gradients are of the old one")
