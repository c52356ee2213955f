"""Whether an equation that is said to be the person's gives the person's numbers on data that the sayer never saw.

judge.py FILE 'dZ1 = W2ᵀ dZ2 ∘ A1': prints yes or no. Exit status 0 or 1."""
import json
import pathlib
import re
import sys
import numpy as np
from network import WORDS, Setting, run

FUNCTIONS = {"tanh": np.tanh, "sigmoid": WORDS["sigmoid"], "σ": WORDS["sigmoid"], "relu": WORDS["relu"], "softplus": WORDS["softplus"],
             "softmax": WORDS["softmax"], "exp": np.exp, "log": np.log, "sign": np.sign, "abs": np.abs, "identity": lambda z: z, "sqrt": np.sqrt}
SLOPES = {"tanh": lambda z: 1 - np.tanh(z)**2, "sigmoid": lambda z: WORDS["sigmoid"](z) * WORDS["sigmoid"](-z),
          "σ": lambda z: WORDS["sigmoid"](z) * WORDS["sigmoid"](-z), "relu": lambda z: (z > 0) * 1.0, "softplus": WORDS["sigmoid"]}
TOKEN = re.compile(r"\s*(\[(?::, )?(?:-1:|:1|:-1|1:)(?:, :)?\]|√|e\^|[0-9.]+(?:e-?\d+)?|[½¼⅓]|[A-Za-zσλ][A-Za-z0-9_]*|Σ_?[A-Za-z]*[0-9]*|[(),|+\-−*/∘∗⊙·×ᵀ²³′'>≥<]|\[|\])")


PART = {"[:, -1:]": lambda x: x[:, -1:], "[:, :1]": lambda x: x[:, :1], "[:, :-1]": lambda x: x[:, :-1], "[:, 1:]": lambda x: x[:, 1:],
        "[-1:, :]": lambda x: x[-1:], "[:1, :]": lambda x: x[:1], "[:-1, :]": lambda x: x[:-1], "[1:, :]": lambda x: x[1:]}


class Equation:
    """Sums of products; juxtaposition and · are the matrix product, ∘ ∗ ⊙ the elementwise one; numbers scale, 1 × 1 arrays among them.
    A fraction binds before either product; a Σ sums all that follows it up to the next + or −."""
    def __init__(self, text, names):
        self.tokens, self.at, self.names = [], 0, names
        while text.strip():
            m = TOKEN.match(text)
            if not m:
                raise SyntaxError(text)
            self.tokens.append(m[1])
            text = text[m.end():]

    def next(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def sum(self):
        sign = -1 if self.next() in ("-", "−") and self.take() else 1
        v = sign * self.elementwise()
        while self.next() in ("+", "-", "−"):
            v = v + self.elementwise() if self.take() == "+" else v - self.elementwise()
        if self.next() in (">", "≥", "<"):
            op = self.take()
            w = self.elementwise()
            v = ((v < w) if op == "<" else (v > w)) * 1.0
        return v

    def elementwise(self):
        v = self.product()
        while self.next() in ("∘", "∗", "⊙", "*", "×"):
            self.take()
            v = v * self.product()
        return v

    def product(self):
        v = self.fraction()
        while True:
            t = self.next()
            if t == "·":
                self.take()
            elif not t or t in (")", "]", ",", "+", "-", "−", "∘", "∗", "⊙", "*", "×", "|", ">", "≥", "<"):
                return v
            w = self.fraction()
            v = v * w if np.size(v) == 1 or np.size(w) == 1 else v @ w

    def fraction(self):
        v = self.power()
        while self.next() == "/":
            self.take()
            v = v / self.power()
        return v

    def power(self):
        v = self.atom()
        while self.next() in ("ᵀ", "²", "³") or ":" in self.next():
            v = PART[t](v) if ":" in (t := self.take()) else {"ᵀ": lambda x: x.T, "²": lambda x: x**2, "³": lambda x: x**3}[t](v)
        return v

    def atom(self):
        t = self.take()
        if t in ("(", "["):
            v = self.sum()
            self.take()
            return v
        if t == "|":
            v = abs(self.sum())
            self.take()
            return v
        if t[0] in "½¼⅓":
            return {"½": 0.5, "¼": 0.25, "⅓": 1 / 3}[t]
        if t[0].isdigit():
            return float(t)
        if t in ("√", "e^"):
            return (np.sqrt if t == "√" else np.exp)(self.power())
        if t == "Σ":
            return self.elementwise().sum(keepdims=True)
        if t.startswith("Σ"):
            nodes = self.names["rows"] ^ bool(re.fullmatch(r"k|nodes|nL|n\d", t[1:].strip("_")))
            v = self.elementwise()
            if v.shape.count(self.names.get(t[1:].strip("_"))) == 1:    # of W both axes are nodes
                return v.sum(axis=v.shape.index(self.names[t[1:].strip("_")]), keepdims=True)
            return v.sum(axis=0 if nodes else 1, keepdims=True)
        if t == "one_hot":
            _, labels, _, classes, _ = (self.take() for _ in range(5))
            return np.eye(self.names[classes])[self.names[labels]]
        if t in FUNCTIONS and self.next() in ("(", "′", "'"):
            primed = self.next() in ("′", "'") and self.take()
            self.take()
            v = self.sum()
            self.take()
            return (SLOPES if primed else FUNCTIONS)[t](v)
        return {"λ": self.names.get("lam"), "n": self.names["n"]}.get(t) if t in ("λ", "n") else self.names[t]


def person(case, shift, more):
    """The person's arrays on other data (another seed, `more` examples), as they hold them."""
    s = Setting(**case["setting"])
    s.n += more
    with np.errstate(all="ignore"):
        names = run(s.lines() | case["changed"], s.data(case["seed"] + shift))
    names = {k: v for k, v in names.items() if not k.startswith("__")}
    names |= {k.removesuffix("_saved"): v for k, v in names.items() if k.endswith("_saved")}
    if s.rows:
        names = {k: np.asarray(v).T if np.ndim(v) == 2 else v for k, v in names.items()}
    if s.labels:
        names["Y"] = names["Y"].argmax(axis=1)
    return names | {f"n{l}": width for l, width in enumerate(s.widths)} | {"rows": s.rows}


def reproduces(case, equation):
    """On three other data sets. An array that is not in the file may be said in the other convention for the mean."""
    array, text = (x.strip() for x in equation.split("=", 1))
    leeway = array not in case["saved"] and not any("or" in w or "1/n" in w["cause"] + w["kind"] for w in case["wrong"])
    factors = {"1", "n", "1/n"}
    for shift, more in ((1, 0), (2, 3), (3, 8)):
        names = person(case, shift, more)
        mine, said = np.asarray(names[array], float), np.asarray(Equation(text, names).sum(), float)
        said = np.broadcast_to(said, mine.shape) if said.shape in ((1, 1), (1, mine.shape[-1]), (mine.shape[0], 1)) else said
        scales = {"1": 1, "n": names["n"], "1/n": 1 / names["n"]} if leeway else {"1": 1}
        factors &= {k for k, c in scales.items() if said.shape == mine.shape and np.abs(said * c - mine).max() <= 1e-9 * np.abs(mine).max()}
    return bool(factors)


def cases():
    with open(pathlib.Path(__file__).parent / "manifest.jsonl") as lines:
        return {c["file"]: c for c in map(json.loads, lines)}


if __name__ == "__main__":
    said = reproduces(cases()[sys.argv[1]], sys.argv[2])
    print("yes" if said else "no")
    sys.exit(not said)
