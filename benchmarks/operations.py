"""What an operation costs: microseconds on tiny tensors beside NumPy and PyTorch; softmax's VJP against its Jacobian.

usage: python benchmarks/operations.py [--repeats 50] [--classes 10 100 1000 10000]

On tiny arrays the arithmetic is nothing: what is left is what the engine adds to NumPy for each node of the graph. The
ways take turns, and the quickest repeat counts. The Jacobian of 10,000 classes alone fills 800 MB.
"""

import argparse
import importlib.util
import timeit

import numpy as np
from measuring import machine, table

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.teach.topics.costs import costs_by_size

RUNS = 200  # in one repeat


def tiny():
    """Arrays for the operations: x, y (3,), logits (1, 5), a batch of logits (256, 10) with its classes (256,)."""
    rng = np.random.default_rng(0)
    arrays = (rng.standard_normal(shape).astype(np.float32) for shape in ((3,), (3,), (1, 5), (256, 10)))
    return *arrays, rng.integers(0, 10, 256)


def ours():
    x, y, z, logits, classes = tiny()
    x, y, z, logits = (Tensor(a, requires_grad=True) for a in (x, y, z, logits))

    def cross_entropy():
        logits.grad = None
        F.cross_entropy(logits, classes).backward()

    return lambda: x + 1, lambda: x * y, lambda: F.softmax(z), cross_entropy


def numpy():
    x, y, z, logits, classes = tiny()
    rows = np.arange(len(classes))

    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def cross_entropy():
        shifted = logits - logits.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - shifted[rows, classes]).mean()
        e /= total
        e[rows, classes] -= 1
        e /= len(rows)
        return loss, e

    return lambda: x + 1, lambda: x * y, lambda: softmax(z), cross_entropy


def pytorch():
    import torch

    *arrays, classes = map(torch.from_numpy, tiny())
    x, y, z, logits = (a.requires_grad_() for a in arrays)

    def cross_entropy():
        logits.grad = None
        torch.nn.functional.cross_entropy(logits, classes).backward()

    return lambda: x + 1, lambda: x * y, lambda: torch.softmax(z, dim=1), cross_entropy


OPERATIONS = ("x + 1, shape (3,)", "x * y, shape (3,)", "softmax of (1, 5)", "cross_entropy of (256, 10), and backward")


def microseconds(functions, repeats):
    """Of a call of each function, in the quickest of the repeats."""
    shortest = [float("inf")] * len(functions)
    for _ in range(repeats):
        shortest = [min(t, timeit.timeit(f, number=RUNS)) for t, f in zip(shortest, functions)]
    return [1e6 * seconds / RUNS for seconds in shortest]


def vjp(z, g):
    """g J without J: s * (g - sum(g * s)), as the engine does it."""
    z = Tensor(z, requires_grad=True)
    F.softmax(z).backward(g)
    return z.grad


def jacobian(z, g):
    """g J with the matrix J = diag(s) - s s^T, made in one piece of memory."""
    s = F.softmax(z).data
    J = np.outer(s, -s)
    J[np.diag_indices(len(s))] += s
    return g @ J


def logits_and_upstream(classes):
    return tuple(np.random.default_rng(classes).standard_normal((2, classes)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 100, 1000, 10_000])
    options = parser.parse_args()

    ways = [ours, numpy, *([pytorch] if importlib.util.find_spec("torch") else [])]
    print(f"{machine('torch')}\n\nMicroseconds of an operation that is recorded for its gradient (NumPy: by hand)\n")
    rows = []
    for operation, functions in zip(OPERATIONS, zip(*(way() for way in ways))):
        times = microseconds(functions, options.repeats)
        ratios = [f"{times[0] / t:.2f}" for t in times[1:]]
        rows.append([operation, *(f"{t:.1f}" for t in times), *ratios])
    names = [way.__name__ for way in ways]
    print(table(["", *names, *(f"ours / {name}" for name in names[1:])], rows))

    for classes in options.classes:
        z, g = logits_and_upstream(classes)
        assert np.allclose(vjp(z, g), jacobian(z, g), rtol=1e-6, atol=1e-12)
    measured = costs_by_size((vjp, jacobian), options.classes, logits_and_upstream, lambda n: 3 if n > 1000 else 20)
    print(
        "\nThe gradient through softmax, float64: VJP against Jacobian, time and peak of memory with the forward pass\n"
    )
    rows = [
        [f"{n:,}"]
        + [text for way in cost.values() for text in (f"{1e6 * way.seconds:,.0f}", f"{way.peak / 1000:,.1f}")]
        + [f"{cost['jacobian'].seconds / cost['vjp'].seconds:,.1f}", f"{cost['jacobian'].peak / cost['vjp'].peak:,.1f}"]
        for n, cost in zip(options.classes, measured)
    ]
    print(table(["classes", "VJP µs", "VJP kB", "Jacobian µs", "Jacobian kB", "time ratio", "memory ratio"], rows))


if __name__ == "__main__":
    main()
