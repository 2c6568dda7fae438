"""Answers to the exercises of chapter 04: right ones, and known mistakes, each written in another way."""

import numpy as np
from answers.shared import shares, softmax_apply, top

from mnist_autograd import Tensor
from mnist_autograd import functional as F
from mnist_autograd.gradcheck import jacobian


def logsumexp_vjp_by_engine(z, g, axis):
    z = Tensor(z, requires_grad=True)
    F.logsumexp(z, axis=axis).backward(g)
    return z.grad


def log_softmax_jacobian_loop(z):
    s = softmax_apply(z, 0)
    return [[(i == j) - s[j] for j in range(len(s))] for i in range(len(s))]


def log_softmax_vjp_by_matrix(l, g, axis):
    """J^T g for each example, with the class axis last."""
    l, g = np.moveaxis(l, axis, -1), np.moveaxis(g, axis, -1)
    J = np.eye(l.shape[-1]) - np.exp(l)[..., None, :]
    return np.moveaxis(np.einsum("...ij,...i->...j", J, g), -1, axis)


def remove_ones_by_projection(v, axis):
    """(I - u u^T) v with the unit vector u along the ones."""
    u = np.full(v.shape[axis], v.shape[axis] ** -0.5)
    return np.moveaxis(np.moveaxis(v, axis, -1) @ (np.eye(len(u)) - np.outer(u, u)), -1, axis)


def through_the_probability(l, g, axis):
    l = Tensor(l, requires_grad=True)
    F.log(F.softmax(l, axis)).backward(g)
    return l.grad


def jacobian_of_whole_numbers(z):
    J = np.zeros((len(z), len(z)), dtype=int)
    J[...] = jacobian(F.log_softmax, z)
    return J


RIGHT = {
    "04.1": [logsumexp_vjp_by_engine, lambda z, g, axis: np.expand_dims(g, axis) * softmax_apply(z, axis)],
    "04.2": [lambda z: jacobian(F.log_softmax, z), log_softmax_jacobian_loop],
    "04.3": [log_softmax_vjp_by_matrix, lambda l, g, axis: g - softmax_apply(l, axis) * F.sum(g, axis, keepdims=True)],
    "04.4": [remove_ones_by_projection, lambda v, axis: v - F.mean(v, axis, keepdims=True)],
}

MISTAKES_WRITTEN_OTHERWISE = [
    ("04.1", lambda z, g, axis: F.softmax(z, axis=axis) * g, "g has no class axis"),
    ("04.1", lambda z, g, axis: g * np.exp(z) / top(np.exp(z), axis, "sum"), "g has no class axis"),  # and no shift
    ("04.1", lambda z, g, axis: g[:, None] * F.softmax(z, axis=1).data, "Axis 1 is used"),
    ("04.1", lambda z, g, axis: F.softmax(z, axis=1).data * g[:, None], "Axis 1 is used"),
    ("04.1", lambda z, g, axis: g[..., None] * F.softmax(z).data, "The last axis is used"),
    (
        "04.1",
        lambda z, g, axis: np.expand_dims(g, axis) / top(np.exp(z), axis, "sum") * np.exp(z),
        "The shift is missing",
    ),
    ("04.2", lambda z: (np.eye(len(z)) - F.softmax(z).data).T, "It is transposed"),
    ("04.2", lambda z: np.eye(len(z)) - (np.exp(z) / np.exp(z).sum())[:, None], "It is transposed"),  # and no shift
    ("04.2", lambda z: jacobian(F.softmax, z), "It is the Jacobian of softmax"),
    ("04.2", lambda z: np.diag(1 / F.softmax(z).data) @ jacobian(F.softmax, z), "It goes by way of 1 / s"),
    ("04.2", lambda z: np.diag(np.ones(len(z))) - np.exp(z) / np.exp(z).sum(), "The shift is missing"),
    ("04.3", lambda l, g, axis: g - np.exp(l) * g, "The diagonal alone"),
    ("04.3", lambda l, g, axis: F.exp(l) * (g - F.sum(g * F.exp(l), axis, keepdims=True)), "It is the VJP of softmax"),
    ("04.3", lambda l, g, axis: softmax_apply(l, axis) - g, "The sum of g is taken to be 1, and the sign"),
    ("04.3", through_the_probability, "It goes by way of g / s"),
    ("04.1", lambda z, g, axis: np.expand_dims(g, 0) * F.softmax(z, axis).data, "g has no class axis"),
    ("04.1", lambda z, g, axis: np.expand_dims(g, axis) * shares(np.exp(z - 100), axis), "The shift is missing, or"),
    *[
        (
            "04.1",
            lambda z, g, axis, c=c: np.expand_dims(g, axis) * shares(np.exp(np.clip(z, -c, c)), axis),
            "The logits",
        )
        for c in (50, 100, 700)
    ],
    ("04.2", lambda z: jacobian(F.softmax, z) / F.softmax(z).data, "It is transposed"),
    ("04.2", lambda z: np.eye(len(z)) - shares(np.exp(np.clip(z, -700, 700)), 0), "The logits are clipped"),
    ("04.2", lambda z: np.eye(len(z)) - shares(np.exp(z - z.min()), 0), "The shift is the minimum"),
    ("04.2", jacobian_of_whole_numbers, "The derivatives are cut to whole numbers"),
    ("04.2", lambda z: jacobian(F.softmax, z) / (F.softmax(z).data[:, None] + 1e-15), "It goes by way of 1 / (s + "),
    ("04.3", lambda l, g, axis: g - F.softmax(l).data * top(g, axis, "sum"), "Softmax runs along the last axis"),
    ("04.4", lambda v, axis: v - np.ones_like(v) * top(v, axis, "sum"), "The sum in place of the mean"),
    ("04.4", lambda v, axis: np.ones_like(v) * top(v, axis, "mean"), "The component is kept"),
]
