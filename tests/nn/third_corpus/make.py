"""Writes the corpus: make.py FOLDER [SHIFT] makes the .npz files; the manifest is written beside this script when SHIFT is 0."""
import json
import pathlib
import sys
import numpy as np
from mistakes import KINDS, SHAPE, SQUARE, UPDATED
from network import SLOPE, Setting, cost, run, save, saved_names

OUTPUTS = [("sigmoid", "binary-cross-entropy")] * 4 + [("softmax", "categorical-cross-entropy")] * 3 + [
    ("identity", "squared-error"), ("sigmoid", "squared-error")]
HIDDEN = ["tanh", "sigmoid", "relu", "softplus"]
CONVENTIONS = ["half-lambda", "half-lambda-over-n", "lambda"]


def random_setting(r, square=False, one=False):
    output, loss = OUTPUTS[r.integers(len(OUTPUTS))]
    last = 1 if loss == "binary-cross-entropy" else int(r.integers(2, 5))
    hidden = r.permutation(np.arange(5, 12))[:2 + r.integers(2)]
    widths = [int(w) for w in hidden] + [last]
    if square:
        widths = [4] * (len(widths) - 1) + [last if last == 1 else 4]
    n = 1 if one else int(r.integers(13, 61))
    l2 = (float(r.choice([0.05, 0.3, 0.7])), str(r.choice(CONVENTIONS))) if r.random() < 0.4 else None
    rows = bool(r.random() < 0.25)
    return Setting(widths, n, str(r.choice(HIDDEN)), output, loss, bool(r.random() < 0.6), l2, rows,
                   str(r.choice(["all", "all", "no dA", "dZ", "grads", "forward"])),
                   labels=rows and output == "softmax" and bool(r.random() < 0.5))


def layer_of(where, s, r):
    if where == "out":
        return s.L
    return int(r.integers(1, s.L + (where == "layer")))


def apart(x, y):
    return x.shape != y.shape or np.abs(x - y).max() > 1e-3 * np.abs(y).max() + 1e-12


def seen_at(array, s, lines):
    """The first saved arrays that are computed from `array`, or itself."""
    import re
    saved, found, frontier = set(saved_names(s, lines)), [], [array]
    while frontier:
        here = frontier.pop(0)
        if here in saved:
            found.append(here)
            continue
        frontier += [k for k, e in lines.items() if re.search(rf"\b{here}\b", e)]
    return sorted(set(found))


def truth(s, name, made, lines, data):
    """What is wrong, or None if the person's arrays do not show it: the wrong line beside the right one on the person's own arrays."""
    array, expression, cause = made
    if array not in s.lines():
        return None
    right = s.lines()[array]
    after = list(lines).index(array)
    upstream = run(dict(list(lines.items())[:after]), data)
    good = run({array: right}, upstream)[array]
    mine = run({array: lines[array]}, upstream)[array]
    if not np.all(np.isfinite(mine)) or not apart(np.asarray(mine, float), good):
        return None
    found = {"kind": name, "array": array, "wrong": f"{array} = {lines[array]}", "right": f"{array} = {right}", "cause": cause,
             "seen at": seen_at(array, s, lines), "forward": array[0] in "ZA"}
    gradients = [f"d{p}{l}" for p in "Wb" for l in range(1, s.L + 1)]
    below = [k for k in gradients if array[0] == "d" and int(k[2]) <= int(array[2])]
    if name == "out: 1/n twice" or s.deferred and array[:2] in ("dZ", "dA") and (name.endswith("1/n inside") or "1/n as well" in cause):
        found["or"] = {"arrays": below, "cause": "the same numbers: dZ holds 1/n as in the exact mean, and these have it once more"}
    if name == "out: no 1/n":
        found["or"] = {"arrays": below, "cause": "the same numbers: dZ is the textbook's (deferred mean), and these lack its 1/n"}
    return found


def single(r, name, **special):
    where, make = KINDS[name]
    for _ in range(4000):
        s = random_setting(r, **special)
        if name in SHAPE and s.rows or name.startswith(("Z:", "A:", "W:")) and s.saved in ("dZ", "grads"):
            continue
        l = layer_of(where, s, r)
        made = make(s, l)
        if not made:
            continue
        seed, lines = int(r.integers(2**31)), s.lines()
        lines[made[0]] = made[1]
        if name in UPDATED:
            return s, seed, lines, [{"kind": name, "array": f"Z{l}", "wrong": None, "right": f"Z{l} = {s.lines()[f'Z{l}']}", "cause": made[2],
                                     "seen at": [f"Z{l}"], "forward": True}]
        with np.errstate(all="ignore"):
            t = truth(s, name, made, lines, s.data(seed))
        if t:
            return s, seed, lines, [t]
    return None


SAME_STEP = [("minus sign as well", "-({})"), ("factor 2 as well", "2 * ({})"), ("1/n as well", "({}) / n")]


