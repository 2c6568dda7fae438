"""Every operation: the forward computation and, beside it, one vector-Jacobian product (VJP) per input.

Each function takes Tensors (or plain arrays, lists and numbers, as constants) and returns

    record(name, value, (input, vjp), ...)

where vjp turns g, the gradient of the loss with respect to the value, into the gradient with respect to the input.
A VJP is called only if its input needs a gradient, and may ignore broadcasting, which the engine undoes.
Formulas use the notation of chapter 00: z logits, s softmax probabilities, l log-probabilities, y targets,
m the maximum along the class axis, C classes, N examples; sums run along the class axis.

Where NumPy has the operation, it bears NumPy's name, so that np.exp(x) on a Tensor finds it.
"""

from __future__ import annotations

import math

import numpy as np

from .tensor import Tensor, as_tensor, float_array, record, undo_broadcasting

__all__ = [
    *("add", "subtract", "multiply", "divide", "power", "negative", "exp", "log", "tanh", "sigmoid", "relu"),
    *("matmul", "linear", "sum", "mean", "max", "reshape", "transpose", "getitem", "embedding"),
    *("logsumexp", "softmax", "log_softmax", "nll_loss", "cross_entropy", "one_hot"),
]


# --- Arithmetic, with broadcasting (chapter 06) -----------------------------------------------------------------


def add(a, b) -> Tensor:
    """a + b. VJPs: g for both."""
    a, b = _broadcastable("add", a, b)
    return record("add", a.data + b.data, (a, lambda g: g), (b, lambda g: g))


def subtract(a, b) -> Tensor:
    """a - b. VJPs: g for a, -g for b."""
    a, b = _broadcastable("subtract", a, b)
    return record("subtract", a.data - b.data, (a, lambda g: g), (b, lambda g: -g))


def multiply(a, b) -> Tensor:
    """a * b. VJPs: g * b for a, g * a for b."""
    a, b = _broadcastable("multiply", a, b)
    return record("multiply", a.data * b.data, (a, lambda g: g * b.data), (b, lambda g: g * a.data))


def divide(a, b) -> Tensor:
    """a / b. VJPs: g / b for a, -g * a / b^2 for b."""
    a, b = _broadcastable("divide", a, b)
    q = a.data / b.data
    return record("divide", q, (a, lambda g: g / b.data), (b, lambda g: -g * q / b.data))


def power(a, b) -> Tensor:
    """a ** b. VJPs: g * b * a^(b-1) for a (0 where b = 0), g * a^b * log(a) for b (0 where a = 0)."""
    a, b = _broadcastable("power", a, b)
    y = a.data**b.data
    # The replaced exponent and base keep 0 * infinity out of the two places where the gradient is 0.
    return record(
        "power",
        y,
        (a, lambda g: g * b.data * a.data ** np.where(b.data == 0, b.data + 1, b.data - 1)),
        (b, lambda g: g * y * np.log(np.where(a.data == 0, a.data + 1, a.data))),
    )


def negative(x) -> Tensor:
    """-x. VJP: -g."""
    x = as_tensor(x)
    return record("negative", -x.data, (x, lambda g: -g))


# --- Functions of one element (chapter 06) ----------------------------------------------------------------------


def exp(x) -> Tensor:
    """e^x. VJP: g * e^x."""
    x = as_tensor(x)
    y = np.exp(x.data)
    return record("exp", y, (x, lambda g: g * y))


def log(x) -> Tensor:
    """Natural logarithm. VJP: g / x. At 0 it is -inf, with NumPy's warning: chapter 04 says what to use instead."""
    x = as_tensor(x)
    return record("log", np.log(x.data), (x, lambda g: g / x.data))


def tanh(x) -> Tensor:
    """Hyperbolic tangent. VJP: g * (1 - tanh(x)^2)."""
    x = as_tensor(x)
    y = np.tanh(x.data)
    return record("tanh", y, (x, lambda g: g * (1 - y * y)))


def sigmoid(x) -> Tensor:
    """1 / (1 + e^-x), which is e^x / (1 + e^x): of both, the one that cannot overflow. VJP: g * y * (1 - y)."""
    x = as_tensor(x)
    y = np.exp(np.minimum(x.data, 0)) / (1 + np.exp(-np.abs(x.data)))
    return record("sigmoid", y, (x, lambda g: g * y * (1 - y)))


