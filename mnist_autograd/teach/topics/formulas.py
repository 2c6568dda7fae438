"""The formulas of the series in plain NumPy, of which exercises, mistakes and rules are made.

Shapes: z, x and e of any shape, with the classes along axis (the last one, if none is named); s (C,).
"""

from __future__ import annotations

import numpy as np


def largest(z, axis=-1):
    """The maximum along the axis, which stays with size 1: z (N, C) gives (N, 1)."""
    return z.max(axis=axis, keepdims=True)


def total(x, axis=-1):
    """The sum along the axis, which stays with size 1: x (N, C) gives (N, 1)."""
    return x.sum(axis=axis, keepdims=True)


def share(e, axis=-1):
    """Each element's share of the sum along the axis: the shape of e."""
    return e / total(e, axis)


def softmax(z, axis=-1):
    """Softmax of logits of any magnitude: the shape of z."""
    return share(np.exp(z - largest(z, axis)), axis)


def jacobian_of(s):
    """The Jacobian of softmax (C, C), from its probabilities s (C,)."""
    return np.diag(s) - np.outer(s, s)
