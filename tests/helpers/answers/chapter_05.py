"""Answers to the exercises of chapter 05: right ones, and known mistakes, each written in another way."""

import math

import numpy as np
from answers.shared import KEPT, shares, softmax_apply, top

from mnist_autograd import Tensor
from mnist_autograd import functional as F


def cross_entropy_loop(z, y):
    return sum(np.logaddexp.reduce(row) - row[k] for row, k in zip(z, y)) / len(y)


def cross_entropy_gradient_by_engine(z, y):
    z = Tensor(z, requires_grad=True)
    F.cross_entropy(z, y).backward()
    return z.grad


def soft_gradient_by_engine(z, q):
    z = Tensor(z, requires_grad=True)
    F.cross_entropy(z, q).backward()
    return z.grad


def soft_gradient_by_matrix(z, q):
    """-q J for each example, with the Jacobian J of log-softmax."""
    J = np.eye(z.shape[1]) - softmax_apply(z, 1)[:, None, :]
    return -np.einsum("ni,nij->nj", q, J) / len(z)


def loss_node_gradient_by_engine(p, y):
    p = Tensor(p, requires_grad=True)
    (-F.log(p[np.arange(len(y)), y]).mean()).backward()
    return p.grad


def loss_node_gradient_loop(p, y):
    return [[-1 / (len(y) * x) if i == k else 0 for i, x in enumerate(row)] for row, k in zip(p, y)]


def nll_along_moved(l, y, axis):
    """The class axis last, where one-hot rows meet it."""
    return -np.where(np.arange(l.shape[axis]) == y[..., None], np.moveaxis(l, axis, -1), 0).sum(axis=-1)


def hot_like(z, y):
    """y as one-hot rows of the shape of z."""
    return (y[:, None] == np.arange(z.shape[1])).astype(float)


def softmax_of_clipped(z, bound):
    return shares(np.exp(np.clip(z, -bound, bound)), 1)


def write_into_p(p, y):
    n = np.arange(len(y))
    p[n, y] = -1 / (len(y) * p[n, y])
    return p


def cross_entropy_gradient_of_probabilities(p, y):
    """What the engine gives for the logarithm of p as logits: the softmax of it is p again."""
    return cross_entropy_gradient_by_engine(np.log(p), y)