def relu(x) -> Tensor:
    """max(x, 0). VJP: g where x > 0, else 0."""
    x = as_tensor(x)
    return record("relu", np.maximum(x.data, 0), (x, lambda g: g * (x.data > 0)))


# --- Matrix products (chapter 07) -------------------------------------------------------------------------------


def matmul(a, b) -> Tensor:
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

    def as_matrix(g):
        g = g[..., None] if b.ndim == 1 else g
        return g[..., None, :] if a.ndim == 1 else g

    def vjp_a(g):
        return undo_broadcasting(as_matrix(g) @ columns.swapaxes(-1, -2), rows.shape).reshape(a.shape)

    def vjp_b(g):
        return undo_broadcasting(rows.swapaxes(-1, -2) @ as_matrix(g), columns.shape).reshape(b.shape)

    return record("matmul", value, (a, vjp_a), (b, vjp_b))


def linear(x, weight, bias) -> Tensor:
    """X @ W + b in one node: x (..., D), weight (D, C), bias (C,) give (..., C).

    VJPs: g @ W^T for x; X^T @ g for W; the sum of g over the examples for b.
    """
    x, weight, bias = as_tensor(x, like=weight), as_tensor(weight), as_tensor(bias, like=weight)
    if weight.ndim != 2 or bias.shape != weight.shape[1:] or x.shape[-1:] != weight.shape[:1]:
        hint = "; nn.Flatten() makes rows of images" if x.ndim > 2 else ""
        raise ValueError(
            f"linear: x has shape {x.shape}, weight {weight.shape}, bias {bias.shape}; "
            f"expected (..., D), (D, C), (C,){hint}"
        )
    X, W, b = x.data, weight.data, bias.data
    value = X @ W
    if b.dtype == value.dtype:
        value += b  # in place: this is the largest value of a training step
    else:
        value = value + b

    def rows(array):
        return array if array.ndim == 2 else array.reshape(-1, array.shape[-1])

    return record(
        "linear",
        value,
        (x, lambda g: g @ W.T),
        (weight, lambda g: rows(X).T @ rows(g)),
        (bias, lambda g: rows(g).sum(axis=0)),
    )


# --- Reductions along axes (chapters 01 and 06) -----------------------------------------------------------------
#
# From here to the end of the file, sum and max are these, and not Python's.


def sum(x, axis=None, keepdims: bool = False) -> Tensor:
    """Sum along an axis, several (a tuple) or all (None). VJP: g, repeated along the summed axes."""
    x = as_tensor(x)
    axes = _axes("sum", x, axis)
    value = x.data.sum(axis=axes, keepdims=keepdims)
    return record("sum", value, (x, lambda g: np.broadcast_to(_restore(g, axes, keepdims), x.shape)))


def mean(x, axis=None, keepdims: bool = False) -> Tensor:
    """Mean along an axis, several (a tuple) or all (None). VJP: g / n, repeated along those axes of n elements."""
    x = as_tensor(x)
    axes = _axes("mean", x, axis, empty_is_an_error=True)
    value = x.data.mean(axis=axes, keepdims=keepdims)
    n = math.prod(x.shape[axis] for axis in axes)
    return record("mean", value, (x, lambda g: np.broadcast_to(_restore(g, axes, keepdims) * (1 / n), x.shape)))


def max(x, axis=None, keepdims: bool = False) -> Tensor:
    """Maximum along an axis, several (a tuple) or all (None). VJP: g at the maximum; tied maxima share it equally."""
    x = as_tensor(x)
    axes = _axes("max", x, axis, empty_is_an_error=True)
    m = x.data.max(axis=axes, keepdims=True)

    def vjp(g):
        at_maximum = (x.data == m).astype(x.dtype)
        return _restore(g, axes, keepdims) * at_maximum / at_maximum.sum(axis=axes, keepdims=True)

    return record("max", m if keepdims else m.squeeze(axes), (x, vjp))


# --- Shapes and look-ups (chapters 06 and 09) -------------------------------------------------------------------


def reshape(x, shape) -> Tensor:
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


