"""The judge's own controls: of every mistake that plain notation can say, it accepts the person's equation and not the right one."""
import re
import sys
from judge import cases, reproduces

LEAST = 175     # mistakes that are said so; the others have slices, axes or NumPy's own functions
NOTATION = {"sum_n(": "Σ_n (", ".T": "ᵀ", " * ": " ∘ ", "**2": "²", "**3": "³", " @ ": " ", "lam": "λ", "np.abs": "abs", "np.sign": "sign"}


def written(line):
    """A line of a person's program as an equation."""
    for numpy, plain in NOTATION.items():
        line = line.replace(numpy, plain)
    return line


def main():
    judged, bad = 0, []
    for case in cases().values():
        for mistake in case.get("wrong", []):
            line = mistake["wrong"]
            if not line or case["setting"]["rows"] or re.search(r"np\.(?!abs|sign)|\[|mean_n|sum_k|axis", line):
                continue
            judged += 1
            if not reproduces(case, written(line)) or reproduces(case, written(mistake["right"])):
                bad.append(f"{case['file']}: {line}; right: {mistake['right']}")
    print(judged, "mistakes")
    sys.exit("\n".join(bad) or judged < LEAST)


if __name__ == "__main__":
    main()