RIGHT = {
    "05.1": [F.nll_loss, lambda l, y: sum(-row[k] for row, k in zip(l, y)) / len(y)],
    "05.2": [F.one_hot, lambda y, C: [[int(i == k) for i in range(C)] for k in y]],
    "05.3": [F.cross_entropy, cross_entropy_loop],
    "05.4": [
        cross_entropy_gradient_by_engine,
        lambda z, y: (softmax_apply(z, 1) - (y[:, None] == range(z.shape[1]))) / len(y),
    ],
    "05.5": [soft_gradient_by_engine, soft_gradient_by_matrix],
    "05.6": [loss_node_gradient_by_engine, loss_node_gradient_loop],
    "05.7": [nll_along_moved, lambda l, y, axis: F.nll_loss(l, y, axis=axis, reduction="none")],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("05.1", lambda l, y: -(np.eye(l.shape[1])[y] * l).sum(), "It sums where it should average"),
    ("05.1", lambda l, y: -F.mean(Tensor(l)[y]), "Whole rows are taken in place of elements"),
    ("05.1", lambda l, y: -sum(row[k] for row, k in zip(l, y)) / l.size, "The mean runs over all entries"),
    ("05.1", lambda l, y: F.cross_entropy(l, y), "log-softmax is taken once more"),
    ("05.2", lambda y, C: F.one_hot(y), "The width is the largest class of the batch"),
    ("05.2", lambda y, C: np.arange(C)[:, None] == y, "It is transposed"),
    ("05.3", lambda z, y: F.nll_loss(F.log(F.softmax(F.softmax(z))), y), "Softmax is applied twice"),
    ("05.3", lambda z, y: F.nll_loss(F.log(F.softmax(z)), y), "It is the logarithm of softmax, in two steps"),
    ("05.3", lambda z, y: F.nll_loss(softmax_apply(z, 1), y), "The logarithm is missing"),
    ("05.3", lambda z, y: F.cross_entropy(z.T, y, axis=0, reduction="sum"), "It sums where it should average"),
    ("05.3", lambda z, y: (np.log(np.exp(z).sum(1)) - z[range(len(y)), y]).sum(), "It sums where it should average"),
    *[
        ("05.3", lambda z, y, e=e, keep=keep: F.nll_loss(np.log(keep(softmax_apply(z, 1), e)), y), f"{KEPT} {e:.3g}")
        for e in (1e-7, 1e-8, 1e-12, 1e-15)
        for keep in (np.add, np.maximum, lambda p, e: np.clip(p, e, 1 - e))
    ],
    ("05.4", lambda z, y: cross_entropy_gradient_by_engine(z, y) * len(y), "1 / N is missing"),
    ("05.4", lambda z, y: F.one_hot(y, z.shape[1]) - F.softmax(z), "The sign is wrong, and 1 / N is missing"),
    ("05.4", lambda z, y: hot_like(z, y) * (softmax_apply(z, 1) - 1) / len(y), "The other classes are forgotten"),
    (
        "05.4",
        lambda z, y: shares(np.exp(z), 1) * (1 - shares(np.exp(z), 1)) * (-hot_like(z, y) / shares(np.exp(z), 1)),
        "The other classes are forgotten, and 1 / N is missing",  # the second homework; and no shift
    ),
    ("05.5", lambda z, q: (F.softmax(z) - q) / len(z), "The sum of the targets is taken for 1"),
    ("05.5", lambda z, q: q - shares(np.exp(z), 1) * top(q, 1, "sum"), "The sign is wrong, and 1 / N is missing"),
    ("05.6", cross_entropy_gradient_of_probabilities, "The answer of the fused node, p - y"),
    ("05.6", lambda p, y: -hot_like(p, y) / p, "1 / N is missing"),
    ("05.1", lambda l, y: -np.mean(np.sum(np.eye(l.shape[1])[y] * l, axis=1)), "One-hot meets an impossible class"),
    ("05.1", lambda l, y: -np.log(math.prod(math.exp(r[k]) for r, k in zip(l, y))) / len(y), "The probabilities are m"),
    ("05.2", lambda y, C: np.identity(len(set(y.tolist())))[y], "The width is the number of classes that occur"),
    (
        "05.3",
        lambda z, y: -(z - np.log(np.exp(z).sum(axis=1)))[range(len(y)), y].mean(),
        "keepdims is forgotten in the",
    ),
    ("05.3", lambda z, y: F.cross_entropy(z, y, reduction="sum").data / z.shape[1], "The sum is divided by the number"),
    ("05.4", lambda z, y: (F.softmax(z).data - y) / len(y), "The class numbers are subtracted as they stand"),
    ("05.4", lambda z, y: F.softmax(z).data - y, "The class numbers are subtracted as they stand, and 1 / N"),
    ("05.4", lambda z, y: (np.exp(z) / np.exp(z).sum() - hot_like(z, y)) / len(y), "Softmax runs over the whole array"),
    ("05.4", lambda z, y: (softmax_of_clipped(z, 500) - hot_like(z, y)) / len(y), "The logits are clipped"),
    ("05.4", lambda z, y: (softmax_of_clipped(z, 30) - hot_like(z, y)) / len(y), "The logits are clipped"),
    ("05.5", lambda z, q: (shares(np.exp(z - z.max()), 1) * top(q, 1, "sum") - q) / len(q), "The shift is the maximum"),
    ("05.6", lambda p, y: -y / (len(y) * p), "The class numbers stand in the formula as they are"),
    ("05.6", write_into_p, "The other entries keep their probabilities"),
    ("05.6", lambda p, y: p * (1 - p) * (-hot_like(p, y) / p) / len(y), "p (1 - p) is multiplied on top"),
    ("05.6", lambda p, y: -hot_like(p, y) / (p + 1e-12) / len(y), "A small number is added to the probabilities"),
    ("05.7", lambda l, y, axis: -np.log(np.take_along_axis(l, np.expand_dims(y, axis), axis)).squeeze(axis), "The log"),
    ("05.7", lambda l, y, axis: -(F.one_hot(y, l.shape[axis], axis).data * l).sum(axis), "One-hot meets an impossible"),
    ("05.7", lambda l, y, axis: F.nll_loss(l, y, axis=axis), "The losses are averaged"),
    ("05.7", lambda l, y, axis: -np.take_along_axis(l, y[..., None], -1)[..., 0], "The last axis is used"),
]
