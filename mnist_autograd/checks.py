"""What the operations of functional.py check of their arguments, and the errors that say what was expected."""

from __future__ import annotations

import inspect
import math
import operator
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from .tensor import Array, Axis, Tensor, TensorLike, as_tensor, real_array

# --- Axes and shapes --------------------------------------------------------------------------------------------


def broadcastable(operation: str, a: TensorLike, b: TensorLike) -> tuple[Tensor, Tensor]:
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


def axes_of(operation: str, x: Tensor, axis: Axis, empty_is_an_error: bool = False) -> tuple[int, ...]:
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


def class_axis(operation: str, x: Tensor, axis: int) -> int:
    """The class axis, counted from the front."""
    try:
        counted = range(x.ndim)[axis]
    except (IndexError, TypeError):
        raise _axis_error(operation, x, axis, "the one axis along which the classes lie") from None
    _refuse_empty(operation, x, axis, (counted,))
    return counted


def _refuse_empty(operation: str, x: Tensor, axis: Axis, axes: tuple[int, ...]) -> None:
    if any(x.shape[a] == 0 for a in axes):
        raise ValueError(f"{operation}: shape {x.shape} has no elements along axis {axis}")


def _axis_error(operation: str, x: Tensor, axis: object, expected: str) -> np.exceptions.AxisError:
    span = f"an integer from {-x.ndim} to {x.ndim - 1}" if x.ndim else "but a scalar has none"
    return np.exceptions.AxisError(f"{operation}: got axis {axis} for shape {x.shape}; expected {expected}, {span}")


# --- Classes and positions --------------------------------------------------------------------------------------


def target_of(operation: str, target: TensorLike, x: Tensor, axis: int) -> Tensor | tuple[Array, ...]:
    """One-hot or probabilities as a Tensor y of x's shape; class indices as an index y, with which x[y] takes them."""
    shape, without_classes = np.shape(target), x.shape[:axis] + x.shape[axis + 1 :]
    if shape == x.shape:
        y = as_tensor(target, like=x)
        if y.data.min(initial=0) < -0.01:  # finite differences around a 0 stay above
            raise ValueError(
                f"{operation}: the target has the shape of probabilities, {shape}, but holds {y.data.min():g}; "
                f"expected numbers from 0 to 1. The order is {operation}(predictions, target)"
            )
        return y
    if shape != without_classes:
        raise ValueError(
            f"{operation}: input has shape {x.shape} with the classes along axis {axis}, target {shape}; expected "
            f"class indices of shape {without_classes}, or one-hot or probabilities of shape {x.shape}"
        )
    return at(class_indices(operation, target, x.shape[axis]), axis)


def no_probabilities(x: Tensor, axis: int) -> None:
    """Warn where nll_loss is given what sums to 1, and so are probabilities, for log-probabilities."""
    if x.size and x.data.min() >= 0 and np.allclose(x.data.sum(axis=axis, dtype=np.float64), 1, atol=1e-3):
        warnings.warn(
            "nll_loss: got probabilities (they sum to 1); expected their logarithms, which are 0 or less. "
            "Use log_softmax instead of softmax before it, or cross_entropy on the logits",
            stacklevel=4,  # the line that calls nll_loss
        )


def class_indices(operation: str, indices: TensorLike, num_classes: int | None) -> npt.NDArray[np.intp]:
    """indices as an array of integers, checked to lie in 0 .. num_classes - 1 (negative ones are no classes)."""
    values = integers(operation, indices, "is no class; expected whole numbers from 0")
    wrong = values < 0 if num_classes is None else (values < 0) | (values >= num_classes)
    if np.count_nonzero(wrong):
        last = "" if num_classes is None else f" to {num_classes - 1}"
        raise ValueError(f"{operation}: {values[wrong][0]} is no class; expected whole numbers from 0{last}")
    return values