def pair(r, number):
    names = [k for k in KINDS if k not in SHAPE and not k.startswith(("Z:", "A:"))]
    while True:
        s = random_setting(r)
        one, two = (str(x) for x in r.choice(names, 2, replace=False))
        made = [KINDS[k][1](s, layer_of(KINDS[k][0], s, r)) for k in (one, two)]
        seed, lines = int(r.integers(2**31)), s.lines()
        if number % 6 == 5:                       # both in one step
            if not made[0] or "sign" in one or "normalised" in one or "clipped" in one:
                continue
            cause, wrap = SAME_STEP[number // 6 % 3]
            if wrap == "2 * ({})" and ("factor" in one or "half" in one) or wrap == "({}) / n" and "1/n" in one:
                continue
            lines[made[0][0]] = wrap.format(made[0][1])
            with np.errstate(all="ignore"):
                t = truth(s, one, (made[0][0], None, made[0][2] + "; " + cause), lines, s.data(seed))
            if t:
                return s, seed, lines, [t]
            continue
        if not made[0] or not made[1] or made[0][0] == made[1][0]:
            continue
        for m in made:
            lines[m[0]] = m[1]
        with np.errstate(all="ignore"):
            both = [truth(s, k, m, lines, s.data(seed)) for k, m in zip((one, two), made)]
        if all(both):
            order = list(lines)
            return s, seed, lines, sorted(both, key=lambda t: order.index(t["array"]))


def right(r, number):
    """Right programs, some in other words that mean the same."""
    s = random_setting(r, one=number % 40 == 7, square=number % 40 == 11)
    lines, habit = s.lines(), number % 4
    for l in range(1, s.L):
        g = SLOPE[s.hidden].format(l=l)
        other = {"tanh": f"(1 - tanh(Z{l})**2)", "sigmoid": f"sigmoid(Z{l}) * (1 - sigmoid(Z{l}))", "relu": f"(A{l} > 0)",
                 "softplus": f"(1 - exp(-A{l}))"}[s.hidden]
        if habit == 1:
            lines[f"dZ{l}"] = f"dA{l} * {other}"
        if habit == 2:
            lines[f"dZ{l}"] = f"{g} * (dZ{l + 1}.T @ W{l + 1}).T"
    return s, int(r.integers(2**31)), lines, []


def confirm(s, seed, lines):
    """A right program's gradients against central differences of the cost, an entry of each parameter."""
    data = s.data(seed)
    got = run(lines, data)
    for l in range(1, s.L + 1):
        for p in (f"W{l}", f"b{l}"):
            e = np.zeros_like(data[p])
            e.flat[len(e.flat) // 2] = h = 1e-6
            slope = (cost(s, {**data, p: data[p] + e}) - cost(s, {**data, p: data[p] - e})) / (2 * h)
            assert abs(slope - got[f"d{p}"].flat[len(e.flat) // 2]) < 1e-6 * (1 + abs(slope)), (p, slope, lines)


def corpus():
    r = np.random.default_rng(20261127)
    cases = []
    for turn in range(2):
        for name in KINDS:
            if name not in SQUARE and (turn == 0 or r.random() < 0.4):
                cases.append(("single", single(r, name), name))
    for name in ["dZ: g' forgotten", "dA: W not transposed", "dA: W not transposed", "dW: own activation, square", "dA: dW for W"]:
        cases.append(("square or one", single(r, name, square=True), name))
    for name in ["dZ: g for g'", "dZ: times Z", "out: sign flipped", "db: times activation"]:
        cases.append(("square or one", single(r, name, one=True), name))
    cases += [("pair", pair(r, i), "") for i in range(60)]
    cases += [("right", right(r, i), "") for i in range(240)]
    return cases


def main(folder, shift=0):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    manifest, counts = [], {}
    for group, made, name in corpus():
        if made is None:
            print("not made:", group, name)
            continue
        s, seed, lines, wrong = made
        counts[group] = counts.get(group, 0) + 1
        file = f"{group.replace(' ', '_')}_{counts[group]:03d}.npz"
        if group == "right":
            confirm(s, seed, lines)
        with np.errstate(all="ignore"):
            if wrong:
                mine, good = run(lines, s.data(seed)), run(s.lines(), s.data(seed))
                assert wrong[0]["kind"] in UPDATED or any(apart(mine[k], good[k]) for k in good if k[:2] in ("dW", "db")), (file, wrong)
            save(folder / file, s, lines, s.data(seed + shift))
        case = {"file": file, "group": group, "options": s.options(), "mean": "deferred" if s.deferred else "exact"}
        if wrong:
            asked = s.lines()
            case |= {"wrong": wrong, "shape": any(t["kind"] in SHAPE for t in wrong), "saved": saved_names(s, lines), "seed": seed,
                     "setting": {k: v for k, v in vars(s).items() if k not in ("L", "over_n", "matched")},
                     "changed": {k: e for k, e in lines.items() if asked.get(k) != e}}
        manifest.append(case)
    if not shift:
        with open(folder / "manifest.jsonl", "w") as out:
            out.writelines(json.dumps(m, ensure_ascii=False) + "\n" for m in manifest)
    print(counts, "kinds of single mistakes:", len({m["wrong"][0]["kind"] for m in manifest if m["group"] == "single"}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
