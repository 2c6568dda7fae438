"""Every operation: the forward computation and, beside it, one vector-Jacobian product (VJP) per input.

Each function takes Tensors (or plain arrays, lists and numbers, as constants) and returns

    record(name, value, (input, vjp), ...)

where vjp turns g, the gradient of the loss with respect to the value, into the gradient with respect to the input.
A VJP is called only if its input needs a gradient, and may ignore broadcasting, which the engine undoes.
Formulas use the notation of chapter 00: z logits, s softmax probabilities, l log-probabilities, y targets,
m the maximum along the class axis, C classes, N examples; sums run along the class axis.

Operations share NumPy's names where NumPy has them. The end of the file makes them operators and methods of Tensor.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from . import checks, hints
from .hints import numpy_words
from .numpy_protocol import OPERATIONS
from .tensor import VJP, Array, Axis, Tensor, TensorLike, as_tensor, record, undo_broadcasting

__all__ = [
    *("add", "subtract", "multiply", "divide", "power", "negative", "exp", "log", "tanh", "sigmoid", "relu"),
    *("sqrt", "absolute", "maximum", "where", "matmul", "linear", "sum", "mean", "max"),
    *("reshape", "transpose", "getitem", "embedding", "concatenate", "stack"),
    *("logsumexp", "softmax", "log_softmax", "nll_loss", "cross_entropy", "one_hot"),
]


# --- Arithmetic, with broadcasting (chapter 06) -----------------------------------------------------------------


def add(a: TensorLike, b: TensorLike) -> Tensor:
    """a + b. VJPs: g for both."""
    a, b = checks.broadcastable("add", a, b)
    return record("add", a.data + b.data, (a, lambda g: g), (b, lambda g: g))


def subtract(a: TensorLike, b: TensorLike) -> Tensor:
    """a - b. VJPs: g for a, -g for b."""
    a, b = checks.broadcastable("subtract", a, b)
    return record("subtract", a.data - b.data, (a, lambda g: g), (b, lambda g: -g))


def multiply(a: TensorLike, b: TensorLike) -> Tensor:
    """a * b. VJPs: g * b for a, g * a for b."""
    a, b = checks.broadcastable("multiply", a, b)
    return record("multiply", a.data * b.data, (a, lambda g: g * b.data), (b, lambda g: g * a.data))


def divide(a: TensorLike, b: TensorLike) -> Tensor:
    """a / b. VJPs: g / b for a, -g * a / b^2 for b."""
    a, b = checks.broadcastable("divide", a, b)
    q = a.data / b.data
    return record("divide", q, (a, lambda g: g / b.data), (b, lambda g: -g * q / b.data))


def power(a: TensorLike, b: TensorLike) -> Tensor:
    """a ** b. VJPs: g * b * a^(b-1) for a (0 where b = 0), g * a^b * log(a) for b (0 where a = 0)."""
    a, b = checks.broadcastable("power", a, b)
    y = a.data**b.data
    # The replaced exponent and base keep 0 * infinity out of the two places where the gradient is 0.
    return record(
        "power",
        y,
        (a, lambda g: g * b.data * a.data ** np.where(b.data == 0, b.data + 1, b.data - 1)),
        (b, lambda g: g * y * np.log(np.where(a.data == 0, a.data + 1, a.data))),
    )


def negative(x: TensorLike) -> Tensor:
    """-x. VJP: -g."""
    x = as_tensor(x)
    return record("negative", -x.data, (x, lambda g: -g))


# --- Functions of one element (chapter 06) ----------------------------------------------------------------------


def exp(x: TensorLike) -> Tensor:
    """e^x. VJP: g * e^x."""
    x = as_tensor(x)
    y = np.exp(x.data)
    return record("exp", y, (x, lambda g: g * y))


def log(x: TensorLike) -> Tensor:
    """Natural logarithm. VJP: g / x. At 0 it is -inf, with NumPy's warning: chapter 04 says what to use instead."""
    x = as_tensor(x)
    return record("log", np.log(x.data), (x, lambda g: g / x.data))


