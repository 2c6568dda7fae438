"""What the exercises of several chapters share: probes, where specimens speak, and texts."""

from __future__ import annotations

import numpy as np

# --- Probes -------------------------------------------------------------------------------------------------------

SQUARE = np.array([[0.0, 1.0], [3.0, 2.0]])
ROW = np.array([[0.0, 1.0, 2.0, 3.0]])  # axis 0 has size 1 and must stay
WIDE = np.array([[0.0, 1.0, 2.0], [3.0, 1.0, 0.0]])
BLOCK = np.array([[[0.0, 1.0], [2.0, 0.0], [1.0, 1.0]], [[3.0, 0.0], [1.0, 2.0], [0.0, 0.5]]])
APART = np.array([[1000.0, 999.0], [-1000.0, -1001.0]])  # rows of very different size
THREE_CLASSES = np.array([[0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
FOUR_EXAMPLES = np.array([[0.0, 1.0, 2.0], [2.0, 0.0, -1.0], [0.5, 0.0, 3.0], [1.0, -2.0, 0.0]])

# What one may add to probabilities, or clip them at, before the logarithm.
EPSILONS = (1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 2.0**-52, 1e-16, 1e-20, 1e-30, 1e-100, 1e-300, 2.0**-1022)


# --- Where a specimen speaks: each takes the arguments of a probe -------------------------------------------------


def small(z, *_):
    """No exponential of these logits overflows or underflows: z of any shape gives True or False."""
    return bool(np.abs(z).max() < 100)


def matrix(x, *rest):
    """x is (N, C), and the last argument, the axis, counts from the front: 1 - axis is the other one."""
    return x.ndim == 2 and rest[-1] >= 0


def small_matrix(z, *rest):
    """matrix(z, ...) and small(z): z of any shape gives True or False."""
    return matrix(z, *rest) and small(z)


# --- Texts --------------------------------------------------------------------------------------------------------

KEEPDIMS = (
    "Along axis 1 an array of shape (2, 3) has 2 {what}. Without `keepdims=True` they have shape (2,), and NumPy lines "
    "them up with the 3 columns and stops. On a square array nothing stops, but each column gets the {one} of a row. "
    "With `keepdims=True` their shape is (2, 1): one for each row."
)
NOT_THE_MAXIMUM = (
    "Only the maximum itself, `z.max(axis=axis, keepdims=True)`, keeps every row in range. A constant such as 100 "
    "does not know how large the logits are, and `z.argmax` is the place of the maximum, not its value."
)
