"""What the answers of several chapters are made of. z, x and e have any shape, with the classes along axis."""

import numpy as np


def softmax_apply(z, axis):
    def one(row):
        e = np.exp(row - max(row))
        return e / sum(e)

    return np.apply_along_axis(one, axis, z)


KEPT = "The probabilities are kept away from 0 by"


def top(z, axis, method="max"):
    return getattr(z, method)(axis=axis, keepdims=True)


def shares(e, axis):
    return e / top(e, axis, "sum")