def transpose(x, axes=None) -> Tensor:
    """The axes in another order (None: reversed). VJP: g with the order undone."""
    x = as_tensor(x)
    try:
        value = x.data.transpose(axes)
    except (ValueError, TypeError):
        raise ValueError(
            f"transpose: axes {axes} are no order of the {x.ndim} axes of shape {x.shape}; "
            f"expected each of {tuple(range(x.ndim))} once"
        ) from None
    undone = None if axes is None else np.argsort([axis % x.ndim for axis in axes])
    return record("transpose", value, (x, lambda g: g.transpose(undone)))


def getitem(x, index) -> Tensor:
    """x[index] with NumPy's rules. VJP: g put back at the index, added up where an element was taken repeatedly."""
    x = as_tensor(x)
    index = tuple(map(_plain_index, index)) if isinstance(index, tuple) else _plain_index(index)
    try:
        value = x.data[index]
    except (IndexError, TypeError, ValueError) as error:
        raise IndexError(f"getitem: index {index!r:.80} does not fit shape {x.shape}: {error}") from None

    def vjp(g):
        gradient = np.zeros_like(x.data)
        np.add.at(gradient, index, g)
        return gradient

    return record("getitem", value, (x, vjp))


def embedding(weight, indices) -> Tensor:
    """Rows of a table: weight (V, E) and integers of any shape (...) give (..., E). VJP: as for getitem."""
    weight = as_tensor(weight)
    if weight.ndim != 2:
        raise ValueError(f"embedding: weight has shape {weight.shape}; expected a table (V, E)")
    return getitem(weight, _class_indices("embedding", indices, len(weight)))


def one_hot(indices, num_classes: int | None = None, axis: int = -1) -> Tensor:
    """A constant with a new class axis: 1 where the class is the index, else 0. indices (N,) give (N, C)."""
    indices = _class_indices("one_hot", indices, num_classes)
    if num_classes is None:
        num_classes = int(indices.max(initial=-1)) + 1
    if not -1 - indices.ndim <= axis <= indices.ndim:
        raise np.exceptions.AxisError(
            f"one_hot: got axis {axis} for indices of shape {indices.shape}; expected a place for the class axis, an "
            f"integer from {-1 - indices.ndim} to {indices.ndim}"
        )
    axis %= indices.ndim + 1
    y = np.zeros((*indices.shape[:axis], num_classes, *indices.shape[axis:]))
    y[_at(indices, axis)] = 1
    return Tensor(y)


# --- Softmax and its relatives (chapters 01 to 04) --------------------------------------------------------------
#
# All shift the logits by their maximum m along the class axis, so that the largest exponent is 0: no overflow, and
# a sum of at least 1. A logit of -inf marks a class as impossible: probability 0, gradient 0.


def logsumexp(x, axis: int = -1, keepdims: bool = False) -> Tensor:
    """log(sum exp(z)) = m + log(sum exp(z - m)). VJP: g * s, because the gradient of logsumexp is softmax."""
    x = as_tensor(x)
    axis = _class_axis("logsumexp", x, axis)
    m, _, e, total = _shift_and_exp(x.data, axis)
    value = m + np.log(total)
    value = value if keepdims else value.squeeze(axis)
    return record("logsumexp", value, (x, lambda g: _restore(g, (axis,), keepdims) * (e / total)))


def softmax(x, axis: int = -1) -> Tensor:
    """s = exp(z - m) / sum exp(z - m). VJP: s * (g - sum(g * s)).

    If every class is impossible (-inf), there is no distribution: all probabilities are 0, and so is the gradient.
    """
    x = as_tensor(x)
    axis = _class_axis("softmax", x, axis)
    _, _, e, total = _shift_and_exp(x.data, axis)
    s = e / total
    return record("softmax", s, (x, lambda g: s * (g - (g * s).sum(axis=axis, keepdims=True))))


def log_softmax(x, axis: int = -1) -> Tensor:
    """l = z - m - log(sum exp(z - m)). VJP: g - s * sum(g), and 0 for a class that is impossible."""
    x = as_tensor(x)
    axis = _class_axis("log_softmax", x, axis)
    _, shifted, e, total = _shift_and_exp(x.data, axis)

    def vjp(g):
        return np.where(np.isneginf(x.data), 0, g - e / total * g.sum(axis=axis, keepdims=True))

    return record("log_softmax", shifted - np.log(total), (x, vjp))


# --- Losses (chapter 05) ----------------------------------------------------------------------------------------