def integers(operation: str, numbers: TensorLike, otherwise: str) -> npt.NDArray[np.intp]:
    """numbers as an array of integers; floats are accepted where they are whole."""
    values = real_array(numbers)
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):  # inf % 1
            broken = (values % 1 != 0) | (np.abs(values) > 2**53)  # floats beyond would not survive the cast
        if broken.any():
            raise ValueError(f"{operation}: {values[broken][0]:g} {otherwise}")
    return values.astype(np.intp)


def at(indices: npt.NDArray[np.intp], axis: int) -> tuple[Array, ...]:
    """The index that takes, along an axis that indices lacks, the element that each of them names.

    x[at(indices, 1)] is x[np.arange(N), indices] for x (N, C) and indices (N,).
    """
    others = [np.arange(n).reshape(-1, *[1] * (indices.ndim - i)) for i, n in enumerate(indices.shape, start=1)]
    return (*others[:axis], indices, *others[axis:])


def plain_index(index: Any) -> Any:
    """An index, or each part of one, without Tensors: Booleans select, whole numbers are positions."""
    if isinstance(index, tuple):
        return tuple(map(plain_index, index))
    if not isinstance(index, Tensor):
        return index
    return index.data != 0 if index.is_mask else integers("getitem", index, "is no position; expected whole numbers")


# --- What layers and the Trainer are made of -------------------------------------------------------------------


def kind(value: object) -> str:
    """What a value is, for a message: 'the class Tanh', 'None', 'of type list'."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "None" if value is None else f"of type {type(value).__name__}"


def whole_number(where: str, name: str, value: Any, least: int) -> int:
    """value as an int; an error in the name of where unless it is a whole number of at least least (10.0 is none)."""
    expected = f"expected a whole number, at least {least}"
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{where}: {name} is {value!r:.80}; {expected}") from None
    if number < least:
        raise ValueError(f"{where}: {name} is {number}; {expected}")
    return number


def generator(where: str, rng: Any) -> np.random.Generator:
    """np.random.default_rng(rng), where True and False are no seeds."""
    hint = "; a layer without bias is made by bias=False" if isinstance(rng, bool) else ""
    try:
        if hint:
            raise TypeError
        return np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise TypeError(
            f"{where}: rng is {rng!r:.80}; expected a seed (a whole number from 0), a NumPy Generator or None{hint}"
        ) from None


def check_layer(where: str, layer: object) -> None:
    """A TypeError unless layer is a Module or another function of a Tensor."""
    if isinstance(layer, type):
        raise TypeError(f"{where} is {kind(layer)}; expected a layer: {layer.__name__}(...), with its brackets")
    if callable(layer):
        return
    hint = ""
    if isinstance(layer, (list, tuple)):
        hint = ": nn.Sequential(a, b), or nn.Sequential(*layers) for those in a list"
    elif hasattr(layer, "forward"):
        hint = f": let the class {type(layer).__name__} inherit from nn.Module"
    raise TypeError(f"{where} is {kind(layer)}; expected a layer{hint}")


def check_function(where: str, function: Any, arguments: tuple[str, ...], example: str) -> None:
    """A TypeError unless function can be called with so many arguments; None is no function and all right."""
    if function is None:
        return
    call = f"expected a function of ({', '.join(arguments)}), for example {example}"
    if not callable(function):
        raise TypeError(f"{where} is {kind(function)}; {call}")
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        raise TypeError(f"{where} cannot be called: {error}; {call}") from None
    except ValueError:  # some functions written in C do not say what they take
        return


def misfit(shape: tuple[int, ...], features: int) -> str:
    """What may be wrong with the shape of x where (..., features) is expected, or an empty string."""
    if math.prod(shape[1:]) == features:
        return "; nn.Flatten() makes rows of images"
    if math.prod(shape) == features:
        return "; a single example goes in as a batch of one, x.reshape(1, -1)"
    return "; the examples are to be rows: X.T" if shape[:1] == (features,) else ""
