"""Every operation of the engine with inputs, for gradcheck."""

import itertools

import numpy as np

from mnist_autograd import Tensor
from mnist_autograd import functional as F

rng = np.random.default_rng(0)


def normal(*shape):
    return rng.standard_normal(shape)


def positive(*shape):
    return rng.uniform(0.5, 2, shape)


def distinct(*shape):
    """Values at least 0.1 apart, so that no finite difference crosses from one maximum to another or over 0."""
    return (rng.permutation(np.prod(shape)).reshape(shape) - np.prod(shape) / 2 + 0.5) / 10


def every_axis(ndim):
    return range(-ndim, ndim)


def every_axes(ndim):
    yield None
    yield from every_axis(ndim)
    yield from itertools.combinations(range(ndim), 2)


S = (2, 3, 4)
Y = np.moveaxis(np.random.default_rng(1).dirichlet([1, 2, 3], (2, 4)), -1, 1)  # probabilities along axis 1 of S


def cases():
    """(operation, function of Tensors, inputs): what gradcheck runs for each operation."""
    for name in ("add", "subtract", "multiply", "divide", "power"):
        f = getattr(F, name)
        yield name, f, [positive(*S), positive(*S)]
        yield name, f, [positive(3, 1), positive(2, 1, 4)]
        yield name, f, [positive(), positive(3)]
    yield "power", lambda x: x**3, [normal(*S)]
    for name in ("negative", "exp", "tanh", "sigmoid"):
        yield name, getattr(F, name), [normal(*S)]
        yield name, getattr(F, name), [normal()]
    yield "log", F.log, [positive(*S)]
    for name in ("relu", "absolute"):
        yield name, getattr(F, name), [distinct(*S)]
    yield "sqrt", F.sqrt, [positive(*S)]
    yield "maximum", lambda a, b: F.maximum(a, b + 0.01), [distinct(*S), distinct(3, 1)]
    yield "where", lambda a, b: F.where(np.arange(4) % 2 == 0, a, b), [normal(*S), normal(3, 1)]
    for axis in every_axis(3):
        yield "concatenate", lambda a, b, axis=axis: F.concatenate([a, b, a], axis), [normal(*S), normal(*S)]
    for axis in every_axis(4):
        yield "stack", lambda a, b, axis=axis: F.stack([a, b, a], axis), [normal(*S), normal(*S)]
    yield "concatenate", lambda a, b: F.concatenate([a, b], 1), [normal(2, 1), normal(2, 3)]
    for a, b in [((2, 3), (3, 4)), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((5, 2, 3), (3, 4))]:
        yield "matmul", F.matmul, [normal(*a), normal(*b)]
    for a, b in [((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (2, 3, 1)), ((3,), (5, 3, 2)), ((5, 2, 3), (3,))]:
        yield "matmul", F.matmul, [normal(*a), normal(*b)]
    for n in [(), (2,), (2, 5)]:
        yield "linear", F.linear, [normal(*n, 3), normal(3, 4), normal(4)]
    for name, keepdims, axis in itertools.product(("sum", "mean", "max"), (False, True), every_axes(3)):
        yield name, lambda x, f=getattr(F, name), k=keepdims, a=axis: f(x, a, k), [distinct(*S)]
    for name in ("sum", "mean", "max"):
        yield name, getattr(F, name), [normal()]
    yield "reshape", lambda x: x.reshape(4, -1) * np.arange(6), [normal(*S)]
    for axes in [None, (1, 2, 0), (-1, 0, 1)]:
        yield "transpose", lambda x, axes=axes: F.transpose(x, axes), [normal(*S)]
    for index in [1, -1, slice(None, None, -1), (slice(None), 1), ..., None, (..., [0, 0, 3]), [[0, 1], [1, 1]]]:
        yield "getitem", lambda x, index=index: x[index], [normal(*S)]
    yield "getitem", lambda x: x[x.data > 0], [distinct(*S)]
    yield "getitem", lambda x: x[Tensor([1, 1, 0])], [normal(*S)]
    yield "embedding", lambda w: F.embedding(w, [[2, 0], [2, 2]]), [normal(3, 4)]
    for name, axis in itertools.product(("softmax", "log_softmax", "logsumexp"), every_axis(3)):
        yield name, lambda x, f=getattr(F, name), a=axis: f(x, axis=a), [normal(*S)]
    for axis in every_axis(3):
        yield "logsumexp", lambda x, a=axis: F.logsumexp(x, a, keepdims=True), [normal(*S)]
    for name, reduction, axis in itertools.product(
        ("nll_loss", "cross_entropy"), ("mean", "sum", "none"), every_axis(3)
    ):
        f = getattr(F, name)
        indices = rng.integers(0, S[axis], np.delete(S, axis))
        yield name, lambda x, f=f, i=indices, a=axis, r=reduction: f(x, i, axis=a, reduction=r), [normal(*S)]
        yield name, lambda x, y, f=f, a=axis, r=reduction: f(x, y, axis=a, reduction=r), [normal(*S), positive(*S)]
    for name in ("nll_loss", "cross_entropy"):
        yield name, lambda x, f=getattr(F, name): f(x, 1), [normal(3)]
