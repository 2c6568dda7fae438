"""Answers to the exercises of chapter 02: right ones, and known mistakes, each written in another way."""

import math

import numpy as np
from answers.shared import KEPT, shares, softmax_apply, top

from mnist_autograd import functional as F


def logsumexp_reduce(z, axis):
    return np.logaddexp.reduce(z, axis=axis)


def largest_by_bisection(dtype):
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.isfinite(np.exp(dtype(middle))) else (low, middle)
    return low


NO_SHIFT = "The shift is missing, or it is not the maximum"


def log_sum(z, axis):
    return np.log(top(np.exp(z - top(z, axis)), axis, "sum"))


def logsumexp_by_log1p(z, axis):
    """As the engine: the leader's own term, 1, is never added to the others."""
    m, leader = z.max(axis=axis), np.expand_dims(z.argmax(axis=axis), axis)
    e = np.exp(z - np.expand_dims(m, axis))
    np.put_along_axis(e, leader, 0, axis)
    return m + np.log1p(e.sum(axis=axis))


RIGHT = {
    "02.1": [lambda dtype: np.log(np.finfo(dtype).max), largest_by_bisection],
    "02.2": [softmax_apply, F.softmax],
    "02.3": [logsumexp_reduce, logsumexp_by_log1p, F.logsumexp],
    "02.4": [
        lambda z, axis: z - np.logaddexp.reduce(z, axis=axis, keepdims=True),
        lambda z, axis: z - np.expand_dims(logsumexp_by_log1p(z, axis), axis),
        F.log_softmax,
    ],
    "02.5": [lambda d: np.logaddexp(0, -d), lambda d: [math.log1p(math.exp(-x)) for x in d]],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("02.2", lambda z, axis: F.exp(z) / F.sum(F.exp(z), axis=axis, keepdims=True), NO_SHIFT),
    ("02.2", lambda z, axis: np.exp(z) / np.exp(z).sum(), "The whole array adds up to 1"),  # and no shift
    ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-12), f"{KEPT} 1e-12"),
    ("02.5", lambda d: -np.log(1 / (1 + np.exp(-d))), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(np.exp(-d) + 1), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(1 + 1 / np.exp(d)), "The 1 swallows the exponential"),
    ("02.5", lambda d: np.log(np.exp(d) + 1) - d, "Two nearly equal numbers are subtracted"),
    ("02.5", lambda d: np.log1p(np.exp(d)) - d, "Two nearly equal numbers are subtracted"),
    ("02.5", lambda d: np.logaddexp(0, d) - d, "Two nearly equal numbers are subtracted"),
    ("02.2", lambda z, axis: F.softmax(z, axis=1), "Axis 1 is used"),
    ("02.2", lambda z, axis: shares(np.exp(z - top(np.abs(z), axis)), axis), "The shift is the largest absolute value"),
    ("02.2", lambda z, axis: shares(np.exp(z - z.argmax(axis=axis, keepdims=True)), axis), NO_SHIFT),
    ("02.2", lambda z, axis: shares(np.exp(z - 100), axis), NO_SHIFT),
    ("02.2", lambda z, axis: shares(np.exp(z - top(z, axis, "min")), axis), "The shift is the minimum"),
    ("02.2", lambda z, axis: shares(np.exp(z) - top(z, axis), axis), "The largest logit is subtracted from"),
    (
        "02.2",
        lambda z, axis: (np.exp(z) - top(z, axis)) / top(np.exp(z), axis, "sum"),
        "The largest logit is subtracted from the exponentials, in the numerator only",
    ),
    (
        "02.2",
        lambda z, axis: (np.exp(z) - top(z, axis)) / top(np.exp(z - top(z, axis)), axis, "sum"),
        "The largest logit is subtracted inside exp in the sum",
    ),
    (
        "02.2",
        lambda z, axis: np.exp(z - top(z, axis)) / top(np.exp(z), axis, "sum"),
        "Half a shift: in the numerator only",
    ),
    ("02.2", lambda z, axis: np.exp(z) / top(np.exp(z - top(z, axis)), axis, "sum"), "Half a shift: in the sum only"),
    ("02.3", lambda z, axis: (top(z, axis) + log_sum(z, axis)).squeeze(), "squeeze without an axis"),
    ("02.3", lambda z, axis: F.logsumexp(z, axis=1), "Axis 1 is used"),
    ("02.3", lambda z, axis: 100 + np.log(np.exp(z - 100).sum(axis=axis)), NO_SHIFT),
    (
        "02.3",
        lambda z, axis: np.abs(z).max(axis=axis) + np.log(np.exp(z - top(np.abs(z), axis)).sum(axis=axis)),
        "The shift is the largest absolute value",
    ),
    ("02.4", lambda z, axis: z - top(z, axis) + log_sum(z, axis), "The logarithm of the sum is added"),
    ("02.4", lambda z, axis: z - (top(z, axis) - log_sum(z, axis)), "The logarithm of the sum is added"),
    (
        "02.4",
        lambda z, axis: z - top(z, axis) - np.log(top(np.exp(z), axis, "sum")),
        "The maximum is subtracted twice",
    ),
    ("02.4", lambda z, axis: z - top(z, axis) - (top(z, axis) + log_sum(z, axis)), "The maximum is subtracted twice"),
    ("02.4", lambda z, axis: z - logsumexp_reduce(z, axis), "The log-sum-exp is subtracted without its axis"),
    ("02.4", lambda z, axis: z - np.log(np.exp(z).sum(axis=axis)), "The log-sum-exp is subtracted without its axis"),
    ("02.4", lambda z, axis: F.log_softmax(z, axis=1), "Axis 1 is used"),
    ("02.4", lambda z, axis: z - 100 - np.log(top(np.exp(z - 100), axis, "sum")), NO_SHIFT),
    (
        "02.4",
        lambda z, axis: z - top(np.abs(z), axis) - np.log(top(np.exp(z - top(np.abs(z), axis)), axis, "sum")),
        "The shift is the largest absolute value",
    ),
    ("02.4", lambda z, axis: np.log(F.softmax(z, axis).data + 1e-8), f"{KEPT} 1e-08"),
    *[
        ("02.4", lambda z, axis, e=e, keep=keep: np.log(keep(F.softmax(z, axis).data, e)), f"{KEPT} {e:.3g}")
        for e in (1e-9, 1e-12, np.finfo(float).eps, 1e-300, np.finfo(float).tiny)
        for keep in (np.add, np.maximum, lambda p, e: np.clip(p, e, 1 - e))
    ],
]
