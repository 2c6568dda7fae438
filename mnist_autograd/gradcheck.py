"""Gradients checked against finite differences, and whole Jacobians (chapters 03 and 06)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .tensor import Array, Tensor, TensorLike, float_array


def gradcheck(
    fn: Callable[..., Tensor],
    inputs: Sequence[TensorLike] | Tensor | Array,
    eps: float = 1e-6,
    rtol: float = 1e-5,
    atol: float = 1e-7,
) -> bool:
    """True if backward() agrees with central differences for every input; otherwise an AssertionError that says where.

    fn: takes as many Tensors as there are inputs and returns a Tensor of any shape.
    inputs: a list of Tensors, arrays or lists; or one Tensor or array. Computed in float64, whatever their dtype.
    """
    if isinstance(inputs, (Tensor, np.ndarray)):
        inputs = [inputs]
    arrays = [_float64(x) for x in inputs]
    for k, x in enumerate(arrays):

        def of_one(t: Tensor, k: int = k) -> Tensor:
            return fn(*(t if i == k else Tensor(a) for i, a in enumerate(arrays)))

        analytic, numeric = jacobian(of_one, x), numerical_jacobian(of_one, x, eps)
        wrong = ~np.isclose(analytic, numeric, rtol=rtol, atol=atol)
        if wrong.any():
            where = tuple(int(i) for i in np.argwhere(wrong)[0])
            n = analytic.ndim - x.ndim
            raise AssertionError(
                f"gradcheck: the derivative of output {where[:n]} with respect to element {where[n:]} of input {k} is "
                f"{analytic[where]:.6g} by backward() but {numeric[where]:.6g} by finite differences; "
                f"{wrong.sum()} of {wrong.size} entries differ"
            )
    return True


def vjp(fn: Callable[[Tensor], Tensor], x: TensorLike, g: TensorLike | None = None) -> Array:
    """The gradient of sum(g * fn(x)) with respect to x by backward(), of the shape and dtype of x.

    g: an upstream gradient of the output's shape; None where the output is one number. Source: chapter 03.
    """
    t = Tensor(x, requires_grad=True)
    _checked_output(fn(t)).backward(g)
    assert t.grad is not None
    return t.grad


def jacobian(fn: Callable[[Tensor], Tensor], x: TensorLike) -> Array:
    """All partial derivatives of fn at x by backward(), one output element at a time.

    The result has shape output.shape + x.shape: [i, j] is the derivative of output i with respect to input j.
    """
    t = Tensor(_float64(x), requires_grad=True)
    output = _checked_output(fn(t))
    rows = np.zeros((output.size, *t.shape))
    if output.requires_grad:
        for i, one in enumerate(np.eye(output.size)):
            t.grad = None
            output.backward(one.reshape(output.shape))
            rows[i] = t.grad
    return rows.reshape(output.shape + t.shape)


def numerical_jacobian(fn: Callable[[Tensor], Tensor], x: TensorLike, eps: float = 1e-6) -> Array:
    """The same by central differences, (fn(x + eps) - fn(x - eps)) / (2 eps); needs values only, no gradients."""
    x = _float64(x)
    columns = []
    for j in range(x.size):
        step = np.zeros(x.shape)
        step.flat[j] = eps
        up, down = (_checked_output(fn(Tensor(moved))).data for moved in (x + step, x - step))
        columns.append((up - down) / (2 * eps))
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def _float64(x: TensorLike) -> Array:
    return float_array(x).astype(np.float64)


def _checked_output(output: Any) -> Tensor:
    if not isinstance(output, Tensor):
        raise TypeError(
            f"the function returned {type(output).__name__}, not a Tensor, so its graph is lost; "
            "compute with Tensor operators and mnist_autograd.functional"
        )
    return output
