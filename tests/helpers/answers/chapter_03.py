"""Answers to the exercises of chapter 03: right ones, and known mistakes, each written in another way."""

import numpy as np
from answers.shared import shares, softmax_apply, top

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import jacobian, numerical_jacobian


def numerical_jacobian_one_by_one(f, z, h):
    """Element by element, with one array that is moved and put back."""
    z, J = z.copy(), np.zeros((len(z), len(z)))
    for i in range(len(z)):
        for j in range(len(z)):
            kept = z[j]
            z[j] = kept + h
            up = f(z)[i]
            z[j] = kept - h
            J[i, j] = (up - f(z)[i]) / (h + h)
            z[j] = kept
    return J


def softmax_jacobian_loop(z):
    s = softmax_apply(z, 0)
    return [[s[i] * (1 - s[i]) if i == j else -s[i] * s[j] for j in range(len(s))] for i in range(len(s))]


def softmax_vjp_by_matrix(s, g, axis):
    """J^T g for each example, with the class axis last."""
    s, g = np.moveaxis(s, axis, -1), np.moveaxis(g, axis, -1)
    J = s[..., None] * np.eye(s.shape[-1]) - np.einsum("...i,...j->...ij", s, s)
    return np.moveaxis(np.einsum("...ij,...i->...j", J, g), -1, axis)


def softmax_vjp_by_engine(s, g, axis):
    z = Tensor(np.log(s), requires_grad=True)
    F.softmax(z, axis=axis).backward(g)
    return z.grad


def piled_up(f, z, h):
    """The step of column j moves all elements up to j."""
    steps = h * np.tri(len(z))
    return np.stack([(f(z + step) - f(z - step)) / (2 * h) for step in steps], axis=1)


def matrix_of(s):
    return s[:, None] * (np.eye(len(s)) - s)


def in_place(f, z, h, down):
    """Columns of differences over 2 h, of one array in which each element goes up by h, then down by down * h."""
    columns = []
    for j in range(len(z)):
        z[j] += h
        up = f(z)
        z[j] -= down * h
        columns.append((up - f(z)) / (2 * h))
    return np.stack(columns, axis=1)


RIGHT = {
    "03.1": [
        numerical_jacobian_one_by_one,
        lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z, eps=h),
    ],
    "03.2": [softmax_jacobian_loop, lambda z: jacobian(F.softmax, z)],
    "03.3": [
        lambda z, a: jacobian(lambda t: F.softmax(t * a), z),
        lambda z, a: np.array(softmax_jacobian_loop(a * z)) @ np.diag(a),
    ],
    "03.4": [softmax_vjp_by_matrix, softmax_vjp_by_engine],
    "03.5": [
        lambda s: [softmax_jacobian_loop(row) for row in np.log(s)],
        lambda s: np.einsum("ni,ij->nij", s, np.eye(s.shape[1])) - np.einsum("ni,nj->nij", s, s),
    ],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("03.1", lambda f, z, h: np.array([(f(z + e) - f(z - e)) / (2 * h) for e in h * np.eye(len(z))]), "Rows and col"),
    ("03.1", lambda f, z, h: [(f(z + e) - f(z)) / h for e in h * np.eye(len(z))], "It is a forward difference"),  # rows
    ("03.1", lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z), "The step h is not used"),
    ("03.1", lambda f, z, h: in_place(f, z, h, down=1), "One step, divided by two"),
    ("03.1", lambda f, z, h: in_place(f, z, h, down=2), "The steps are never undone"),
    ("03.1", lambda f, z, h: piled_up(f, z, h), "The earlier steps stay in the step"),
    ("03.1", lambda f, z, h: numerical_jacobian(lambda t: Tensor(f(t.data)), z, eps=h / 2), "The step is h / 2"),
    ("03.2", lambda z: np.diag(np.diag(jacobian(F.softmax, z))), "s (1 - s) on the diagonal"),
    ("03.2", lambda z: matrix_of(np.nan_to_num(shares(np.exp(z), 0))), "nan is replaced by 0"),
    ("03.2", lambda z: matrix_of(shares(np.exp(np.clip(z, -700, 700)), 0)), "The logits are clipped"),
    ("03.2", lambda z: matrix_of(shares(np.exp(z - abs(z).max()), 0)), "The shift is the largest absolute value"),
    ("03.2", lambda z: F.softmax(z).data - np.outer(*[F.softmax(z).data] * 2), "s stands in every row"),
    ("03.3", lambda z, a: matrix_of(shares(np.exp(a * z - z.max()), 0)) * a, "The shift is the maximum of z"),
    ("03.3", lambda z, a: matrix_of(np.nan_to_num(shares(np.exp(a * z), 0))) * a, "nan is replaced by 0"),
    ("03.3", lambda z, a: matrix_of(shares(np.exp(a * (z - z.max())), 0)) * a, "The maximum is subtracted before"),
    ("03.4", lambda s, g, axis: s * (g - np.expand_dims((g * s).sum(axis=axis), -1)), "The sum gets its axis back"),
    ("03.4", lambda s, g, axis: s * (g - top(s, axis, "sum")), "sum(s) in place of sum(g * s)"),
    ("03.5", lambda s: next(matrix_of(row) for row in s), "It is the first example alone"),
    ("03.5", lambda s: np.stack([matrix_of(row) for row in s], axis=1), "The examples are on axis 1"),
    ("03.2", lambda z: np.diag(F.softmax(z).data) - F.softmax(z).data ** 2, "A vector is subtracted from each row"),
    ("03.2", lambda z: F.softmax(z).data * (np.eye(len(z)) - F.softmax(z).data), "A vector is subtracted from each r"),
    ("03.2", lambda z: np.diag(shares(np.exp(z), 0)) - np.outer(*[shares(np.exp(z), 0)] * 2), "It overflows"),
    ("03.2", lambda z: np.diag(shares(np.exp(z), 0)), "The second term is missing"),  # and it overflows
    ("03.3", lambda z, a: np.diag(a) @ jacobian(F.softmax, a * z), "The rows are scaled"),
    ("03.3", lambda z, a: jacobian(lambda t: F.softmax(t * a), z).T, "The rows are scaled"),
    ("03.3", lambda z, a: jacobian(lambda t: F.softmax(z * t), a), "It is the derivative with respect to a"),
    ("03.3", lambda z, a: jacobian(lambda t: a * F.softmax(t), z), "The probabilities are scaled"),
    ("03.4", lambda s, g, axis: s * (g - g * s), "s (1 - s) g, the diagonal alone"),
    ("03.4", lambda s, g, axis: g * s - s**2 * g, "s (1 - s) g, the diagonal alone"),
    ("03.4", lambda s, g, axis: softmax_vjp_by_matrix(s, g, 1 - axis % 2), "The sum runs along the other axis"),
    ("03.4", lambda s, g, axis: s * (g - np.einsum("...i,...i->...", s, g)[..., None]), "The last axis is used"),
    ("03.5", lambda s: np.stack([np.eye(len(s)) * row - np.outer(row, row) for row in s]), "The identity has the size"),
    ("03.5", lambda s: np.diag(s.sum(axis=0)) - s.T @ s, "The examples are added up"),
    ("03.5", lambda s: s[:, :, None] * np.eye(s.shape[1]) - np.einsum("ni,mj->nij", s, s), "The second probability"),
    ("03.5", lambda s: s[..., None] * (np.eye(s.shape[0]) - s[:, None]), "The identity has the size of the batch"),
]
