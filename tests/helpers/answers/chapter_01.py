"""Answers to the exercises of chapter 01: right ones, and known mistakes, each written in another way."""

import math

import numpy as np
from answers.shared import softmax_apply, top

from mnist_autograd import Tensor
from mnist_autograd import functional as F


def probabilities_loop(z):
    total = sum(math.exp(x) for x in z)
    return [math.exp(x) / total for x in z]


def softmax_moved(z, axis):
    """The class axis first, where a sum along axis 0 broadcasts without keepdims; then back."""
    e = np.exp(np.moveaxis(z, axis, 0) - z.max())
    return np.moveaxis(e / e.sum(axis=0), 0, axis)


def entropy_loop(p):
    return [-sum(x * math.log(x) for x in row if x > 0) for row in p.tolist()]


RIGHT = {
    "01.1": [probabilities_loop, lambda z: F.softmax(Tensor(z, requires_grad=True))],
    "01.2": [softmax_moved, lambda z, axis: F.softmax(Tensor(z), axis=axis)],
    "01.3": [math.log, lambda r: F.log(r)],
    "01.4": [lambda z, T: softmax_apply(z / T, -1), lambda z, T: F.softmax(Tensor(z) / T)],
    "01.5": [entropy_loop, lambda p: F.sum(-p * F.log(Tensor(p) + 1e-12), axis=-1)],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("01.1", lambda z: [math.exp(x) for x in z], "The exponentials are not divided by their sum"),
    ("01.1", lambda z: np.exp2(z) / np.exp2(z).sum(), "The base is 2 in place of e"),
    ("01.2", lambda z, axis: F.softmax(z, axis=0), "It sums along axis 0, whatever axis says"),
    ("01.2", lambda z, axis: F.exp(z) / F.sum(F.exp(z), axis=axis), "keepdims is forgotten"),
    ("01.2", lambda z, axis: softmax_apply(z, 1 - axis), "It sums along the other axis"),
    ("01.4", lambda z, T: softmax_apply(z - T, -1), "T has no effect"),
    ("01.4", lambda z, T: softmax_apply(np.log(softmax_apply(z, -1) / T), -1), "T has no effect"),
    ("01.5", lambda p: -(p * np.log2(p)).sum(axis=1), "The logarithm has base 2"),  # and nan at p = 0
    ("01.5", lambda p: (p * np.log(p + 1e-12)).sum(axis=1), "The minus sign is missing"),
    ("01.2", lambda z, axis: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True), "It sums along axis 1"),
    ("01.2", lambda z, axis: np.exp(z) / top(z, axis, "sum"), "The exponentials are divided by the sum of the logits"),
    ("01.4", lambda z, T: F.softmax(z).data * T, "The probabilities are multiplied by T"),
    ("01.5", lambda p: -(p[p > 0] * np.log(p[p > 0])).sum(axis=-1), "It sums over the whole array"),
    ("01.5", lambda p: -(p * np.log(p)).sum(axis=-1, keepdims=True).squeeze(), "squeeze without an axis"),
]