def nll_loss(log_probs, target, axis: int = -1, reduction: str = "mean") -> Tensor:
    """Negative log-likelihood -sum(y * l) of log-probabilities l, shape (N, C), or any shape with a class axis.

    target: class indices, of the shape without the class axis, e.g. (N,); or one-hot or probabilities y of the same
            shape as l. An impossible class (l = -inf) costs nothing where y = 0.
    reduction: "mean" and "sum" give a scalar, "none" one loss per example.
    VJPs: -g * y for l, -g * l for y, where g is the gradient of each example's loss: the upstream one / N for "mean".
    """
    l = as_tensor(log_probs)
    axis = _class_axis("nll_loss", l, axis)
    y = _target("nll_loss", target, l, axis)
    value, each = _reduced("nll_loss", _expected_nll(y, l.data, axis), axis, reduction)

    def vjp_l(g):
        return each(g) * _minus_target(np.zeros_like(l.data), y)

    return record("nll_loss", value, (l, vjp_l), *_label_input(y, l.data, each))


def cross_entropy(logits, target, axis: int = -1, reduction: str = "mean") -> Tensor:
    """nll_loss(log_softmax(logits)) as one operation; target, axis and reduction as there.

    VJPs: g * (s * sum(y) - y) for the logits, which is g * (s - y) where y sums to 1, and 0 for a class that is
    impossible; -g * l for y; g as in nll_loss.
    """
    z = as_tensor(logits)
    axis = _class_axis("cross_entropy", z, axis)
    y = _target("cross_entropy", target, z, axis)
    _, shifted, e, total = _shift_and_exp(z.data, axis)
    l = shifted - np.log(total)
    losses = _expected_nll(y, l, axis)
    value, each = _reduced("cross_entropy", losses, axis, reduction)

    def vjp_z(g):
        s = e / total
        if isinstance(y, Tensor):
            s *= y.data.sum(axis=axis, keepdims=True)
        s_minus_y = _minus_target(s, y)
        if np.count_nonzero(np.isinf(losses)):  # only then has an impossible class been asked for
            s_minus_y[np.isneginf(z.data)] = 0
        return each(g) * s_minus_y

    return record("cross_entropy", value, (z, vjp_z), *_label_input(y, l, each))


# --- Parts shared by the operations above -----------------------------------------------------------------------


def _shift_and_exp(z, axis):
    """m, z - m, exp(z - m) and the sum of the latter; m and the sum keep the class axis with size 1.

    Where every class is impossible, m is -inf: nothing is shifted (-inf - -inf would be nan), and the sum is set to 1,
    so that dividing by it gives 0 and its logarithm adds nothing.
    """
    # The maximum by way of its index: along a short last axis, NumPy's own max is slower for a batch of some size.
    m = _with_class_axis(z[_at(z.argmax(axis=axis), axis)], axis)
    shifted = z - np.where(np.isfinite(m), m, 0)
    e = np.exp(shifted)
    total = e.sum(axis=axis, keepdims=True)
    np.maximum(total, 1, out=total)  # less than exp(0) = 1 only where every class is impossible: then it is 0
    return m, shifted, e, total


def _expected_nll(y, l, axis):
    """-sum(y * l) along the class axis, where 0 * -inf is 0; y as _target() gives it."""
    if isinstance(y, Tensor):
        return -(y.data * np.where(y.data == 0, 0, l)).sum(axis=axis)
    return -l[y]


def _minus_target(s, y):
    """s - y, in place; y as _target() gives it."""
    if isinstance(y, Tensor):
        s -= y.data
    else:
        s[y] -= 1
    return s


def _label_input(y, l, each):
    """The input of a loss that its targets y are, with VJP -g * l; none where they are class indices."""
    return [(y, lambda g: -each(g) * l)] if isinstance(y, Tensor) else []


def _reduced(operation, losses, axis, reduction):
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


def _target(operation, target, x, axis):
    """One-hot or probabilities as a Tensor y of x's shape; class indices as an index y with which x[y] takes them."""
    shape, without_classes = np.shape(target), x.shape[:axis] + x.shape[axis + 1 :]
    if shape == x.shape:
        return as_tensor(target, like=x)
    if shape != without_classes:
        raise ValueError(
            f"{operation}: input has shape {x.shape} with the classes along axis {axis}, target {shape}; expected "
            f"class indices of shape {without_classes}, or one-hot or probabilities of shape {x.shape}"
        )
    return _at(_class_indices(operation, target, x.shape[axis]), axis)


