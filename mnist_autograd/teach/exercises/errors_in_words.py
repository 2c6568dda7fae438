"""NumPy's and Python's commonest error messages in words."""

from __future__ import annotations

import inspect
import re

import numpy as np

from .words import message_of

BROADCAST = re.compile(r"shapes (\([\d, ]*\))(?: and)? (\([\d, ]*\))")

# NumPy's and Python's commonest messages: the kind of exception and a pattern in its message -> words.
IN_WORDS = {
    (ValueError, "truth value of an array"): (
        "Python's `max`, `if` and `and` ask for one True or False, and a comparison of arrays gives one for each "
        "element. For a maximum use `z.max(axis=..., keepdims=True)`, for a choice in each element `np.where`."
    ),
    (ValueError, r"max\(\) (iterable argument|arg) is"): (
        "an empty list has no largest element. `max(numbers, default=-1)` gives -1 there."
    ),
    (ValueError, "Input must be 1- or 2-d"): (
        "`np.diag` takes a vector or a matrix, and this array has another number of axes."
    ),
    (ValueError, "All dimensions of input must be of equal length"): (
        "of an array with three axes `np.fill_diagonal` fills the places [i, i, i], so all three must be of one size. "
        "It cannot fill a diagonal for each example."
    ),
    (ValueError, "remapped shapes"): (
        "in `np.einsum` a letter has one size, and here one letter names two axes of different sizes."
    ),
    (ValueError, "matmul.* mismatch"): (
        "in `A @ B`, A must have as many columns as B has rows. Take sizes from the arguments, as in "
        "`X.shape[1]`, and no fixed ones such as 784; or one of the two needs its `.T`."
    ),
    (ValueError, "inhomogeneous"): (
        "an array has rows of one length, and these rows differ. Print them one by one, and look for one that is too "
        "short or empty."
    ),
    (TypeError, r"str.* \(not .(tuple|int).*\)|tuple \(not .str.\)|unsupported operand.*str"): (
        "text meets numbers. Compare with the docstring: which of the arguments are numbers already?"
    ),
    (IndexError, "invalid index to scalar variable"): (
        "a single number has no axes to index. The sum of a vector is such a number. `keepdims=True` in the sum keeps "
        "the axis with size 1, for every number of axes; then no index such as `[:, None]` is needed."
    ),
    (IndexError, "out of bounds"): (
        "along an axis of size n the indices run from 0 to n - 1. If a fixed number stands in your function, as in "
        "`np.arange(2)`, take the size from the arguments, as in `np.arange(len(y))`."
    ),
    (IndexError, "indexing arrays"): (
        "two index arrays are read in pairs, so they must be of one length. Row numbers that pair with y are "
        "`np.arange(len(y))`."
    ),
    (IndexError, "tuple index out of range"): (
        "`.shape` is a tuple with one number for each axis. That of a vector has `.shape[0]` and no `.shape[1]`."
    ),
    (TypeError, "only (0-dimensional|length-1|size-1) arrays can be converted"): (
        "the functions of `math`, such as `math.exp`, and `float` take one number, and this is an array of several. "
        "Use `np.exp` or `np.log`, which work on arrays."
    ),
    (TypeError, "bitwise_xor"): "`^` combines the bits of whole numbers. Powers are written with `**`.",
    (TypeError, "Cannot interpret .* as a data type"): (
        "the second argument of `np.zeros` and `np.ones` is the kind of number. The shape is one argument, a tuple: "
        "`np.zeros((rows, columns))`."
    ),
    (TypeError, "Cannot cast ufunc .* output"): (
        "`/=`, `-=` and `+=` write into the array on their left. It holds whole numbers, and the result has digits "
        "behind the point. Make a new array, as in `x = x / 255`, or start with floats, as `np.zeros` makes them."
    ),
    (AttributeError, "ndarray.* no attribute 'index'"): (
        "lists have `index`, arrays have not. The place of the largest element is `x.argmax()`."
    ),
    (TypeError, "'(keepdim|dim)'"): "`dim` and `keepdim` are PyTorch's names. NumPy writes `axis` and `keepdims`.",
    (NameError, ""): "this name has no value yet. Is it misspelt, or was a cell above not run?",
    (RecursionError, ""): "the function calls itself again and again. Does it use its own name inside?",
}


def explain(exercise, error) -> str:
    """The message in words, where it is a common one; nothing for others."""
    message = message_of(error)
    shapes = BROADCAST.search(message)
    if isinstance(error, ValueError) and "broadcast" in message and shapes:
        words = _explain_broadcast(*shapes.groups())
    elif isinstance(error, np.exceptions.AxisError):
        words = "an array of dimension n has the axes 0 to n - 1, or from the end -1 to -n."
        if "axis" in inspect.signature(exercise.solution).parameters:
            words += " If a fixed axis stands in your function, use its argument `axis` there."
    else:
        keys = (key for key in IN_WORDS if isinstance(error, key[0]) and re.search(key[1], message))
        words = next((IN_WORDS[key] for key in keys), "")
    return words and f"The message in words: {words}"


def _explain_broadcast(first: str, second: str) -> str:
    """Why two shapes, given as '(2,3)' and '(2,)', do not broadcast."""
    a, b = ([int(size) for size in re.findall(r"\d+", shape)] for shape in (first, second))
    text = (
        f"“operands” are the two arrays, here of shapes {first} and {second}. To “broadcast” is to repeat the smaller "
        "one until both have the same shape. NumPy compares the sizes from the right; two sizes fit if they are "
        "equal, or if one of them is 1."
    )
    clash = next(((m, n) for m, n in zip(reversed(a), reversed(b)) if m != n and 1 not in (m, n)), None)
    return text if clash is None else f"{text} Here {clash[0]} meets {clash[1]}, and NumPy stops."