def tanh(x: TensorLike) -> Tensor:
    """Hyperbolic tangent. VJP: g * (1 - tanh(x)^2)."""
    x = as_tensor(x)
    y = np.tanh(x.data)

    def vjp(g: Array) -> Array:
        slope = np.asarray(y * y)  # and in place from here on, where g * (1 - y * y) takes 1.5 times as long
        np.subtract(1, slope, out=slope)
        slope *= g
        return slope

    return record("tanh", y, (x, vjp))


def sigmoid(x: TensorLike) -> Tensor:
    """1 / (1 + e^-x), which is e^x / (1 + e^x), computed in the form that cannot overflow. VJP: g * y * (1 - y)."""
    x = as_tensor(x)
    y = np.exp(np.minimum(x.data, 0)) / (1 + np.exp(-np.abs(x.data)))
    return record("sigmoid", y, (x, lambda g: g * y * (1 - y)))


def relu(x: TensorLike) -> Tensor:
    """max(x, 0). VJP: g where x > 0, else 0."""
    x = as_tensor(x)
    return record("relu", np.maximum(x.data, 0), (x, lambda g: np.where(x.data > 0, g, 0)))


def sqrt(x: TensorLike) -> Tensor:
    """Square root. VJP: g / (2 sqrt(x)), which is infinite at 0."""
    x = as_tensor(x)
    y = np.sqrt(x.data)
    return record("sqrt", y, (x, lambda g: g / (2 * y)))


def absolute(x: TensorLike) -> Tensor:
    """|x|. VJP: g with the sign of x, and 0 at 0."""
    x = as_tensor(x)
    return record("absolute", np.abs(x.data), (x, lambda g: g * np.sign(x.data)))


def maximum(a: TensorLike, b: TensorLike) -> Tensor:
    """The larger of a and b, element by element. VJPs: g for the larger, 0 for the other; equal ones get half each."""
    a, b = checks.broadcastable("maximum", a, b)

    def part(g: Array, x: Array, other: Array) -> Array:
        return np.where(x > other, g, np.where(x == other, g / 2, 0))

    y = np.maximum(a.data, b.data)
    return record("maximum", y, (a, lambda g: part(g, a.data, b.data)), (b, lambda g: part(g, b.data, a.data)))


def where(condition: Any, a: TensorLike, b: TensorLike) -> Tensor:
    """a where the condition (Booleans, a constant) holds, else b. VJPs: g there for a, g elsewhere for b; else 0."""
    a, b = checks.broadcastable("where", a, b)
    c = np.asarray(condition.data if isinstance(condition, Tensor) else condition, bool)
    for x in (a, b):
        checks.broadcastable("where", c, x)
    y = np.where(c, a.data, b.data)
    return record("where", y, (a, lambda g: np.where(c, g, 0)), (b, lambda g: np.where(c, 0, g)))


# --- Matrix products (chapter 07) -------------------------------------------------------------------------------


def matmul(a: TensorLike, b: TensorLike) -> Tensor:
    """a @ b with NumPy's rules for vectors and stacks of matrices. VJPs: g @ b^T for a, a^T @ g for b."""
    a, b = as_tensor(a, like=b), as_tensor(b, like=a)
    try:
        value = a.data @ b.data
    except ValueError:
        raise ValueError(
            f"matmul: shapes {a.shape} @ {b.shape} do not fit; expected (..., n, k) @ (..., k, m): the last size of "
            "the first must equal the second-last size (for a vector: the size) of the second, and stacks must "
            "broadcast; scalars are multiplied with *"
        ) from None
    # A vector counts as one row on the left and as one column on the right.
    rows = a.data[None, :] if a.ndim == 1 else a.data
    columns = b.data[:, None] if b.ndim == 1 else b.data

    def as_matrix(g: Array) -> Array:
        g = g[..., None] if b.ndim == 1 else g
        return g[..., None, :] if a.ndim == 1 else g

    def vjp_a(g: Array) -> Array:
        gradient = undo_broadcasting(as_matrix(g) @ columns.swapaxes(-1, -2), rows.shape)
        return gradient if a.ndim > 1 else gradient[0]

    def vjp_b(g: Array) -> Array:
        gradient = undo_broadcasting(rows.swapaxes(-1, -2) @ as_matrix(g), columns.shape)
        return gradient if b.ndim > 1 else gradient[:, 0]

    return record("matmul", value, (a, vjp_a), (b, vjp_b))