def _at(indices, axis):
    """The index that takes, along an axis that indices has not got, the element that each of them names.

    x[_at(indices, 1)] is x[np.arange(N), indices] for x (N, C) and indices (N,).
    """
    others = [np.arange(n).reshape(-1, *[1] * (indices.ndim - i)) for i, n in enumerate(indices.shape, start=1)]
    return (*others[:axis], indices, *others[axis:])


def _with_class_axis(array, axis):
    """The array with a class axis of size 1 put back (np.expand_dims, quicker)."""
    return array.reshape(*array.shape[:axis], 1, *array.shape[axis:])


def _class_indices(operation, indices, num_classes) -> np.ndarray:
    """indices as an array of integers, checked to lie in 0 .. num_classes - 1 (negative ones are no classes)."""
    values = indices.data if isinstance(indices, Tensor) else np.asarray(indices)
    if values.dtype.kind not in "iu":
        values = float_array(values)
        with np.errstate(invalid="ignore"):  # inf % 1
            broken = (values % 1 != 0) | (np.abs(values) > 2**53)  # floats beyond would not survive the cast
        if broken.any():
            raise _no_class(operation, values[broken][0], num_classes)
    indices = values.astype(np.intp)
    # Seen as unsigned, a negative number is larger than any class: one comparison finds both kinds of wrong ones.
    wrong = indices.view(np.uintp) > (np.iinfo(np.intp).max if num_classes is None else num_classes - 1)
    if np.count_nonzero(wrong):
        raise _no_class(operation, values[wrong][0], num_classes)
    return indices


def _no_class(operation, value, num_classes):
    last = "" if num_classes is None else f" to {num_classes - 1}"
    return ValueError(f"{operation}: {value:g} is no class; expected whole numbers from 0{last}")


def _plain_index(index):
    return _class_indices("getitem", index, None) if isinstance(index, Tensor) else index


def _broadcastable(operation, a, b) -> tuple[Tensor, Tensor]:
    """a and b as Tensors whose shapes broadcast; an error names the operation and both shapes."""
    a, b = as_tensor(a, like=b), as_tensor(b, like=a)
    if a.shape != b.shape:
        try:
            np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            raise ValueError(
                f"{operation}: shapes {a.shape} and {b.shape} do not broadcast; compared from the right, each pair of "
                "sizes must be equal or one of them 1 (a sum along an axis keeps its place with keepdims=True)"
            ) from None
    return a, b


def _axes(operation, x, axis, empty_is_an_error=False) -> tuple[int, ...]:
    """axis (None, an integer or a tuple) as a tuple of axes counted from the front."""
    try:
        given = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
        axes = tuple(range(x.ndim)[a] for a in given)
    except (IndexError, TypeError):
        raise _axis_error(operation, x, axis, "an axis or a tuple of axes") from None
    if len(set(axes)) < len(axes):
        raise ValueError(f"{operation}: axis {axis} names an axis of shape {x.shape} twice")
    if empty_is_an_error:
        _refuse_empty(operation, x, axis, axes)
    return axes


def _class_axis(operation, x, axis) -> int:
    """The class axis, counted from the front."""
    try:
        counted = range(x.ndim)[axis]
    except (IndexError, TypeError):
        raise _axis_error(operation, x, axis, "the one axis along which the classes lie") from None
    _refuse_empty(operation, x, axis, (counted,))
    return counted


def _refuse_empty(operation, x, axis, axes) -> None:
    if any(x.shape[a] == 0 for a in axes):
        raise ValueError(f"{operation}: shape {x.shape} has no elements along axis {axis}")


def _axis_error(operation, x, axis, expected):
    span = f"an integer from {-x.ndim} to {x.ndim - 1}" if x.ndim else "but a scalar has none"
    return np.exceptions.AxisError(f"{operation}: got axis {axis} for shape {x.shape}; expected {expected}, {span}")


def _restore(g, axes, keepdims):
    """g with the summed axes back at size 1, so that it broadcasts against the input."""
    return g if keepdims else np.expand_dims(g, axes)
