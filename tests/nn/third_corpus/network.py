"""A person's program: the lines of a forward and a backward pass, each `name = numpy expression`, with examples in columns."""
import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis=0):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


WORDS = {
    "np": np, "sigmoid": sigmoid, "softmax": softmax, "tanh": np.tanh, "exp": np.exp, "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0), "softplus": lambda z: np.logaddexp(0, z),
    "sum_n": lambda m: m.sum(axis=1, keepdims=True),    # over the examples
    "sum_k": lambda m: m.sum(axis=0, keepdims=True),    # over the nodes
    "mean_n": lambda m: m.mean(axis=1, keepdims=True),
}
SLOPE = {"tanh": "(1 - A{l}**2)", "sigmoid": "A{l} * (1 - A{l})", "relu": "(Z{l} > 0)", "softplus": "sigmoid(Z{l})", "identity": "1"}
FACTOR = {"half-lambda": "lam", "half-lambda-over-n": "lam / n", "lambda": "2 * lam"}


def slope(activation, l):
    return SLOPE[activation].format(l=l)


def a(l):
    return f"A{l}" if l else "X"


class Setting:
    """What is asked: widths (n0, n1, …), the functions, n examples, and the person's habits."""
    def __init__(self, widths, n, hidden="tanh", output="sigmoid", loss="binary-cross-entropy", deferred=True, l2=None,
                 rows=False, saved="all", labels=False):
        self.widths, self.n, self.hidden, self.output, self.loss = widths, n, hidden, output, loss
        self.deferred, self.l2, self.rows, self.saved, self.labels = deferred, l2, rows, saved, labels
        self.L = len(widths) - 1
        self.over_n = " / n" if deferred else ""
        self.matched = (output, loss) in [("sigmoid", "binary-cross-entropy"), ("softmax", "categorical-cross-entropy"),
                                          ("identity", "squared-error")]

    def penalty(self, l):
        return f" + {FACTOR[self.l2[1]]} * W{l}" if self.l2 else ""

    def options(self):
        said = ["--hidden", self.hidden, "--output", self.output, "--loss", self.loss]
        if self.l2:
            said += ["--l2", f"{self.l2[0]}:{self.l2[1]}"]
        return said + (["--examples", "rows"] if self.rows else [])

    def lines(self):
        """The right program."""
        p, L = {}, self.L
        for l in range(1, L + 1):
            p[f"Z{l}"] = f"W{l} @ {a(l - 1)} + b{l}"
            p[f"A{l}"] = f"{self.hidden if l < L else self.output}(Z{l})"
        early = "" if self.deferred else " / n"
        if self.matched:
            p[f"dZ{L}"] = f"(A{L} - Y){early}"
        elif self.loss == "squared-error":
            p[f"dA{L}"] = f"(A{L} - Y){early}"
            p[f"dZ{L}"] = f"dA{L} * {slope(self.output, L)}"
        for l in range(L, 0, -1):
            p[f"dW{l}"] = f"dZ{l} @ {a(l - 1)}.T{self.over_n}{self.penalty(l)}"
            p[f"db{l}"] = f"sum_n(dZ{l}){self.over_n}"
            if l > 1:
                p[f"dA{l - 1}"] = f"W{l}.T @ dZ{l}"
                p[f"dZ{l - 1}"] = f"dA{l - 1} * {slope(self.hidden, l - 1)}"
        return p

    def data(self, seed):
        r, d = np.random.default_rng(seed), {"n": self.n, "lam": self.l2[0] if self.l2 else 0.0}
        d["X"] = r.normal(size=(self.widths[0], self.n)) * r.uniform(0.6, 1.4, size=(self.widths[0], 1))
        for l in range(1, self.L + 1):
            d[f"W{l}"] = r.normal(scale=0.5, size=(self.widths[l], self.widths[l - 1]))
            d[f"b{l}"] = r.normal(scale=0.3, size=(self.widths[l], 1))
        k = self.widths[-1]
        if self.loss == "binary-cross-entropy" or self.output == "sigmoid":
            d["Y"] = (r.random((k, self.n)) < 0.45).astype(float)
        elif self.output == "softmax":
            d["Y"] = np.eye(k)[:, r.integers(k, size=self.n)]
        else:
            d["Y"] = r.normal(size=(k, self.n))
        return d


def run(lines, data):
    """Every array of the program, in the order in which the person computes them."""
    names = dict(data)
    for name, expression in lines.items():
        names[name] = eval(expression, WORDS, names)
    return names


def cost(s, data):
    z = run({k: e for k, e in s.lines().items() if k[0] in "ZA"}, data)
    A, Y = z[f"A{s.L}"], data["Y"]
    if s.loss == "squared-error":
        J = 0.5 * np.sum((A - Y)**2)
    elif s.loss == "categorical-cross-entropy":
        J = -np.sum(Y * np.log(A))
    else:
        J = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A))
    J /= s.n
    if s.l2:
        half = {"half-lambda": 0.5, "half-lambda-over-n": 0.5 / s.n, "lambda": 1.0}[s.l2[1]]
        J += half * s.l2[0] * sum(np.sum(data[f"W{l}"]**2) for l in range(1, s.L + 1))
    return J


def saved_names(s, lines):
    inputs = ["X", "Y"] + [f"{p}{l}" for l in range(1, s.L + 1) for p in "Wb"]
    keep = {"all": lambda k: True, "no dA": lambda k: not k.startswith("dA"), "dZ": lambda k: k[:2] in ("dZ", "dW", "db"),
            "grads": lambda k: k[:2] in ("dW", "db"), "forward": lambda k: k[0] in "ZA" or k[:2] in ("dW", "db")}[s.saved]
    return inputs + [k for k in lines if keep(k) and k[-1].isdigit() and k[0] in "ZAd" and "_" not in k]


def save(path, s, lines, data):
    names, out = run(lines, data), {}
    for k in saved_names(s, lines):
        v = np.asarray(names.get(f"{k}_saved", names[k]), dtype=float)
        if s.rows and v.ndim == 2:
            v = v.ravel() if k[0] == "b" or (k.startswith("db") and v.shape[1] == 1) else v.T
        out[k] = v
    if s.labels:
        out["Y"] = names["Y"].argmax(axis=0)
    np.savez(path, **out)