def linear(x: TensorLike, weight: TensorLike, bias: TensorLike) -> Tensor:
    """X @ W + b in one node: x (..., D), weight (D, C), bias (C,) give (..., C).

    VJPs: g @ W^T for x; X^T @ g for W; the sum of g over the examples for b.
    """
    x, weight, bias = as_tensor(x, like=weight), as_tensor(weight), as_tensor(bias, like=weight)
    if weight.ndim != 2 or bias.shape != weight.shape[1:] or x.shape[-1:] != weight.shape[:1]:
        raise ValueError(
            f"linear: x has shape {x.shape}, weight {weight.shape}, bias {bias.shape}; "
            f"expected (..., D), (D, C), (C,)" + checks.misfit(x.shape, weight.shape[0])
        )
    X, W, b = x.data, weight.data, bias.data
    value = (X @ W).astype(np.result_type(X, W, b), copy=False)
    value += b  # in place: this is the largest value of a training step

    def rows(array: Array) -> Array:
        return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])

    return record(
        "linear",
        value,
        (x, lambda g: g @ W.T),
        (weight, lambda g: rows(X).T @ rows(g)),
        (bias, lambda g: g),  # summed over the examples where broadcasting is undone
    )


# --- Reductions along axes (chapters 01 and 06) -----------------------------------------------------------------
#
# From here to the end of the file, sum and max are these, and not Python's.


