"""Makes the .npz files of this directory: /usr/bin/python3 make.py, with NumPy 1.24."""
import io
import zipfile

import numpy as np

rng = np.random.default_rng(20)
sigmoid = lambda z: 1 / (1 + np.exp(-z))

# columns.npz: the textbook's convention. 3-4-1, tanh and sigmoid, five examples; the mean is deferred.
X, Y = rng.standard_normal((3, 5)), np.array([[0, 1, 1, 0, 1]])
W1, b1 = rng.standard_normal((4, 3)), rng.standard_normal((4, 1))
W2, b2 = rng.standard_normal((1, 4)), rng.standard_normal((1, 1))
Z1 = W1 @ X + b1
A1 = np.tanh(Z1)
Z2 = W2 @ A1 + b2
A2 = sigmoid(Z2)
J = -np.mean(Y * np.log(A2) + (1 - Y) * np.log(1 - A2))
dZ2 = A2 - Y
dW2, db2 = dZ2 @ A1.T / 5, np.sum(dZ2, axis=1, keepdims=True) / 5
dA1 = W2.T @ dZ2
dZ1 = dA1 * (1 - A1**2)
dW1, db1 = dZ1 @ X.T / 5, np.sum(dZ1, axis=1, keepdims=True) / 5
arrays = dict(X=X, Y=Y, W1=W1, b1=b1, W2=W2, b2=b2, Z1=Z1, A1=A1, Z2=Z2, A2=A2, J=J, dZ2=dZ2, dW2=dW2, db2=db2,
              dA1=dA1, dZ1=dZ1, dW1=dW1, db1=db1)
np.savez("columns.npz", **arrays)

# wrong.npz: the same, with the factor 1/n also inside dZ1.
np.savez("wrong.npz", **{**arrays, "dZ1": dZ1 / 5, "dW1": dW1 / 5, "db1": db1 / 5})

# compressed.npz: float32, Fortran order, compressed; the examples' number is left out of nothing.
f = lambda a: np.asfortranarray(np.asarray(a, dtype=np.float32))
np.savez_compressed("compressed.npz", **{name: f(a) for name, a in arrays.items() if name in
                                         "X Y W1 b1 W2 b2 dW1 db1 dW2 db2".split()})

# rows.npz: examples in rows, W is in x out, biases of shape (k,), integer labels of shape (n,), softmax, relu.
n, k = 6, 3
X, y = rng.standard_normal((n, 4)), np.array([0, 2, 1, 1, 0, 2])
W1, b1 = rng.standard_normal((4, 5)), rng.standard_normal(5)
W2, b2 = rng.standard_normal((5, k)), rng.standard_normal(k)
Z1 = X @ W1 + b1
A1 = np.maximum(Z1, 0)
Z2 = A1 @ W2 + b2
A2 = np.exp(Z2) / np.exp(Z2).sum(axis=1, keepdims=True)
dZ2 = A2.copy()
dZ2[range(n), y] -= 1
dZ2 /= n
dZ1 = (dZ2 @ W2.T) * (Z1 > 0)
reg = 1e-2  # lambda W
np.savez("rows.npz", X=X, y=y, W1=W1, b1=b1, W2=W2, b2=b2, A2=A2, dW1=X.T @ dZ1 + reg * W1, db1=dZ1.sum(axis=0),
         dW2=A1.T @ dZ2 + reg * W2, db2=dZ2.sum(axis=0), reg=reg)

# types.npz: every type that is read, in either byte order, in no, one, two and three dimensions.
np.savez("types.npz", f4=np.float32(1.5), f8=np.array([0.1, -2e300]), big=np.array([[1, 2, 3]], dtype=">f8"),
         i1=np.array([-128, 127], dtype=np.int8), i2=np.array([-32768], dtype=">i2"), i4=np.array([[7]], dtype="<i4"),
         i8=np.array([-2**63]), u1=np.array([255], dtype=np.uint8), u2=np.array([65535], dtype=">u2"),
         u4=np.array([2**32 - 1], dtype="<u4"), u8=np.array([2**63 - 1], dtype=">u8"), b1=np.array([True, False]),
         none=np.zeros((0, 3)), fortran=np.asfortranarray(np.arange(24.0).reshape(2, 3, 4)))

# pickled.npz: a dictionary saved whole.
np.savez("pickled.npz", X=X, grads={"dW1": dW1, "db1": db1})

# not_finite.npz: a NaN in an input. complex.npz: a type that is not read. absurd.npz: a header that promises 10^18 numbers.
np.savez("not_finite.npz", **{**arrays, "X": np.where(np.eye(3, 5) > 0, np.nan, arrays["X"])})
np.savez("complex.npz", **{**arrays, "W1": arrays["W1"].astype(complex)})
with zipfile.ZipFile("absurd.npz", "w") as archive:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)})
    archive.writestr(zipfile.ZipInfo("X.npy"), header.getvalue())

# nan_gradient.npz: right but for a NaN in dW1. dead.npz: relu whose arguments are all negative, so that dW1, db1 are zero.
# from_logits.npz: saturated, where log(1 - A2) is infinite and the loss of Z2 is not. large.npz: 8,000,000 examples in few bytes.
np.savez("nan_gradient.npz", **{**arrays, "dW1": np.where(np.eye(4, 3, k=1) > 0, np.nan, arrays["dW1"])})
X, Y, W1, W2, b2 = (arrays[name] for name in ("X", "Y", "W1", "W2", "b2"))
dZ2 = (sigmoid(np.broadcast_to(b2, (1, 5))) - Y) / 5
np.savez("dead.npz", X=X, Y=Y, W1=W1, b1=np.full((4, 1), -100.0), W2=W2, b2=b2, dW1=np.zeros((4, 3)), db1=np.zeros((4, 1)),
         db2=dZ2.sum(axis=1, keepdims=True))
b2 = np.array([[100.0]])
dZ2 = (sigmoid(W2 @ arrays["A1"] + b2) - Y) / 5
np.savez("from_logits.npz", X=X, Y=Y, W1=W1, b1=arrays["b1"], W2=W2, b2=b2, dW2=dZ2 @ arrays["A1"].T)
np.savez_compressed("large.npz", X=np.zeros((1, 8_000_000)), Y=np.zeros((1, 8_000_000), dtype=bool), W1=np.zeros((1, 1)),
                    b1=np.zeros((1, 1)), dW1=np.zeros((1, 1)))
