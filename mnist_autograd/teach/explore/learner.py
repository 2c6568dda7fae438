"""A learner's function, which may do anything.

Whatever it does, an explorer raises nothing: it says in words what is wrong, in the figure.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...tensor import Tensor


def called(function: Callable, *arrays: np.ndarray, **keywords):
    """What function returns for copies of the arrays, and that as an array."""
    with np.errstate(all="ignore"):
        returned = function(*(array.copy() for array in arrays), **keywords)
    return returned, np.asarray(returned.data if isinstance(returned, Tensor) else returned)


def outcome(
    function: Callable, shape: tuple[int, ...], *arrays, who: str = "your function", **keywords
) -> tuple[np.ndarray | None, str]:
    """As called: the array and "", or None and what is wrong with it; it must have the given shape.

    who: what the function is called in words.
    """
    try:
        returned, array = called(function, *arrays, **keywords)
    except (Exception, SystemExit) as error:  # exit() in a learner's function must not end the explorer
        return None, f"{who} raised {type(error).__name__}{_explanation(error)}"
    if array.dtype.kind not in "biuf":
        return None, f"{who} returned {type(returned).__name__}, expected an array of shape {shape}"
    if array.shape != shape:
        return None, f"{who} returned shape {array.shape}, expected {shape}"
    return array.astype(array.dtype if array.dtype.kind == "f" else np.float64), ""


def wrong_for_two_rows(function: Callable, expected: np.ndarray, *rows: np.ndarray, atol: float) -> str:
    """What is wrong with a function, right for one row, that should give expected (2, C) for two; "" if nothing."""
    try:
        _, array = called(function, *rows, axis=-1)
        if array.shape == expected.shape and np.allclose(array, expected, atol=atol):
            return ""
    except (Exception, SystemExit) as error:
        return f"; for two, shape {expected.shape}, it raises {type(error).__name__}"
    return f", but not for two, shape {expected.shape}: mind the axis and keepdims"


def _explanation(error: BaseException) -> str:
    try:
        words = str(error)
        return f": {words if len(words) <= 300 else words[:299] + '…'}" if words else ""
    except Exception:
        return ""