@numpy_words
def sum(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum along an axis, several (a tuple) or all (None). VJP: g, repeated along the summed axes."""
    x = as_tensor(x)
    axes = checks.axes_of("sum", x, axis)
    precise = np.promote_types(x.dtype, np.float32)
    value = x.data.sum(axis=axes, keepdims=keepdims, dtype=precise).astype(x.dtype)
    return record("sum", value, (x, lambda g: np.broadcast_to(_restore(g, axes, keepdims), x.shape)))


@numpy_words
def mean(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean along an axis, several (a tuple) or all (None). VJP: g / n, repeated along those axes of n elements."""
    x = as_tensor(x)
    axes = checks.axes_of("mean", x, axis, empty_is_an_error=True)
    value = x.data.mean(axis=axes, keepdims=keepdims)
    n = math.prod(x.shape[axis] for axis in axes)
    return record("mean", value, (x, lambda g: np.broadcast_to(_restore(g, axes, keepdims) * (1 / n), x.shape)))


@numpy_words
def max(x: TensorLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Maximum along an axis, several (a tuple) or all (None). VJP: g at the maximum; tied maxima share it equally."""
    x = as_tensor(x)
    axes = checks.axes_of("max", x, axis, empty_is_an_error=True)
    m = x.data.max(axis=axes, keepdims=True)

    def vjp(g: Array) -> Array:
        at_maximum: Array = (x.data == m).astype(x.dtype)
        at_maximum /= at_maximum.sum(axis=axes, keepdims=True)
        return _restore(g, axes, keepdims) * at_maximum

    return record("max", m if keepdims else m.squeeze(axes), (x, vjp))


# --- Shapes and look-ups (chapters 06 and 09) -------------------------------------------------------------------


def reshape(x: TensorLike, shape: int | Sequence[int]) -> Tensor:
    """The same elements in another shape; one size may be -1. VJP: g in the old shape."""
    x = as_tensor(x)
    try:
        value = x.data.reshape(shape)
    except (ValueError, TypeError):
        raise ValueError(
            f"reshape: {x.size} elements of shape {x.shape} do not fill shape {shape}; the product of the sizes must "
            "stay the same, and at most one size may be -1"
        ) from None
    return record("reshape", value, (x, lambda g: g.reshape(x.shape)))


def transpose(x: TensorLike, axes: Sequence[int] | None = None) -> Tensor:
    """The axes in another order (None: reversed). VJP: g with the order undone."""
    x = as_tensor(x)
    try:
        value = x.data.transpose(axes)
    except (ValueError, TypeError):
        raise ValueError(
            f"transpose: axes {axes} are not a permutation of the {x.ndim} axes of shape {x.shape}; "
            f"expected each of {tuple(range(x.ndim))} once"
        ) from None
    undone = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return record("transpose", value, (x, lambda g: g.transpose(undone)))


def getitem(x: TensorLike, index: Any) -> Tensor:
    """x[index] with NumPy's rules. VJP: g put back at the index, added up where an element was taken repeatedly."""
    x = as_tensor(x)
    index = checks.plain_index(index)
    try:
        value = x.data[index]
    except (IndexError, TypeError, ValueError) as error:
        raise IndexError(f"getitem: index {index!r:.80} does not fit shape {x.shape}: {error}") from None

    def vjp(g: Array) -> Array:
        gradient = np.zeros(x.shape, np.promote_types(x.dtype, np.float32))
        parts = index if isinstance(index, tuple) else (index,)
        if all(part is None or part is ... or isinstance(part, (int, slice)) for part in parts):
            gradient[index] += g  # no element is taken twice
        else:
            np.add.at(gradient, index, g)  # 20 times as long
        return gradient

    return record("getitem", value, (x, vjp))


def embedding(weight: TensorLike, indices: TensorLike) -> Tensor:
    """Rows of a table: weight (V, E) and integers of any shape (...) give (..., E). VJP: as for getitem."""
    weight = as_tensor(weight)
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight has shape {weight.shape}; expected a table (V, E)")
    return getitem(weight, checks.class_indices("embedding", indices, len(weight)))


def _joined(join: Callable[..., Array], arrays: Sequence[TensorLike], axis: int) -> tuple[list[Tensor], Array]:
    """The arrays as Tensors, numbers and lists in the dtype of the first Tensor; and the value that join gives."""
    like = next((x for x in arrays if isinstance(x, Tensor)), None)
    tensors = [as_tensor(x, like=like) for x in arrays]
    try:
        return tensors, join([x.data for x in tensors], operator.index(axis))
    except (ValueError, TypeError) as error:  # an AxisError is a ValueError
        shapes = ", ".join(str(x.shape) for x in tensors) or "none"
        expected = "one shape, and a place for a new axis"
        if join is np.concatenate:
            expected = "shapes that agree but along one axis"
        raise ValueError(
            f"{join.__name__}: got arrays of shapes {shapes} and axis {axis}; expected {expected} ({error})"
        ) from None


@numpy_words
def concatenate(arrays: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Arrays joined along an axis that they have. VJP: for each of them, its part of g."""
    tensors, value = _joined(np.concatenate, arrays, axis)
    ends = np.cumsum([x.shape[axis] for x in tensors])

    def part(i: int) -> VJP:
        along = slice(ends[i] - tensors[i].shape[axis], ends[i])
        return lambda g: g[(slice(None),) * (axis % g.ndim) + (along,)]

    return record("concatenate", value, *((x, part(i)) for i, x in enumerate(tensors)))


@numpy_words
def stack(arrays: Sequence[TensorLike], axis: int = 0) -> Tensor:
    """Arrays of one shape joined along a new axis. VJP: for each of them, its part of g."""
    tensors, value = _joined(np.stack, arrays, axis)
    return record("stack", value, *((x, lambda g, i=i: g.take(i, axis)) for i, x in enumerate(tensors)))


@numpy_words
def one_hot(indices: TensorLike, num_classes: int | None = None, axis: int = -1) -> Tensor:
    """A constant with a new class axis: 1 where the class is the index, else 0. indices (N,) give (N, C)."""
    indices = checks.class_indices("one_hot", indices, num_classes)
    if num_classes is None:
        num_classes = int(indices.max(initial=-1)) + 1
    if not -1 - indices.ndim <= axis <= indices.ndim:
        raise np.exceptions.AxisError(
            f"one_hot: got axis {axis} for indices of shape {indices.shape}; expected a place for the class axis, an "
            f"integer from {-1 - indices.ndim} to {indices.ndim}"
        )
    axis %= indices.ndim + 1
    y = np.zeros((*indices.shape[:axis], num_classes, *indices.shape[axis:]))
    y[checks.at(indices, axis)] = 1
    return Tensor(y)


# --- Softmax and its relatives (chapters 01 to 04) --------------------------------------------------------------
#
# All shift the logits by their maximum m along the class axis, so that the largest exponent is 0: no overflow, and
# a sum of at least 1. A logit of -inf marks a class as impossible: probability 0, gradient 0.


@numpy_words
def logsumexp(x: TensorLike, axis: int = -1, keepdims: bool = False) -> Tensor:
    """log(sum exp(z)) = m + log(sum exp(z - m)). VJP: g * s, because the gradient of logsumexp is softmax."""
    x = as_tensor(x)
    axis = checks.class_axis("logsumexp", x, axis)
    c = _shifted(x.data, axis)
    e, total = c.e, c.total
    value = (c.m + c.log_total).astype(x.dtype, copy=False)
    value = value if keepdims else value.squeeze(axis)
    return record("logsumexp", value, (x, lambda g: _restore(g, (axis,), keepdims) * (e / total)))


@numpy_words
def softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """s = exp(z - m) / sum exp(z - m). VJP: s * (g - sum(g * s)).

    If every class is impossible (-inf), there is no distribution: all probabilities are 0, and so is the gradient.
    """
    x = as_tensor(x)
    axis = checks.class_axis("softmax", x, axis)
    c = _shifted(x.data, axis)
    s = (c.e / c.total).astype(x.dtype, copy=False)
    return record("softmax", s, (x, lambda g: s * (g - (g * s).sum(axis=axis, keepdims=True))))


@numpy_words
def log_softmax(x: TensorLike, axis: int = -1) -> Tensor:
    """l = z - m - log(sum exp(z - m)). VJP: g - s * sum(g), and 0 for a class that is impossible."""
    x = as_tensor(x)
    axis = checks.class_axis("log_softmax", x, axis)
    c = _shifted(x.data, axis)
    l = (c.z - c.log_total).astype(x.dtype, copy=False)
    e, total = c.e, c.total

    def vjp(g: Array) -> Array:
        return np.where(np.isneginf(x.data), 0, g - e / total * g.sum(axis=axis, keepdims=True))

    return record("log_softmax", l, (x, vjp))


# --- Losses (chapter 05) ----------------------------------------------------------------------------------------


@numpy_words
def nll_loss(log_probs: TensorLike, target: TensorLike, axis: int = -1, reduction: str = "mean") -> Tensor:
    """Negative log-likelihood -sum(y * l) of log-probabilities l, shape (N, C), or any shape with a class axis.

    target: class indices, of the shape without the class axis, e.g. (N,); or one-hot or probabilities y of the same
            shape as l. An impossible class (l = -inf) costs nothing where y = 0.
    reduction: "mean" and "sum" give a scalar, "none" one loss per example.
    VJPs: -g * y for l, -g * l for y, where g is the gradient of each example's loss: the upstream one / N for "mean".
    """
    l = as_tensor(log_probs)
    axis = checks.class_axis("nll_loss", l, axis)
    checks.no_probabilities(l, axis)
    y = checks.target_of("nll_loss", target, l, axis)
    losses, s_minus_y = _nll(y, l.data, axis)
    value, each = _reduced("nll_loss", losses, axis, reduction)
    of_y = [(y, lambda g: -each(g) * l.data)] if isinstance(y, Tensor) else []
    return record("nll_loss", value, (l, lambda g: each(g) * s_minus_y(np.zeros_like(l.data))), *of_y)


@numpy_words
def cross_entropy(logits: TensorLike, target: TensorLike, axis: int = -1, reduction: str = "mean") -> Tensor:
    """nll_loss(log_softmax(logits)) as one operation; target, axis and reduction as there.

    VJPs: g * (s * sum(y) - y) for the logits, which is g * (s - y) where y sums to 1, and 0 for a class that is
    impossible; -g * l for y; g as in nll_loss.
    """
    z = as_tensor(logits)
    axis = checks.class_axis("cross_entropy", z, axis)
    y = checks.target_of("cross_entropy", target, z, axis)
    c = _shifted(z.data, axis)
    l = (c.z - c.log_total).astype(z.dtype, copy=False)
    e, total = c.e, c.total  # all that the graph is to hold
    losses, s_minus_y = _nll(y, l, axis)
    value, each = _reduced("cross_entropy", losses, axis, reduction)
    of_y = [(y, lambda g: -each(g) * l)] if isinstance(y, Tensor) else []

    def vjp_z(g: Array) -> Array:
        gradient = s_minus_y(e / total)
        if np.isinf(losses).any():  # only then has an impossible class been asked for
            gradient[np.isneginf(z.data)] = 0
        gradient *= each(g)
        return gradient

    return record("cross_entropy", value, (z, vjp_z), *of_y)


# --- Parts shared by the operations above -----------------------------------------------------------------------


class Shifted(NamedTuple):
    """What all of them need of the logits z; m and the sums keep the class axis with size 1."""

    m: Array
    z: Array  # z - m
    e: Array  # exp(z - m)
    total: Array  # the sum of e
    log_total: Array


def _shifted(z: Array, axis: int) -> Shifted:
    """The logits shifted by their maximum m along the class axis, with their exponentials and the sum of those.

    The largest exponential is 1, so the logarithm is log1p of the sum of the others: it loses no digit where they are
    small beside 1. float16 is computed in float32, which has more range. Where every class is impossible, m is -inf:
    nothing is shifted (-inf - -inf would be nan), and the sum is set to 1, so that dividing by it gives 0.
    Source: chapter 02.
    """
    if z.dtype == np.float16:
        z = z.astype(np.float32)
    largest = checks.at(z.argmax(axis=axis), axis)  # quicker than max() along a short axis
    m = _with_class_axis(z[largest], axis)
    shifted = z - np.where(np.isfinite(m), m, 0)
    e = np.exp(shifted)
    one = e[largest]  # but 0 where every class is impossible
    e[largest] = 0
    others = e.sum(axis=axis, keepdims=True)
    e[largest] = one
    one = _with_class_axis(one, axis)
    total = np.maximum(others + one, 1)
    return Shifted(m, shifted, e, total, np.log1p(others) + np.maximum(one - 1, 0))  # 0 but for an infinite logit


def _nll(y: Tensor | tuple[Array, ...], l: Array, axis: int) -> tuple[Array, VJP]:
    """-sum(y * l) along the class axis, and a function from s to s * sum(y) - y, for both forms of a target."""
    if isinstance(y, Tensor):
        losses = -(y.data * np.where(y.data == 0, 0, l)).sum(axis=axis)  # 0 * -inf is 0 here
        return losses, lambda s: s * y.data.sum(axis=axis, keepdims=True) - y.data

    def s_minus_y(s: Array) -> Array:
        s[y] -= 1
        return s

    return -l[y], s_minus_y


def _reduced(operation: str, losses: Array, axis: int, reduction: str) -> tuple[Array, VJP]:
    """The losses reduced, and a function from the upstream gradient to that of each loss (it broadcasts to classes)."""
    if reduction == "none":
        return losses, lambda g: _with_class_axis(g, axis)
    if reduction == "sum":
        return losses.sum(), lambda g: g
    if reduction != "mean":
        raise ValueError(f"{operation}: reduction is {reduction!r}; expected 'mean', 'sum' or 'none'")
    if losses.size == 0:
        raise ValueError(f"{operation}: the mean over no examples is not defined; the losses have shape {losses.shape}")
    precise = np.promote_types(losses.dtype, np.float32)  # as np.mean does, which takes longer in a step of training
    mean = losses.sum(dtype=precise) / losses.size
    return mean.astype(losses.dtype), lambda g: g * (1 / losses.size)


def _with_class_axis(array: Array, axis: int) -> Array:
    """The array with a class axis of size 1 put back (np.expand_dims, quicker)."""
    return array.reshape(*array.shape[:axis], 1, *array.shape[axis:])


def _restore(g: Array, axes: tuple[int, ...], keepdims: bool) -> Array:
    """g with the summed axes back at size 1, so that it broadcasts against the input."""
    return g if keepdims else np.expand_dims(g, axes)


# --- Operators and methods of Tensor ----------------------------------------------------------------------------


def _in_place(operation: Callable[[Any, Any], Tensor], sign: str) -> Callable[[Tensor, Any], Tensor]:
    def method(self: Tensor, other: TensorLike) -> Tensor:
        if self.requires_grad and self.operation is None:
            raise TypeError(
                f"p {sign}= ... would give the name p to a new Tensor and leave the parameter as it is; write "
                f"p.data {sign}= ..., as in p.data -= lr * p.grad, or let an optimizer do it"
            )
        return operation(self, other)

    return method


def _reshape_method(self: Tensor, *shape: Any) -> Tensor:
    """`x.reshape(2, 3)` or `x.reshape((2, 3))`; one size may be -1."""
    return reshape(self, shape[0] if len(shape) == 1 else shape)


def _transpose_method(self: Tensor, *axes: Any) -> Tensor:
    """`x.transpose()` reverses the axes; `x.transpose(1, 0, 2)` or `x.transpose((1, 0, 2))` orders them."""
    return transpose(self, axes[0] if len(axes) == 1 else axes or None)


_OPERATORS = {"add": (add, "+"), "sub": (subtract, "-"), "mul": (multiply, "*"), "truediv": (divide, "/")}
_OPERATORS |= {"pow": (power, "**"), "matmul": (matmul, "@")}
for _name, (_operation, _sign) in _OPERATORS.items():
    setattr(Tensor, f"__{_name}__", _operation)
    setattr(Tensor, f"__r{_name}__", lambda self, other, operation=_operation: operation(other, self))
    setattr(Tensor, f"__i{_name}__", _in_place(_operation, _sign))
_COMPARISONS = {"lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
for _name, _compare in (_COMPARISONS | {"eq": np.equal, "ne": np.not_equal}).items():
    setattr(Tensor, f"__{_name}__", lambda self, other, compare=_compare: compare(self, other))
_METHODS: dict[str, Any] = {f.__name__: f for f in (exp, log, tanh, sigmoid, relu, sqrt, sum, mean, max)}
_METHODS |= {"__neg__": negative, "__abs__": absolute, "__getitem__": getitem, "T": property(transpose)}
for _name, _method in (_METHODS | {"reshape": _reshape_method, "transpose": _transpose_method}).items():
    setattr(Tensor, _name, _method)

OPERATIONS.update({getattr(np, name): globals()[name] for name in __all__ if hasattr(np, name)})


if not TYPE_CHECKING:  # which is to go on finding misspelt names

    def __getattr__(name):
        raise hints.missing(f"module {__name__!r}", name, hints.IN_FUNCTIONAL, sys.modules[__name__])
